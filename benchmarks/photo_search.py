"""Search by a photo of a page: `python benchmarks/photo_search.py -n 2 --simulated 40`.

Every raw PTB-XL record of fold 4, and simulated ones, are drawn on pages of random layout and
style and distorted as phone photos are (`image/distort.json`). The digitiser reads each photo, and
what it reads searches a library of folds 5 to 8, which alone trained the weights that are asked
(benchmarks/setting.py), as the record itself does. The second route makes
the vision tower's input straight from the picture (`photo_soft`). Writes docs/results/
photo-search.md. With --pages FOLDER each page's readings are kept there, and a run that was
interrupted goes on where it stopped. With --choose N nothing is searched: pages of N records of
folds 5 to 8 say how the second route is best set.
"""

import argparse
import re
import sys
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import numpy as np
from digitize_score import shown
from numpy.typing import NDArray
from photo_soft import read_softly
from setting import PARTS, SMALL, add_arguments, open_small

from precord.corpora import open_corpus
from precord.digitize import Options
from precord.digitize.ink import find_ink
from precord.digitize.reading import Reading, read_picture
from precord.encoder import Encoder, QueryEncoding
from precord.errors import PrecordError
from precord.evaluate.baseline import always_normal
from precord.evaluate.protocol import K, Task, per_query
from precord.image.distort import distort, load_ranges
from precord.image.layout import Calibration
from precord.image.page import draw_page, draw_style
from precord.leads import LEADS
from precord.library.protocol import Library
from precord.metrics import Resamples, top_hits
from precord.record import Record, Scale
from precord.relevance import StatementTable, to_superclass_hot
from precord.score import score_cases
from precord.simulate import draw_statements, simulate

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/results/photo-search.md"
LAYOUTS = ("3x4", "3x4+1", "3x4+1", "3x4+3", "6x2", "6x2+1", "12x1", "cabrera")
MEASURES = ("class share@10", "weighted Jaccard@10")


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One ECG that will be asked with, and the seed of its photo."""

    group: str
    patient: str
    statements: frozenset[str]
    record: Record
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """What became of one photo.

    Attributes:
        shown: the record itself, as far as the page shows it.
        traced, soft: what the two routes read; None where nothing was.
        refusal: the digitiser's reason, if any; *soft* may be there all the same.
    """

    shown: Record
    traced: Record | None
    soft: Record | None
    refusal: str = ""


def main() -> None:
    """Measure and write the page, or choose."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=2, help="photos of each real record")
    parser.add_argument("--simulated", type=int, default=40, help="simulated records")
    parser.add_argument("--pages", type=Path, help="keep what was read in this folder")
    parser.add_argument("--choose", type=int, default=0, help="records to choose by")
    add_arguments(parser)
    options = parser.parse_args()
    data = Path(options.shared) / "data"
    with open_small(options) as part:
        if options.choose:
            sys.stdout.write(choose(options.choose, data, part.encoder))
            return
        asked = [*real(data, options.n), *made(options.simulated)]
        photos = [read_photo(one, options.pages) for one in asked]
        gallery = Gallery.of(part.library, part.encoder)
        PAGE.write_text(report(asked, photos, gallery, options), "utf-8")


def real(data: Path, n: int) -> list[Asked]:
    """Return each raw record of the fold that asks *n* times."""
    entries = open_corpus("ptb-xl", data / "ptb-xl").entries(SMALL)
    return [
        Asked("real", str(e.patient), e.statements, e.load(), 10_000 * (turn + 1) + k)
        for turn in range(n)
        for k, e in enumerate(entries)
    ]


def made(n: int) -> list[Asked]:
    """Return *n* simulated records, each its own patient."""
    found = []
    for k in range(n):
        rng = np.random.default_rng(70_000 + k)
        one = simulate(draw_statements(rng), rng)
        found.append(Asked("simulated", f"made {k}", one.statements, one.record, 80_000 + k))
    return found


