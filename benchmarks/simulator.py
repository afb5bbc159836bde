"""How true the simulator is: its onsets, by programs that do not know it, and what gives it away.

Usage: python benchmarks/simulator.py [--shared ../shared] [--patients 6]

Onsets: noise-free conducted beats; each record's median interval against the generator's own,
and against what a reader would mark (30 uV in any lead). Before that the delineator is tried on
beats drawn with a ruler, half sines whose edges are certain: where it is wrong there, it cannot
judge the generator.
Discriminator: raw records of PTB-XL folds 1 to 7 against simulated ones of the same
statements, age and sex; cross-validated logistic regression on groups of features says where
they differ. Writes docs/results/simulator.md.
"""

import argparse
import os
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path

import neurokit2
import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from precord.corpora import Entry, open_corpus
from precord.errors import QueryError
from precord.record import Measurements, Record
from precord.signal.beats import find_beats
from precord.signal.measure import measure
from precord.signal.prepare import prepare
from precord.simulate import SUPPORTED, Simulated, Truth, check, draw_statements, simulate

Floats = NDArray[np.float64]
Parts = tuple[tuple[float, float], ...]
ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/results/simulator.md"
RATE = 500  # Hz, of the beats drawn with a ruler
SHAPES: dict[str, Parts] = {  # parts of a QRS complex: share of its width, mV
    "qRs": ((2, -0.1), (4, 1.2), (3, -0.3)),
    "R": ((1, 1.2),),
    "qR": ((2, -0.15), (5, 1.2)),
    "Rs": ((5, 1.2), (3, -0.4)),
    "rS": ((2, 0.25), (5, -1.2)),
    "rSr'": ((2, 0.25), (4, -0.8), (2.5, 0.4)),
    "QS": ((1, -1.0),),
}
LEAST, LEAST_R = 0.03, 0.3  # mV; a q or s wave, and the R wave beside it
CODES = (
    *("NORM", "SBRAD", "STACH", "LVH", "IMI", "ASMI", "CRBBB", "CLBBB", "LAFB", "1AVB"),
    *("LNGQT", "ISC_", "IRBBB", "NDT", "INJAL", "DIG"),
)
LIMITS = {
    "rate": (2.0, "/min"),
    "PR": (20.0, "ms"),
    "QRS": (20.0, "ms"),
    "QRS as seen": (20.0, "ms"),
    "QT": (40.0, "ms"),
}
RULER = """## Beats drawn with a ruler

What NeuroKit2 makes of beats whose edges are certain: half sines, P and T raised cosines, one lead,
no noise. Median error of QRS onset and end, ms.

| QRS | true width | dwt, onset | dwt, end | prominence, onset | prominence, end |
|---|---|---|---|---|---|
{rows}

The wavelet method (dwt) is right where a complex has a q and an s wave. Where one is missing it
finds one on the baseline, 16 to 36 ms away; the prominence method cuts q and s off. A median over
twelve leads, most of which lack one or the other, is wrong for that reason before any generator is
judged by it."""
ONSETS = """## Onsets

{statements} statements, {patients} patients each, {records} records, no noise. Share of the records
with an answer that are within the limit, median error, and how many of a hundred have an answer.
"where q and s are": the wavelet method, its QRS onsets taken from leads that have a q wave, its
ends from leads that have an s wave, each at least 30 uV deep beside an R of at least 300 uV: where
the beats above say that it can be right. Which leads those are is known from the generator; where
the edges are is NeuroKit2's answer. precord measures with a
program of its own, which knows nothing of the generator, but was written in the same house. QRS is
judged twice: by where the generator's waves begin and end, and by where a reader sees the first and
the last 30 uV in any lead.

| | {head} |
{rule}
{rows}

The target is 95 % in each column of "where q and s are"; QRS misses it, and QT where it is below.
One lead's QRS ends before the last lead's does, and few leads are left to ask: this row clears the
generator of the large errors of the other two, and does not prove the width of its QRS."""
APART = """## What gives it away

{pairs} raw records of PTB-XL folds 1 to 7, each beside a simulated one of the same statements
(those that can be simulated), age and sex, after the model's own filter. AUROC of a five-fold
cross-validated logistic regression: .5 could not tell them apart, and all of these can.

| features | n | AUROC |
|---|---|---|
{rows}"""
SIGHT = """## What was set with real signals in sight

Not everything comes from the literature. The vectors of a normal beat were corrected by hand after
the median amplitudes of the normal records of folds 1 to 8; shares of the statements follow those
folds; how sharp a QRS complex is and by how much T falls with age were set while the table above
was looked at, on folds 1 to 7. Published, and not fitted to any recording at hand: lead vectors, RR
variation by age, the trend of the axis with age, criteria of voltage, axis and width, how many
infarctions have Q waves or fragments. Sizes and spreads that no source is named for are estimates.
A result "from simulation alone" therefore is not free of folds 1 to 8. Fold 9 was not looked at."""
BANDS = ((0.7, 2), (2, 4), (4, 8), (8, 15), (15, 25), (25, 35))  # Hz


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--shared", type=Path, default=os.environ.get("PRECORD_SHARED", "../shared")
    )
    parser.add_argument("--patients", type=int, default=6, help="of each statement")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # NeuroKit2's own
    day = datetime.now(UTC).date()
    parts = [
        "# The simulator: how true it is, and what gives it away",
        f"`python benchmarks/simulator.py --patients {options.patients}`, {day}; 2 cores, no GPU.",
        _ruler(),
        _onsets(options.patients),
        _discriminator(options.shared / "data" / "ptb-xl"),
        SIGHT,
        _speed(),
    ]
    PAGE.write_text("\n\n".join(parts) + "\n", "utf-8")
    sys.stdout.write(PAGE.read_text("utf-8"))


