"""Whether a signal looks like an ECG at all: how sharp, how alike its leads and beats are.

Eight numbers that neither gain nor the scale of single leads changes, of the copy that the
model sees. What is far from all ECGs known is none: noise, an EEG, a sine. Sources: kurtosis
and relative power of QRS as quality indices, Clifford et al. 2012
(doi:10.1088/0967-3334/33/9/1419); that three dipoles make twelve leads, Frank 1956.

The centre and the spread of known ECGs, and how far from it is too far, stand in
`ecg_shape.json`; `benchmarks/answers.py --fit` makes it from training records and from
simulated ones of what they lack.

Not told: whose ECG it is, an animal's with human rates among them, and exchanged leads.
Shapes: L leads, T samples, F features.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kurtosis

from precord.record import Record
from precord.signal.beats import DETECTION_RATE, Beats, average_beats
from precord.signal.filters import bridge
from precord.signal.prepare import MODEL_RATE, prepare

Floats = NDArray[np.float64]

FEATURES = (
    "sharpness",  # kurtosis of the slope: long quiet, short steep
    "three components",  # variance of all leads that three components hold
    "one component",
    "slow",  # share of power below 3 Hz, and so on
    "middle",  # 8 to 15 Hz
    "fast",  # above 15 Hz
    "beats alike",  # correlation of beats with their median
    "rate",
)
MIN_LEADS = 6  # below it, components say nothing
MIN_SECONDS = 5.0  # below it, beats say nothing
_PRESENT = 0.8  # of a lead's samples; columns of a printed page are no lead to judge
_FEWEST = 10  # ECGs of a statement that set a limit
_EDGES = (3.0, 8.0, 15.0)  # Hz
_LEAST = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class ShapeRule:
    """Where ECGs lie among all signals, by the numbers of `FEATURES`.

    Attributes:
        mean: (F,).
        precision: (F, F) inverse of the covariance.
        limit: the distance beyond which a signal is taken for none.
    """

    mean: Floats
    precision: Floats
    limit: float

    @classmethod
    def fit(
        cls, rows: Floats, statement_sets: Sequence[frozenset[str]], accepted: float
    ) -> "ShapeRule":
        """Return the rule of known ECGs (N, F), of whatever statement most are accepted.

        A rare kind, such as a paced rhythm, counts as much as the normal ECG: what is most
        serious is often least like the rest, and must not be refused for that.

        Args:
            rows: one ECG each.
            statement_sets: N, of the same ECGs.
            accepted: share of the ECGs of each statement that lie within the limit.
        """
        counts = Counter(code for codes in statement_sets for code in codes)
        rarest = np.array([min([counts[c] for c in s] or [len(rows)]) for s in statement_sets])
        weights = 1 / np.maximum(rarest, _FEWEST)
        weights = weights / weights.sum()
        mean = weights @ rows
        off = rows - mean
        rule = cls(mean, np.linalg.inv(off.T @ (off * weights[:, None])), np.inf)
        distances = np.array([rule.distance(row) for row in rows])
        limits = [
            np.quantile(distances[[code in codes for codes in statement_sets]], accepted)
            for code, n in counts.items()
            if n >= _FEWEST
        ]
        return cls(rule.mean, rule.precision, float(max(limits)))

    def distance(self, row: Floats) -> float:
        """Return the Mahalanobis distance (1936) of the numbers (F,) of a signal."""
        off = row - self.mean
        return float(np.sqrt(off @ self.precision @ off))


@cache
def load_rule() -> ShapeRule:
    """Return the rule that ships."""
    text = resources.files("precord.signal").joinpath("ecg_shape.json").read_text("utf-8")
    facts = json.loads(text)
    return ShapeRule(np.array(facts["mean"]), np.array(facts["precision"]), float(facts["limit"]))


def is_like_ecg(record: Record, beats: Beats | None = None) -> bool | None:
    """Tell whether *record* looks like an ECG; None where it cannot be judged.

    Args:
        record: of any leads and scale.
        beats: its own, where they are known already.

    Raises:
        SignalError: As `prepare` does.
    """
    shape = describe_shape(record, beats)
    if shape is None:
        return None
    rule = load_rule()
    return rule.distance(shape) <= rule.limit


def describe_shape(record: Record, beats: Beats | None = None) -> Floats | None:
    """Return (F,) the numbers of `FEATURES` of *record*; *beats* are its own, where known.

    None where fewer than six leads, or less than five seconds, are there to be judged.

    Raises:
        SignalError: As `prepare` does.
    """
    if record.duration < MIN_SECONDS:
        return None
    prepared = prepare(record)
    is_there = np.mean(~np.isnan(prepared.signal), axis=1) >= _PRESENT
    signal = prepared.signal[is_there]
    signal = signal[signal.std(axis=1, where=~np.isnan(signal)) > 0]
    if len(signal) < MIN_LEADS:
        return None
    whole, _ = bridge(signal)
    leads = whole - whole.mean(axis=1, keepdims=True)
    leads = leads / np.maximum(leads.std(axis=1, keepdims=True), 1e-9)  # (L, T)
    sharpness = float(np.median(kurtosis(np.diff(leads, axis=1), axis=1, fisher=False)))
    energy = np.square(np.linalg.svd(leads, compute_uv=False))
    held = np.cumsum(energy) / energy.sum()
    alike, rate = _describe_beats(record, beats or average_beats(record))
    slow, middle, fast = _bands(leads)
    return np.array(
        [
            np.log(sharpness),
            _logit(held[2]),
            _logit(held[0]),
            _logit(slow),
            _logit(middle),
            _logit(fast),
            _logit((1 + alike) / 2),
            np.log(rate),
        ]
    )


def _bands(leads: Floats) -> tuple[float, float, float]:
    """Return the shares of power below 3 Hz, from 8 to 15 Hz and above, of leads (L, T)."""
    power = np.square(np.abs(np.fft.rfft(leads, axis=1))).sum(axis=0)
    at = np.fft.rfftfreq(leads.shape[1], 1 / MODEL_RATE)
    low, high, top = _EDGES
    total = max(float(power.sum()), 1e-12)
    shares = (at < low, (at >= high) & (at < top), at >= top)
    slow, middle, fast = (float(power[inside].sum()) / total for inside in shares)
    return slow, middle, fast


def _describe_beats(record: Record, beats: Beats) -> tuple[float, float]:
    """Return how alike the beats are, as a median correlation, and their rate a minute."""
    if len(beats.peaks) < 2:
        return 0.0, 60 / max(record.duration, 1.0)
    rate = 60 / float(np.median(np.diff(beats.peaks)))
    whole, _ = bridge(beats.signal)
    half = int(0.15 * DETECTION_RATE)
    middles = np.rint(beats.peaks * DETECTION_RATE).astype(int)
    inside = [m for m in middles if half <= m < whole.shape[1] - half]
    if len(inside) < 2:
        return 0.0, rate
    cut = np.stack([whole[:, m - half : m + half] for m in inside])  # (N, L, samples)
    cut = (cut - cut.mean(axis=2, keepdims=True)) / np.maximum(whole.std(axis=1)[:, None], 1e-9)
    middle = np.median(cut, axis=0).ravel()
    rows = cut.reshape(len(cut), -1)
    norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(middle)
    return float(np.median(rows @ middle / np.maximum(norms, 1e-9))), rate


def _logit(share: float) -> float:
    """Return log(p / (1 - p)) of a share held away from 0 and 1."""
    p = float(np.clip(share, _LEAST, 1 - _LEAST))
    return float(np.log(p / (1 - p)))
