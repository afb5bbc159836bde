"""Tests of precord.corpora.qiu2023."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precord.corpora.entry import Entry
from precord.corpora.qiu2023 import (
    PairSettings,
    SplitBy,
    choose_cohort,
    draw_split,
    repair_text,
    write_pairs,
)
from precord.errors import CorpusError, FormatError
from precord.image.qiu2023 import Style
from precord.record import Record
from precord.report import Language, Report, Source
from tests.image.golden import beating


class _Works:
    """Reads the same simulated record always."""

    def __call__(self) -> Record:
        """Return the record."""
        return beating(growth=0.1)


class _Fails:
    """A file that cannot be read."""

    def __call__(self) -> Record:
        """Raise."""
        raise FormatError("x.hea: broken")


def entry(number: int, codes: str = "IMI SR", patient: str | None = None) -> Entry:
    """Return an entry of a two-sentence report."""
    report = Report(f"Sinusrhythmus ,Infarkt {number}", Language.GERMAN, Source.CLINICIAN)
    return Entry(
        case_id=f"ptb-xl/{number}",
        corpus="ptb-xl",
        patient=patient,
        fold=1,
        statements=frozenset(codes.split()),
        report=report,
        source=_Works(),
    )


def test_cohort_has_another_superclass_than_norm() -> None:
    """Normal alone and rhythm alone are out; normal beside another is in; no report is out."""
    entries = [entry(1, "NORM SR"), entry(2, "AFIB"), entry(3), entry(4, "NORM IRBBB")]
    silent = replace(entry(5), report=None)

    assert [e.case_id for e in choose_cohort([*entries, silent])] == ["ptb-xl/3", "ptb-xl/4"]


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("Sinusrhythmus ,Linkstyp . . EDIT: ASMI 100", "sinusrhythmus, linkstyp."),
        ("Sinus rhythm.left axis; compared with 3-may-1990 no change", "sinus rhythm. left axis."),
        ("qt 0.42 s , novodigal 0,2", "qt 0.42 s, novodigal 0,2."),
        ("edit: SR 0", ""),
    ],
)
def test_text(text: str, repaired: str) -> None:
    """Folded, cut, one mark at a time with a space behind it; numbers keep their point."""
    assert repair_text(text) == repaired


def test_split_by_patient_divides_none() -> None:
    """By record the same patient is on both sides; by patient never; shares are 70/20/10."""
    entries = [entry(i, patient=f"p{i // 4}") for i in range(1000)]

    def divided(by: SplitBy) -> int:
        parts = draw_split(entries, by, seed=1)
        seen: dict[str | None, set[str]] = {}
        for e, part in zip(entries, parts, strict=True):
            seen.setdefault(e.patient, set()).add(part)
        assert parts.count("train") == pytest.approx(700, abs=5)
        assert parts.count("test") == pytest.approx(100, abs=5)
        return sum(len(sides) > 1 for sides in seen.values())

    assert divided(SplitBy.RECORD) > 100
    assert divided(SplitBy.PATIENT) == 0


def test_pairs(tmp_path: Path) -> None:
    """A row and an image a record, what is left out by name, and nothing drawn twice."""
    cohort = [entry(1), entry(2, patient="p"), replace(entry(3), source=_Fails())]
    settings = PairSettings(style=Style.CONCAT)
    n_pairs, refused = write_pairs(cohort, tmp_path, settings)

    with (tmp_path / "pairs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert (n_pairs, [row["case_id"] for row in rows]) == (2, ["ptb-xl/1", "ptb-xl/2"])
    assert [r.reason for r in refused] == ["x.hea: broken"]
    assert manifest["pairs"] == sum(manifest["parts"].values()) == 2
    assert manifest["left out"] == {"ptb-xl/3": "x.hea: broken"}
    assert rows[0]["text"] == "sinusrhythmus, infarkt 1."
    assert (rows[1]["patient"], rows[1]["superclasses"]) == ("p", "MI")
    image = tmp_path / rows[0]["image"]
    assert np.asarray(Image.open(image)).shape == (224, 224, 3)

    image.write_bytes(b"kept")
    write_pairs(cohort, tmp_path, settings)
    assert image.read_bytes() == b"kept"
    with pytest.raises(CorpusError, match="holds pairs of other settings"):
        write_pairs(cohort, tmp_path, replace(settings, seed=2))


def test_a_beat_depends_on_its_record_and_the_seed_alone(tmp_path: Path) -> None:
    """A record's image is the same in a smaller cohort; most images change with the seed."""
    cohort = [entry(i) for i in range(5)]
    for name, part, seed in (("all", cohort, 1), ("some", cohort[2:], 1), ("other", cohort, 2)):
        write_pairs(part, tmp_path / name, PairSettings(seed=seed))

    def images(name: str) -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in (tmp_path / name / "images").iterdir()}

    first, some, other = images("all"), images("some"), images("other")
    assert some.items() <= first.items()
    assert sum(first[k] != other[k] for k in first) >= 2
