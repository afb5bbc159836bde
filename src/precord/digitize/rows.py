"""Which of the rows that were followed are rows of traces.

Text, the edge of the paper and what lies beside it are followed like traces, and told from them by
their length, by the pulses that the others have, and by where they stand.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from precord.digitize.arrange import ROW_COUNTS
from precord.digitize.pulse import Pulse
from precord.digitize.trace import Traces

_EVEN, _ODD = 0.08, 0.12  # shares by which a gap between rows may, and must, differ from the others
_MOST_EVEN, _FEWEST_EVEN = 0.7, 5  # share of such gaps among the others, and rows to tell by


def without_stray_rows(
    traces: Traces, pulses: list[Pulse | None]
) -> tuple[Traces, list[Pulse | None]]:
    """Return the traces without rows of text, or of the edge of the paper.

    They are much shorter than the others, or shorter and alone have no calibration pulse.
    """
    length = np.isfinite(traces.y).sum(1)
    kept = length > 0.5 * np.median(length)
    has = np.array([pulse is not None for pulse in pulses])
    if has.sum() >= max(3, 0.6 * len(pulses)):
        kept &= has | (length > 0.85 * np.median(length))
    traces, pulses = _keep(traces, pulses, kept)
    while (odd := _find_odd_row(traces.zero)) is not None:
        traces, pulses = _keep(traces, pulses, np.arange(len(pulses)) != odd)
    return traces, pulses


def _keep(
    traces: Traces, pulses: list[Pulse | None], kept: NDArray[np.bool_]
) -> tuple[Traces, list[Pulse | None]]:
    """Return the rows that are *kept* (R,)."""
    if kept.all():
        return traces, pulses
    chosen = [pulse for pulse, keep in zip(pulses, kept, strict=True) if keep]
    y, zero, offset = traces.y[kept], traces.zero[kept], traces.offset[kept]
    shared = None if traces.is_shared is None else traces.is_shared[kept]
    return replace(traces, y=y, zero=zero, offset=offset, is_shared=shared), chosen


def _find_odd_row(zero: NDArray[np.floating]) -> int | None:
    """Return the first or last row where it stands off the even lines of the others, or None.

    Asked only where the rows are too many for any layout: what lies beside the page, or its
    edge, was then taken for one.
    """
    gaps = np.diff(zero)
    if len(zero) in ROW_COUNTS or len(zero) < _FEWEST_EVEN:
        return None
    for outer, others in ((0, gaps[1:]), (len(gaps) - 1, gaps[:-1])):
        usual = float(np.median(others))
        are_even = float(np.mean(np.abs(others / usual - 1) < _EVEN)) > _MOST_EVEN
        if are_even and abs(gaps[outer] / usual - 1) > _ODD:
            return 0 if outer == 0 else len(zero) - 1
    return None