def _ruler() -> str:
    """Return the table of what the delineator makes of beats drawn with a ruler."""
    rows = []
    for name, parts in SHAPES.items():
        for width in (0.09, 0.14):
            lead, onsets = _draw(parts, width)
            peaks = neurokit2.ecg_peaks(lead, sampling_rate=RATE)[1]["ECG_R_Peaks"]
            near = np.abs(onsets + width / 2 - np.asarray(peaks)[:, None] / RATE).argmin(axis=1)
            cells = []
            for method in ("dwt", "prominence"):
                found = _delineate(lead, np.asarray(peaks), RATE, method)
                for row, edge in ((1, 0.0), (2, width)):
                    if found is None:
                        cells.append("none")
                        continue
                    error = np.nanmedian(found[row] - onsets[near] - edge) * 1e3
                    cells.append(f"{error:+.0f}" if np.isfinite(error) else "none")
            rows.append(f"| {name} | {width * 1e3:.0f} | " + " | ".join(cells) + " |")
    return RULER.format(rows="\n".join(rows))


def _draw(parts: Parts, width: float) -> tuple[Floats, Floats]:
    """Return ten seconds of one lead, and the onsets of its QRS complexes."""
    times, onsets = np.arange(10 * RATE) / RATE, np.arange(0.5, 9.3, 0.9)
    edges = np.cumsum([0.0, *(share for share, _ in parts)])
    edges *= width / edges[-1]
    lead = np.zeros_like(times)
    for onset in onsets:
        for (_, height), a, b in zip(parts, edges[:-1], edges[1:], strict=True):
            inside = (times >= onset + a) & (times < onset + b)
            lead += inside * height * np.sin(np.pi * (times - onset - a) / (b - a))
        for start, length, height in ((-0.16, 0.1, 0.12), (0.23, 0.17, 0.3)):  # P, T
            since = (times - onset - start) / length
            lead += (since >= 0) * (since < 1) * height * (0.5 - 0.5 * np.cos(2 * np.pi * since))
    return lead, onsets


