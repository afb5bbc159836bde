"""Tests of precord.signal.beats and measure.

The truth is, in turn, an ECG built here with known onsets, the simulator's own truth, and
NeuroKit2 on real recordings of folds 1 to 8.
"""

from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path

import neurokit2
import numpy as np
import pytest

from precord.corpora import open_corpus
from precord.leads import LEADS, Lead
from precord.record import Record, Scale
from precord.signal.beats import average_beats, find_beats
from precord.signal.filters import Signal
from precord.signal.measure import (
    _median_of_others,
    axis,
    find_bounds,
    fridericia,
    measure,
    measure_and_bound,
)
from precord.simulate import draw_statements, simulate
from precord.simulate.findings import SINUS

PR, QRS, QT = 0.16, 0.09, 0.38  # seconds, of the ECG built here


def build(rate: float = 500.0, rr: float = 0.8, *, p_wave: bool = True) -> Record:
    """Return ten seconds of a heart whose vector points to +45 degrees, beats every *rr* s.

    P, QRS and T are raised cosines, so that their onsets and ends are exact.
    """
    times = np.arange(0, 10, 1 / rate)

    def hump(start: float, length: float) -> np.ndarray:
        phase = (times - start) / length
        return np.where((phase > 0) & (phase < 1), 0.5 - 0.5 * np.cos(2 * np.pi * phase), 0.0)

    wave = np.zeros_like(times)
    for onset in np.arange(0.3, 10, rr):
        wave += hump(onset, QRS) + 0.25 * hump(onset + QT - 0.18, 0.18)
        if p_wave:
            wave += 0.12 * hump(onset - PR, 0.1)
    angles = np.deg2rad([0, 60, 120, -150, -30, 90])
    gains = np.cos(angles - np.deg2rad(45))
    gains[3:] *= np.sqrt(3) / 2  # Goldberger's leads are shorter
    chest = np.array([-0.6, -0.3, 0.4, 1.0, 1.1, 0.8])
    signal = np.concatenate([gains, chest])[:, None] * wave
    noise = np.random.default_rng(0).normal(0, 0.002, signal.shape)
    return Record((signal + noise).astype(np.float32), LEADS, rate)


def test_known_intervals_and_axis() -> None:
    """Rate 75, PR 160, QRS 90, QT 380 and 45 degrees, each within what a reader would allow."""
    found = measure(build())

    assert found.heart_rate_bpm == pytest.approx(75, rel=0.01)
    assert found.pr_ms == pytest.approx(160, abs=20)
    assert found.qrs_ms == pytest.approx(90, abs=15)
    assert found.qt_ms == pytest.approx(380, abs=25)
    assert found.qrs_axis_deg == pytest.approx(45, abs=4)
    assert found.p_axis_deg == pytest.approx(45, abs=15)
    assert found.t_axis_deg == pytest.approx(45, abs=8)


def test_fridericia_by_hand() -> None:
    """QT 400 ms at RR 0.729 s = 0.9 cubed: 400 / 0.9."""
    assert fridericia(400, 0.729) == pytest.approx(444.44, abs=0.01)
    assert fridericia(400, 1.0) == 400


@pytest.mark.parametrize(
    ("i", "avf", "degrees"),
    [(1, 0, 0), (0, 1, 90), (-1, 0, 180), (0, -1, -90), (1, np.sqrt(3) / 2, 45)],
)
def test_axis_by_hand(i: float, avf: float, degrees: float) -> None:
    """Lead aVF sees a vector at 90 degrees at sqrt(3)/2 of what lead I sees of one at 0."""
    assert axis(i, avf) == pytest.approx(degrees)


def _close(a: Record, b: Record) -> None:
    """Check that both records measure alike."""
    for one, other, most in zip(
        astuple(measure(a)), astuple(measure(b)), (1, 12, 12, 16, 16, 12, 5, 8), strict=True
    ):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert one == pytest.approx(other, abs=most)


