"""Tests of searching over the API. The oracle is the library's own files."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
import wfdb
from starlette.testclient import TestClient

from precord.api.schemas import DISCLAIMER
from precord.encoder import QueryEncoding
from precord.leads import Lead
from precord.library.sqlite import SqliteLibrary
from precord.record import Record
from precord.statements import CODES
from tests.api.service import SECRET_WORD
from tests.fakes import DIM, FakeEncoder

Parts = list[tuple[str, tuple[str, bytes]]]


def parts(header: Path) -> Parts:
    """Return the two files of a WFDB record as parts of a form."""
    return [("file", (p.name, p.read_bytes())) for p in (header, header.with_suffix(".dat"))]


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip of *files*."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def test_two_parts_of_one_record_are_read(client: TestClient, ecg: Path) -> None:
    """Header and signal file in one form; the answer says what was read and what it is not."""
    got = client.post("/v1/search", files=parts(ecg))

    assert got.status_code == 200, got.text
    answer = got.json()
    assert answer["disclaimer"] == DISCLAIMER
    assert answer["query"]["record"]["format"] == "WFDB"
    assert [len(answer["query"]["record"]["leads"]), answer["query"]["record"]["rate_hz"]] == [
        12,
        500,
    ]
    assert {hit["id"] for hit in answer["hits"]} == {"a/1", "a/2", "a/3", "z/4"}  # none simulated
    assert [hit["rank"] for hit in answer["hits"]] == [1, 2, 3, 4]
    assert "patient" not in got.text.replace("same patient", "")


def test_a_zip_is_read_whatever_folder_it_has_inside(client: TestClient, ecg: Path) -> None:
    """A zip of one record gives the same answer as its two files."""
    inside = {f"x/{p.name}": p.read_bytes() for p in (ecg, ecg.with_suffix(".dat"))}

    got = client.post("/v1/search", files=[("file", ("record.zip", zipped(inside)))])

    assert got.status_code == 200, got.text
    direct = client.post("/v1/search", files=parts(ecg)).json()
    assert [h["score"] for h in got.json()["hits"]] == [h["score"] for h in direct["hits"]]


def test_dicom_is_read(client: TestClient) -> None:
    """The 12-lead ECG inside pydicom needs one part."""
    path = Path(str(pydicom.data.get_testdata_file("waveform_ecg.dcm", download=False)))

    got = client.post("/v1/search", files=[("file", ("a.dcm", path.read_bytes()))])

    assert got.json()["query"]["record"]["format"] == "DICOM"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"a.hea": b"", "b.txt": b"x"}, "empty"),
        ({"ecg.png": b"\x89PNG\r\n\x1a\n1234"}, "damaged"),
        ({"a.bin": b"nothing that is known"}, "a.bin"),
        ({"a.hea": b"a 1 500 2\na.dat 16 1000/mV 16 0 1 1 0 II\n"}, "a.dat"),
        ({"a.hea": b"a 1 500 2\n../b.dat 16 1000/mV 16 0 1 1 0 II\n"}, "without a path"),
        ({"a.hea": b"a 1 500 2\n/etc/passwd 16 1000/mV 16 0 1 1 0 II\n"}, "without a path"),
        ({"a.hea": b"x", "b.hea": b"x"}, "several records"),
        ({"a.zip": zipped({})}, "no file"),
        ({"a.zip": zipped({f"{n}": b"x" for n in range(40)})}, "at most 16"),
        ({"a.zip": zipped({"zeros": bytes(30 * 2**20)})}, "larger"),
        ({"a.zip": zipped({"x/a.hea": b"x", "y/a.hea": b"x"})}, "two files"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    client: TestClient, files: dict[str, bytes], says: str
) -> None:
    """Each refusal is a problem of one line that names what is wrong."""
    got = client.post("/v1/search", files=[("file", one) for one in files.items()])

    assert got.status_code in {413, 422}, got.text
    assert got.headers["content-type"] == "application/problem+json"
    assert says in got.json()["detail"]
    assert "\n" not in got.json()["detail"]
    assert "/tmp" not in got.text  # noqa: S108 - no path of the service is told


def test_an_earlier_query_and_a_case_can_be_asked_about(client: TestClient, ecg: Path) -> None:
    """Steering needs no second upload; the case itself and its patient are left out."""
    first = client.post("/v1/search", files=parts(ecg)).json()

    again = client.post(
        "/v1/search", params={"has": "SR", "k": 2}, data={"query": first["query"]["id"]}
    ).json()
    like = client.post("/v1/search", data={"case": "a/1"}).json()

    assert {h["id"] for h in again["hits"]} <= {"a/1", "a/3", "z/4"}
    assert {h["id"] for h in like["hits"]} == {"a/3", "z/4"}
    assert set(like["query"]["earlier"]) == {"a/1", "a/2"}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"has": "SR", "lacks": "NORM"}, {"a/1", "z/4"}),
        ({"source": "machine unconfirmed"}, {"a/2"}),
        ({"source": ["clinician", "SIMULATED"]}, {"a/1", "z/4", "s/1"}),
        ({"where": "qrs_ms >= 120"}, set()),
        ({"age_min": 50}, set()),
        ({"include_simulated": True}, {"a/1", "a/2", "a/3", "z/4", "s/1"}),
    ],
)
def test_criteria_narrow(
    client: TestClient, ecg: Path, params: dict[str, str], expected: set[str]
) -> None:
    """Each parameter keeps the cases that the library was made with for it."""
    got = client.post("/v1/search", params=params, files=parts(ecg))

    assert {hit["id"] for hit in got.json()["hits"]} == expected, got.text


def test_words_find(client: TestClient) -> None:
    """A German word finds the report that holds it; HTML in a report stays text."""
    answer = client.get("/v1/search", params={"text": "vorhofflimmern"}).json()

    assert answer["hits"][0]["id"] == "a/2"
    assert answer["hits"][0]["report"] == "vorhofflimmern <b>fett</b>"
    assert answer["query"]["record"] is None


def test_an_ecg_comes_back_as_it_is_in_the_library(
    client: TestClient, library: SqliteLibrary, tmp_path: Path
) -> None:
    """The WFDB zip, read by the `wfdb` package, holds the case's signal."""
    got = client.get("/v1/cases/a/1/ecg", params={"form": "wfdb"})

    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        archive.extractall(tmp_path / "out")
    found = wfdb.rdrecord(str(tmp_path / "out" / "ecg")).p_signal.T
    record = library.case("a/1", with_record=True).record
    assert record is not None
    np.testing.assert_allclose(found, record.signal, atol=1e-3)