def draw_photo(asked: Asked) -> tuple[NDArray[np.uint8], Record]:
    """Return a photo of a page with the record, and the record as far as the page shows it."""
    rng = np.random.default_rng(asked.seed)
    layout = str(rng.choice(LAYOUTS))
    calibration = Calibration(25.0, float(rng.choice([10.0, 10.0, 10.0, 5.0])))
    style, dpi = draw_style(rng), float(rng.choice([100, 150, 200, 300]))
    page = draw_page(asked.record, layout=layout, style=style, dpi=dpi, calibration=calibration)
    seen = shown(asked.record, layout, calibration).astype(np.float32)
    picture = distort(page, load_ranges("photo"), rng).picture
    return picture, Record(seen, LEADS, asked.record.rate, Scale.MILLIVOLT)


def read_photo(asked: Asked, kept: Path | None) -> Photo:
    """Return what is read of a photo, from *kept* where it was read before."""
    path = kept / f"{asked.seed}.npz" if kept is not None else None
    if path is not None and path.exists():
        with np.load(path) as file:
            seen, traced, soft = (_unpack(file, name) for name in ("shown", "traced", "soft"))
            if seen is not None:
                return Photo(seen, traced, soft, str(file["refusal"]))
    picture, seen = draw_photo(asked)
    reading, refusal = read_anyway(picture)
    traced = None if reading is None or refusal else reading.record
    photo = Photo(seen, traced, None if reading is None else read_softly(reading), refusal)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        records = {"shown": seen, "traced": traced, "soft": photo.soft}
        packed = {k: v for name, one in records.items() for k, v in _pack(one, name).items()}
        np.savez_compressed(path, refusal=np.array(refusal), **packed)
    return photo


def read_anyway(picture: NDArray[np.uint8]) -> tuple[Reading | None, str]:
    """Return the reading of a picture, even a refused one where there is one, and the refusal."""
    try:
        return read_picture(picture, "photo", "photo", Options()), ""
    except PrecordError as error:
        refusal = str(error).removeprefix("photo: ").removeprefix("the traces were read, but ")
    try:
        return read_picture(picture, "photo", "photo", Options(), limit=-np.inf), refusal
    except PrecordError:
        return None, refusal


def _pack(record: Record | None, name: str) -> dict[str, NDArray[np.generic]]:
    """Return *record* as arrays, none where there is no record."""
    if record is None:
        return {}
    kept = record.to_standard()
    facts = np.array([kept.rate, kept.scale is Scale.MILLIVOLT])
    return {name: kept.signal, f"{name}_facts": facts}


def _unpack(file: np.lib.npyio.NpzFile, name: str) -> Record | None:
    """Return the record that `_pack` made arrays of."""
    if name not in file:
        return None
    rate, is_calibrated = file[f"{name}_facts"]
    scale = Scale.MILLIVOLT if is_calibrated else Scale.UNKNOWN
    return Record(file[name], LEADS, float(rate), scale)


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The cases that are searched, as `retrieve` ranks them before it re-ranks the best."""

    encoder: Encoder
    statements: list[frozenset[str]]
    sides: tuple[NDArray[np.float32], NDArray[np.float32], StatementTable]

    @classmethod
    def of(cls, library: Library, encoder: Encoder) -> "Gallery":
        """Return the cases of *library*."""
        vectors = library.vectors()
        statements = [case.statements for case in library.cases(list(vectors.ids))]
        sides = (vectors.ecg, vectors.report, StatementTable.fit(statements))
        return cls(encoder, statements, sides)

    def rank(self, query: QueryEncoding) -> NDArray[np.intp]:
        """Return (G,) the cases, best first."""
        weights = self.encoder.score_weights
        found = score_cases(query.vector[None], query.statements[None], self.sides, weights)
        return top_hits(np.nan_to_num(found.total, nan=-np.inf), len(self.statements))[0]


def mean_of(one: QueryEncoding, other: QueryEncoding) -> QueryEncoding:
    """Return the mean of two encodings."""
    vector = one.vector + other.vector
    statements = (one.statements + other.statements) / 2
    return replace(one, vector=vector / np.linalg.norm(vector), statements=statements)


def fuse_ranks(one: NDArray[np.intp], other: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the order by reciprocal ranks (Cormack et al. 2009, with their constant 60)."""
    total = np.zeros(len(one))
    for order in (one, other):
        total[order] += 1.0 / (60.0 + np.arange(1, len(order) + 1))
    return top_hits(total[None], len(total))[0]


