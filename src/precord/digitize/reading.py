"""One picture of a page to a record: grid, ink, traces, layout, calibration, confidence."""

from dataclasses import dataclass, replace
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.digitize.arrange import KNOWN, Arrangement, Ends, arrange
from precord.digitize.confidence import Evidence, expect_snr, expect_uncrossed, to_confidence
from precord.digitize.grid import FLAT_PX_PER_MM, Grid, find_grid
from precord.digitize.ink import find_ink
from precord.digitize.lean import align_pulses, find_lean_of_strips, shift_rows
from precord.digitize.plausible import refuse_folded, refuse_parts
from precord.digitize.pulse import Pulse, find_pulses, find_usual, tell_by_one
from precord.digitize.redact import Box
from precord.digitize.rows import without_stray_rows
from precord.digitize.separator import find_separators
from precord.digitize.stage import OnStage, Stage, unwatched
from precord.digitize.strips import add_strips, bridge_gaps
from precord.digitize.trace import Traces, follow
from precord.errors import QueryError, UnsupportedFormatError
from precord.image.layout import GAINS, SPEEDS
from precord.leads import LEADS
from precord.record import Provenance, Record, Scale

Array = NDArray[Any]
_MARKED = 0.3  # share of the rows with marks between their leads
_ROUND = 1.0  # pixels of the end of a line that are too narrow to be seen as ink
_ALONE, _TAIL = 8.0, 40.0  # mm from the trace, and long: the edge of the paper, or writing
_BRIEFEST = 0.085  # s: no calibration pulse is as brief
_NOTHING = 3.0  # dB: a lead with less is not read
_SURER = 3.0  # dB more of a page that lies on its side or its head
MIN_SNR = 8.0  # dB expected; of 116 drawn pages that were learnt from, 1 good one is below it