VARIANTS: dict[str, Callable[[Record], Record]] = {
    "lead order": lambda r: replace(r, signal=r.signal[::-1].copy(), leads=r.leads[::-1]),
    "gain": lambda r: replace(r, signal=2 * r.signal),
    "offset": lambda r: replace(r, signal=r.signal + np.float32(1.5)),
    "a missing chest lead": lambda r: replace(r, signal=_blank(r.signal, 9, slice(None))),
    "two seconds missing": lambda r: replace(
        r, signal=_blank(r.signal, slice(None), slice(2000, 3000))
    ),
}


def _blank(signal: Signal, rows: int | slice, columns: slice) -> Signal:
    """Return a copy of *signal* with a part of it missing."""
    signal = signal.copy()
    signal[rows, columns] = np.nan
    return signal


@pytest.mark.parametrize("name", VARIANTS)
def test_what_must_not_matter(name: str) -> None:
    """Lead order, gain, offset, a missing lead, a gap."""
    record = build()
    if name == "two seconds missing":
        assert measure(VARIANTS[name](record)).pr_ms == pytest.approx(160, abs=25)
    else:
        _close(record, VARIANTS[name](record))


@pytest.mark.parametrize("rate", [125.0, 250.0, 360.0, 1000.0])
def test_the_sampling_rate_does_not_matter(rate: float) -> None:
    """Within a few samples of the coarser rate."""
    _close(build(500), build(rate))


def test_without_a_p_wave_there_is_no_pr() -> None:
    """Empty rather than wrong; the rest is measured."""
    found = measure(build(p_wave=False))

    assert found.pr_ms is None
    assert found.p_axis_deg is None
    assert found.qrs_ms is not None


def test_unknown_scale_has_no_axis() -> None:
    """Ratios between leads mean nothing there; intervals do."""
    found = measure(replace(build(), scale=Scale.UNKNOWN))

    assert found.qrs_axis_deg is None
    assert found.t_axis_deg is None
    assert found.qrs_ms is not None


def test_noise_and_silence_have_no_beats(noise_record: Record) -> None:
    """A flat line has nothing; white noise has no PR and no QT that a heart could have."""
    flat = Record(np.zeros((12, 5000), np.float32), LEADS, 500)

    assert set(astuple(measure(flat))) == {None}
    assert measure(noise_record).pr_ms is None


def test_one_lead_is_enough_for_rate_and_intervals() -> None:
    """Lead II alone: no axis."""
    record = build()
    found = measure(Record(record.signal[1:2], (Lead.II,), record.rate))

    assert found.heart_rate_bpm == pytest.approx(75, rel=0.01)
    assert found.qrs_ms == pytest.approx(90, abs=20)
    assert found.qrs_axis_deg is None


def test_agrees_with_the_simulators_own_truth() -> None:
    """Noise-free conducted beats: the share within rate 2 %, PR 20, QRS 20 and QT 40 ms."""
    within: dict[str, list[bool]] = {"rate": [], "pr": [], "qrs": [], "qt": []}
    for seed in range(120):
        rng = np.random.default_rng([9, seed])
        codes = draw_statements(rng)
        if not codes & SINUS or codes & {"3AVB", "PVC", "PAC", "BIGU", "WPW"}:
            continue
        made = simulate(codes, rng, noise=False)
        truth, found = made.truth, measure(made.record)
        onset = truth.qrs_on
        pairs = {
            "rate": (found.heart_rate_bpm, 60 / np.median(np.diff(onset)), 0.02 * 60),
            "pr": (found.pr_ms, 1e3 * np.median(onset - truth.p_on), 20),
            "qrs": (found.qrs_ms, 1e3 * np.median(truth.qrs_off - onset), 20),
            "qt": (found.qt_ms, 1e3 * np.median(truth.t_off - onset), 40),
        }
        for name, (value, expected, most) in pairs.items():
            within[name].append(value is not None and bool(abs(value - expected) <= most))

    shares = {name: np.mean(hits) for name, hits in within.items()}
    assert len(within["pr"]) > 60
    assert shares["rate"] >= 0.97
    assert shares["pr"] >= 0.88
    assert shares["qrs"] >= 0.95
    assert shares["qt"] >= 0.9


