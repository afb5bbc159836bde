"""Tests of long jobs: a zip into the library, backups, checks, and how their progress is told."""

import io
import json
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from precord.api import archive
from precord.api.archive import unpack
from precord.api.background import Background, Job, State
from precord.api.problem import BusyError, TooLargeError
from precord.api.schemas_admin import JobOut
from precord.api.state import NewWeights, Service
from precord.errors import EncoderMismatchError, FormatError, QueryError
from precord.io import write_wfdb
from precord.library.sqlite import SqliteLibrary
from tests.api.service import heart
from tests.api.test_language import ENGLISH
from tests.test_reindex import OtherEncoder

HEAD = b"file,patient,statements,report,source,language,age,sex,fold\n"


def pack(files: dict[str, bytes]) -> bytes:
    """Return a zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in files.items():
            zipped.writestr(name, data)
    return made.getvalue()


def make_zip(folder: Path, rows: str = "") -> bytes:
    """Return a zip of two ECGs and their table, one level down."""
    files = {}
    for number in (201, 202):
        header = write_wfdb(heart(number), folder / f"e{number}")
        for path in (header, header.with_suffix(".dat")):
            files[f"export/ecgs/{path.name}"] = path.read_bytes()
    table = (
        "file,patient,statements,report,source\n"
        "ecgs/e201.hea,x:1,NORM;SR,Sinusrhythmus,clinician\n"
        f"ecgs/e202.hea,x:2,AFIB,Vorhofflimmern,clinician\n{rows}"
    )
    return pack(files | {"export/table.csv": table.encode()})


def follow(client: TestClient, started: JobOut) -> list[JobOut]:
    """Return each event of a job until its stream ends."""
    got = client.get(f"/v1/jobs/{started.id}/events")
    assert got.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in got.text.splitlines() if line.startswith("data: ")]
    return [JobOut.model_validate_json(line.removeprefix("data: ")) for line in lines]


def test_a_zip_becomes_cases(client: TestClient, library: SqliteLibrary, tmp_path: Path) -> None:
    """Read by the workers, committed, found again; what cannot be read is named; twice is once."""
    data = make_zip(tmp_path, "table.csv,x:3,SR,,clinician\n")
    for added, already in ((2, 0), (0, 2)):
        got = client.post("/v1/ingests", files={"file": ("a.zip", data)})
        assert got.status_code == 202, got.text
        last = follow(client, JobOut.model_validate_json(got.content))[-1]
        assert (last.state, last.done, last.of) == ("done", 3, 3), last.why
        facts = last.facts
        assert (facts["added"], facts["already_there"], facts["refused"]) == (added, already, 1)
    assert len(library) == 7
    assert client.get("/v1/search", params={"text": "vorhofflimmern"}).json()["hits"]


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({"../x": b""}, "expected letters"),
        ({"/etc/x": b""}, "below its folder"),
        ({"a/../../x": b""}, "expected letters"),
        ({"a/.bashrc/x": b""}, "expected letters"),
        ({"a\\..\\x": b""}, "expected letters"),
        ({"a;rm -rf": b""}, "expected letters"),
        ({"a\n": b""}, "expected letters"),
    ],
)
def test_no_name_leaves_the_folder(tmp_path: Path, files: dict[str, bytes], word: str) -> None:
    """Refused rather than changed; nothing is written outside."""
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(FormatError, match=word):
        unpack(io.BytesIO(pack(files)), folder)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]


def test_a_zip_has_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of files, of bytes, and of how much comes out of how little."""
    with pytest.raises(TooLargeError, match="too much"):
        unpack(io.BytesIO(pack({"bomb": bytes(5_000_000)})), tmp_path)
    monkeypatch.setattr(archive, "MAX_FILES", 1)
    with pytest.raises(TooLargeError, match="2 files"):
        unpack(io.BytesIO(pack({"a": b"a", "b": b"b"})), tmp_path)


@pytest.mark.parametrize("data", [b"", b"no zip", pack({"a.hea": b"x"}), pack({"table.csv": b""})])
def test_what_is_no_folder_is_refused(client: TestClient, data: bytes) -> None:
    """At once where it shows at once, else by the job; the service goes on."""
    got = client.post("/v1/ingests", files={"file": ("a.zip", data)})
    if got.status_code == 202:
        last = follow(client, JobOut.model_validate_json(got.content))[-1]
        assert last.state == "failed"
        assert last.why
        assert "/tmp" not in last.why  # noqa: S108 - looked for
    else:
        assert got.status_code == 422
    assert client.get("/v1/ready").status_code == 200


