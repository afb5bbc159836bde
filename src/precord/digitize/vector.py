"""A page of a PDF whose traces are lines: read from the lines, not from a picture of them.

The grid gives the millimetre, whatever size the page was saved at; words and calibration
pulse give speed and gain; printed names say which lead a trace is, and where there are none
the layout does (`arrange`). Each lead is sampled where the PDF has its points, so what was
drawn comes back as exactly as the file states it.

Not read here, but as a picture: pages without such lines, traces drawn as filled outlines,
and lines of which no layout can be made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.digitize.arrange import Ends, arrange
from precord.digitize.calibrate import (
    Unit,
    find_scale,
    find_unit,
    refuse_out_of_scale,
    to_paper,
)
from precord.digitize.grid import FLAT_PX_PER_MM
from precord.digitize.pdf import Content, Word
from precord.digitize.place import (
    Placed,
    Stretch,
    close_gaps,
    place_by_layout,
    place_by_names,
)
from precord.digitize.pulse import Pulse, find_pulse
from precord.digitize.strips import correlate, name_strip
from precord.digitize.stroke import (
    cut,
    find_pulses,
    find_traces,
    heights_at,
    join,
    sample_spacing,
    size_of_pulse,
    to_rows,
)
from precord.errors import UnsupportedFormatError
from precord.leads import LEADS, Lead

Array = NDArray[Any]
_LIKE = 0.9  # correlation from which a strip is the lead that its name says
_CONTRADICTS = 0.4  # of Einthoven's and Goldberger's laws, where no name is printed
_MOST_DB = 60.0
_LEAST_DB = -10.0
_EDGE = 2e-3  # mm by which the ends of two lines that meet may differ
_FEWEST = 20  # samples that the laws are judged by
_FINEST = 1e-4  # mm: points nearer than that are one, but for rounding
_LARGEST = 1200.0  # mm of a page
_LEAD_OUT = 12.0  # mm at most between pulse and trace
_ROW_SECONDS = 10.0  # of most pages; where pulse and trace are one line, the trace's end


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """The ECG that a page's lines make; lengths in millimetres of ECG paper.

    Attributes:
        size, words: of the page.
        rows: (rows, columns) heights, `FLAT_PX_PER_MM` pixels to the mm; NaN is no trace.
        strips: of each rhythm strip the lead and how well it agrees; None: no lead's.
        signal: (12, samples) mV, or mm where the gain is unknown.
        gain: mm/mV, None where unknown.
        misfit: of Einthoven's and Goldberger's laws; NaN where they say nothing.
        snr_db: (12,) expected of each lead, from how finely the PDF states its points.
    """

    unit: Unit
    size: tuple[float, float]
    words: tuple[Word, ...]
    rows: NDArray[np.float32]
    placed: Placed
    strips: tuple[tuple[Lead, float] | None, ...]
    pulses: tuple[Pulse | None, ...]
    signal: NDArray[np.float64]
    rate: float
    gain: float | None
    misfit: float
    snr_db: tuple[float, ...]
    notes: tuple[str, ...]


def read_lines(
    content: Content,
    name: str,
    *,
    layout: str | None = None,
    speed: float | None = None,
    gain: float | None = None,
) -> Drawn | None:
    """Return the ECG in the lines of a page, or None where they make none.

    Raises:
        UnsupportedFormatError: They make one, but its speed is known from nothing.
    """
    unit = find_unit(content, find_pulses(join(content.strokes)))
    if unit is None:
        return None
    paper = to_paper(content, unit)
    lines = join(paper.strokes)
    rows = to_rows(find_traces(lines))
    if not rows or max(paper.size) > _LARGEST:
        return None
    pulses = _find_pulses(rows, find_pulses(lines), paper.size)
    speed, gain, notes = find_scale(paper.words, pulses, (speed, gain))
    rows = [_without_pulse(row, pulse, speed) for row, pulse in zip(rows, pulses, strict=True)]
    flat = _flatten(rows, paper.size)
    placed = _place(rows, flat, paper, layout, speed, name)
    if placed is None:
        return None
    if speed is None:
        raise UnsupportedFormatError(
            f"{name}: paper speed neither printed nor shown by a calibration pulse; give "
            "--speed 25 or --speed 50"
        )
    signal, strips, spacing, more = _sample(rows, placed, speed)
    refuse_out_of_scale(unit, signal.shape[1] * spacing / speed, name)
    misfit = law_misfit(signal)
    if misfit > _CONTRADICTS and not placed.is_named:
        return None
    if misfit > _CONTRADICTS:
        more.append("the limb leads contradict each other (II is not I + III)")
    return Drawn(
        unit=unit,
        size=paper.size,
        words=paper.words,
        rows=flat,
        placed=placed,
        strips=strips,
        pulses=tuple(pulses),
        signal=signal / (gain or 1.0),
        rate=_rounded(speed / spacing),
        gain=gain,
        misfit=misfit,
        snr_db=_expect(rows, placed),
        notes=(unit.note, *notes, *more),
    )


def _find_pulses(
    rows: Sequence[Sequence[Array]], lines: Sequence[Array], size: tuple[float, float]
) -> list[Pulse | None]:
    """Return each row's calibration pulse: a line of its own, or part of the trace."""
    middles = np.array([float(np.median(np.concatenate(parts)[:, 1])) for parts in rows])
    found: dict[int, Pulse] = {}
    for line in lines:
        measured = size_of_pulse(line)
        if measured is not None:
            top = line[line[:, 1] < line[:, 1].min() + 0.05, 0] * FLAT_PX_PER_MM
            row = int(np.argmin(np.abs(middles - line[:, 1].max())))
            found[row] = Pulse(round(float(top.min())), round(float(top.max())), *measured)
    if found:
        return [found.get(n) for n in range(len(rows))]
    return [find_pulse(row) for row in _flatten(rows, size)]