@pytest.mark.parametrize(
    ("code", "most"), [("AFIB", 2), ("AFLT", 8), ("3AVB", 0), ("PACE", 1), ("SVTAC", 1)]
)
def test_rhythms_without_conducted_p_waves_have_no_pr(code: str, most: int) -> None:
    """Of thirty noisy simulated records hardly any gets one; flutter is the hardest."""
    wrong = sum(
        measure(simulate((code,), np.random.default_rng(seed)).record).pr_ms is not None
        for seed in range(30)
    )

    assert wrong <= most


@pytest.mark.data
def test_beats_agree_with_neurokit_on_real_records(shared_data: Path) -> None:
    """F1 of at least .98 within 80 ms, over 24 recordings of folds 1 to 8."""
    entries = open_corpus("ptb-xl", shared_data / "ptb-xl").entries(range(1, 9))[::14][:24]
    right = ours = theirs = 0
    for entry in entries:
        record = entry.load()
        lead = record.lead(Lead.II)
        clean = neurokit2.ecg_clean(lead, sampling_rate=500)
        _, answer = neurokit2.ecg_peaks(clean, sampling_rate=500)
        expected = np.asarray(answer["ECG_R_Peaks"])
        found = find_beats(record)
        inside = [(x > 150) & (x < 4850) for x in (expected, found)]
        expected, found = expected[inside[0]], found[inside[1]]
        ours, theirs = ours + len(found), theirs + len(expected)
        right += sum(np.abs(found - x).min(initial=9999) <= 40 for x in expected)

    assert 2 * right / (ours + theirs) >= 0.98


@pytest.mark.data
def test_pr_is_measured_where_it_exists(shared_data: Path) -> None:
    """Of raw recordings in sinus rhythm at least 90 % get a PR; hardly any in fibrillation."""
    entries = open_corpus("ptb-xl", shared_data / "ptb-xl").entries(range(1, 9))
    fibrillating = [e for e in entries if "AFIB" in e.statements]
    sinus = [e for e in entries if "SR" in e.statements and "AFIB" not in e.statements][::3]

    with_pr = [measure(e.load()).pr_ms is not None for e in sinus]
    wrong = [measure(e.load()).pr_ms is not None for e in fibrillating]

    assert np.mean(with_pr) >= 0.9
    assert len(wrong) >= 5
    assert np.mean(wrong) <= 0.15


@pytest.mark.parametrize("n", [2, 3, 4, 5, 12, 13])
def test_the_median_of_all_others_is_that_of_a_slow_loop(n: int) -> None:
    """With ties, too."""
    rows = np.random.default_rng(n).integers(0, 4, (n, 50)).astype(np.float64)
    slow = [np.median(np.delete(rows, i, axis=0), axis=0) for i in range(n)]
    np.testing.assert_array_equal(_median_of_others(rows), slow)


@pytest.mark.parametrize("codes", [("NORM", "SR"), ("AFIB",), ("CLBBB",), ("PACE",), ("BIGU",)])
@pytest.mark.parametrize("seconds", [1.0, 2.5, 10.0])
def test_measurements_and_bounds_are_the_same_together(
    codes: tuple[str, ...], seconds: float
) -> None:
    """As each alone; of short records, too, where one or both cannot be told."""
    record = simulate(codes, np.random.default_rng(3)).record
    record = replace(record, signal=record.signal[:, : round(seconds * record.rate)])
    beats = average_beats(record)

    found = measure_and_bound(record, beats)

    assert found == (measure(record), find_bounds(beats))
