"""Tests of precord.evaluate.cross: who asks whom, what training gets, and paired differences."""

import csv
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from precord.corpora import Entry, open_corpus
from precord.encoder import Encoder
from precord.errors import CorpusError, LeakError, LibraryError
from precord.evaluate import cross
from precord.evaluate.cross import CrossValidated, cross_validate
from precord.evaluate.protocol import Task
from precord.ingest import ingest
from precord.io import write_wfdb
from precord.library.sqlite import SqliteLibrary
from precord.metrics import Resamples
from precord.relevance import Relevance
from precord.retrieve import Retriever
from precord.train.config import TrainConfig
from precord.train.run import Watch, _load_real
from precord.train.texts import read_texts
from tests.cli.conftest import beating
from tests.fakes import FakeEncoder

SILENT = Watch(lambda *_: None, lambda _: None, lambda _: None)
FOLDS = (1, 2, 3, 4)
SETS = ("SR;NORM", "AFIB;LVH", "SR;IMI", "SR;NORM;SBRAD")


def make_archive(folder: Path, folds: Sequence[int] = (*FOLDS, 9), prefix: str = "p") -> Path:
    """Write four ECGs of two patients a fold; those of fold 9 cannot be read."""
    folder.mkdir()
    lines = ["file,patient,statements,report,fold"]
    for fold in folds:
        for n in range(4):
            header = write_wfdb(beating(10 * fold + n), folder / f"e{fold}{n}")
            if fold == 9:
                header.write_text("no header at all\n")
            lines.append(f"e{fold}{n}.hea,{prefix}{fold}{n // 2},{SETS[(n + fold) % 4]},,{fold}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder


def make_reports(path: Path) -> Path:
    """Write a table of reports that name their fold."""
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.DictWriter(file, ["strat_fold", "report"])
        writer.writeheader()
        writer.writerows([{"strat_fold": f, "report": f"of fold {f}"} for f in (*FOLDS, 9)])
    return path


@dataclass
class Recorder:
    """Stands for training: reads what training reads, notes it, and leaves a folder."""

    runs: list[TrainConfig] = field(default_factory=list)
    patients: list[set[str | None]] = field(default_factory=list)
    reports: list[set[str]] = field(default_factory=list)
    resumed: list[bool] = field(default_factory=list)

    def __call__(self, config: TrainConfig, folder: Path, watch: Watch, *, resume: bool) -> None:
        """Read the records and reports that the run would be given."""
        training, validation = _load_real(config, watch)
        assert validation is None
        self.runs.append(config)
        self.patients.append(set(training.patients))
        if config.reports is not None:
            self.reports.append(set(read_texts(config.reports, config.folds).reports))
        self.resumed.append(resume)
        (folder / "weights").mkdir(parents=True)
        (folder / "weights" / "encoder.json").touch()


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Put a recorder and the fake encoder in the place of the real ones."""
    made = Recorder()
    monkeypatch.setattr(cross, "train", made)
    monkeypatch.setattr(Encoder, "load", lambda *_, **__: FakeEncoder())
    return made


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    """Return a run over folds 1 to 3 that fold 4 would choose; fold 9 lies beside them."""
    return TrainConfig(
        corpora=(("folder", make_archive(tmp_path / "archive")),),
        folds=FOLDS[:3],
        validation_fold=FOLDS[3],
        reports=make_reports(tmp_path / "reports.csv.gz"),
    )


def _entries(config: TrainConfig) -> list[Entry]:
    """Return the entries of the folds that take part."""
    return [e for kind, path in config.corpora for e in open_corpus(kind, path).entries(FOLDS)]


@pytest.mark.parametrize(
    ("parts", "asking"), [(2, [{1, 2}, {3, 4}]), (3, [{1, 2}, {3}, {4}]), (4, [{1}, {2}, {3}, {4}])]
)
def test_nothing_of_what_asks_is_trained_on(
    config: TrainConfig, recorder: Recorder, tmp_path: Path, parts: int, asking: list[set[int]]
) -> None:
    """Neither a fold, nor a patient, nor a report; no fold chooses, and fold 9 is not there."""
    cross_validate(config, tmp_path / "out", SILENT, parts=parts)

    assert len(recorder.runs) == parts
    for part, run, patients, reports in zip(
        asking, recorder.runs, recorder.patients, recorder.reports, strict=True
    ):
        asks = {e.patient for e in _entries(config) if e.fold in part}
        assert asks
        assert not asks & patients
        assert asks | patients == {e.patient for e in _entries(config)}
        assert set(run.folds) == set(FOLDS) - part
        assert run.validation_fold is None
        assert reports == {f"of fold {fold}" for fold in run.folds}


def test_every_record_asks_once_and_gets_what_a_search_gets(
    config: TrainConfig, recorder: Recorder, tmp_path: Path
) -> None:
    """The oracle: a library of the other part, searched by the product, judged hit by hit."""
    found = cross_validate(config, tmp_path / "out", SILENT)

    assert len(recorder.runs) == 2
    entries = {e.case_id: e for e in _entries(config)}
    assert sorted(found.ids) == sorted(entries)
    encoder = FakeEncoder()
    jaccard = dict(zip(found.ids, found.values["weighted Jaccard@10"], strict=True))
    for asking in ({1, 2}, {3, 4}):
        gallery = [e for e in entries.values() if e.fold not in asking]
        relevance = Relevance.fit([e.statements for e in gallery])
        path = tmp_path / f"{min(asking)}.db"
        with SqliteLibrary.create(path, encoder.fingerprint, "fp32", encoder.dim) as library:
            ingest(gallery, library, encoder, workers=1)
            retriever = Retriever(library, encoder)
            for entry in (e for e in entries.values() if e.fold in asking):
                hits = retriever.by_record(entry.load(), k=10, anyway=True).hits
                assert len(hits) == 8
                likeness = [relevance([entry.statements], [h.case.statements]) for h in hits]
                assert jaccard[entry.case_id] == pytest.approx(np.mean(likeness))


def test_a_patient_in_two_parts_stops_it_before_it_trains(
    config: TrainConfig, recorder: Recorder, tmp_path: Path
) -> None:
    """Within a folder the reader sees to it; two folders may share a patient."""
    other = make_archive(tmp_path / "other", [4], prefix="q")
    table = other / "table.csv"
    table.write_text(table.read_text().replace("q40", "p10"))
    both = replace(config, corpora=(*config.corpora, ("folder", other)))

    with pytest.raises(LeakError, match="1 patients have records in several parts"):
        cross_validate(both, tmp_path / "out", SILENT)
    assert not recorder.runs


@pytest.mark.parametrize(
    ("changes", "parts", "words"),
    [
        ({"folds": (1, 2), "validation_fold": None}, 3, "2 folds cannot be cut into 3 parts"),
        ({"folds": (1, 2), "validation_fold": 7}, 3, r"no record in folds \[7\], part 3 of 3"),
    ],
)
def test_parts_without_a_record_are_refused(
    config: TrainConfig,
    recorder: Recorder,
    tmp_path: Path,
    changes: dict[str, object],
    parts: int,
    words: str,
) -> None:
    """Before anything is trained."""
    with pytest.raises(CorpusError, match=words):
        cross_validate(replace(config, **changes), tmp_path / "out", SILENT, parts=parts)  # type: ignore[arg-type]
    assert not recorder.runs


def test_it_goes_on_where_it_was_stopped(
    config: TrainConfig, recorder: Recorder, tmp_path: Path
) -> None:
    """A part with weights is not trained again; one with a checkpoint is resumed."""
    out = tmp_path / "out"
    (out / "part-0" / "weights").mkdir(parents=True)
    (out / "part-0" / "weights" / "encoder.json").touch()
    (out / "part-1").mkdir()
    (out / "part-1" / "last.safetensors").touch()

    cross_validate(config, out, SILENT)

    assert [run.folds for run in recorder.runs] == [(1, 2)]
    assert recorder.resumed == [True]


def _made(values: dict[str, np.ndarray], patients: Sequence[str], n_normal: int) -> CrossValidated:
    """Return a cross-validation of which the first *n_normal* queries are normal."""
    n = len(patients)
    return CrossValidated(
        np.array([f"q{i}" for i in range(n)]),
        np.array(patients),
        np.arange(n) < n_normal,
        values,
    )


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    """Names, values and missing values."""
    found = _made(
        {"class share@10": np.eye(5), "mAP": np.array([1, np.nan, 0, 0.5, 1])}, "aabcd", 2
    )
    found.save(tmp_path)

    again = CrossValidated.load(tmp_path)

    for name in ("ids", "patients", "is_normal"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    assert list(again.values) == list(found.values)
    for name, table in found.values.items():
        np.testing.assert_array_equal(again.values[name], table)


def _cut(data: bytes) -> bytes:
    """Return the first half."""
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    "damage",
    [None, _cut, lambda _: b"", lambda _: b"hello", lambda b: b.replace(b"ids.npy", b"idz.npy")],
    ids=["missing", "cut", "empty", "text", "other names"],
)
def test_a_damaged_file_is_one_line(
    tmp_path: Path, damage: Callable[[bytes], bytes] | None
) -> None:
    """It names the folder."""
    path = tmp_path / "queries.npz"
    if damage is not None:
        _made({"mAP": np.arange(5.0)}, "abcde", 0).save(tmp_path)
        path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(LibraryError, match="holds no cross-validation") as caught:
        CrossValidated.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_comparison_by_hand() -> None:
    """Means .25 and .5 of all, .5 and .5 of the two that are not normal; a column a class.

    The class share of the others leaves NORM out, the first column.
    """
    nan = float("nan")
    share = np.array([[1.0, nan, nan, nan, nan]] * 2 + [[0.0, 0.5, nan, nan, nan]] * 2)
    base = {"mAP": np.array([0.0, 0.0, 0.5, 0.5]), "class share@10": share}
    other = {"mAP": np.array([0.5, 0.5, 0.5, 0.5]), "class share@10": share}

    found = cross.compare(_made(base, "abcd", 2), _made(other, "abcd", 2))
    own = cross.summarise(_made(base, "abcd", 2))

    assert found["mAP"].value == pytest.approx(0.25)
    assert found["mAP"].low < found["mAP"].value < found["mAP"].high
    assert (found["mAP non-NORM"].value, found["mAP non-NORM"].high) == (0, 0)
    assert found["mAP non-NORM"].n == 2
    assert own["mAP"].value == pytest.approx(0.25)
    assert own["mAP non-NORM"].value == pytest.approx(0.5)
    assert own["class share@10"].value == pytest.approx((0.5 + 0.5) / 2)
    assert own["class share@10 non-NORM"].value == pytest.approx(0.5)


def test_a_comparison_is_paired(rng: np.random.Generator) -> None:
    """The same resamples of patients for both: what a loop over them gives."""
    patients = [f"p{i // 3}" for i in range(30)]
    a, b = rng.random((2, 30))

    found = cross.compare(_made({"mAP": a}, patients, 0), _made({"mAP": b}, patients, 0))["mAP"]

    drawn = []
    for weights in Resamples.draw(patients).weights:
        rows = [i for i, n in enumerate(weights) for _ in range(int(n))]
        drawn.append(np.mean([b[i] - a[i] for i in rows]))
    assert found.value == pytest.approx((b - a).mean())
    assert (found.low, found.high) == pytest.approx(np.percentile(drawn, [2.5, 97.5]))


def test_other_queries_are_not_compared() -> None:
    """Nor the same in another order: they would be paired wrongly."""
    one = _made({"mAP": np.arange(3.0)}, "abc", 0)

    with pytest.raises(LibraryError, match="other queries"):
        cross.compare(one, replace(one, ids=one.ids[::-1]))


def test_table_names_runs_and_differences() -> None:
    """The first run has a value, the others a value and a signed difference."""
    values = {"one": np.array([0.1, 0.2, 0.3, 0.4]), "two": np.array([0.2, 0.3, 0.4, 0.5])}
    runs = {name: _made({"nDCG@10": each}, "aabc", 1) for name, each in values.items()}
    table = cross.to_markdown(runs)
    rows = [line for line in table.splitlines() if line.startswith("| nDCG@10 |")]
    assert rows[0].endswith("|  |")
    assert "| two | 0.350" in rows[1]
    assert "+0.100 [+0.100, +0.100]" in rows[1]


def test_agreement_of_a_kind_by_hand() -> None:
    """Statements of one kind alone are compared; a query that has none has no value."""
    sets = [frozenset(codes) for codes in (("LAFB", "SR"), ("LPFB", "NORM"), ("NORM", "SR"))]
    asked = [frozenset({"LAFB", "NORM"}), frozenset({"NORM", "SR"})]
    task = Task.make(asked, sets, ["a", "b"], ["x", "x"], ["x", "x", "x"])

    axis = cross._agree(task, np.array([[0, 1, 2], [0, 1, 2]]), "axis")

    np.testing.assert_allclose(axis, [1 / 3, np.nan])
