"""Tests of the clinical criteria, measured here on the noise-free signal of many patients.

The measurements are written anew, from the simulated leads and the true QRS onset and end;
nothing of `precord.simulate.criterion` is used.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from precord.leads import LEADS, Lead
from precord.simulate import simulate

RATE = 500.0
N = 12  # patients per criterion


@dataclass(frozen=True)
class _Found:
    """What a reader measures on the median beat; mV by lead, seconds, degrees."""

    r: dict[Lead, float]
    s: dict[Lead, float]
    st: dict[Lead, float]
    t: dict[Lead, float]
    first: dict[Lead, tuple[float, float]]  # lowest and highest in the first 40 ms
    late: dict[Lead, tuple[float, float]]  # the same behind 60 ms
    axis: float
    qrs: float
    p: float  # largest P wave in any lead


def _measure(*codes: str, seed: int) -> _Found:
    """Return the measurements of one patient with *codes*."""
    made = simulate(codes, np.random.default_rng([7, seed]), rate=RATE, noise=False)
    signal, truth = made.record.signal.astype(float), made.truth
    use = truth.is_conducted & (truth.qrs_on > 0.35) & (truth.qrs_on < 9.2)
    starts = [round((on - 0.3) * RATE) for on in truth.qrs_on[use]]
    beat = np.median([signal[:, s : s + 450] for s in starts], axis=0)
    on = 150
    beat -= beat[:, on - 3 : on - 1].mean(axis=1, keepdims=True)
    qrs = float(np.median(truth.qrs_off - truth.qrs_on))
    off = on + round(qrs * RATE)
    end = on + round(float(np.median(truth.t_off - truth.qrs_on)) * RATE)
    t_wave = beat[:, off + 30 : end]
    extreme = np.take_along_axis(t_wave, np.abs(t_wave).argmax(axis=1)[:, None], axis=1)[:, 0]
    area = beat[:, on:off].sum(axis=1)
    return _Found(
        r=_by_lead(beat[:, on:off].max(axis=1)),
        s=_by_lead(-beat[:, on:off].min(axis=1)),
        st=_by_lead(beat[:, off + 10]),
        t=_by_lead(extreme),
        first=_range(beat[:, on : on + 20]),
        late=_range(beat[:, on + 30 : off + 3]),
        axis=float(np.degrees(np.arctan2(area[5] * 2 / 3**0.5, area[0]))),
        qrs=qrs,
        p=float(np.abs(beat[:, : on - 5]).max()),
    )


def _by_lead(values: np.ndarray) -> dict[Lead, float]:
    """Return *values* by lead."""
    return dict(zip(LEADS, values.tolist(), strict=True))


def _range(signal: np.ndarray) -> dict[Lead, tuple[float, float]]:
    """Return the lowest and the highest value by lead."""
    pairs = zip(signal.min(axis=1).tolist(), signal.max(axis=1).tolist(), strict=True)
    return dict(zip(LEADS, pairs, strict=True))


def _all(*codes: str) -> list[_Found]:
    """Return the measurements of several patients."""
    return [_measure(*codes, seed=seed) for seed in range(N)]


def test_normal() -> None:
    """Of 150 patients: axis, voltage, P below 0.25 mV and ST normal in (nearly) all."""
    found = [_measure("NORM", seed=seed) for seed in range(150)]
    checks = {
        "axis": [-30 <= f.axis <= 90 for f in found],
        "rS in V1": [0.03 < f.r[Lead.V1] < f.s[Lead.V1] for f in found],
        "r progression": [f.r[Lead.V1] < f.r[Lead.V2] < f.r[Lead.V3] for f in found],
        "R in V5": [f.s[Lead.V5] < f.r[Lead.V5] < 2.7 for f in found],
        "no LVH": [f.s[Lead.V1] + f.r[Lead.V5] < 3.5 for f in found],
        "no low voltage": [max(f.r[i] + f.s[i] for i in LEADS[:6]) > 0.5 for f in found],
        "T upright": [min(f.t[i] for i in (Lead.II, Lead.V4, Lead.V5)) > 0.04 for f in found],
        "P": [0.04 < f.p < 0.25 for f in found],
        "ST": [max(abs(f.st[i]) for i in (*LEADS[:6], Lead.V5)) < 0.1 for f in found],
        "QRS": [0.075 < f.qrs < 0.11 for f in found],
        "no Q": [f.first[Lead.AVF][0] > -0.15 and f.first[Lead.V2][1] > 0.05 for f in found],
    }
    shares = {name: float(np.mean(hits)) for name, hits in checks.items()}
    assert {name: share for name, share in shares.items() if share < 0.93} == {}


def test_left_bundle_branch_block() -> None:
    """120 to 170 ms, no septal q, broad R in I and V6, QS or rS in V1, T against QRS."""
    for f in _all("CLBBB"):
        assert 0.12 <= f.qrs <= 0.17
        assert f.first[Lead.V6][0] > -0.03
        assert f.r[Lead.V6] > 0.4
        assert f.s[Lead.V6] < 0.1
        assert f.s[Lead.V1] > 2.5 * f.r[Lead.V1]
        assert f.t[Lead.V6] < 0 < f.t[Lead.V1]


def test_right_bundle_branch_block() -> None:
    """At least 120 ms, late R' in V1, late S in I and V6, T inverted in V1, upright in V6."""
    for f in _all("CRBBB"):
        assert f.qrs >= 0.12
        assert f.late[Lead.V1][1] > 0.3
        assert f.late[Lead.I][0] < -0.08
        assert f.late[Lead.V6][0] < -0.15
        assert f.t[Lead.V1] < 0 < f.t[Lead.V6]


