"""Tests of precord.evaluate.cross: nobody asks weights that saw their patient."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from precord.corpora import open_corpus
from precord.encoder import EcgEncoding, Encoder
from precord.errors import LibraryError
from precord.evaluate import cross
from precord.evaluate.cross import CrossValidated, compare, cross_validate, summarise, to_markdown
from precord.evaluate.protocol import NON_NORM
from precord.io import write_wfdb
from precord.record import Record
from precord.train.config import TrainConfig
from precord.train.run import Watch
from tests.cli.conftest import beating
from tests.fakes import FakeEncoder

FOLDS = (1, 2, 3, 4)
SILENT = Watch(lambda *_: None, lambda _: None, lambda _: None)


@dataclass
class Trainer:
    """Stands in for training: notes what each run was allowed to see."""

    seen: list[TrainConfig] = field(default_factory=list)

    def __call__(
        self, config: TrainConfig, out: Path, watch: Watch, *, resume: bool = False
    ) -> None:
        """Note the run, and leave what a finished one leaves."""
        del watch, resume
        self.seen.append(config)
        (out / "weights").mkdir(parents=True)
        (out / "weights" / "encoder.json").write_text("{}")


@dataclass
class Recorder(FakeEncoder):
    """Notes which records it was asked for."""

    asked: list[str] = field(default_factory=list)

    def encode_records(self, records: Sequence[Record]) -> EcgEncoding:
        """Return the fake vectors."""
        self.asked += [record.provenance.name for record in records]
        return super().encode_records(records)


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    """Return a run over sixteen ECGs of eight patients in folds 1 to 4 and 9."""
    folder = tmp_path / "archive"
    folder.mkdir()
    lines = ["file,patient,statements,report,fold"]
    for n in range(20):
        write_wfdb(beating(n), folder / f"e{n}")
        fold = 9 if n >= 16 else 1 + n // 4
        lines.append(f"e{n}.hea,p{n // 2},{'SR;NORM' if n % 3 else 'AFIB;LVH'},,{fold}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return TrainConfig(corpora=(("folder", folder),), folds=FOLDS[:-1], validation_fold=FOLDS[-1])


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Trainer:
    """Replace training and the loading of weights."""
    trainer = Trainer()
    monkeypatch.setattr(cross, "train", trainer)
    monkeypatch.setattr(Encoder, "load", lambda _: Recorder())
    return trainer


def test_no_patient_stands_on_both_sides(
    config: TrainConfig, trainer: Trainer, tmp_path: Path
) -> None:
    """Each part is held out once; its patients are in no fold that trained what it asks."""
    found = cross_validate(config, tmp_path / "out", SILENT)

    assert [set(run.folds) for run in trainer.seen] == [{3, 4}, {1, 2}]
    assert all(run.validation_fold is None for run in trainer.seen)
    entries = open_corpus(*config.corpora[0]).entries()
    of_fold = {fold: {e.patient for e in entries if e.fold == fold} for fold in FOLDS}
    asked = [set(FOLDS) - set(run.folds) for run in trainer.seen]
    for run, held in zip(trainer.seen, asked, strict=True):
        training = set().union(*(of_fold[fold] for fold in run.folds))
        assert not training & set().union(*(of_fold[fold] for fold in held))
    assert sorted(found.ids) == sorted(e.case_id for e in entries if e.fold != 9)
    assert len(found.ids) == len(set(found.ids)) == 16


def test_it_goes_on_where_it_was_stopped(
    config: TrainConfig, trainer: Trainer, tmp_path: Path
) -> None:
    """What was trained is not trained again; what was answered can be read again."""
    first = cross_validate(config, tmp_path / "out", SILENT)
    again = cross_validate(config, tmp_path / "out", SILENT)
    assert len(trainer.seen) == 2
    loaded = CrossValidated.load(tmp_path / "out")
    for name, values in first.values.items():
        np.testing.assert_array_equal(values, again.values[name])
        np.testing.assert_array_equal(values, loaded.values[name])
    with pytest.raises(LibraryError, match="holds no cross-validation"):
        CrossValidated.load(tmp_path)


def _made(values: Sequence[float], *, ids: str = "abcd") -> CrossValidated:
    """Return a result with one measure; the last query is a normal one."""
    column = np.array(values)[:, None]
    return CrossValidated(
        np.array(list(ids)),
        np.array(["p1", "p1", "p2", "p3"]),
        np.array([False, False, False, True]),
        {"nDCG@10": column},
    )


def test_differences_by_hand() -> None:
    """A constant gain has no interval; the non-normal queries have a mean of their own."""
    base, better = _made([0.1, 0.2, 0.3, 0.4]), _made([0.2, 0.3, 0.4, 0.5])
    apart = compare(base, better)["nDCG@10"]
    assert (apart.value, apart.low, apart.high) == pytest.approx((0.1, 0.1, 0.1))
    own = summarise(base)
    assert own["nDCG@10"].value == pytest.approx(0.25)
    assert own["nDCG@10" + NON_NORM].value == pytest.approx(0.2)
    assert own["nDCG@10" + NON_NORM].n == 3
    with pytest.raises(LibraryError, match="other queries"):
        compare(base, _made([0.0] * 4, ids="abce"))


def test_table_names_runs_and_differences() -> None:
    """The first run has a value, the others a value and a signed difference."""
    table = to_markdown({"one": _made([0.1, 0.2, 0.3, 0.4]), "two": _made([0.2, 0.3, 0.4, 0.5])})
    rows = [line for line in table.splitlines() if line.startswith("| nDCG@10 |")]
    assert rows[0].endswith("|  |")
    assert "| two | 0.350" in rows[1]
    assert "+0.100 [+0.100, +0.100]" in rows[1]
