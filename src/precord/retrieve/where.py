"""Where in the query the statements are that made a match: waves of a lead, or single beats.

Occlusion (Zeiler and Fergus 2014, arXiv:1311.2901) in pieces that a reader would name, each
made ordinary instead of missing: P, QRS or ST-T of one territory, in all beats of the commonest
kind at once, becomes a line; one beat, in all leads, becomes like the others. Both leave
what is not asked about as it is: a beat like the others costs nothing, and ST elevation is
not shown again by the next beat.

The six limb leads show one vector of two parts, lead I and aVF (Einthoven's and Goldberger's
laws). What goes from II, III and aVF is the part along aVF, and with it the reciprocal of it
in aVL and aVR: one lead alone made ordinary would leave the others to tell what it had, and
be an ECG that cannot be. Where the leads break the laws, as with a scale of its own for each,
only the leads that are named become ordinary.

For each statement shared with the case, a piece is worth what the query's log-odds of it lose
without the piece, less twice what a statement of any kind loses or gains (root mean square): a
large deflection moves every output, and that says nothing of this match. Statements count as
far as they are rare and read in the query; a piece is worth what it is to the one that it
carries most.

Asked are the towers, which look at the record. The trees beside them (`trees`) ask for measured
numbers that lie elsewhere, and stand in the match's differences.

Not told: what two pieces do together; rhythm, which is in no single wave.
Shapes: L = 12 leads, T samples, P pieces, S statements.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from precord.case import Region, Wave
from precord.leads import LEADS, Lead
from precord.record import Record
from precord.retrieve.calibration import logit
from precord.signal.beats import BEFORE, DETECTION_RATE, Beats, average_beats
from precord.signal.filters import bridge
from precord.signal.measure import WaveBounds, find_bounds
from precord.signal.prepare import MODEL_SECONDS
from precord.statements import CODES

SHOWN = 4  # regions of a match at most
UNSPECIFIC = 2.0  # times what any statement changes must be exceeded; chosen on simulated ECGs
_LEAST_SHARE = 0.25  # of the best region's worth that another must have to be shown
_ECTOPIC_SECONDS = 0.3  # from the end of a usual QRS to the end of a wide beat
_EARLY = 0.04  # seconds that a wide beat may begin before a usual QRS would

Floats = NDArray[np.float64]
Span = tuple[int, int]
_ALONG_I = (Lead.I, Lead.AVL)
_TERRITORIES = (
    (Lead.II, Lead.III, Lead.AVF),
    _ALONG_I,
    (Lead.V1, Lead.V2),
    (Lead.V3, Lead.V4),
    (Lead.V5, Lead.V6),
)
_FRONTAL = np.array(  # (6, 2) what each limb lead shows of the vector's parts along I and aVF
    [(1.0, 0.0), (0.5, 1.0), (-0.5, 1.0), (-0.75, -0.5), (0.75, -0.5), (0.0, 1.0)]
)
_LAWFUL = 0.2  # of what changes in the limb leads may lie outside of what one vector can show


class MapEncoder(Protocol):
    """What looking needs of an encoder."""

    def read_towers(self, records: Sequence[Record]) -> NDArray[np.float32]:
        """Return (B, S) the statement probabilities of *records* by what looks at them."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the query.

    Attributes:
        rows: of the leads, in standard order.
        spans: samples, begin and end.
    """

    wave: Wave
    rows: tuple[int, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What each piece of a query says of each statement.

    Attributes:
        pieces: P.
        rate: Hz, of the pieces' samples.
        read: (S,) probabilities of the query's statements.
        fall: (P, S) what their log-odds lose without a piece.
    """

    pieces: tuple[Piece, ...]
    rate: float
    read: Floats
    fall: Floats

    def worth(self, statements: Collection[str], weights: NDArray[np.floating]) -> Floats:
        """Return (P,) what each piece is worth to a match with a case that has *statements*.

        Args:
            statements: SCP-ECG codes of the case.
            weights: (S,) of the statements; each counts as far as it is read in the query.
        """
        each = self._each(statements, weights)
        return np.asarray(each.max(axis=1, initial=-np.inf), np.float64)

    def regions(
        self, statements: Collection[str], weights: NDArray[np.floating]
    ) -> tuple[Region, ...]:
        """Return the pieces worth most to such a match, the best first; none if none is."""
        each = self._each(statements, weights)
        worth = each.max(axis=1, initial=-np.inf)
        least = max(_LEAST_SHARE * float(worth.max(initial=0.0)), 1e-9)
        best = [int(i) for i in np.argsort(-worth, kind="stable")[:SHOWN] if worth[i] >= least]
        return tuple(
            Region(
                self.pieces[i].wave,
                tuple(str(LEADS[row]) for row in self.pieces[i].rows),
                tuple(
                    (round(a / self.rate, 3), round(b / self.rate, 3))
                    for a, b in self.pieces[i].spans
                ),
                CODES[int(np.argmax(each[i]))],
                float(worth[i]),
            )
            for i in best
        )

    def _each(self, statements: Collection[str], weights: NDArray[np.floating]) -> Floats:
        """Return (P, S) what each piece is worth by each statement; -inf by one not shared."""
        is_shared = np.array([code in statements for code in CODES])
        counts = weights * self.read * is_shared
        any_change = np.sqrt(np.square(self.fall).mean(axis=1, keepdims=True))
        specific = (self.fall - UNSPECIFIC * any_change) * (counts / max(counts.max(), 1e-12))
        return np.where(counts > 0, specific, -np.inf)


