"""Tests of `precord search`."""

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from precord.case import Region, Wave
from precord.io import write_wfdb
from precord.retrieve.where import Evidence
from tests.cli.conftest import Run, beating
from tests.fakes import FakeEncoder


def test_answer_for_people(run: Run, library: Path, ecg: Path) -> None:
    """Each hit with its score, source, report and why; notes; who decides."""
    answer = run("search", ecg, "--library", library)

    assert (answer.status, answer.err) == (0, "")
    assert "a/1" in answer.out
    assert "clinician" in answer.out
    assert "machine unconfirmed" in answer.out
    assert "statements only" in answer.out
    assert "Linkshypertrophie [v1]" in answer.out  # brackets are text, not markup
    assert "read by the model: no statement" in answer.out
    assert "why: rate +5/min" in answer.out  # the case's 80 against 75
    assert "left out: 1 simulated" in answer.out
    assert "10 cases asked for, 3 found" in answer.out
    assert "decision support, not a medical device; the clinician decides" in answer.out


def test_why_names_the_statements(
    run: Run, library: Path, ecg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the model read is told apart into shared, only in the query, only here."""
    monkeypatch.setattr(FakeEncoder, "likely_statements", lambda *_: frozenset({"SR", "AFIB"}))
    monkeypatch.setenv("COLUMNS", "200")  # so that no column wraps into another's words

    words = " ".join(run("search", ecg, "--library", library).out.split())

    assert "read by the model: AFIB SR" in words
    assert "why: shared SR; only in the query AFIB; only here LVH; rate +5/min" in words
    assert "why: shared AFIB; only in the query SR; rate +5/min" in words


def test_why_names_words_and_waves(
    run: Run, library: Path, ecg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words of the report that fit always, the waves where they are asked for."""
    monkeypatch.setattr(FakeEncoder, "likely_statements", lambda *_: frozenset({"AFIB"}))
    spans = ((0.5, 0.8), (1.3, 1.6))
    regions = (
        Region(Wave.ST_T, ("II", "III", "aVF"), spans, "AFIB", 1.0),
        Region(Wave.QRS, ("V1", "V2"), spans, "AFIB", 0.8),
        Region(Wave.QRS, ("II", "III", "aVF"), spans, "AFIB", 0.5),
        Region(Wave.BEAT, ("I", "II"), ((4.0, 4.4),), "PVC", 0.5),
    )
    monkeypatch.setattr(Evidence, "regions", lambda *_: regions)
    monkeypatch.setenv("COLUMNS", "200")

    plain = run("search", ecg, "--library", library).out
    asked = run("search", ecg, "--library", library, "--why").out
    found = json.loads(run("search", ecg, "--library", library, "--why", "--json").out)

    assert "fits: “vorhofflimmern” (AFIB)" in plain
    assert "seen in the query" not in plain
    seen = "AFIB in II III aVF (ST-T, QRS) and V1 V2 (QRS), PVC in the beat at 4.2 s"
    assert f"seen in the query: {seen}" in " ".join(asked.split())
    why = {hit["case"]: hit["explanation"] for hit in found["hits"]}["a/2"]
    assert why["phrases"] == [{"start": 0, "end": 14, "statement": "AFIB"}]
    assert why["regions"][0]["spans"] == [[0.5, 0.8], [1.3, 1.6]]


def test_a_place_is_stressed(run: Run, library: Path, ecg: Path) -> None:
    """It is said, in JSON too; what cannot be is refused."""
    found = json.loads(
        run(
            "search", ecg, "--library", library, "--leads", "V1,V2", "--window", "1-3", "--json"
        ).out
    )

    assert "the order stresses V1 V2, 1 to 3 s" in found["query"]["notes"]
    assert (found["query"]["leads"], found["query"]["window"]) == ("V1,V2", "1-3")
    assert run("search", ecg, "--library", library, "--window", "20-30").status == 1
    assert run("search", ecg, "--library", library, "--leads", "I", "--like", "rhythm").status == 2


def test_answer_fits_its_width(
    run: Run, library: Path, ecg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a narrow terminal lines wrap; no word is lost."""
    monkeypatch.setenv("COLUMNS", "60")

    answer = run("search", ecg, "--library", library)

    assert max(map(len, answer.out.splitlines())) <= 60
    assert "Linkshypertrophie" in answer.out


def test_json_is_one_object(run: Run, library: Path, ecg: Path) -> None:
    """All that people see, programs get, and no patient's pseudonym."""
    answer = run("search", ecg, "--library", library, "--json", "-k", "2")

    found = json.loads(answer.out)
    assert (found["schema"], len(found["hits"])) == (1, 2)
    assert found["query"]["ecg"] == str(ecg)
    assert found["query"]["k"] == 2
    assert found["query"]["statements_are_read"] is True
    assert found["query"]["measurements"]["heart_rate_bpm"] == pytest.approx(75, abs=1)
    assert found["query"]["notes"] == ["left out: 1 simulated"]
    hits = {hit["case"]: hit for hit in found["hits"]}
    assert [hit["rank"] for hit in found["hits"]] == [1, 2]
    for hit in hits.values():
        mean = (hit["ecg_score"] + hit["report_score"]) / 2  # the fake encoder's weight
        assert hit["score"] == pytest.approx(mean, abs=1e-6)
        assert hit["explanation"]["case_only"]
        assert hit["explanation"]["differences"]["heart_rate_bpm"] == pytest.approx(5, abs=1)
    assert "patient" not in answer.out


def test_text_finds_its_report(run: Run, library: Path) -> None:
    """A word of one report brings that report first, in capitals too."""
    answer = run("search", "--text", "VORHOFFLIMMERN", "--library", library, "--json")

    found = json.loads(answer.out)
    assert found["hits"][0]["case"] == "a/2"
    assert found["hits"][0]["report"] == "vorhofflimmern"
    assert found["hits"][0]["explanation"] is None
    assert found["query"]["text"] == "VORHOFFLIMMERN"


def test_text_from_standard_input(run: Run, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash reads the text from standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO("vorhofflimmern\n"))

    answer = run("search", "--text", "-", "--library", library, "-k", "1", "--json")

    assert json.loads(answer.out)["hits"][0]["case"] == "a/2"


@pytest.mark.parametrize("whence", ["option", "standard input"])
def test_endless_text_is_refused(
    run: Run, library: Path, monkeypatch: pytest.MonkeyPatch, whence: str
) -> None:
    """A text of a megabyte: one line that says what is wrong."""
    text = "sinus " * 170_000
    monkeypatch.setattr("sys.stdin", io.StringIO(text))

    answer = run("search", "--text", text if whence == "option" else "-", "--library", library)

    assert (answer.status, answer.out) == (1, "")
    assert "at most 10000" in answer.err
    assert answer.err.count("\n") == 1


def test_empty_text_is_refused(run: Run, library: Path) -> None:
    """Nothing to search for."""
    answer = run("search", "--text", "  ", "--library", library)

    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("precord: the text is empty")


def test_simulated_cases_on_request(run: Run, library: Path, ecg: Path) -> None:
    """With the option they stand among the others, marked."""
    answer = run("search", ecg, "--library", library, "--include-simulated", "--json")

    sources = {hit["case"]: hit["source"] for hit in json.loads(answer.out)["hits"]}
    assert sources["s/1"] == "SIMULATED"
    assert len(sources) == 4


def test_own_patient_is_left_out(run: Run, library: Path, ecg: Path) -> None:
    """With the patient's id, none of the patient's cases is a hit."""
    answer = run("search", ecg, "--library", library, "--patient", "p:1", "--json")

    found = json.loads(answer.out)
    assert [hit["case"] for hit in found["hits"]] == ["a/3"]
    assert found["query"]["earlier"] == ["a/1", "a/2"]


def test_own_ecg_is_left_out(run: Run, library: Path, tmp_path: Path) -> None:
    """An ECG that is in the library finds neither itself nor others of its patient."""
    again = write_wfdb(beating(0), tmp_path / "again")  # case a/1 under another name

    found = json.loads(run("search", again, "--library", library, "--json").out)

    assert [hit["case"] for hit in found["hits"]] == ["a/3"]
    assert found["query"]["earlier"] == ["a/1", "a/2"]
    assert "this very ECG is in the library as a/1, and left out" in found["query"]["notes"]


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_picture(run: Run, library: Path, ecg: Path, tmp_path: Path, suffix: str) -> None:
    """The query above its best match is drawn, and where is said on standard error."""
    path = tmp_path / f"match{suffix}"

    answer = run("search", ecg, "--library", library, "--picture", path)

    assert answer.status == 0
    assert f"picture: {path}" in answer.err
    assert path.stat().st_size > 10_000


def test_picture_that_cannot_be_drawn(run: Run, library: Path, ecg: Path, tmp_path: Path) -> None:
    """A wrong ending is one line, status 1."""
    answer = run("search", ecg, "--library", library, "--picture", tmp_path / "match.gif")

    assert (answer.status, answer.out) == (1, "")
    assert "a picture's name ends in" in answer.err


def test_three_leads_are_accepted(run: Run, library: Path, tmp_path: Path) -> None:
    """A monitor's leads are searched with, and it is said that nine are masked."""
    whole = beating(7)
    few = replace(whole, signal=whole.signal[[0, 1, 6]], leads=(*whole.leads[:2], whole.leads[6]))
    answer = run("search", write_wfdb(few, tmp_path / "few"), "--library", library)

    assert answer.status == 0
    assert "3 of 12 leads (I, II, V1); the others are masked" in " ".join(answer.out.split())


def test_weights_may_be_named_and_must_be_there(tmp_path: Path) -> None:
    """Both by option and by environment; a folder without weights is refused on one line."""
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-m", "precord", "search", "--text", "x", "--library", "lib.db"]
    for arguments, variable in (
        (["--weights", "empty"], {}),
        ([], {"PRECORD_WEIGHTS": "empty"}),
    ):
        done = subprocess.run(
            [*command, *arguments],
            cwd=tmp_path,
            env=os.environ | variable,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.startswith("precord: empty: not usable weights")
        assert done.stderr.count("\n") == 1