def test_fascicular_blocks() -> None:
    """LAFB: -45 to -90 degrees, q in aVL, r before S in aVF; LPFB: above 90, r before S in I."""
    for f in _all("LAFB"):
        assert -90 <= f.axis <= -44
        assert f.first[Lead.AVF][1] > 0.1
        assert f.first[Lead.AVL][0] < -0.03
        assert f.s[Lead.II] > f.r[Lead.II]
    for f in _all("LPFB"):
        assert 90 <= f.axis <= 180
        assert f.s[Lead.I] > f.r[Lead.I]
        assert f.r[Lead.III] > f.s[Lead.III]


@pytest.mark.parametrize("code", ["LVH", "VCLVH"])
def test_left_ventricular_hypertrophy(code: str) -> None:
    """S in V1 and R in V5 above 3.5 mV; no other statement's voltage reaches it."""
    for f in _all(code):
        assert f.s[Lead.V1] + f.r[Lead.V5] > 3.5
    for other in ("IMI", "ISC_", "1AVB", "IRBBB"):
        for f in _all(other):
            assert f.s[Lead.V1] + f.r[Lead.V5] < 3.5


def test_strain_is_against_qrs() -> None:
    """Where T in V5 is negative, ST there is depressed; that is so in some patients, not all."""
    found = _all("LVH")
    strained = [f for f in found if f.t[Lead.V5] < 0]
    assert 2 <= len(strained) < N
    assert all(f.st[Lead.V5] < -0.02 for f in strained)


def test_right_ventricular_hypertrophy() -> None:
    """Axis above 90, R in V1 above S, S in V6."""
    for f in _all("RVH"):
        assert f.axis > 90
        assert f.r[Lead.V1] > f.s[Lead.V1]
        assert f.s[Lead.V6] > 0.1


def test_low_voltage() -> None:
    """No deflection above 0.5 mV in a limb lead."""
    for f in _all("LVOLT"):
        assert max(max(f.r[i], f.s[i]) for i in LEADS[:6]) < 0.5


@pytest.mark.parametrize(
    ("code", "leads", "opposite"),
    [
        ("IMI", (Lead.III, Lead.AVF), Lead.AVL),
        ("ASMI", (Lead.V1, Lead.V2), None),
        ("AMI", (Lead.V2, Lead.V3), None),
        ("ALMI", (Lead.AVL, Lead.V4), Lead.III),
        ("LMI", (Lead.AVL, Lead.V6), Lead.III),
    ],
)
def test_infarctions(code: str, leads: tuple[Lead, ...], opposite: Lead | None) -> None:
    """Each patient has a Q wave or ST elevation in its leads; then the mirror is depressed.

    Between acute and old, ST may be raised in some of them, and the Q wave is there.
    """
    acute = 0
    for seed in range(30):
        f = _measure(code, seed=seed)
        is_raised = all(f.st[lead] > 0.09 for lead in leads)
        is_dead = all(f.first[lead][0] < -0.08 for lead in leads)
        assert is_raised or is_dead, (seed, f.first, f.st)
        acute += is_raised
        if is_raised and opposite is not None:
            assert f.st[opposite] < -0.04
        if not is_raised and max(f.st[lead] for lead in leads) > 0.1:
            assert is_dead
            assert min(f.st[lead] for lead in leads) > 0.04
        elif not is_raised:
            assert max(abs(f.st[lead]) for lead in leads) < 0.1, "old: no more than normal"
    assert 3 <= acute <= 20


@pytest.mark.parametrize(
    ("code", "leads"),
    [
        ("ISCAL", (Lead.I, Lead.V4, Lead.V5)),
        ("ISCIN", (Lead.II, Lead.III, Lead.AVF)),
        ("ISCAS", (Lead.V1, Lead.V2)),
        ("ISCIL", (Lead.II, Lead.AVF, Lead.V6)),
        ("ISCLA", (Lead.I, Lead.AVL, Lead.V6)),
        ("INVT", (Lead.II, Lead.V5)),
    ],
)
def test_ischaemia(code: str, leads: tuple[Lead, ...]) -> None:
    """T is inverted in the leads of the territory, in eleven of twelve patients at least."""
    hits = sum(all(f.t[lead] < -0.02 for lead in leads) for f in _all(code))
    assert hits >= N - 1