def _flatten(rows: Sequence[Sequence[Array]], size: tuple[float, float]) -> NDArray[np.float32]:
    """Return (rows, columns) heights of the rows, flat pixels."""
    at = np.arange(round(size[0] * FLAT_PX_PER_MM)) / FLAT_PX_PER_MM
    found = [heights_at(row, at, 1 / FLAT_PX_PER_MM, snap=False) for row in rows]
    return (np.stack(found) * FLAT_PX_PER_MM).astype(np.float32)


def _without_pulse(parts: Sequence[Array], pulse: Pulse | None, speed: float | None) -> list[Array]:
    """Return a row without a calibration pulse that is one line with its trace."""
    if pulse is None:
        return list(parts)
    left, right = pulse.left / FLAT_PX_PER_MM, pulse.right / FLAT_PX_PER_MM
    first, last = float(parts[0][0, 0]), float(parts[-1][-1, 0])
    if right < first or left > last:  # a line of its own
        return list(parts)
    length = _ROW_SECONDS * (speed or 0.0) - sample_spacing(parts)
    if left - first < last - right:
        begin = last - length if -0.5 < last - length - right < _LEAD_OUT else right + 0.3
        return cut(parts, begin - _EDGE, np.inf)
    end = first + length if -0.5 < left - first - length < _LEAD_OUT else left - 0.3
    return cut(parts, -np.inf, end + _EDGE)


def _place(
    rows: Sequence[Sequence[Array]],
    flat: NDArray[np.float32],
    paper: Content,
    layout: str | None,
    speed: float | None,
    name: str,
) -> Placed | None:
    """Return which trace is which lead: by the names, else by the layout."""
    named = place_by_names(rows, paper.words)
    if named is not None:
        if layout is not None and layout.split("+")[0] != named.layout.split("+")[0]:
            raise UnsupportedFormatError(
                f"{name}: the names printed beside the traces do not fit --layout {layout}; they "
                f"show {named.layout}"
            )
        return named
    found = arrange(flat, _ends(rows), layout, speed)
    return None if found is None else place_by_layout(rows, found, FLAT_PX_PER_MM)


def _ends(rows: Sequence[Sequence[Array]]) -> Ends:
    """Return the first and last column of most rows."""
    firsts = np.array([row[0][0, 0] for row in rows]) * FLAT_PX_PER_MM
    lasts = np.array([row[-1][-1, 0] for row in rows]) * FLAT_PX_PER_MM
    first = float(np.median(firsts))
    sure = float((np.abs(firsts - first) < 0.5 * FLAT_PX_PER_MM).mean())
    return Ends(round(first), round(float(np.quantile(lasts, 0.6))), sure > 0.6)


