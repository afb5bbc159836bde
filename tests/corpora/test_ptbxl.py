"""Tests of the two PTB-XL corpora on the real tables."""

import csv
import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
import wfdb

from precord.corpora import KINDS, open_corpus
from precord.errors import CorpusError
from precord.record import Scale
from precord.report import Source


@pytest.mark.data
def test_counts_and_folds(shared_data: Path) -> None:
    """1,764 recordings train, 256 measure; none is in fold 10."""
    counts = {
        (kind, part): len(open_corpus(kind, shared_data / kind).entries(folds))
        for kind in ("ptb-xl", "ptb-xl-zscored")
        for part, folds in (("train", range(1, 9)), ("test", [9]), ("sealed", [10]))
    }

    assert counts["ptb-xl", "train"] + counts["ptb-xl-zscored", "train"] == 1764
    assert counts["ptb-xl", "test"] == 78
    assert counts["ptb-xl-zscored", "test"] == 178
    assert counts["ptb-xl", "sealed"] == counts["ptb-xl-zscored", "sealed"] == 0


@pytest.mark.data
def test_no_patient_stands_in_two_folds(shared_data: Path) -> None:
    """Both corpora share one id space, and fold 9 shares no patient with folds 1 to 8."""
    entries = [
        e
        for kind in ("ptb-xl", "ptb-xl-zscored")
        for e in open_corpus(kind, shared_data / kind).entries()
    ]
    train = {e.patient for e in entries if e.fold != 9}
    test = {e.patient for e in entries if e.fold == 9}

    assert not train & test
    assert len({e.case_id for e in entries}) == len(entries)


@pytest.mark.data
def test_statements_agree_with_the_complete_table(shared_data: Path) -> None:
    """What is present is what `scp_codes_onehot` says, whatever the likelihood."""
    with gzip.open(shared_data / "ptb-xl-metadata" / "metadata.csv.gz", "rt") as file:
        truth = {row["ecg_id"]: row["scp_codes_onehot"] for row in csv.DictReader(file)}
    for kind in ("ptb-xl", "ptb-xl-zscored"):
        for entry in open_corpus(kind, shared_data / kind).entries():
            expected = set(truth[entry.case_id.rpartition("/")[2]].split(";"))
            assert entry.statements == expected, entry.case_id


@pytest.mark.data
def test_signals_are_what_the_files_hold(shared_data: Path) -> None:
    """Millivolts of a raw record equal the oracle's; a z-scored one has no scale."""
    raw = open_corpus("ptb-xl", shared_data / "ptb-xl").entries()[0]
    record = pickle.loads(pickle.dumps(raw)).load()  # noqa: S301 - as a worker process gets it
    oracle = wfdb.rdrecord(str(shared_data / "ptb-xl/records500/00000/00001_hr"))
    np.testing.assert_allclose(record.signal, oracle.p_signal.T, atol=1e-6)
    assert (record.rate, record.acquisition.age, record.acquisition.sex) == (500, 56, "F")

    scored = open_corpus("ptb-xl-zscored", shared_data / "ptb-xl-zscored").entries()[0].load()
    assert (scored.rate, scored.scale, scored.signal.shape) == (250, Scale.UNKNOWN, (12, 2500))
    np.testing.assert_allclose(scored.signal.std(axis=1), 1, atol=0.05)


@pytest.mark.data
def test_reports_and_their_sources(shared_data: Path) -> None:
    """All raw records but one have a report; only a human-validated one is a clinician's."""
    entries = open_corpus("ptb-xl", shared_data / "ptb-xl").entries()
    assert len(entries) == 422
    assert [e.case_id for e in entries if e.report is None] == ["ptb-xl/443"]
    sources = {e.report.source for e in entries if e.report}
    assert Source.CLINICIAN in sources
    assert sources <= {Source.CLINICIAN, Source.MACHINE}
    assert max(e.age for e in entries if e.age) <= 90


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_folder_is_an_error_of_one_line(tmp_path: Path, kind: str) -> None:
    """Whatever the kind, a folder without a table is refused."""
    with pytest.raises(CorpusError) as caught:
        open_corpus(kind, tmp_path).entries()
    assert "\n" not in str(caught.value)
