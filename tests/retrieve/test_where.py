"""Tests of precord.retrieve.where: an encoder that looks at one place must be found out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from precord.case import Wave
from precord.leads import LEADS, Lead
from precord.record import Record
from precord.retrieve.where import Evidence, Piece, list_pieces, look, make_ordinary
from precord.signal.beats import average_beats
from precord.signal.measure import find_bounds
from precord.simulate import simulate
from precord.statements import CODES

See = Callable[[Record], float]
EVEN = np.ones(len(CODES))


@dataclass
class Reader:
    """Reads one statement by a rule of the test's, and all others as even."""

    code: str
    see: See

    def read_towers(self, records: Sequence[Record]) -> NDArray[np.float32]:
        """Return the probabilities."""
        read = np.full((len(records), len(CODES)), 0.5, np.float32)
        odds = np.array([self.see(record) for record in records])
        read[:, CODES.index(self.code)] = 1 / (1 + np.exp(-odds))
        return read


@pytest.fixture(scope="module")
def premature() -> tuple[Record, float]:
    """Return a clean ECG with one ventricular premature beat, and when it is."""
    for seed in range(100):
        made = simulate({"PVC"}, np.random.default_rng(seed), noise=False)
        late = made.truth.r_peaks[~made.truth.is_conducted]
        if len(late) == 1 and 2 < late[0] < 8:
            return made.record, float(late[0])
    raise AssertionError("no seed gives one premature beat")


@pytest.mark.parametrize("wave", [Wave.P, Wave.QRS, Wave.ST_T])
def test_a_reader_of_one_wave_is_found_out(premature: tuple[Record, float], wave: Wave) -> None:
    """It sees how far V2 swings in that wave of each conducted beat."""
    record, _ = premature
    beats = average_beats(record)
    bounds = find_bounds(beats)
    assert bounds is not None
    begin, end = {
        Wave.P: (bounds.p_on + 0.02, bounds.qrs_on - 0.02),
        Wave.QRS: (bounds.qrs_on, bounds.qrs_off),
        Wave.ST_T: (bounds.qrs_off + 0.05, bounds.t_off),
    }[wave]

    def see(shown: Record) -> float:
        """Return the mean swing, in mV."""
        v2, peaks = shown.signal[LEADS.index(Lead.V2)], beats.peaks[beats.is_dominant]
        cut = [v2[round((p + begin) * 500) : round((p + end) * 500)] for p in peaks[1:-1]]
        return 10 * float(np.mean([np.ptp(one) for one in cut]))

    best = look(record, Reader("IMI", see)).regions({"IMI"}, EVEN)[0]

    assert (best.wave, best.leads, best.statement) == (wave, ("V1", "V2"), "IMI")
    assert len(best.spans) > 3


@pytest.mark.parametrize(
    ("seen", "told"), [(Lead.AVF, ("II", "III", "aVF")), (Lead.I, ("I", "aVL"))]
)
def test_a_part_of_the_limb_leads_goes_as_one(
    premature: tuple[Record, float], seen: Lead, told: tuple[str, ...]
) -> None:
    """What a reader sees in one limb lead goes from all that show it, and the laws stay kept."""
    record, _ = premature
    beats = average_beats(record)
    bounds = find_bounds(beats)
    assert bounds is not None
    row = LEADS.index(seen)
    spread = Reader("IMI", lambda shown: 10 * float(np.std(shown.signal[row])))
    other = LEADS.index(Lead.I if seen is Lead.AVF else Lead.AVF)

    best = look(record, spread).regions({"IMI"}, EVEN)[0]
    piece = next(
        p
        for p in list_pieces(record, beats, bounds)
        if p.wave is best.wave and tuple(str(LEADS[k]) for k in p.rows) == best.leads
    )
    changed = make_ordinary(record, piece, beats).signal

    assert best.leads == told
    assert np.allclose(changed[1], changed[0] + changed[2], atol=2e-3)
    assert np.allclose(changed[3:6].sum(axis=0), 0, atol=2e-3)
    assert np.allclose(changed[other], record.signal[other], atol=2e-3)
    assert np.abs(changed[row] - record.signal[row]).max() > 0.1


def test_leads_of_a_scale_of_their_own_become_ordinary_alone(
    premature: tuple[Record, float],
) -> None:
    """Where the laws are broken, nothing is taken from a lead that is not named."""
    record, _ = premature
    gain = np.array([1, 3, 0.3, 2, 0.4, 1.5, 1, 1, 1, 1, 1, 1])[:, None]
    scaled = Record((record.signal * gain).astype(np.float32), LEADS, record.rate)
    beats = average_beats(scaled)
    bounds = find_bounds(beats)
    assert bounds is not None
    piece = next(p for p in list_pieces(scaled, beats, bounds) if p.rows == (1, 2, 5))

    moved = np.abs(make_ordinary(scaled, piece, beats).signal - scaled.signal).max(axis=1)

    assert (moved[[1, 2, 5]] > 0).all()
    assert (np.delete(moved, [1, 2, 5]) == 0).all()