def rank_all(one: Asked, photo: Photo, gallery: Gallery) -> dict[str, NDArray[np.intp]]:
    """Return the ranking by each way of asking; a way that is refused is not there."""
    encode = gallery.encoder.encode_query
    found = {"record": gallery.rank(encode(one.record)), "shown": gallery.rank(encode(photo.shown))}
    soft = None
    if photo.soft is not None:
        soft = encode(photo.soft)
        found["soft anyway"] = gallery.rank(soft)
    if photo.traced is not None:
        traced = encode(photo.traced)
        found["traced"] = gallery.rank(traced)
        if soft is not None:
            found["soft"] = found["soft anyway"]
            found["mean"] = gallery.rank(mean_of(traced, soft))
            found["ranks"] = fuse_ranks(found["traced"], found["soft"])
    return found


class Values:
    """What each way of asking is worth for each query; NaN where it was refused."""

    def __init__(self, asked: list[Asked], rankings: list[dict[str, NDArray[np.intp]]],
                 gallery: Gallery) -> None:  # fmt: skip
        """Judge the first ten of all *rankings*."""
        patients = [one.patient for one in asked]
        groups = [one.group for one in asked]
        sets = [one.statements for one in asked]
        others = [""] * len(gallery.statements)
        task = Task.make(sets, gallery.statements, patients, groups, others)
        self.resamples: Resamples = task.resamples
        self.has_class = to_superclass_hot(sets) > 0
        self._found = {"normal": per_query(task, always_normal(task))}
        for way in ("record", "shown", "traced", "soft", "mean", "ranks", "soft anyway"):
            there = np.array([way in one for one in rankings])
            none = np.zeros(K, np.intp)
            hits = np.stack([one[way][:K] if way in one else none for one in rankings])
            values = per_query(task, hits)
            for name in MEASURES:
                values[name][~there] = np.nan
            self._found[way] = values

    def of(self, way: str, measure: str, *, missed: bool) -> NDArray[np.float64]:
        """Return the (Q, columns) of a way; a refusal is NaN, or worth nothing if *missed*."""
        values = self._found[way][measure]
        values = values if values.ndim == 2 else values[:, None]
        if missed:
            asked = self.has_class if values.shape[1] > 1 else np.ones_like(values, np.bool_)
            values = np.where(asked & np.isnan(values), 0.0, values)
        return values

    def cells(self, way: str, base: str, *, missed: bool) -> list[str]:
        """Return value, and paired difference from *base*, of both measures."""
        found = []
        for measure in MEASURES:
            mine = self.of(way, measure, missed=missed)
            others = np.where(np.isnan(mine), np.nan, self.of(base, measure, missed=missed))
            mine = np.where(np.isnan(others), np.nan, mine)
            gap = self.resamples.difference(mine, others)
            found.append(f"{self.resamples.macro(mine).value:.3f}")
            found.append(f"{gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]")
        return found


def report(
    asked: list[Asked], photos: list[Photo], gallery: Gallery, options: argparse.Namespace
) -> str:
    """Return the page of results."""
    rankings = [rank_all(*pair, gallery) for pair in zip(asked, photos, strict=True)]
    tables = []
    for group, title in (("real", "Real records"), ("simulated", "Simulated records")):
        at = [k for k, one in enumerate(asked) if one.group == group]
        if at:
            values = Values([asked[k] for k in at], [rankings[k] for k in at], gallery)
            tables.append(group_tables(title, values, [photos[k] for k in at]))
    n_patients = len({one.patient for one in asked if one.group == "real"})
    n_real = sum(one.group == "real" for one in asked)
    return f"""# Search by a photo of paper

- command: `make cross`, then `python benchmarks/photo_search.py -n {options.n} --simulated \
{options.simulated}`
- queries: {n_real} photos of the {n_real // options.n} raw records ({n_patients} patients) of \
PTB-XL fold 4, and {len(asked) - n_real} simulated ones,
{MADE_OF}
- gallery: {len(gallery.statements)} ECGs of folds 5 to 8
- date: {datetime.now(UTC):%Y-%m-%d}

{NOTE}
{chr(10).join(tables)}"""


MADE_OF = """  drawn by `image/page.py` and distorted by `image/distort.py`, in random layout,
  style, gain (10 or 5 mm/mV) and resolution (100 to 300 dpi)"""