TABLES = [
    (b"", "table.csv: keine Spalte 'file' im Kopf; gefunden: nichts"),
    (b"file,patient\n", "table.csv: keine Spalte 'statements' im Kopf; gefunden: file, patient"),
    (b"file,file,patient,statements,report\n",
     "table.csv: die Spalte 'file' steht zweimal im Kopf"),
    (b"\xff\xfe", "table.csv: kein UTF-8-Text; "),
    (HEAD, "table.csv: enthält keine Zeile unter dem Kopf"),
    (HEAD + b"a.hea,1\n", "table.csv: Zeile 2: erwartet 9 Zellen; setzen Sie einen Text, "),
    (HEAD + b",1,SR,,,,,,\n", "table.csv: Zeile 2: nennt keine Datei"),
    (HEAD + b"b.hea,1,SR,,,,,,\n", "table.csv: Zeile 2: es gibt keine Datei 'b.hea'"),
    (HEAD + b"../a.hea,1,SR,,,,,,\n",
     "table.csv: Zeile 2: Datei '../a.hea' liegt außerhalb des Ordners der Tabelle"),
    (HEAD + b"a.hea,1,SRX,,,,,,\n",
     "table.csv: Zeile 2: unbekannte SCP-ECG-Aussage 'SRX'; am nächsten: SR; alle nennen die "),
    (HEAD + b"a.hea,1,SR,x,doctor,,,,\n",
     "table.csv: Zeile 2: Quelle 'doctor', erwartet eine von clinician, machine, "),
    (HEAD + b"a.hea,1,SR,x,,fr,,,\n", "table.csv: Zeile 2: Sprache 'fr', erwartet eine von "),
    (HEAD + b"a.hea,1,SR,,,,x,,\n", "table.csv: Zeile 2: Alter 'x', erwartet 0 bis 150 Jahre"),
    (HEAD + b"a.hea,1,SR,,,,,x,\n", "table.csv: Zeile 2: Geschlecht 'x', erwartet eines von f, m"),
    (HEAD + b"a.hea,1,SR,,,,,,x\n", "table.csv: Zeile 2: fold 'x', erwartet eine ganze Zahl"),
    (HEAD + 2 * b"a.hea,1,SR,,,,,,\n",
     "table.csv: Zeile 3: Datei 'a.hea' steht schon in Zeile 2"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "german"), TABLES)
def test_what_is_wrong_with_a_table_is_said_in_german(
    client: TestClient, table: bytes, german: str
) -> None:
    """The line, what stands there and what was expected; no folder of this machine."""
    data = pack({"export/a.hea": b"x", "export/table.csv": table})
    started = client.post("/v1/ingests", files={"file": ("a.zip", data)}).json()
    client.get(f"/v1/jobs/{started['id']}/events")  # until it is over
    job = client.get(f"/v1/jobs/{started['id']}?language=de").json()
    assert job["state"] == "failed"
    assert job["why"].startswith(german), job["why"]
    assert not ENGLISH.search(job["why"].removeprefix(german))


def test_a_backup_is_a_library(client: TestClient, library: SqliteLibrary) -> None:
    """Whole, beside it, and without the key; its name is the service's own."""
    got = client.post("/v1/backups")
    last = follow(client, JobOut.model_validate_json(got.content))[-1]
    assert last.state == "done", last.why
    copy = library.path.with_name(str(last.facts["name"]))
    with SqliteLibrary.open(copy) as opened:
        assert len(opened) == 5
    assert not copy.with_name(f"{copy.name}.key").exists()


def test_a_check_finds_damage(client: TestClient, library: SqliteLibrary) -> None:
    """Whole as it was made; a changed vector is found, and its case named."""
    got = JobOut.model_validate_json(client.post("/v1/checks").content)
    assert follow(client, got)[-1].facts == {"cases": 5}
    with library.writing() as db:
        db.execute("UPDATE vectors SET ecg = ? WHERE key = 2", (bytes(64),))
    got = JobOut.model_validate_json(client.post("/v1/checks").content)
    last = follow(client, got)[-1]
    assert last.state == "failed"
    assert "a/2" in last.why