def test_st_depression_and_flat_t() -> None:
    """STD_: ST below -0.05 mV in V5; NDT and LOWT: T below a tenth of R there."""
    assert sum(f.st[Lead.V5] < -0.05 for f in _all("STD_")) >= N - 1
    for code in ("NDT", "LOWT"):
        assert sum(abs(f.t[Lead.V5]) < 0.15 * f.r[Lead.V5] for f in _all(code)) >= N - 1


def test_pre_excitation() -> None:
    """PR below 120 ms, QRS at least 120 ms, and no isoelectric first 30 ms."""
    for seed in range(N):
        made = simulate(("WPW",), np.random.default_rng(seed), noise=False)
        truth = made.truth
        assert np.median(truth.qrs_on - truth.p_on) < 0.12
        assert np.median(truth.qrs_off - truth.qrs_on) >= 0.12


@pytest.mark.parametrize("code", ["PMI", "IPMI", "IPLMI"])
def test_posterior_infarction_is_a_mirror_image(code: str) -> None:
    """R above S in V2, or, while acute, ST depressed; inferior ones are seen in aVF as well."""
    acute = 0
    for seed in range(30):
        f = _measure(code, seed=seed)
        is_acute = f.st[Lead.V2] < -0.06
        assert is_acute or f.r[Lead.V2] > f.s[Lead.V2]
        acute += is_acute
        if code != "PMI":
            assert f.first[Lead.AVF][0] < -0.06 or f.st[Lead.AVF] > 0.09
    assert 3 <= acute <= 22


@pytest.mark.parametrize(
    ("code", "leads", "free"),
    [
        ("INJAS", (Lead.V1, Lead.V2, Lead.V3), Lead.AVF),
        ("INJAL", (Lead.V3, Lead.V4, Lead.V5), Lead.III),
        ("INJLA", (Lead.I, Lead.AVL, Lead.V6), Lead.V2),
        ("INJIN", (Lead.II, Lead.III, Lead.AVF), Lead.V2),
        ("INJIL", (Lead.II, Lead.AVF, Lead.V6), Lead.V1),
    ],
)
def test_subendocardial_injury(code: str, leads: tuple[Lead, ...], free: Lead) -> None:
    """ST depressed in the leads of the wall, and less or not at all away from it."""
    found = _all(code)
    assert sum(all(f.st[lead] < -0.04 for lead in leads) for f in found) >= N - 1
    assert all(f.st[free] > min(f.st[lead] for lead in leads) + 0.03 for f in found)


def test_right_atrium() -> None:
    """P above 0.25 mV in some lead, in nearly all patients; in none of the normal."""
    assert sum(f.p > 0.25 for f in _all("RAO/RAE")) >= N - 1
    assert not any(f.p > 0.25 for f in _all("NORM"))


def test_drugs_and_electrolytes() -> None:
    """Digitalis: ST down, QT short. Potassium: T of V3 tall where it is high, flat where low."""
    for seed in range(N):
        made = simulate(("DIG",), np.random.default_rng(seed), noise=False)
        rr = np.median(np.diff(made.truth.qrs_on))
        assert np.median(made.truth.t_off - made.truth.qrs_on) / np.cbrt(rr) < 0.38
    assert sum(f.st[Lead.V5] < -0.05 for f in _all("DIG")) >= N - 1
    tall = {"high": [], "low": []}  # type: dict[str, list[float]]
    for seed in range(40):
        made = simulate(("EL",), np.random.default_rng([7, seed]), noise=False)
        text = " ".join(made.reports.values()).casefold()
        for kind, words in (("high", ("hyperk",)), ("low", ("hypok",))):
            if any(word in text for word in words):
                tall[kind].append(_measure("EL", seed=seed).t[Lead.V3])
    assert min(len(values) for values in tall.values()) >= 5
    assert np.median(tall["high"]) > 3 * np.median(np.abs(tall["low"]))


def test_st_elevation_and_q_waves_of_no_age() -> None:
    """STE_: ST of V3 above 0.1 mV with T upright. QWAVE: a Q somewhere, ST on the line."""
    assert sum(f.st[Lead.V3] > 0.1 and f.t[Lead.V3] > 0 for f in _all("STE_")) >= N - 2
    for f in _all("QWAVE"):
        assert min(f.first[lead][0] for lead in LEADS if lead is not Lead.AVR) < -0.08
        assert max(abs(f.st[lead]) for lead in (Lead.AVF, Lead.AVL, Lead.V6)) < 0.1