def _onsets(patients: int) -> str:
    """Return the table of interval errors."""
    errors: dict[str, list[Floats]] = {}
    for number, code in enumerate(CODES):
        for seed in range(patients):
            made = simulate((code,), np.random.default_rng([number, seed]), noise=False)
            answers = {"precord": _own(measure(made.record)), **_neurokit(made)}
            for name, found in answers.items():
                errors.setdefault(name, []).append(found - _true_intervals(made))
    head = " | ".join(f"{name} within {limit:g} {unit}" for name, (limit, unit) in LIMITS.items())
    rows = []
    for name, differences in errors.items():
        table = np.array(differences)
        cells = []
        for column, (limit, unit) in enumerate(LIMITS.values()):
            values = table[:, column][np.isfinite(table[:, column])]
            share = (np.abs(values) <= limit).mean()
            answered = len(values) / len(table)
            cells.append(f"{share:.0%} ({np.median(values):+.0f} {unit}; {answered:.0%})")
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return ONSETS.format(
        statements=len(CODES),
        patients=patients,
        records=len(errors["precord"]),
        head=head,
        rule="|---" * (len(LIMITS) + 1) + "|",
        rows="\n".join(rows),
    )


def _true_intervals(made: Simulated) -> Floats:
    """Return rate, PR, QRS, QRS as seen, and QT (per minute, ms) that the generator drew."""
    t = made.truth
    return np.array(
        [
            _rate(t.qrs_on),
            np.nanmedian(t.qrs_on - t.p_on) * 1e3,
            np.median(t.qrs_off - t.qrs_on) * 1e3,
            np.median(t.seen_off - t.seen_on) * 1e3,
            np.median(t.t_off - t.qrs_on) * 1e3,
        ]
    )


def _rate(onsets: Floats) -> float:
    """Return beats per minute."""
    return float(60 / np.median(np.diff(onsets)))


def _own(found: Measurements) -> Floats:
    """Return the same as precord measures it."""
    values = (found.heart_rate_bpm, found.pr_ms, found.qrs_ms, found.qrs_ms, found.qt_ms)
    return np.array([np.nan if v is None else v for v in values], np.float64)


def _neurokit(made: Simulated) -> dict[str, Floats]:
    """Return the same as NeuroKit2 delineates it, by each way to ask."""
    rate = made.record.rate
    lead = made.record.signal[10].astype(float)
    peaks = np.asarray(neurokit2.ecg_peaks(lead, sampling_rate=int(rate))[1]["ECG_R_Peaks"])
    answers = {}
    for method in ("dwt", "prominence"):
        found = [_delineate(row.astype(float), peaks, rate, method) for row in made.record.signal]
        answers[f"NeuroKit2, {method}, all leads"] = _intervals_of(found, peaks / rate)
        if method == "dwt":
            chosen = [
                f if f is None else _where_clear(f, row, made.truth, rate)
                for f, row in zip(found, made.record.signal, strict=True)
            ]
            answers["NeuroKit2, dwt, where q and s are"] = _intervals_of(chosen, peaks / rate)
    return answers


def _intervals_of(found: list[Floats | None], peaks: Floats) -> Floats:
    """Return rate, PR, QRS (twice) and QT of what was found in each lead."""
    points = [f for f in found if f is not None]
    if not points:
        return np.full(len(LIMITS), np.nan)
    p_on, qrs_on, qrs_off, t_off = np.nanmedian(points, axis=0)
    pr, qrs, qt = (np.nanmedian(v) * 1e3 for v in (qrs_on - p_on, qrs_off - qrs_on, t_off - qrs_on))
    return np.array([_rate(peaks), pr, qrs, qrs, qt])


def _where_clear(found: Floats, row: NDArray[np.float32], truth: Truth, rate: float) -> Floats:
    """Return *found* without QRS onsets where there is no q wave, and ends without an s wave."""
    edges = np.rint(np.stack([truth.qrs_on, truth.qrs_off], axis=1) * rate).astype(int)
    heights = np.array([_q_r_s(row[on:off]) for on, off in edges if off < len(row)])
    q, r, s = np.median(heights, axis=0)
    clear = found.copy()
    if q < LEAST or r < LEAST_R:
        clear[1] = np.nan
    if s < LEAST or r < LEAST_R:
        clear[2] = np.nan
    return clear


def _q_r_s(complex_: NDArray[np.float32]) -> tuple[float, float, float]:
    """Return depth of q, height of R and depth of s of one QRS complex, mV."""
    wave = complex_ - complex_[0]
    peak = int(wave.argmax())
    return -float(wave[: peak + 1].min()), float(wave[peak]), -float(wave[peak:].min())


