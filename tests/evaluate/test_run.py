"""Tests of precord.evaluate.run, its tables and plots: a small archive, a fake encoder."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from precord.corpora import Entry, open_corpus
from precord.encoder import Encoder
from precord.errors import CorpusError, LeakError, LibraryError
from precord.evaluate import prompts, run
from precord.evaluate.material import read_material
from precord.evaluate.plot import draw
from precord.evaluate.system import system_scores
from precord.evaluate.table import Tables
from precord.ingest import ingest
from precord.io import write_wfdb
from precord.library.sqlite import SqliteLibrary
from precord.metrics import Estimate
from precord.report import Language, Report, Source
from precord.retrieve import Retriever
from precord.statements import to_superclasses
from tests.cli.conftest import beating
from tests.fakes import FakeEncoder


def _silent(_name: str, _steps: int) -> Callable[[int], None]:
    """Return what hears no progress."""
    return lambda _done: None


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return a folder of eight ECGs of eight patients: two in fold 9, six in fold 1."""
    folder = tmp_path / "archive"
    folder.mkdir()
    lines = ["file,patient,statements,report,fold"]
    for n in range(8):
        write_wfdb(beating(n), folder / f"e{n}")
        lines.append(f"e{n}.hea,p{n},{'SR;NORM' if n % 2 else 'AFIB;LVH'},,{9 if n < 2 else 1}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    """Return an empty library."""
    fake = FakeEncoder()
    with SqliteLibrary.create(
        tmp_path / "lib.db", fake.fingerprint, fake.precision, fake.dim
    ) as made:
        yield made


def _entries(archive: Path) -> list[Entry]:
    """Return all entries of the archive."""
    return open_corpus("folder", archive).entries(None)


def test_fold_leaves_the_gallery_and_so_do_simulated_cases(
    archive: Path, library: SqliteLibrary
) -> None:
    """Two queries, five real cases of the other fold; every method has its table."""
    entries = _entries(archive)
    report = Report("normal", Language.ENGLISH, Source.SIMULATED)
    ingest([*entries[:-1], replace(entries[-1], report=report)], library, FakeEncoder(), workers=1)

    tables = run([("folder", archive)], 9, library, FakeEncoder(), _silent)

    assert tables.about["queries"].startswith("2 ECGs of fold 9")
    assert tables.about["gallery"].startswith("5 cases")
    assert tables.about["groups"].startswith("1 queries are NORM-only, 1 are not; 0 have no")
    assert list(tables.retrieval) == [
        *("precord", "precord, the nearest alone", "precord, every abnormal class shown"),
        *("ECG to ECG only", "ECG to report only", "statement overlap only"),
        *(
            "chance",
            "always normal",
            "always most superclasses",
            "raw cosine",
            "random convolutions",
            "measured features",
        ),
    ]
    for name, table in tables.retrieval.items():
        assert table["class share@10"].n == 2, name
        assert 0 <= table["weighted Jaccard@10"].value <= 1, name


def test_a_patient_on_both_sides_stops_the_run(archive: Path, library: SqliteLibrary) -> None:
    """The same patient, or the same ECG, in the gallery under another fold."""
    entries = _entries(archive)
    ingest(
        [*entries[2:], replace(entries[3], case_id="x", patient=entries[0].patient)],
        library,
        FakeEncoder(),
        workers=1,
    )

    with pytest.raises(LeakError, match="1 patients"):
        run([("folder", archive)], 9, library, FakeEncoder(), _silent)

    ingest([replace(entries[0], fold=2, patient=None)], library, FakeEncoder(), workers=1)
    with pytest.raises(LeakError, match="stands in the gallery"):
        run([("folder", archive)], 9, library, FakeEncoder(), _silent)


def test_nothing_to_measure_is_said(archive: Path, library: SqliteLibrary) -> None:
    """No query in the fold; no case outside it."""
    with pytest.raises(CorpusError, match="fold 7"):
        run([("folder", archive)], 7, library, FakeEncoder(), _silent)
    with pytest.raises(LibraryError, match="no real case outside fold 9"):
        run([("folder", archive)], 9, library, FakeEncoder(), _silent)


def test_scores_are_those_of_a_search(archive: Path, library: SqliteLibrary) -> None:
    """What is measured ranks the cases as the product does."""
    entries, encoder = _entries(archive), FakeEncoder()
    ingest(entries[2:], library, encoder, workers=1)
    record = entries[0].load()
    material = read_material([("folder", archive)], [9], library, encoder, _silent)
    one = replace(material, encoded=material.encoded[:1])

    found = system_scores(one, encoder)
    scores, nearest = found["precord"][0], found["precord, the nearest alone"][0]

    hits = Retriever(library, encoder).by_record(record, k=6, anyway=True).hits
    assert [h.case.id for h in hits] == [material.vectors.ids[i] for i in np.argsort(-scores)]
    np.testing.assert_allclose([h.score for h in hits], -np.sort(-nearest), rtol=1e-5)


def test_other_weights_stand_beside(archive: Path, library: SqliteLibrary) -> None:
    """The same weights beside themselves get the same table, whatever they are called."""
    entries, encoder = _entries(archive), Encoder.load()
    ingest(entries, library, FakeEncoder(), workers=1)
    with SqliteLibrary.create(
        library.path.with_name("true.db"), encoder.fingerprint, encoder.precision, encoder.dim
    ) as true:
        ingest(entries, true, encoder, workers=1)
        tables = run([("folder", archive)], 9, true, encoder, _silent, {"twin": encoder})

    found = tables.retrieval
    assert repr(found["twin"]) == repr(found["precord"])  # NaN equals nothing but its name
    assert repr(found["twin: ECG to ECG only"]) == repr(found["ECG to ECG only"])

    consensus = tables.other["consensus on the superclasses"]
    classes = {name.removeprefix("AUROC, consensus, ") for name in consensus}
    asked = to_superclasses(code for e in entries if e.fold == 9 for code in e.statements)
    assert asked <= classes
    assert all(0 <= e.value <= 1 for name, e in consensus.items() if name.startswith("AUROC"))


def test_statements_that_were_withheld_are_asked_for_by_name(
    archive: Path, library: SqliteLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such weights get a table of their own, of these statements alone, and no row beside."""
    monkeypatch.setattr(prompts, "MIN_POSITIVES", 1)
    monkeypatch.setattr(prompts, "MIN_NEGATIVES", 1)
    ingest(_entries(archive), library, FakeEncoder(), workers=1)
    blind = Encoder.load()
    blind.withheld = frozenset({"AFIB", "CLBBB"})

    tables = run([("folder", archive)], 9, library, FakeEncoder(), _silent, {"blind": blind})

    found = tables.other["zero-shot text prompts of blind"]
    assert list(found) == ["macro of 1", "AFIB"], "no query has a block"
    assert found["AFIB"].n == 1
    assert "blind" not in tables.retrieval
    assert "## Zero-shot text prompts of blind" in tables.to_markdown([])


def test_tables_are_written(archive: Path, library: SqliteLibrary, tmp_path: Path) -> None:
    """JSON of schema 1 without NaN, Markdown with a row a method, plots that are pictures."""
    ingest(_entries(archive), library, FakeEncoder(), workers=1)
    tables = run([("folder", archive)], 9, library, FakeEncoder(), _silent)

    found = json.loads(tables.to_json())
    page = tables.to_markdown([Path("a.png")])

    assert found["schema"] == 1
    assert found["tables"]["precord"]["mAP"].keys() == {"value", "low", "high", "n"}
    assert found["tables"]["same source"]["gallery of archive"]["value"] == 1
    assert all(f"| {method} |" in page for method in tables.retrieval)
    assert "![a](a.png)" in page
    for group in ("NORM-only", "non-NORM", "archive"):  # every measure, for each group apart
        (part,) = page.split(f"## Case retrieval, {group} queries\n")[1:]
        header = part.split("\n")[1]
        assert all(f"| {measure} {group} " in header for measure in ("class share@10", "mAP"))
    for plot in draw(tables, tmp_path / "plots"):
        assert plot.read_bytes().startswith(b"\x89PNG")


def test_what_has_no_value_is_null() -> None:
    """JSON knows no NaN, and people see a dash."""
    nothing = Estimate(float("nan"), float("nan"), float("nan"), 0)
    tables = Tables({"precord": {"set P@1": nothing}}, {})

    table = json.loads(tables.to_json())["tables"]["precord"]

    assert table["set P@1"] == {"value": None, "low": None, "high": None, "n": 0}
    assert "| - |" in tables.to_markdown([])
