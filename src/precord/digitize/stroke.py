"""Lines of a page to rows of traces.

A trace is a line of many points that runs from left to right and never back; one that other
programs draw in pieces, each begun where the last one ended, is joined. Calibration pulses
are lines of few points along the axes: up, across and down again.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.digitize.pdf import Stroke

Array = NDArray[Any]
_FEWEST = 30  # points of a trace
_NARROWEST = 12.0  # mm: half a second at 25 mm/s
_LAPS = 1.0  # mm by which stretches of one row may overlap
_PULSE_POINTS = 16  # at most
_MOST_PARTS = 4  # of the usual gap between points, that may be the gap between samples
_WHOLE, _NEARLY_ALL = 0.1, 0.95  # off a whole number of samples; share of the gaps that are so


def join(strokes: Iterable[Stroke]) -> list[Array]:
    """Return the (points, 2) of all lines, those joined that go on where another ended."""
    chains: list[list[Array]] = []
    ends: dict[tuple[object, ...], int] = {}
    for stroke in strokes:
        points = stroke.points
        number = ends.pop(_key(stroke, points[0]), None)
        if number is None:
            number = len(chains)
            chains.append([points])
        else:
            chains[number].append(points[1:])
        ends[_key(stroke, points[-1])] = number
    return [np.concatenate(chain) for chain in chains]


def _key(stroke: Stroke, point: Array) -> tuple[object, ...]:
    """Return what two lines share that meet in *point*."""
    return (stroke.style, round(float(point[0]), 3), round(float(point[1]), 3))


def find_traces(lines: Iterable[Array]) -> list[Array]:
    """Return the lines that are traces, each from left to right."""
    found = []
    for line in lines:
        if len(line) < _FEWEST or np.ptp(line[:, 0]) < _NARROWEST:
            continue
        steps = np.diff(line[:, 0])
        trace = line if steps.sum() > 0 else line[::-1]
        back = np.maximum(-np.diff(trace[:, 0]), 0.0)
        if back.max() < 0.02 and np.ptp(trace[:, 1]) < 4 * np.ptp(trace[:, 0]):
            found.append(trace)
    return found


def find_pulses(lines: Iterable[Array]) -> list[Array]:
    """Return lines that are calibration pulses: few points, up, across and down again."""
    return [line for line in lines if len(line) <= _PULSE_POINTS and size_of_pulse(line)]


def size_of_pulse(line: Array) -> tuple[float, float] | None:
    """Return height and width of a pulse, None where *line* is none."""
    points = line if line[0, 0] <= line[-1, 0] else line[::-1]
    if len(points) < 4:
        return None
    dx, dy = np.diff(points, axis=0).T
    if (np.minimum(np.abs(dx), np.abs(dy)) > 0.05).any() or (dx < -0.05).any():
        return None
    top, base = float(points[:, 1].min()), points[[0, -1], 1]
    height, is_top = float(base.max()) - top, points[:, 1] < top + 0.05
    width = float(np.ptp(points[is_top, 0]))
    levels = np.abs(points[:, 1] - base.max()) < 0.05
    if np.ptp(base) > 0.05 or not (levels | is_top).all() or min(height, width) < 1.0:
        return None
    return height, width


def to_rows(traces: Sequence[Array]) -> list[list[Array]]:
    """Return the traces in rows from the top, each row from left to right."""
    if not traces:
        return []
    ordered = sorted(traces, key=_middle)
    starts = sorted(float(trace[0, 0]) + _LAPS for trace in ordered)
    across = [[t for t in ordered if t[0, 0] <= x <= t[-1, 0]] for x in starts]
    fullest = max(across, key=len)
    rows = [[trace] for trace in fullest]
    taken = {id(trace) for trace in fullest}
    middle = float(np.mean([trace[:, 0].mean() for trace in fullest]))
    rest = [trace for trace in ordered if id(trace) not in taken]
    for trace in sorted(rest, key=lambda t: abs(float(t[:, 0].mean()) - middle)):
        free = [row for row in rows if not any(_overlap(trace, other) for other in row)]
        if free:
            min(free, key=lambda row: abs(_middle(row[0]) - _middle(trace))).append(trace)
        else:
            rows.append([trace])
    for row in rows:
        row.sort(key=lambda trace: float(trace[0, 0]))
    return sorted(rows, key=lambda row: float(np.median([_middle(trace) for trace in row])))


def _middle(trace: Array) -> float:
    """Return the middle height of a trace."""
    return float(np.median(trace[:, 1]))


def _overlap(one: Array, other: Array) -> bool:
    """Tell whether two traces share more than a millimetre from left to right."""
    return bool(min(one[-1, 0], other[-1, 0]) - max(one[0, 0], other[0, 0]) > _LAPS)


def sample_spacing(traces: Iterable[Array]) -> float:
    """Return how far samples are apart, mm: what most neighbouring points are.

    Or a part of it, of which all gaps are whole multiples: software that leaves out the points
    that a line can do without may leave fewer than half of them.
    """
    best = []
    for trace in traces:
        gaps = np.diff(trace[:, 0])
        gaps = gaps[gaps > 1e-4]
        if gaps.size < _FEWEST // 2:
            continue
        step = _finest(gaps, float(np.median(gaps)))
        whole = np.rint(gaps / step)
        even = (np.abs(gaps / step - whole) < 0.3) & (whole > 0)
        if even.mean() > 0.9:  # points that were left out, or rounded, do not matter
            at = np.concatenate([[0.0], np.cumsum(gaps)])
            number = np.concatenate([[0.0], np.cumsum(whole)])
            step = float(np.polyfit(number, at, 1)[0])
        best.append((step, trace.shape[0]))
    steps = np.array([step for step, n in best for _ in range(max(n // 50, 1))])
    return float(np.median(steps)) if steps.size else 0.05


def _finest(gaps: Array, step: float) -> float:
    """Return *step*, or the largest part of it of which nearly all *gaps* are whole multiples."""
    for parts in range(1, _MOST_PARTS + 1):
        size = gaps / step * parts
        if np.mean((np.abs(size - np.rint(size)) < _WHOLE) & (size > 0.5)) > _NEARLY_ALL:
            return step / parts
    return step


def heights_at(parts: Sequence[Array], at: Array, spacing: float, *, snap: bool = True) -> Array:
    """Return the heights of a row at given places; NaN where nothing is drawn.

    Args:
        parts: (points, 2) of the row's stretches, from left to right.
        at: (samples,) mm, *spacing* apart.
        spacing: mm between samples.
        snap: take a point within a quarter of the spacing for the sample's own.
    """
    found = np.full(at.size, np.nan)
    for part in parts:
        x = (part[:, 0] - at[0]) / spacing
        near = np.rint(x)
        if snap:
            x = np.where(np.abs(x - near) < 0.25, near, x)
        x = np.maximum.accumulate(x)
        first, last = int(np.ceil(x[0])), int(np.floor(x[-1])) + 1
        first, last = max(first, 0), min(last, at.size)
        if last > first:
            found[first:last] = np.interp(np.arange(first, last), x, part[:, 1])
    return found


def cut(parts: Sequence[Array], first: float, last: float) -> list[Array]:
    """Return what of a row's stretches lies from *first* to just before *last*, mm."""
    found = []
    for part in parts:
        inside = part[(part[:, 0] >= first) & (part[:, 0] < last)]
        if len(inside) > 1:
            found.append(inside)
    return found


def find_leap(part: Array, near: float, reach: float) -> float:
    """Return the place near *near* mm where a stretch leaps, as from one lead to the next."""
    close = np.flatnonzero(np.abs(part[:, 0] - near) <= reach)
    if close.size < 3:
        return near
    leaps = np.abs(np.diff(part[close, 1]))
    k = int(np.argmax(leaps))
    others = np.delete(leaps, k)
    if leaps[k] < 0.3 or leaps[k] < 2 * others.max(initial=0.0):
        return near
    return float(part[close[k + 1], 0])