def look(record: Record, encoder: MapEncoder) -> Evidence:
    """Return what each piece of *record* says of each statement.

    About thirty runs of the towers, whatever the number of cases it is asked of. Without
    beats that can be told there is no piece.

    Raises:
        SignalError: As encoding does.
    """
    standard = record.to_standard()
    n_seen = round(MODEL_SECONDS * standard.rate)
    seen = replace(standard, signal=standard.signal[:, :n_seen])
    beats = average_beats(seen)
    bounds = find_bounds(beats)
    pieces = list_pieces(seen, beats, bounds) if bounds else ()
    changed = [make_ordinary(seen, piece, beats) for piece in pieces]
    read = encoder.read_towers([seen, *changed]).astype(np.float64)
    odds = logit(read)
    return Evidence(pieces, seen.rate, read[0], odds[0] - odds[1:])


def list_pieces(standard: Record, beats: Beats, bounds: WaveBounds) -> tuple[Piece, ...]:
    """Return the waves of each territory, in the leads that were recorded, and each beat."""
    usual = beats.peaks[beats.is_dominant]
    there = [row for row in range(len(LEADS)) if not np.isnan(standard.signal[row]).all()]
    stretches = {
        Wave.P: (bounds.p_on, bounds.qrs_on),
        Wave.QRS: (bounds.qrs_on, bounds.qrs_off),
        Wave.ST_T: (bounds.qrs_off, bounds.t_off),
    }
    territories = [
        tuple(row for lead in leads if (row := LEADS.index(lead)) in there)
        for leads in _TERRITORIES
    ]
    found = [
        Piece(wave, rows, spans)
        for rows in territories
        for wave, stretch in stretches.items()
        if rows and (spans := _to_spans(standard, usual, *stretch))
    ]
    end = max(bounds.t_off, bounds.qrs_off + _ECTOPIC_SECONDS)
    for number, peak in enumerate(beats.peaks):
        following = beats.peaks[number + 1 :] - peak + bounds.qrs_on  # seconds to the next QRS
        stop = min([end, *following[:1].tolist()])
        if spans := _to_spans(standard, peak[None], bounds.qrs_on - _EARLY, stop):
            found.append(Piece(Wave.BEAT, tuple(there), spans))
    return tuple(found)


