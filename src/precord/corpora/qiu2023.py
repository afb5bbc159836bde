"""The image-text pairs that Qiu et al. 2023 (arXiv:2304.06286) train on, from PTB-XL.

Their cohort (a diagnostic superclass, and another than NORM), their images (`image.qiu2023`),
their text (folded, cut at "edit" and at "compared with", punctuation repaired) and their
split, drawn per record; or ours, drawn per patient, because theirs lets about a fifth of
the test records share a patient with training. What their published code leaves open is
decided in docs/decisions/0004-qiu2023.md. Reports stay in the language they were written in.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from PIL import Image

from precord.corpora.entry import Entry
from precord.errors import CorpusError, PrecordError
from precord.image.qiu2023 import METHODS, Method, Style, cut_beat, draw_beat
from precord.statements import Superclass, to_superclasses
from precord.text import clean_report

_PARTS = (("train", 0.7), ("validation", 0.2), ("test", 0.1))
_COMPARISON = re.compile(r"\bcompared with\b.*", re.DOTALL)
_BEFORE_MARK = re.compile(r"\s+([.,;:])")
_REPEATED = re.compile(r"([.,;:])(?:\s*[.,;:])+")
_NO_SPACE = re.compile(r"([.,;:])(?=[^\W\d])")
_COLUMNS = ("case_id", "image", "text", "part", "patient", "superclasses")


class SplitBy(StrEnum):
    """What is never divided between the parts of a split."""

    RECORD = "record"  # the paper's
    PATIENT = "patient"  # ours


@dataclass(frozen=True, slots=True)
class PairSettings:
    """How pairs are made; equal settings and data make equal pairs."""

    split: SplitBy = SplitBy.RECORD
    style: Style = Style.GRID
    methods: tuple[Method, ...] = METHODS
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record of the cohort of which no pair could be made."""

    case_id: str
    reason: str


def choose_cohort(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries with a report and a diagnostic superclass besides NORM."""
    return [e for e in entries if e.report and to_superclasses(e.statements) - {Superclass.NORM}]


def repair_text(text: str) -> str:
    """Return a report as the paper's model reads it, though in its own language."""
    cut = _COMPARISON.sub("", clean_report(text))
    marks = _REPEATED.sub(r"\1", _BEFORE_MARK.sub(r"\1", cut))
    spaced = _NO_SPACE.sub(r"\1 ", marks).strip(" ,;:")
    return spaced if not spaced or spaced.endswith(".") else f"{spaced}."


def draw_split(entries: Sequence[Entry], by: SplitBy, seed: int) -> list[str]:
    """Return each entry's part: 70 % train, 20 % validation, 10 % test, drawn by *seed*.

    A patient who is unknown is nobody else.
    """
    keys = [
        e.patient if by is SplitBy.PATIENT and e.patient is not None else e.case_id for e in entries
    ]
    order = np.random.default_rng(seed).permutation(sorted(set(keys))).tolist()
    bounds = np.rint(np.cumsum([share for _, share in _PARTS]) * len(order)).astype(int)
    part_of = {
        key: _PARTS[int(np.searchsorted(bounds, i, side="right"))][0] for i, key in enumerate(order)
    }
    return [part_of[key] for key in keys]


def write_pairs(
    entries: Sequence[Entry],
    out: Path,
    settings: PairSettings,
    on_progress: Callable[[int], None] = lambda _: None,
) -> tuple[int, list[Refusal]]:
    """Write the pairs of a cohort into *out*; return how many, and the records left out.

    *out* gets `images/` (224 x 224 PNG), `settings.json`, `pairs.csv` (a row a pair)
    and, last, `manifest.json` (counts, and what was left out).
    Images that an interrupted run left are kept; the beat of a record depends on the seed and
    on its own id alone.

    Raises:
        CorpusError: *out* holds pairs of other settings, or cannot be written.
    """
    made_by = json.dumps({"made by": "precord corpus qiu2023", **asdict(settings)}, indent=2)
    refused: list[Refusal] = []
    rows: list[tuple[str, ...]] = []
    try:
        _claim(out, made_by)
        parts = draw_split(entries, settings.split, settings.seed)
        for entry, part in zip(entries, parts, strict=True):
            name = f"images/{entry.case_id.replace('/', '-')}.png"
            text = repair_text(entry.report.text) if entry.report else ""
            try:
                if not text:
                    raise CorpusError("its report holds no text")
                if not (out / name).exists():
                    _write_image(entry, out / name, settings)
                superclasses = ";".join(sorted(to_superclasses(entry.statements)))
                rows.append((entry.case_id, name, text, part, entry.patient or "", superclasses))
            except PrecordError as error:
                refused.append(Refusal(entry.case_id, str(error)))
            on_progress(1)
        _write_table(out / "pairs.csv", rows)
        summary = {
            "pairs": len(rows),
            "left out": {refusal.case_id: refusal.reason for refusal in refused},
            "parts": dict(Counter(row[3] for row in rows)),
        }
        (out / "manifest.json").write_text(json.dumps(summary, indent=2), encoding="utf-8")
    except OSError as error:
        raise CorpusError(f"{out}: cannot be written: {error.strerror or error}") from error
    return len(rows), refused


def _claim(out: Path, made_by: str) -> None:
    """Make *out* the folder of these settings, or find that it already is."""
    (out / "images").mkdir(parents=True, exist_ok=True)
    settings = out / "settings.json"
    if settings.exists() and settings.read_text(encoding="utf-8") != made_by:
        raise CorpusError(f"{out}: holds pairs of other settings ({settings.name}); name another")
    settings.write_text(made_by, encoding="utf-8")


def _write_image(entry: Entry, path: Path, settings: PairSettings) -> None:
    """Draw the entry's image; *path* is either absent or whole."""
    rng = np.random.default_rng([settings.seed, *entry.case_id.encode()])
    image = draw_beat(cut_beat(entry.load(), rng), settings.style, settings.methods)
    unfinished = path.with_suffix(".part")
    Image.fromarray(image).save(unfinished, format="PNG")
    unfinished.replace(path)


def _write_table(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    """Write the rows under their headings."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(rows)
