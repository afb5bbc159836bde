"""Tests of precord.signal.features: numbers known by construction, and what must not change them.

`_build` of test_measure draws an ECG whose intervals and axis are known exactly.
"""

from dataclasses import replace

import numpy as np
import pytest

from precord.leads import LEADS
from precord.record import Record, Scale
from precord.signal.features import FEATURES, extract_features
from precord.signal.prepare import prepare
from precord.simulate import simulate
from tests.signal.test_measure import PR, QRS, QT, build


def _named(record: Record) -> dict[str, float]:
    """Return the features of *record* by name."""
    return dict(zip(FEATURES, extract_features(prepare(record)).tolist(), strict=True))


def _simulate(*codes: str, seed: int = 1) -> Record:
    """Return a simulated record."""
    return simulate(codes, np.random.default_rng(seed)).record


def test_a_drawn_ecg_gives_the_numbers_it_was_drawn_with() -> None:
    """75/min, regular, one kind of beat; P, R and T where and as high as they were put."""
    found = _named(build())

    assert found["heart_rate_bpm"] == pytest.approx(75, abs=0.5)
    assert found["mean_rate_bpm"] == pytest.approx(75, abs=0.5)
    assert found["pr_ms"] == pytest.approx(1000 * PR, abs=20)
    assert found["qrs_ms"] == pytest.approx(1000 * QRS, abs=25)
    assert found["qt_ms"] == pytest.approx(1000 * QT, abs=30)
    assert found["cos_qrs_axis_deg"] == pytest.approx(np.cos(np.pi / 4), abs=0.05)
    assert found["cos_qrs_t_angle"] == pytest.approx(1, abs=0.05)
    assert found["early"] == found["late"] == found["other_kind"] == 0
    assert found["rr_deviation"] < 0.02
    assert found["p_likeness"] > 0.95
    assert found["r_II"] == pytest.approx(1, abs=0.15)
    assert found["r_V1"] < 0.2
    assert found["s_V1"] > 0.8
    assert found["t_highest_II"] == pytest.approx(0.25, abs=0.08)
    assert found["p_highest_II"] == pytest.approx(0.12, abs=0.04)
    assert abs(found["j_40_II"]) < 0.05


def test_leads_of_any_size_say_the_same() -> None:
    """Without millivolts, each lead enlarged by its own factor: axes come from Einthoven's law."""
    record = _simulate("ASMI", "LAFB")
    factors = np.exp(np.random.default_rng(0).normal(0, 0.7, (len(LEADS), 1))).astype(np.float32)
    scaled = replace(record, signal=record.signal * factors, scale=Scale.UNKNOWN)

    one, other = extract_features(prepare(record)), extract_features(prepare(scaled))

    known = ~np.isnan(one) & ~np.isnan(other)
    assert known.mean() > 0.95
    close = np.isclose(one[known], other[known], rtol=0.05, atol=0.02)
    assert close.mean() > 0.97


def test_absent_leads_are_nan_and_the_others_stay() -> None:
    """V1 and V6 taken away: only their own waves are gone."""
    record = _simulate("NORM")
    signal = record.signal.copy()
    signal[[6, 11]] = np.nan

    whole, fewer = _named(record), _named(replace(record, signal=signal))

    gone = {name for name in FEATURES if np.isnan(fewer[name]) and not np.isnan(whole[name])}
    assert gone == {n for n in FEATURES if n.endswith(("_V1", "_V6"))} | {"rest_size_v1"}
    assert fewer["r_II"] == pytest.approx(whole["r_II"], abs=0.05)


def test_fibrillation_is_irregular_and_restless() -> None:
    """Beside a sinus rhythm: RR intervals vary, and no two stretches before QRS are alike."""
    normal, fibrillating = _named(_simulate("NORM", "SR")), _named(_simulate("AFIB"))

    assert fibrillating["rr_deviation"] > 3 * normal["rr_deviation"]
    assert fibrillating["p_likeness"] < normal["p_likeness"]


def test_a_premature_beat_of_another_kind_is_counted() -> None:
    """In bigeminy every second beat."""
    found = _named(_simulate("BIGU"))

    assert found["early_other_kind"] >= 3
    assert 0.3 <= found["other_kind_share"] <= 0.6


@pytest.mark.parametrize("seconds", [1.0, 2.5])
def test_a_short_record_has_what_can_be_told(seconds: float) -> None:
    """Nothing escapes, and a rhythm is told from three intervals on."""
    record = _simulate("NORM")
    short = replace(record, signal=record.signal[:, : round(seconds * record.rate)])

    found = _named(short)

    assert not np.isinf(list(found.values())).any()
    assert np.isnan(found["rr_deviation"]) or found["beats"] > 3


def test_noise_and_flat_lines_do_not_fail(noise_record: Record) -> None:
    """Whatever comes, a row of the right length comes back; of a flat line nothing is known."""
    assert extract_features(prepare(noise_record)).shape == (len(FEATURES),)
    flat = replace(noise_record, signal=np.zeros_like(noise_record.signal))
    assert np.isnan(extract_features(prepare(flat))).all()


def test_names_are_unique() -> None:
    """One name, one column."""
    assert len(set(FEATURES)) == len(FEATURES)