@pytest.mark.parametrize(
    ("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_an_ecg_comes_as_a_picture(client: TestClient, form: str, start: bytes) -> None:
    """Each kind begins as its format does."""
    got = client.get("/v1/cases/a/1/ecg", params={"form": form})

    assert got.content.startswith(start)
    assert got.headers["x-disclaimer"] == DISCLAIMER


def test_speed_and_gain_stretch_the_page(client: TestClient) -> None:
    """At 50 mm/s and 20 mm/mV a sample lies twice as far right and twice as high."""
    plain = client.get("/v1/cases/a/1/ecg").json()
    wide = client.get("/v1/cases/a/1/ecg", params={"speed": 50, "gain": 20}).json()

    assert [plain["mm_per_s"], wide["mm_per_s"], wide["mm_per_mv"]] == [25, 50, 20]
    one, two = plain["strips"][1], wide["strips"][1]
    assert two["step"] == pytest.approx(2 * one["step"])
    np.testing.assert_allclose(two["up"], 2 * np.array(one["up"]), atol=2e-3)
    last = wide["strips"][-1]
    assert last["x"] + 10 * 50 <= wide["grid_left"] + wide["grid_width"]


def test_cabrera_turns_avr_round(client: TestClient) -> None:
    """The third row is -aVR: the mirror image of aVR."""
    plain = client.get("/v1/cases/a/1/ecg", params={"layout": "6x2"}).json()["strips"]
    turned = client.get("/v1/cases/a/1/ecg", params={"layout": "cabrera"}).json()["strips"]

    labels = [strip["label"] for strip in turned]
    assert labels[::2] == ["aVL", "I", "-aVR", "II", "aVF", "III"]
    avr = next(strip for strip in plain if strip["lead"] == "aVR")
    np.testing.assert_allclose(turned[4]["up"], -np.array(avr["up"]), atol=1e-6)


def test_unknown_scale_has_no_millivolts(client: TestClient) -> None:
    """No gain, no calibration pulse, and no WFDB, which would claim a unit."""
    got = client.get("/v1/cases/z/4/ecg").json()

    assert got["mm_per_mv"] is None
    assert got["pulses"] == []
    assert client.get("/v1/cases/z/4/ecg", params={"form": "wfdb"}).status_code == 422


def test_reports_are_never_logged(client: TestClient, ecg: Path, library: SqliteLibrary) -> None:
    """Neither a report, nor a query's words, nor a patient stands in the audit log."""
    client.post("/v1/search", files=parts(ecg), data={"patient": "Erika Muster"})
    client.get("/v1/search", params={"text": f"{SECRET_WORD} sinusrhythmus"})
    client.get("/v1/cases/a/1")
    log = library.path.with_name("audit.jsonl").read_text()

    assert log.count('"action"') == 3
    assert SECRET_WORD not in log
    assert "Muster" not in log


def test_why_is_said_where_it_is_asked(
    client: TestClient, ecg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words as offsets into the report; waves of the query only with `why`."""
    monkeypatch.setattr(FakeEncoder, "likely_statements", lambda *_: frozenset({"SR", "AFIB"}))
    monkeypatch.setattr(FakeEncoder, "encode_query", _read_size)

    plain = client.post("/v1/search", files=parts(ecg)).json()["hits"]
    asked = client.post("/v1/search", files=parts(ecg), params={"why": True}).json()["hits"]

    hits = {hit["id"]: hit for hit in asked}
    (phrase,) = hits["a/2"]["explanation"]["phrases"]
    words = hits["a/2"]["report"][phrase["start"] : phrase["end"]]
    assert (words, phrase["statement"]) == ("vorhofflimmern", "AFIB")
    assert all(hit["explanation"]["regions"] == [] for hit in plain)
    (best, *_) = hits["a/2"]["explanation"]["regions"]
    assert (best["wave"], best["leads"], best["statement"]) == ("QRS", ["V1", "V2"], "AFIB")
    assert hits["a/3"]["explanation"]["regions"] == []  # it has no AFIB

    monkeypatch.setattr(FakeEncoder, "likely_statements", lambda *_: frozenset({"SR"}))
    asked = client.post("/v1/search", files=parts(ecg), params={"why": True}).json()["hits"]
    (other,) = [hit["explanation"] for hit in asked if hit["id"] == "a/2"]
    assert (other["shared"], other["regions"]) == ([], [])  # only the case has AFIB now


def test_the_order_can_stress_a_place(client: TestClient, ecg: Path) -> None:
    """Leads and a window, or an aspect; the answer says so, and refuses what is none."""

    def ask(**asked: str) -> tuple[int, str]:
        got = client.post("/v1/search", files=parts(ecg), params=asked)
        return got.status_code, got.text

    status, text = ask(leads="V1,V2", window="1-3")
    assert status == 200, text
    assert "the order stresses V1 V2, 1 to 3 s" in text
    assert "the order stresses rhythm" in ask(like="rhythm")[1]
    assert ask(leads="V9")[0] == 422
    assert "either like" in ask(leads="V1", like="rhythm")[1]


def _read_size(_: FakeEncoder, record: Record) -> QueryEncoding:
    """Read AFIB the likelier, the larger V1 swings, and every other statement as even."""
    read = np.full(len(CODES), 0.5, np.float32)
    read[CODES.index("AFIB")] = 1 / (
        1 + np.exp(-np.ptp(record.signal[record.leads.index(Lead.V1)]))
    )
    read[CODES.index("SR")] = 0.0
    return QueryEncoding(np.eye(1, DIM, dtype=np.float32)[0], read)


def test_what_is_put_aside_gives_its_place_to_others(client: TestClient, ecg: Path) -> None:
    """As many hits as before, ranked anew."""
    first = client.post("/v1/search", params={"k": 2}, files=parts(ecg)).json()
    best = first["hits"][0]["id"]

    params: dict[str, str | int] = {"k": 2, "without": best}
    data = {"query": first["query"]["id"]}
    again = client.post("/v1/search", params=params, data=data).json()

    assert best not in {hit["id"] for hit in again["hits"]}
    assert [hit["rank"] for hit in again["hits"]] == [1, 2]
    assert again["hits"][0]["id"] == first["hits"][1]["id"]


def test_an_aspect_can_be_stressed(client: TestClient, ecg: Path) -> None:
    """The notes say so."""
    got = client.post("/v1/search", params={"like": "rhythm"}, files=parts(ecg)).json()
    assert any("stresses rhythm" in note for note in got["query"]["notes"])


@pytest.mark.parametrize(("typed", "nearest"), [("AFB", ["LAFB", "AFIB"]), ("XYZ", [])])
def test_an_unknown_statement_is_answered_with_the_nearest(
    client: TestClient, typed: str, nearest: list[str]
) -> None:
    """In the sentence, and as codes for a program."""
    got = client.get("/v1/search", params={"text": "sr", "has": typed})
    assert got.status_code == 422
    assert got.headers["content-type"] == "application/problem+json"
    assert got.json()["nearest"] == nearest
    assert all(code in got.json()["detail"] for code in [typed, *nearest])