def test_a_reader_of_one_beat_is_found_out(premature: tuple[Record, float]) -> None:
    """It sees how unlike the usual beat the premature one is."""
    record, when = premature
    at = slice(round((when - 0.1) * 500), round((when + 0.2) * 500))
    usual = average_beats(record)
    other = slice(*(round((usual.peaks[usual.is_dominant][2] + x) * 500) for x in (-0.1, 0.2)))

    def see(shown: Record) -> float:
        """Return the mean difference of two beats, in mV."""
        return 10 * float(np.abs(shown.signal[:, at] - record.signal[:, other]).mean())

    best = look(record, Reader("PVC", see)).regions({"PVC", "SR"}, EVEN)[0]

    (span,) = best.spans
    assert best.wave is Wave.BEAT
    assert span[0] < when < span[1]
    assert len(best.leads) == len(LEADS)


def test_each_shared_statement_has_its_own_regions() -> None:
    """One piece carries IMI, another AFIB: both are told, though each is nothing to the other."""
    pieces = tuple(Piece(Wave.QRS, (row,), ((0, 50),)) for row in range(3))
    fall = np.zeros((3, len(CODES)))
    fall[0, CODES.index("IMI")] = 2.0
    fall[1, CODES.index("AFIB")] = 3.0
    evidence = Evidence(pieces, 500.0, np.full(len(CODES), 0.5), fall)

    both = evidence.regions({"IMI", "AFIB"}, EVEN)
    one = evidence.regions({"IMI", "SR"}, EVEN)

    assert [(r.statement, r.leads) for r in both] == [("AFIB", ("II",)), ("IMI", ("I",))]
    assert [(r.statement, r.spans) for r in one] == [("IMI", ((0.0, 0.1),))]
    # 2 less twice 2 / sqrt(S)
    assert one[0].worth == pytest.approx(2 - 4 / np.sqrt(len(CODES)))


def test_what_moves_every_statement_alike_is_worth_nothing(
    premature: tuple[Record, float],
) -> None:
    """All statements hang on one size: no region carries this match in particular."""
    record, _ = premature

    class Sizer(Reader):
        def read_towers(self, records: Sequence[Record]) -> NDArray[np.float32]:
            """Return the same probability for all."""
            odds = np.array([self.see(record) for record in records], np.float32)
            return np.repeat(1 / (1 + np.exp(-odds[:, None])), len(CODES), axis=1)

    evidence = look(record, Sizer("IMI", lambda r: float(np.abs(r.signal).mean())))

    assert evidence.fall.max() > 0
    assert evidence.regions({"IMI"}, EVEN) == ()


def test_nothing_shared_gives_no_region(premature: tuple[Record, float]) -> None:
    """A case without statements, or with those that weigh nothing."""
    evidence = look(premature[0], Reader("IMI", lambda r: float(r.signal.max())))

    assert evidence.regions((), EVEN) == ()
    assert evidence.regions({"IMI"}, 0 * EVEN) == ()


def test_an_ordinary_beat_stays_and_missing_stays_missing(
    premature: tuple[Record, float],
) -> None:
    """The premature beat becomes like the others; another hardly changes; a gap stays a gap."""
    whole, when = premature
    signal = whole.signal.copy()
    signal[LEADS.index(Lead.V4)] = np.nan
    record = Record(signal, LEADS, whole.rate)
    beats, size = average_beats(record), float(np.nanstd(signal))
    bounds = find_bounds(beats)
    assert bounds is not None

    pieces = [p for p in list_pieces(record, beats, bounds) if p.wave is Wave.BEAT]
    changes: dict[bool, float] = {}
    for piece in pieces:
        changed = make_ordinary(record, piece, beats).signal
        assert np.isnan(changed[LEADS.index(Lead.V4)]).all()
        (span,) = piece.spans
        is_it = span[0] < when * record.rate < span[1]
        changes[is_it] = max(changes.get(is_it, 0.0), float(np.nanmax(abs(changed - signal))))

    assert all(LEADS.index(Lead.V4) not in piece.rows for piece in pieces)
    assert changes[True] > 2 * size
    assert changes[False] < 0.5 * changes[True]


def test_without_beats_there_is_no_piece(rng: np.random.Generator) -> None:
    """A second of three leads of noise."""
    record = Record(rng.normal(size=(3, 500)).astype(np.float32), (Lead.I, Lead.II, Lead.V1), 500.0)

    evidence = look(record, Reader("IMI", lambda _: 0.0))

    assert evidence.regions({"IMI"}, EVEN) == ()