def _sample(
    rows: Sequence[Sequence[Array]], placed: Placed, speed: float
) -> tuple[Array, tuple[tuple[Lead, float] | None, ...], float, list[str]]:
    """Return (12, samples) mm upwards, what each strip is, mm between samples, and notes."""
    pieces = close_gaps(
        placed.stretches, {s.lead: _parts(rows, s) for s in placed.stretches}, speed
    )
    present = [part for parts in pieces.values() for part in parts]
    spacing = sample_spacing(present)
    begin = min(float(part[0, 0]) for part in present)
    end = max(float(part[-1, 0]) for part in present)
    at = begin + spacing * np.arange(round((end - begin) / spacing) + 1)
    signal = np.full((len(LEADS), at.size), np.nan)
    for stretch in placed.stretches:
        heights = heights_at(pieces[stretch.lead], at, spacing)
        if np.isfinite(heights).any():
            up = stretch.sign * (np.nanmedian(heights) - heights)
            signal[LEADS.index(stretch.lead)] = up
    strips: list[tuple[Lead, float] | None] = []
    notes: list[str] = []
    leads = {s.lead: signal[LEADS.index(s.lead)] for s in placed.stretches}
    for row, named in placed.strips:
        strip = -heights_at(rows[row], at, spacing)
        found = _name_strip(strip, leads, named, {s[0] for s in strips if s})
        strips.append(found)
        if found is None:
            notes.append(f"rhythm strip {named or ''} left out: it is no lead of the page")
            continue
        target = signal[LEADS.index(found[0])]
        both = np.isfinite(target) & np.isfinite(strip)
        offset = float(np.median(target[both] - strip[both]))
        filled = np.where(np.isfinite(target), target, strip + offset)
        signal[LEADS.index(found[0])] = filled
    return signal, tuple(strips), spacing, notes


def _parts(rows: Sequence[Sequence[Array]], stretch: Stretch) -> list[Array]:
    """Return the lines of one lead."""
    return cut(rows[stretch.row], stretch.first - _EDGE, stretch.last - _EDGE)


def _name_strip(
    strip: Array, leads: dict[Lead, Array], named: Lead | None, taken: set[Lead]
) -> tuple[Lead, float] | None:
    """Return which lead a rhythm strip is, and how well the two agree where both are."""
    if named is None:
        firsts = {
            k: int(np.flatnonzero(np.isfinite(v))[0])
            for k, v in leads.items()
            if np.isfinite(v).any()
        }
        return name_strip(strip, {k: (n, leads[k][n:]) for k, n in firsts.items()}, taken)
    if named not in leads or named in taken:
        return None
    like = correlate(leads[named], strip)
    return (named, like) if like >= _LIKE else None


def law_misfit(signal: Array) -> float:
    """Return the rest of Einthoven's and Goldberger's laws over the size of their leads."""
    rest, size = 0.0, 0.0
    for names, signs in (
        ((Lead.I, Lead.II, Lead.III), (1.0, -1.0, 1.0)),
        ((Lead.AVR, Lead.AVL, Lead.AVF), (1.0, 1.0, 1.0)),
    ):
        three = np.stack([signal[LEADS.index(name)] for name in names])
        three = three[:, np.isfinite(three).all(axis=0)]
        if three.shape[1] < _FEWEST:
            continue
        three -= np.median(three, axis=1, keepdims=True)
        left = np.array(signs) @ three
        rest += float(np.abs(left - np.median(left)).mean())
        size += 2 * float(np.abs(three).mean())
    return rest / size if size else float("nan")


def _expect(rows: Sequence[Sequence[Array]], placed: Placed) -> tuple[float, ...]:
    """Return (12,) dB that the steps of the heights in the PDF leave to each lead."""
    found = np.full(len(LEADS), _LEAST_DB)
    for stretch in placed.stretches:
        parts = _parts(rows, stretch)
        if parts:
            heights = np.concatenate(parts)[:, 1]
            gaps = np.diff(np.unique(heights))
            step = float(gaps[gaps > _FINEST].min(initial=np.inf))
            noise = (step if np.isfinite(step) else _FINEST) / np.sqrt(12)
            ratio = 20 * np.log10(max(float(heights.std()), 1e-9) / noise)
            found[LEADS.index(stretch.lead)] = np.clip(ratio, _LEAST_DB, _MOST_DB)
    return tuple(float(value) for value in found)


def _rounded(rate: float) -> float:
    """Return a rate in whole hertz where it is one but for rounding."""
    return float(round(rate)) if abs(rate / round(rate) - 1) < 1e-4 else rate