def test_a_library_changes_over_to_new_weights(app: FastAPI, client: TestClient) -> None:
    """Nothing to change over to is said; then progress, the new vectors, and searches by them."""
    service: Service = app.state.service
    refused = client.post("/v1/reindexes")
    assert (refused.status_code, "--new-weights" in refused.json()["detail"]) == (422, True)
    service.new_weights = NewWeights(OtherEncoder(), Path("new"))
    assert client.get("/v1/library").json()["new_encoder"] == "other-encoder"
    old, before = service.retriever, service.library.vectors().ecg
    case = client.get("/v1/library/map").json()["points"][0]["id"]
    found = client.post("/v1/search", data={"case": case}).json()["hits"]

    last = follow(client, JobOut.model_validate_json(client.post("/v1/reindexes").content))[-1]

    assert (last.state, last.done, last.of) == ("done", 5, 5), last.why
    assert last.facts == {"cases": 5, "encoder": "other-encoder"}
    np.testing.assert_array_equal(service.library.vectors().ecg, -before)
    again = client.post("/v1/search", data={"case": case}).json()["hits"]
    near = {hit["id"]: hit["ecg_score"] for hit in found}  # both sides are turned over
    assert {hit["id"]: hit["ecg_score"] for hit in again} == pytest.approx(near, abs=1e-6)
    held = client.get("/v1/library").json()
    assert (held["encoder"], held["new_encoder"]) == ("other-encoder", None)
    with pytest.raises(EncoderMismatchError):  # a search that began with the old weights
        old.by_text("vorhofflimmern")
    assert client.post("/v1/reindexes").status_code == 422
    service.close()


def test_progress_is_told_as_it_is_made() -> None:
    """One after another; each change is an event, the end is the last."""
    background, gate = Background(), threading.Event()

    def work(job: Job) -> dict[str, str | int | list[str]]:
        job.of = 2
        gate.wait(20)
        job.advance(2)
        return {"added": 2}

    first, second = background.start("ingest", work), background.start("check", work)
    while first.state is State.WAITING:
        time.sleep(0.001)
    assert second.state is State.WAITING
    gate.set()
    while not second.is_over:
        time.sleep(0.001)
    background.close()
    assert (first.state, first.done, first.facts) == (State.DONE, 2, {"added": 2})


def test_a_job_ends_with_the_service() -> None:
    """At its next step, and says so; it does not hold the service up until all is done."""
    background, begun = Background(), threading.Event()

    def work(job: Job) -> dict[str, str | int | list[str]]:
        while True:
            begun.set()
            job.advance(1)
            time.sleep(0.001)

    job = background.start("ingest", work)
    begun.wait(20)
    background.close()
    assert (job.state, job.why) == (
        State.FAILED,
        "the service was stopped; what was committed stays",
    )


def test_a_fault_of_a_job_says_nothing_of_patients(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the answer nor the log holds its words; a refusal is told as it is."""
    background = Background()

    def fault(_: Job) -> dict[str, str | int | list[str]]:
        raise ValueError("Geheimwort")

    def refusal(_: Job) -> dict[str, str | int | list[str]]:
        raise QueryError("the reason")

    broken, refused = background.start("check", fault), background.start("check", refusal)
    while not refused.is_over:
        time.sleep(0.001)
    background.close()
    assert (broken.state, refused.why) == (State.FAILED, "the reason")
    assert "Geheimwort" not in broken.why + caplog.text
    assert "ValueError" in caplog.text


def test_jobs_do_not_pile_up() -> None:
    """The sixth is refused while five wait."""
    background, gate = Background(), threading.Event()

    def work(_: Job) -> dict[str, str | int | list[str]]:
        gate.wait(20)
        return {}

    for _ in range(5):
        background.start("check", work)
    with pytest.raises(BusyError, match="jobs wait"):
        background.start("check", work)
    gate.set()
    background.close()


def test_a_job_is_described(app: FastAPI) -> None:
    """In the API's own description, for clients that are made from it."""
    assert "/v1/jobs/{job_id}/events" in json.dumps(app.openapi())