def _delineate(row: Floats, peaks: NDArray[np.int_], rate: float, method: str) -> Floats | None:
    """Return (4, beats) seconds: P onset, QRS onset and end, T end; None where it gives up."""
    names = ("ECG_P_Onsets", "ECG_R_Onsets", "ECG_R_Offsets", "ECG_T_Offsets")
    try:
        _, waves = neurokit2.ecg_delineate(row, peaks, int(rate), method=method)
        return np.array([np.asarray(waves[n], float)[: len(peaks)] for n in names]) / rate
    except (ValueError, KeyError, IndexError, TypeError, ZeroDivisionError):
        return None


def _discriminator(folder: Path) -> str:
    """Return the table of what tells simulated from real."""
    rng = np.random.default_rng(11)
    pairs = list(_pairs(open_corpus("ptb-xl", folder).entries(range(1, 8)), rng))
    records = [record for pair in pairs for record in pair]
    truth = np.tile([1, 0], len(pairs))
    groups = {
        "intervals and axes": np.stack([_intervals(r) for r in records]),
        "height of each lead, mV": np.stack([_heights(r) for r in records]),
        "band powers, 0.7 to 35 Hz": np.stack([_bands(r) for r in records]),
        "beat-to-beat variation of RR": np.stack([_regularity(r) for r in records]),
    }
    groups["all of these"] = np.concatenate(list(groups.values()), axis=1)
    rows = [
        f"| {name} | {features.shape[1]} | {_auroc(features, truth):.2f} |"
        for name, features in groups.items()
    ]
    return APART.format(pairs=len(pairs), rows="\n".join(rows))


def _pairs(entries: list[Entry], rng: np.random.Generator) -> Iterator[tuple[Record, Record]]:
    """Yield real records, each with a simulated one of the same statements."""
    for entry in entries:
        codes = entry.statements & SUPPORTED
        try:
            check(codes)
        except QueryError:
            continue
        if codes:
            made = simulate(codes, rng, age=entry.age, sex=entry.sex)
            yield entry.load(), made.record


def _intervals(record: Record) -> Floats:
    """Return what is measured; an empty field is the middle of the usual range."""
    usual = (70, 160, 95, 390, 415, 50, 40, 40)
    values = astuple(measure(record))
    return np.array([u if v is None else v for v, u in zip(values, usual, strict=True)], float)


def _heights(record: Record) -> Floats:
    """Return (12,) the range of each lead between its 1st and 99th percentile, mV."""
    low, high = np.nanpercentile(prepare(record).signal, [1, 99], axis=1)
    return np.asarray(high - low, np.float64)


def _bands(record: Record) -> Floats:
    """Return the log share of power in each band, of leads II and V5."""
    shares = []
    for row in prepare(record).signal[[1, 10]]:
        frequency, power = welch(np.nan_to_num(row), 100, nperseg=256)
        parts = [power[(frequency >= a) & (frequency < b)].sum() for a, b in BANDS]
        shares += [np.log(p / (sum(parts) + 1e-12) + 1e-9) for p in parts]
    return np.array(shares)


def _regularity(record: Record) -> Floats:
    """Return spread and mean successive difference of RR over its mean; 0 where not found."""
    beats = find_beats(record)
    rr = np.diff(beats).astype(float) if len(beats) > 3 else np.ones(3)
    return np.array([rr.std() / rr.mean(), np.abs(np.diff(rr)).mean() / rr.mean()])


def _auroc(features: Floats, truth: NDArray[np.int_]) -> float:
    """Return the AUROC on records left out in turn."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500, C=0.1))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_val_predict(model, features, truth, cv=folds, method="decision_function")
    return float(roc_auc_score(truth, scores))


def _speed() -> str:
    """Return how many records one core makes a second, whatever else the machine does."""
    rng = np.random.default_rng(0)
    n, start = 300, time.process_time()
    for _ in range(n):
        simulate(draw_statements(rng), rng, rate=100.0)
    rate = n / (time.process_time() - start)
    return (
        f"## Speed\n\n{rate:.0f} records a second of one core's time, ten seconds each at 100 Hz; "
        "the target was 150 on two cores."
    )


if __name__ == "__main__":
    main()