NOTE = """The weights are of a cross-validation: trained on the gallery, half of the recordings, so
that the level of every row is lower than that of the weights that ship; simulated ECGs were
trained on too. The differences compare like with like. Hits are the nearest, none added for a
class that is possible; brackets are 95 % intervals over patients, paired. *Class share@10* is the
mean over superclasses. The target is a class share within .05 of the record's. *Refused is
missed*: a refused photo finds nothing and counts so; elsewhere it is left out, and so is its
record. *Straight from the picture* is the centroid of each column's ink in
the boxes that the digitiser found (`benchmarks/photo_soft.py`).
"""
WAYS = {
    "shown": "the record, as far as the page shows it",
    "traced": "photo, digitised",
    "soft": "photo, straight from the picture",
    "mean": "photo, mean of both encodings",
    "ranks": "photo, reciprocal ranks of both",
}
COLUMNS = ("asked with", "n", "class share@10", "less the record's", "weighted Jaccard@10",
           "less the record's")  # fmt: skip


def group_tables(title: str, values: Values, photos: list[Photo]) -> str:
    """Return the tables of one group of queries."""
    n, n_refused = len(photos), sum(bool(photo.refusal) for photo in photos)
    unknown = sum(p.traced is not None and not p.traced.is_calibrated for p in photos)
    rows = [("the record itself", n, *values.cells("record", "record", missed=True))]
    rows += [(WAYS["shown"], n, *values.cells("shown", "record", missed=True))]
    rows += [("always the same normal cases", n, *values.cells("normal", "record", missed=True))]
    rows += [("photo, refused", n_refused, "-", "-", "-", "-")]
    for way in ("traced", "soft", "mean", "ranks"):
        name = WAYS[way]
        rows += [(name, n - n_refused, *values.cells(way, "record", missed=False))]
        rows += [(f"{name}; refused is missed", n, *values.cells(way, "record", missed=True))]
    anyway = [
        ("soft", "straight from the picture", False),
        ("mean", "mean of both encodings", False),
        ("ranks", "reciprocal ranks of both", False),
        ("soft anyway", "straight from the picture, refused pages too", True),
    ]
    second = [(name, *values.cells(way, "traced", missed=missed)) for way, name, missed in anyway]
    head = ("instead of digitised", *(c.replace("record", "digitised page") for c in COLUMNS[2:]))
    reasons = Counter(re.split("[,;:(]", p.refusal)[0].strip() for p in photos if p.refusal)
    why = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
    return f"""## {title}

Of {n} photos {n_refused} were refused, and {unknown} read without a scale. Reasons: {why}.

{table(COLUMNS, rows)}
The second route against the first, on the same photos (the last row: refused is missed):

{table(head, second)}"""


def table(columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """Return a Markdown table."""
    lines = [columns, ("---",) * len(columns), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def choose(n: int, data: Path, encoder: Encoder) -> str:
    """Return how near the second route's encoding is to the record's, setting by setting."""
    entries = open_corpus("ptb-xl", data / "ptb-xl").entries(PARTS[1])
    step = len(entries) // n
    near: dict[str, list[float]] = {}
    for k, entry in enumerate(entries[::step][:n]):
        asked = Asked("real", "", entry.statements, entry.load(), 500_000 + k)
        picture, seen = draw_photo(asked)
        reading, _ = read_anyway(picture)
        if reading is None:
            continue
        records = {"traced": reading.record}
        ink = None if reading.grid is None else find_ink(reading.grid)
        for power, reach in product((0.0, 0.5, 1.0), (0.35, 0.5, 0.75)):
            soft = read_softly(reading, ink, power=power, reach=reach)
            if soft is not None:
                records[f"power {power:g}, reach {reach:g}"] = soft
        truth = encoder.encode_query(seen).vector
        for name, record in records.items():
            near.setdefault(name, []).append(float(encoder.encode_query(record).vector @ truth))
    rows: list[tuple[object, ...]] = [
        (name, len(found), f"{np.mean(found):.3f}", f"{np.median(found):.3f}")
        for name, found in near.items()
    ]
    return table(("way", "pages", "mean cosine with the record shown", "median"), rows)


if __name__ == "__main__":
    main()
