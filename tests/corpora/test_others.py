"""Tests of the corpora beside PTB-XL, and of the table that maps their codes."""

import csv
import pickle
from pathlib import Path

import numpy as np
import pytest

from precord.corpora import KINDS, open_corpus
from precord.corpora.mapping import System, to_scp
from precord.errors import CorpusError
from precord.leads import LEADS
from precord.record import Record, Scale, Sex
from precord.statements import STATEMENTS
from tests.published import TABLES, write_arrays, write_challenge


@pytest.mark.parametrize(
    ("system", "codes", "expected"),
    [
        (System.SCP, ["AFIB", " ", "LAO/LAE"], {"AFIB", "LAO/LAE"}),
        (System.SNOMED, ["164889003", "713427006"], {"AFIB", "CRBBB"}),
        (System.SNOMED, ["251173003"], {"BIGU", "PAC"}),
        (System.SNOMED, ["164865005"], set()),  # an infarction of no territory has no SCP code
        (System.AHA, ["22", "106"], {"SBRAD", "CRBBB"}),
        (System.AHA, ["60+310"], {"PVC"}),  # frequent: changes nothing
        (System.AHA, ["60+341"], {"PVC", "BIGU"}),
        (System.AHA, ["145+362"], {"STD_"}),
        (System.AHA, ["145"], {"NST_"}),
        (System.AHA, ["160+312", "50"], {"AFIB"}),  # possible: not stated
        (System.CHAPMAN, ["SB", "MILW"], {"SBRAD", "IMI"}),
        (System.CODE_15, ["1dAVb", "AF"], {"1AVB", "AFIB"}),
    ],
)
def test_codes_by_hand(system: System, codes: list[str], expected: set[str]) -> None:
    """Codes looked up by hand in the systems' own lists."""
    assert to_scp(codes, system) == expected


@pytest.mark.parametrize(
    ("system", "code"), [(System.SNOMED, "1"), (System.AHA, "9+310"), (System.SCP, "XYZ")]
)
def test_unknown_code_is_refused(system: System, code: str) -> None:
    """A code that the table does not list is not skipped silently."""
    with pytest.raises(CorpusError, match="unknown"):
        to_scp([code], system)


def test_table_is_consistent() -> None:
    """A code whose name is that of an SCP statement means that statement."""
    text = (Path(__file__).parents[2] / "src/precord/corpora/mapping.csv").read_text("utf-8")
    by_name = {s.english.casefold(): code for code, s in STATEMENTS.items()}
    rows = list(csv.DictReader(text.splitlines()))
    assert len({(r["system"], r["code"]) for r in rows}) == len(rows) > 400
    assert {r["system"] for r in rows} == set(System)
    assert {r["code"]: r["scp"] for r in rows if r["system"] == "scp"} == {
        code: code for code in STATEMENTS
    }
    assert all("doi:10." in r["source"] for r in rows), "each row says where it is from"
    same = [(r["name"], r["scp"]) for r in rows if r["name"].casefold() in by_name]
    assert len(same) > 90
    assert not [(name, scp) for name, scp in same if scp != by_name[name.casefold()]]


def test_challenge(tmp_path: Path, noise_record: Record) -> None:
    """A header's codes, age and sex; folders below count; there are no folds."""
    header = write_challenge(noise_record, tmp_path / "g1")
    corpus = open_corpus("challenge", tmp_path)
    (entry,) = corpus.entries()
    assert (entry.case_id, entry.patient, entry.fold) == ("challenge/g1/A1", None, None)
    assert entry.statements == {"AFIB", "CRBBB"}
    assert (entry.age, entry.sex) == (67, Sex.FEMALE)
    np.testing.assert_allclose(entry.load().signal, noise_record.signal, atol=2e-4)
    assert corpus.entries([1]) == []
    header.write_text(header.read_text().replace("59118001", "7"))
    with pytest.raises(CorpusError, match=r"A1\.hea: unknown snomed code '7'"):
        corpus.entries()
    header.write_text(header.read_text().replace("Dx", "Dy"))
    with pytest.raises(CorpusError, match="no line '#Dx:'"):
        corpus.entries()


@pytest.mark.parametrize("kind", TABLES)
def test_array_corpora(tmp_path: Path, kind: str) -> None:
    """What the publisher states of all signals makes each a record; the table says the rest."""
    table, text, _, statements = TABLES[kind]
    (tmp_path / table).write_text(text)
    corpus = open_corpus(kind, tmp_path)
    with pytest.raises(CorpusError, match="signals lies in this folder"):
        corpus.entries()
    signal = np.random.default_rng(0).normal(size=(12, 500))
    write_arrays(kind, tmp_path, signal)
    (entry,) = corpus.entries()
    record = pickle.loads(pickle.dumps(entry)).load()  # noqa: S301 - our own, as workers get it
    assert entry.statements == statements
    assert entry.patient is not None
    assert entry.patient.startswith(f"{kind}:")
    assert (entry.sex, entry.report) == (Sex.MALE, None)
    assert record.leads == LEADS
    assert record.rate == (400.0 if kind == "code-15" else 500.0)
    if kind == "code-15":
        assert record.scale is Scale.UNKNOWN
    else:
        np.testing.assert_allclose(record.signal, signal, atol=2e-3)
    (tmp_path / table).write_text(text.replace(",", ";"))
    with pytest.raises(CorpusError, match="line 2: bad row"):
        corpus.entries()
    (tmp_path / table).unlink()
    with pytest.raises(CorpusError, match="no such table"):
        corpus.entries()


def test_kinds_are_known_to_the_message(tmp_path: Path) -> None:
    """An unknown kind is answered with those that there are."""
    with pytest.raises(CorpusError, match="expected " + ", ".join(KINDS)):
        open_corpus("ptbxl", tmp_path)


@pytest.mark.data
def test_real_challenge_records(shared_data: Path) -> None:
    """The published samples: every code is in the table, every signal is read."""
    entries = open_corpus("challenge", shared_data / "formats/challenge-mat").entries()
    assert len(entries) == 26
    assert all(entry.load().leads == LEADS for entry in entries)
    assert sum(bool(entry.statements) for entry in entries) >= 20