def make_ordinary(standard: Record, piece: Piece, beats: Beats) -> Record:
    """Return *standard* with *piece* as if nothing were to be seen there."""
    whole, missing = bridge(standard.signal)
    for begin, end in piece.spans:
        there = np.asarray(~missing[:, begin:end].any(axis=1), np.bool_)  # (L,)
        change = _ordinary(whole, piece.wave, (begin, end), beats, standard.rate)
        change -= whole[:, begin:end]
        if piece.wave is not Wave.BEAT:
            change = _of_territory(change, piece.rows, there)
        whole[:, begin:end] += change
    signal = np.where(missing, np.nan, whole).astype(np.float32)
    return replace(standard, signal=signal)


def _ordinary(whole: Floats, wave: Wave, span: Span, beats: Beats, rate: float) -> Floats:
    """Return (L, n) what would stand in all leads at *span* if nothing were to be seen there."""
    begin, end = span
    ends = whole[:, [max(begin - 1, 0), min(end, whole.shape[1] - 1)]]  # (L, 2)
    if wave is Wave.BEAT:
        usual = _usual_beat(beats, span, rate)  # (L, n)
        step = ends - usual[:, [0, -1]]
        return usual + _ramp(step[:, 0], step[:, 1], end - begin)
    if wave is Wave.ST_T:  # down to the level before QRS, which ST rose from
        level = _level_before(whole, begin, beats, rate)
        return _ramp(level, (level + ends[:, 1]) / 2, end - begin)
    return _ramp(ends[:, 0], ends[:, 1], end - begin)


def _of_territory(change: Floats, rows: Sequence[int], there: NDArray[np.bool_]) -> Floats:
    """Return what of a (L, n) change of all leads is of one territory, whose leads are *rows*.

    Args:
        change: of each lead, by which it would become ordinary.
        rows: of the leads that name the territory.
        there: (L,) leads that were recorded at that time.
    """
    found = np.zeros_like(change)
    limb = there[: len(_FRONTAL)]
    if rows[0] < len(_FRONTAL) and limb.sum() > _FRONTAL.shape[1]:  # more leads than parts
        frontal, of_limb = _FRONTAL[limb], change[: len(_FRONTAL)][limb]
        vector = np.linalg.pinv(frontal) @ of_limb  # (2, n)
        rest = np.linalg.norm(of_limb - frontal @ vector)
        if rest <= _LAWFUL * np.linalg.norm(of_limb):
            part = int(LEADS[rows[0]] not in _ALONG_I)
            found[: len(_FRONTAL)][limb] = np.outer(frontal[:, part], vector[part])
            return found
    found[list(rows)] = change[list(rows)]
    return found


def _usual_beat(beats: Beats, span: Span, rate: float) -> Floats:
    """Return (L, n) the median beat at the place of the beat that *span* holds."""
    middle = (span[0] + span[1]) / 2 / rate
    peak = float(beats.peaks[np.argmin(np.abs(beats.peaks - middle))])
    wanted = np.arange(*span) / rate - peak
    known = np.arange(beats.median.shape[1]) / DETECTION_RATE - BEFORE
    return np.stack([np.interp(wanted, known, row) for row in beats.median])


def _level_before(whole: Floats, begin: int, beats: Beats, rate: float) -> Floats:
    """Return (L,) the level just before the QRS complex that ends at sample *begin*."""
    bounds = find_bounds(beats)
    qrs = bounds.qrs_off - bounds.qrs_on if bounds else 0.1
    onset = max(begin - round(qrs * rate), 1)
    return np.asarray(np.median(whole[:, max(onset - round(0.02 * rate), 0) : onset], axis=1))


def _ramp(left: Floats, right: Floats, n: int) -> Floats:
    """Return (L, n) straight lines from *left* to *right*, each (L,)."""
    return np.asarray(left[:, None] + (right - left)[:, None] * np.linspace(0, 1, n), np.float64)


def _to_spans(record: Record, peaks: Floats, begin: float, end: float) -> tuple[Span, ...]:
    """Return the samples *begin* to *end* seconds from each of *peaks*, where there are some."""
    n = record.signal.shape[1]
    found = []
    for peak in peaks.tolist():
        a = max(round((peak + begin) * record.rate), 0)
        b = min(round((peak + end) * record.rate), n)
        if b - a >= 2:
            found.append((a, b))
    return tuple(found)