@dataclass(frozen=True, slots=True)
class Options:
    """What a person says of a page; None is left to the picture.

    Attributes:
        corners: x and y of the corners of the part with the ECG, clockwise from top left.
        layout: a key of `arrange.KNOWN`.
        speed: mm/s.
        gain: mm/mV.
        rotate: degrees clockwise to turn the picture first: 0, 90, 180 or 270.
        page: of a file with several, counted from 1.
    """

    corners: tuple[tuple[float, float], ...] | None = None
    layout: str | None = None
    speed: float | None = None
    gain: float | None = None
    rotate: int = 0
    page: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.layout is not None and self.layout not in KNOWN:
            raise QueryError(f"layout {self.layout!r}, expected one of {' '.join(KNOWN)}")
        if self.speed is not None and self.speed not in SPEEDS:
            raise QueryError(f"speed {self.speed:g} mm/s, expected 25 or 50")
        if self.gain is not None and self.gain not in GAINS:
            raise QueryError(f"gain {self.gain:g} mm/mV, expected 5, 10 or 20")
        if self.rotate not in (0, 90, 180, 270):
            raise QueryError(f"rotate {self.rotate}, expected 0, 90, 180 or 270")


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A record, and how it was read from the page.

    Attributes:
        snr_db: per lead of the record, expected.
        grid, traces, arrangement: what was seen; None where it is too large to be shown.
        words: printed on the flat page, where a PDF says them; None of a picture.
    """

    record: Record
    snr_db: tuple[float, ...]
    evidence: Evidence
    grid: Grid | None = None
    traces: Traces | None = None
    arrangement: Arrangement | None = None
    words: tuple[Box, ...] | None = None


def read_picture(
    picture: NDArray[np.uint8],
    name: str,
    kind: str,
    options: Options,
    *,
    limit: float = MIN_SNR,
    on_stage: OnStage = unwatched,
) -> Reading:
    """Read the ECG in an RGB *picture*; below *limit* dB expected it is refused.

    Raises:
        UnsupportedFormatError: There is none, or not enough of it can be seen; the message
            says what is missing and which option supplies it.
    """
    grid = find_grid(picture, name, on_stage)
    refusal: UnsupportedFormatError | None = None
    for quarters in (0, 2, 1, 3) if options.rotate == 0 else (0,):
        if quarters:
            on_stage(Stage.TURNING)
        turned = _turn(grid, quarters)
        notes = [f"turned by {90 * quarters} degrees"] if quarters else []
        try:
            reading = _read_flat(turned, (name, kind, notes), options, on_stage)
            _refuse_poor(reading, name, limit + (_SURER if quarters else 0.0))
        except UnsupportedFormatError as error:
            refusal = refusal or error
        else:
            return reading
    raise refusal or UnsupportedFormatError(f"{name}: no ECG found")


def _turn(grid: Grid, quarters: int) -> Grid:
    """Return the flat page turned clockwise by quarters of a circle."""
    if quarters == 0:
        return grid
    return replace(
        grid,
        flat=np.ascontiguousarray(np.rot90(grid.flat, -quarters)),
        to_picture=np.ascontiguousarray(np.rot90(grid.to_picture, -quarters)),
        seen=np.ascontiguousarray(np.rot90(grid.seen, -quarters)),
    )


def _refuse_poor(reading: Reading, name: str, limit: float) -> None:
    """Refuse a reading of which less signal to noise is expected than *limit*, dB."""
    uncrossed = expect_uncrossed(reading.evidence)
    expected = float(np.median([uncrossed[LEADS.index(lead)] for lead in reading.record.leads]))
    crossed = float(np.median(reading.snr_db))  # leads that cross are marked, others may be right
    if crossed < min(limit, _NOTHING):
        expected, limit = crossed, _NOTHING
    if expected < limit:
        raise UnsupportedFormatError(
            f"{name}: the traces were read, but {reading.evidence.worst()}; expected signal to "
            f"noise {floor(expected):d} dB, at least {limit:g} needed: take a sharper picture from "
            "above, or give --layout"
        )


def _read_flat(
    grid: Grid, origin: tuple[str, str, list[str]], options: Options, on_stage: OnStage
) -> Reading:
    """Read a flattened page, whatever can be expected of the reading."""
    name, kind, turned = origin
    on_stage(Stage.TRACING)
    traces = follow(find_ink(grid))
    if traces is None:
        raise UnsupportedFormatError(f"{name}: grid of ECG paper, but no trace of an ECG on it")
    pulses = find_pulses(traces.y)
    traces, pulses = align_pulses(*without_stray_rows(traces, pulses))
    gain, speed, notes = _calibrate(pulses, options)
    notes = [*turned, *notes]
    if (gain, speed) == (20.0, 50.0) and options.speed is None and options.gain is None:
        raise UnsupportedFormatError(
            f"{name}: the calibration pulse is twice as large both ways as it usually is: either "
            "the squares of the grid were taken for half their size or the page has 50 mm/s and "
            "20 mm/mV; give --speed and --gain if it has"
        )
    on_stage(Stage.LEADS)
    arrangement = _arrange(traces, pulses, options.layout, speed)
    if arrangement is not None and (lean := find_lean_of_strips(traces, arrangement)) is not None:
        traces, pulses = shift_rows(traces, pulses, lean)
        arrangement = _arrange(traces, pulses, options.layout, speed)
    if arrangement is None:
        raise UnsupportedFormatError(
            f"{name}: {len(traces.y)} rows of traces found, which fits none of the layouts "
            f"{' '.join(KNOWN)}; show the whole page, or give --layout"
        )
    speed = speed or _speed_of_columns(arrangement, pulses)
    if speed is None:
        raise UnsupportedFormatError(
            f"{name}: paper speed not found: no calibration pulse says it, and the length of the "
            "columns alone does not; give --speed 25 or --speed 50"
        )
    on_stage(Stage.CHECKING)
    refuse_folded(grid, traces, arrangement, name)
    refuse_parts(arrangement, speed, name, is_layout_given=options.layout is not None)
    return _compose(grid, traces, arrangement, gain, speed, pulses, (name, kind, notes))


def _arrange(
    traces: Traces, pulses: list[Pulse | None], layout: str | None, speed: float | None
) -> Arrangement | None:
    """Return where each lead is on the traces, None where no layout fits them."""
    return arrange(traces.y, _ends(traces, pulses), layout, speed, find_separators(traces))


def _calibrate(
    pulses: list[Pulse | None], options: Options
) -> tuple[float | None, float | None, list[str]]:
    """Return gain in mm/mV, speed in mm/s, each None where unknown, and what tells them."""
    found = [pulse for pulse in pulses if pulse is not None]
    gain, speed, notes = options.gain, options.speed, []
    if gain is None and found:
        heights = np.array([pulse.height for pulse in found])
        nearest = min(GAINS, key=lambda g: abs(float(np.median(heights)) / g - 1))
        agree = int((np.abs(heights / nearest - 1) < 0.1).sum())
        if agree >= max(1, round(0.5 * len(found))) and agree >= min(2, len(pulses)):
            gain = nearest
            notes.append(f"gain {gain:g} mm/mV from {agree} calibration pulses")
    whole = [pulse.width for pulse in found if np.isfinite(pulse.width)]
    if speed is None and whole:
        width = float(np.median(whole))
        near = [s for s in SPEEDS if abs(width / (0.2 * s) - 1) < 0.14]
        if near and len(whole) >= min(2, len(pulses)):
            speed = near[0]
            notes.append(f"speed {speed:g} mm/s from pulses {width:.1f} mm wide")
    one = tell_by_one(pulses)
    if speed is None and one is not None:
        speed = one[1]
        notes.append(f"speed {speed:g} mm/s from the one whole pulse, {whole[0]:.1f} mm wide")
        if gain is None:
            gain = one[0]
            notes.append(f"gain {gain:g} mm/mV from the same pulse")
    return gain, speed, notes


def _ends(traces: Traces, pulses: list[Pulse | None]) -> Ends:
    """Return first and last column of the traces, calibration pulses left out."""
    columns = traces.y.shape[1]
    firsts, lasts = [], []
    usual = find_usual(pulses)
    for row, own in zip(traces.y, pulses, strict=True):
        pulse = own or usual  # what could not be followed stands there too
        present = np.flatnonzero(np.isfinite(row))
        first, last = int(present[0]), _without_tail(present)
        if pulse is not None and pulse.left < columns / 2:
            after = present[present > pulse.right + round(0.3 * FLAT_PX_PER_MM)]
            gaps = np.flatnonzero(np.diff(after) > 6)
            near = gaps[after[gaps] < pulse.right + 6 * FLAT_PX_PER_MM] if gaps.size else gaps
            first = int(after[near[-1] + 1]) if near.size else pulse.right
        elif pulse is not None:
            last = pulse.left - round(1.0 * FLAT_PX_PER_MM)
        firsts.append(first)
        lasts.append(last)
    pen = max(traces.width / 2 - _ROUND, 0.0)  # the line begins half a pen's width after its ink
    starts = np.array(firsts, float)
    near = np.abs(starts[:, None] - starts[None]) < 0.5 * FLAT_PX_PER_MM
    agree = near[int(np.argmax(near.sum(1)))]
    is_sure = bool(agree.sum() >= max(2, 0.5 * starts.size))
    begin = float(np.median(starts[agree] if is_sure else starts))
    return Ends(round(begin + pen), int(np.quantile(lasts, 0.4)), is_sure)


def _without_tail(present: NDArray[np.intp]) -> int:
    """Return the last column of a trace: what stands alone far behind it is no part of it."""
    far = np.flatnonzero(np.diff(present) > _ALONE * FLAT_PX_PER_MM)
    for gap in far:
        if present[-1] - present[gap + 1] < _TAIL * FLAT_PX_PER_MM:
            return int(present[gap])
    return int(present[-1])


def _speed_of_columns(arrangement: Arrangement, pulses: list[Pulse | None]) -> float | None:
    """Return 25 mm/s where columns are 2.5 s long at it, and pulses rule out 50, else None.

    Columns alone do not say it: at 50 mm/s they are as long where they show 1.25 s.
    """
    whole = [p.width for p in pulses if p is not None and np.isfinite(p.width)]
    if not arrangement.layout.startswith("3x4") or len(whole) < 2:
        return None
    width = np.median([p.last - p.first for p in arrangement.pieces[:-1]]) / FLAT_PX_PER_MM
    speed = SPEEDS[0]
    is_short = float(np.median(whole)) < _BRIEFEST * SPEEDS[1]
    return speed if is_short and abs(width / (2.5 * speed) - 1) < 0.03 else None


def _compose(
    grid: Grid,
    traces: Traces,
    arrangement: Arrangement,
    gain: float | None,
    speed: float,
    pulses: list[Pulse | None],
    origin: tuple[str, str, list[str]],
) -> Reading:
    """Return the record of what was read, each lead at its true time."""
    up = -(traces.y - np.nanmedian(traces.y, axis=1, keepdims=True)).astype(np.float64)
    begin = min(piece.first for piece in arrangement.pieces)
    end = max(piece.last for piece in arrangement.pieces)
    signal = np.full((len(LEADS), end - begin), np.nan)
    is_marked = arrangement.marks > _MARKED
    edge = round((0.1 if is_marked else 0.05) * FLAT_PX_PER_MM + traces.width / 4)
    for piece in arrangement.pieces:
        part = up[piece.row, piece.first : piece.last]
        part = piece.sign * bridge_gaps(_without_edges(part, edge))
        part = part - np.nanmedian(part) if np.isfinite(part).any() else part
        signal[LEADS.index(piece.lead), piece.first - begin : piece.last - begin] = part
    strips = add_strips(signal, up, arrangement, (begin, end), edge)
    rate = FLAT_PX_PER_MM * speed
    per_unit = (gain or 10.0) * FLAT_PX_PER_MM
    signal /= per_unit
    kept = [k for k, row in enumerate(signal) if np.isfinite(row).mean() > 0.05]
    if not kept:
        raise UnsupportedFormatError(f"{origin[0]}: no lead could be read from its row")
    evidence = Evidence.of(grid, traces, arrangement, strips, pulses)
    snr = expect_snr(evidence)
    scale = Scale.MILLIVOLT
    if gain is None:
        scale = Scale.UNKNOWN
        spread = np.nanstd(signal[kept], axis=1, keepdims=True)
        signal[kept] /= np.where(spread > 0, spread, 1.0)
    name, kind, notes = origin
    expected = float(np.median([snr[k] for k in kept]))
    notes = [
        *notes,
        f"read from a picture, layout {arrangement.layout}; expected {expected:.0f} dB of signal",
        "reading pictures is experimental: compare the traces with the paper before you use them",
    ]
    if gain is None:
        notes.append("no calibration pulse found: amplitudes unknown; --gain supplies it")
    record = Record(
        signal[kept].astype(np.float32),
        tuple(LEADS[k] for k in kept),
        rate,
        scale,
        provenance=Provenance(
            kind,
            name,
            is_digitised=True,
            confidence=tuple(to_confidence(snr[k]) for k in kept),
            notes=tuple(notes),
        ),
    )
    return Reading(record, tuple(snr[k] for k in kept), evidence, grid, traces, arrangement)


def _without_edges(part: Array, edge: int) -> Array:
    """Return *part* with its ends held, where two leads, or a mark between them, meet."""
    if part.size < 4 * edge or edge < 1:
        return part
    return np.concatenate([[part[edge]] * edge, part[edge:-edge], [part[-edge - 1]] * edge])
