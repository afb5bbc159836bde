"""A typed client of the REST API; its answers are those of `precord.api.schemas`.

with Client("http://127.0.0.1:8417", key) as client:
    answer = client.search([Path("ecg.hea"), Path("ecg.dat")], k=5)
    print(answer.hits[0].report)
"""

import ssl
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Self, TypeVar

import httpx

from precord.api import schemas as out
from precord.api import schemas_admin as admin
from precord.api import schemas_page as page
from precord.errors import PrecordError

_TICK = 0.2  # seconds between looks at a job

T = TypeVar("T", bound=out.Shape)
Criteria = Mapping[str, str | int | float | bool | list[str]]


class ServiceError(PrecordError):
    """The service refused a request, or cannot be reached; the message is its own."""


class Client:
    """A connection to a running `precord serve`; use it as a context manager."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        language: str = "en",
        timeout: float = 60.0,
        verify: ssl.SSLContext | bool = True,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}", "Accept-Language": language},
            timeout=timeout,
            verify=verify,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def search(
        self,
        files: Sequence[Path],
        criteria: Criteria | None = None,
        stated: Mapping[str, str] | None = None,
    ) -> out.SearchOut:
        """Return the cases most like the ECG in *files*, of one record.

        Args:
            files: one file, the files of one record, or a zip of them.
            criteria: parameters of the route, such as {"k": 5, "age_min": 60}.
            stated: what a file of bare numbers leaves out, such as
                {"rate": "500", "unit": "mV", "lead_order": "standard"}.

        Raises:
            ServiceError: The service refused it.
        """
        parts = [("file", (path.name, path.read_bytes())) for path in files]
        asked, told = dict(criteria or {}), dict(stated or {})
        got = self._ask("POST", "/v1/search", params=asked, data=told, files=parts)
        return out.SearchOut.model_validate_json(got)

    def search_text(self, text: str, criteria: Criteria | None = None) -> out.SearchOut:
        """Return the cases that *text* describes best; *criteria* as in `search`."""
        params = {**(criteria or {}), "text": text}
        return out.SearchOut.model_validate_json(self._ask("GET", "/v1/search", params=params))

    def digitize(self, picture: Path, told: Mapping[str, str] | None = None) -> page.ReadingOut:
        """Return what was read from a picture of an ECG, under a name to draft and report with.

        Args:
            picture: a photo, scan or PDF.
            told: fields of the route, such as {"layout": "3x4+1", "speed": "25"}.
        """
        parts = [("file", (picture.name, picture.read_bytes()))]
        got = self._ask("POST", "/v1/digitize", data=dict(told or {}), files=parts)
        return page.ReadingOut.model_validate_json(got)

    def draft(
        self, query: str, cases: Sequence[str], language: Literal["en", "de"] = "en"
    ) -> page.DraftOut:
        """Return a draft of a report for the query with the id *query* from *cases*, best first."""
        given = page.DraftIn(query=query, cases=list(cases), language=language).model_dump()
        return page.DraftOut.model_validate_json(self._ask("POST", "/v1/draft", json=given))

    def report(self, query: str, criteria: Criteria | None = None) -> bytes:
        """Return the whole answer to the query with the id *query* as a PDF."""
        params = dict(criteria or {})
        return self._ask("POST", "/v1/report", params=params, data={"query": query})

    def case(self, case_id: str) -> out.CaseAnswer:
        """Return one case."""
        return out.CaseAnswer.model_validate_json(self._ask("GET", f"/v1/cases/{case_id}"))

    def case_ecg(self, case_id: str, layout: str = "") -> out.EcgOut:
        """Return the ECG of a case, laid out for a viewer."""
        got = self._ask("GET", f"/v1/cases/{case_id}/ecg", params={"layout": layout})
        return out.EcgOut.model_validate_json(got)

    def case_file(self, case_id: str, form: Literal["svg", "png", "pdf", "wfdb"]) -> bytes:
        """Return the ECG of a case as a file."""
        return self._ask("GET", f"/v1/cases/{case_id}/ecg", params={"form": form})

    def library(self) -> out.LibraryOut:
        """Return what the library holds."""
        return out.LibraryOut.model_validate_json(self._ask("GET", "/v1/library"))

    def feedback(
        self, query: str, case: str, verdict: Literal["relevant", "not relevant"]
    ) -> out.FeedbackOut:
        """Keep a verdict on a hit of the query with the id *query*."""
        given = out.FeedbackIn(query=query, case=case, verdict=verdict).model_dump()
        return out.FeedbackOut.model_validate_json(self._ask("POST", "/v1/feedback", json=given))

    def verdicts(self) -> str:
        """Return all verdicts that were given, as CSV: time, query, case, verdict."""
        return self._ask("GET", "/v1/feedback").decode()

    def erase_patient(self, patient: str) -> int:
        """Erase every case of a patient; return how many there were."""
        return out.Erased.model_validate_json(self._ask("DELETE", f"/v1/patients/{patient}")).cases

    def add_case(
        self, files: Sequence[Path], source: str, facts: Mapping[str, str] | None = None
    ) -> str:
        """Add one case; return its id.

        Args:
            files: of one ECG.
            source: who or what wrote the report, such as "clinician".
            facts: patient, report, language, statements joined by commas, and rate, unit and
                lead_order of a file of bare numbers.
        """
        parts = [("file", (path.name, path.read_bytes())) for path in files]
        form = {**(facts or {}), "source": source}
        got = self._ask("POST", "/v1/cases", data=form, files=parts)
        return out.CaseAdded.model_validate_json(got).id

    def ingest(self, archive: Path) -> admin.JobOut:
        """Begin to add the cases of a zip with a `table.csv`; see `wait`."""
        part = {"file": (archive.name, archive.read_bytes())}
        return admin.JobOut.model_validate_json(self._ask("POST", "/v1/ingests", files=part))

    def back_up(self) -> admin.JobOut:
        """Begin a checked copy of the library, beside it; see `wait`."""
        return admin.JobOut.model_validate_json(self._ask("POST", "/v1/backups"))

    def check(self) -> admin.JobOut:
        """Begin to read all of the library; see `wait`."""
        return admin.JobOut.model_validate_json(self._ask("POST", "/v1/checks"))

    def reindex(self) -> admin.JobOut:
        """Begin to make all vectors anew with the service's new weights; see `wait`."""
        return admin.JobOut.model_validate_json(self._ask("POST", "/v1/reindexes"))

    def job(self, job_id: str) -> admin.JobOut:
        """Return how far a job is."""
        return admin.JobOut.model_validate_json(self._ask("GET", f"/v1/jobs/{job_id}"))

    def wait(self, job: admin.JobOut) -> admin.JobOut:
        """Return *job* when it is over.

        Raises:
            ServiceError: It failed; the message is its own.
        """
        while job.state not in {"done", "failed"}:
            time.sleep(_TICK)
            job = self.job(job.id)
        if job.state == "failed":
            raise ServiceError(f"{job.kind}: {job.why}")
        return job

    def library_map(self, n: int = 1000) -> admin.MapOut:
        """Return at most *n* cases on the plane of their vectors."""
        got = self._ask("GET", "/v1/library/map", params={"n": n})
        return admin.MapOut.model_validate_json(got)

    def model_card(self) -> admin.ModelCardOut:
        """Return what the weights are."""
        return admin.ModelCardOut.model_validate_json(self._ask("GET", "/v1/model-card"))

    def me(self) -> admin.MeOut:
        """Return who asks, and what that account may do."""
        return admin.MeOut.model_validate_json(self._ask("GET", "/v1/me"))

    def pair(self) -> admin.PairingOut:
        """Return a QR code that lets one more phone in, once."""
        return admin.PairingOut.model_validate_json(self._ask("POST", "/v1/pairings"))

    def health(self) -> bool:
        """Tell whether the service runs."""
        got = self._ask("GET", "/v1/health")
        return out.HealthOut.model_validate_json(got).status == "ok"

    def ready(self) -> bool:
        """Tell whether the library answers."""
        return out.HealthOut.model_validate_json(self._ask("GET", "/v1/ready")).status == "ok"

    def metrics(self) -> str:
        """Return counters in the text format of Prometheus."""
        return self._ask("GET", "/metrics").decode()

    def _ask(self, method: str, path: str, **what: object) -> bytes:
        """Return the body of the answer.

        Raises:
            ServiceError: It is no success.
        """
        try:
            answer = self._http.request(method, path, **what)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise ServiceError(f"{self._http.base_url}: {error}") from error
        if answer.is_success:
            return answer.content
        try:
            detail = out.Problem.model_validate_json(answer.content).detail
        except ValueError:
            detail = answer.reason_phrase
        raise ServiceError(f"{answer.status_code}: {detail}")
