"""A typed client of the REST API; its answers are those of `precord.api.schemas`.

with Client("http://127.0.0.1:8417", key) as client:
    answer = client.search([Path("ecg.hea"), Path("ecg.dat")], k=5)
    print(answer.hits[0].report)
"""

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Self, TypeVar

import httpx

from precord.api import schemas as out
from precord.errors import PrecordError

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
        timeout: float = 60.0,
        verify: ssl.SSLContext | bool = True,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout,
            verify=verify,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def search(self, files: Sequence[Path], criteria: Criteria | None = None) -> out.SearchOut:
        """Return the cases most like the ECG in *files*, of one record.

        Args:
            files: one file, the files of one record, or a zip of them.
            criteria: parameters of the route, such as {"k": 5, "age_min": 60}.

        Raises:
            ServiceError: The service refused it.
        """
        parts = [("file", (path.name, path.read_bytes())) for path in files]
        got = self._ask("POST", "/v1/search", params=dict(criteria or {}), files=parts)
        return out.SearchOut.model_validate_json(got)

    def search_text(self, text: str, criteria: Criteria | None = None) -> out.SearchOut:
        """Return the cases that *text* describes best; *criteria* as in `search`."""
        params = {**(criteria or {}), "text": text}
        return out.SearchOut.model_validate_json(self._ask("GET", "/v1/search", params=params))

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

    def erase_patient(self, patient: str) -> int:
        """Erase every case of a patient; return how many there were."""
        return out.Erased.model_validate_json(self._ask("DELETE", f"/v1/patients/{patient}")).cases

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
