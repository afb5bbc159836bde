"""Whether there is an answer at all: no ECG, no close case, or hits that agree too little.

Three verdicts. *None*: the query does not look like an ECG (`signal.ecg_check`), so nothing
is shown. *Doubtful*: it does, but no case of the library is close, or the hits are
expected to share little with it; they are shown, and the doubt before them. *Answer*:
neither. The limits of doubt were learnt with the encoder's own training library, and stand
in `answers.json`; without it, only the first is told.

Shapes: K hits.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from precord.record import Record
from precord.retrieve.calibration import Calibration
from precord.signal.beats import Beats
from precord.signal.ecg_check import is_like_ecg

CLOSE = 10  # nearest ECGs whose mean cosine says how near the library comes
FEW_LEADS = 3  # a monitor's; docs/model-card.md: not meant for these as if they were twelve
JUDGED = 10  # first hits whose expected overlap says how much they are worth
NEAR, OVERLAP_NORMAL, OVERLAP_OTHER = "near", "overlap_normal", "overlap_other"


class Verdict(StrEnum):
    """Whether the hits answer."""

    ANSWER = "answer"
    DOUBTFUL = "doubtful"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Closeness:
    """What doubt is judged by.

    Attributes:
        near: mean cosine of the nearest ECGs.
        overlap: mean expected overlap of statements with the first hits.
        normal: probability that the query is normal, by which the limit is chosen: normal
            ECGs have many likes, and would otherwise be the only ones that get an answer.
    """

    near: float
    overlap: float
    normal: float


@dataclass(frozen=True, slots=True)
class Trust:
    """A verdict with its reasons, one sentence each; none for an answer.

    Attributes:
        closeness: what it was judged by; None for what was not searched with.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    closeness: Closeness | None = None


def refuse(record: Record, beats: Beats | None = None) -> Trust | None:
    """Return why *record*, of these *beats*, gets no answer at all; None if it may get one."""
    if is_like_ecg(record, beats) is not False:
        return None
    reason = "this does not look like a 12-lead ECG: its beats, leads or spectrum are unlike any"
    return Trust(Verdict.NONE, (reason,))


def doubt(close: Closeness, calibration: Calibration | None) -> Trust:
    """Return whether hits that are *close* answer, by the limits of *calibration*."""
    limits = calibration.limits if calibration else {}
    reasons = []
    if close.near < limits.get(NEAR, -np.inf):
        reasons.append(
            f"no case is close: the nearest ECGs have a mean cosine of {close.near:.2f}, "
            f"expected {limits[NEAR]:.2f} or more"
        )
    name = OVERLAP_NORMAL if close.normal >= 0.5 else OVERLAP_OTHER
    if close.overlap < limits.get(name, -np.inf):
        reasons.append(
            f"the hits are expected to share little with this ECG: overlap {close.overlap:.2f}, "
            f"expected {limits[name]:.2f} or more"
        )
    return Trust(Verdict.DOUBTFUL if reasons else Verdict.ANSWER, tuple(reasons), close)


def doubt_leads(trust: Trust, n_usable: int) -> Trust:
    """Return *trust* with doubt where a query has so few leads that the limits say nothing."""
    if n_usable > FEW_LEADS:
        return trust
    reason = (
        f"{n_usable} of 12 leads usable: nothing is seen of what the others would show, and how "
        "often such answers are right was never measured"
    )
    return replace(trust, verdict=Verdict.DOUBTFUL, reasons=(reason, *trust.reasons))


def doubt_words(*, is_known: bool) -> Trust:
    """Return whether hits answer a text; they do not where none of its words *is_known*."""
    if is_known:
        return Trust(Verdict.ANSWER)
    reason = "no report of this library has any of these words, and they name no finding"
    return Trust(Verdict.DOUBTFUL, (reason,))


def mean_of_best(values: NDArray[np.floating], k: int) -> float:
    """Return the mean of the first *k* of *values*, NaN left out; 0 where there is none."""
    known = values[:k][~np.isnan(values[:k])]
    return float(known.mean()) if known.size else 0.0
