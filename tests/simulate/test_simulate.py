"""Tests of precord.simulate: laws, rhythms and criteria, measured on the noise-free signal."""

from dataclasses import astuple
from itertools import combinations, pairwise

import neurokit2
import numpy as np
import pytest

from precord.errors import QueryError
from precord.leads import LEADS, Lead
from precord.record import Record, Sex
from precord.simulate import SUPPORTED, Simulated, check, draw_statements, simulate
from precord.simulate.findings import RHYTHMS

SEEDS = range(6)


def _simulate(*codes: str, seed: int = 0, rate: float = 500.0, noise: bool = False) -> Simulated:
    """Return an ECG of *codes*."""
    return simulate(codes, np.random.default_rng(seed), rate=rate, noise=noise)


def _lead(simulated: Simulated, lead: Lead) -> np.ndarray:
    """Return one lead, mV."""
    found = simulated.record.lead(lead)
    if found is None:
        raise ValueError(lead)
    return found


def _beat(simulated: Simulated, lead: Lead, start: float, stop: float) -> np.ndarray:
    """Return (beats, samples) of *lead*, from *start* to *stop* seconds after QRS onset."""
    signal, rate = _lead(simulated, lead), simulated.record.rate
    onsets = [t for t in simulated.truth.qrs_on if t + start > 0 and t + stop < 10]
    return np.stack(
        [signal[round((t + start) * rate) :][: round((stop - start) * rate)] for t in onsets]
    )


@pytest.mark.parametrize("code", sorted(SUPPORTED))
def test_limb_leads_obey_einthoven_and_goldberger(code: str) -> None:
    """II = I + III and the augmented leads, to rounding, with noise and for every statement."""
    i, ii, iii, avr, avl, avf = (
        row.astype(np.float64) for row in _simulate(code, noise=True).record.signal[:6]
    )

    np.testing.assert_allclose(ii, i + iii, atol=2e-6)
    np.testing.assert_allclose(avr, -(i + ii) / 2, atol=2e-6)
    np.testing.assert_allclose(avl, (i - iii) / 2, atol=2e-6)
    np.testing.assert_allclose(avf, (ii + iii) / 2, atol=2e-6)


def test_a_seed_gives_the_same_bits() -> None:
    """And another seed gives another patient."""
    one, same, other = (_simulate("AFIB", seed=s, noise=True) for s in (3, 3, 4))

    assert one.record.digest() == same.record.digest() != other.record.digest()
    assert one.reports == same.reports


@pytest.mark.parametrize("code", sorted(SUPPORTED - {"PACE"}))
def test_rates_agree(code: str) -> None:
    """The same heart at 100 and 500 Hz, without noise, is the same signal to one step."""
    fast, slow = _simulate(code), _simulate(code, rate=100.0)

    np.testing.assert_allclose(fast.record.signal[:, ::5], slow.record.signal, atol=0.0041)
    assert fast.reports == slow.reports


def test_a_pacemakers_spike_is_seen_at_any_rate() -> None:
    """A wave too narrow for 100 Hz is widened, not lost: the rest of the beat is the same."""
    fast, slow = _simulate("PACE"), _simulate("PACE", rate=100.0)

    for made in (fast, slow):
        spikes = _beat(made, Lead.II, -0.04, 0.01)
        assert np.all(spikes.max(axis=1) - spikes[:, 0] > 0.1)
    since = fast.truth.qrs_on[:, None] - np.arange(1000) / 100
    away = np.abs(since).min(axis=0) > 0.04
    difference = fast.record.signal[:, ::5] - slow.record.signal
    assert np.abs(difference[:, away]).max() < 0.0041


@pytest.mark.parametrize(
    ("code", "low", "high"), [("SBRAD", 40, 60), ("SR", 60, 100), ("STACH", 100, 150)]
)
def test_sinus_rates(code: str, low: float, high: float) -> None:
    """The rate is what the statement says; every beat is conducted and has a P wave."""
    for seed in SEEDS:
        truth = _simulate(code, seed=seed).truth
        assert low <= 60 / np.median(np.diff(truth.qrs_on)) <= high
        assert truth.is_conducted.all()
        assert np.isfinite(truth.p_on).all()


def test_fibrillation_is_irregular_and_has_no_p() -> None:
    """RR intervals vary by more than a tenth, one says little of the next."""
    spreads, echoes = [], []
    for seed in range(20):
        truth = _simulate("AFIB", seed=seed).truth
        rr = np.diff(truth.qrs_on)
        spreads.append(rr.std() / rr.mean())
        echoes.append(np.corrcoef(rr[:-1], rr[1:])[0, 1])
        assert np.isnan(truth.p_on).all()
    assert np.median(spreads) > 0.12
    assert abs(np.median(echoes)) < 0.3


def test_complete_block_is_dissociated() -> None:
    """The ventricles are slow and regular, and no beat is conducted."""
    for seed in SEEDS:
        truth = _simulate("3AVB", seed=seed).truth
        rr = np.diff(truth.qrs_on)
        assert 20 <= 60 / rr.mean() <= 60
        assert rr.std() / rr.mean() < 0.05
        assert not truth.is_conducted.any()


def test_first_degree_block_has_a_long_pr() -> None:
    """Above 200 ms; without it below."""
    for seed in SEEDS:
        blocked, normal = (_simulate(c, seed=seed).truth for c in ("1AVB", "NORM"))
        assert (blocked.qrs_on - blocked.p_on).min() > 0.2
        assert (normal.qrs_on - normal.p_on).max() < 0.2


def test_a_premature_ventricular_beat_has_a_compensatory_pause() -> None:
    """It comes early, is wide and without P, and the two intervals make two of the sinus."""
    seen = 0
    for seed in SEEDS:
        truth = _simulate("PVC", seed=seed).truth
        rr = np.diff(truth.qrs_on)
        for i in np.flatnonzero(~truth.is_conducted):
            if not 0 < i < len(rr):
                continue
            seen += 1
            assert rr[i - 1] < 0.85 * np.median(rr)
            assert rr[i - 1] + rr[i] == pytest.approx(2 * np.median(rr), rel=0.08)
            assert truth.qrs_off[i] - truth.qrs_on[i] > 0.12
            assert np.isnan(truth.p_on[i])
    assert seen >= 5


def test_a_premature_atrial_beat_resets_the_sinus_node() -> None:
    """It comes early with its own P wave, and no pause makes up for it."""
    for seed in SEEDS:
        truth = _simulate("PAC", seed=seed).truth
        rr = np.diff(truth.qrs_on)
        early = np.flatnonzero(rr < 0.8 * np.median(rr))
        assert len(early)
        assert truth.is_conducted.all()
        for i in early[early < len(rr) - 1]:
            assert rr[i] + rr[i + 1] < 1.9 * np.median(rr)


@pytest.mark.parametrize(
    ("code", "low", "high"),
    [("NORM", 0.07, 0.11), ("CLBBB", 0.12, 0.18), ("CRBBB", 0.12, 0.16), ("IRBBB", 0.1, 0.12)],
)
def test_qrs_duration(code: str, low: float, high: float) -> None:
    """As the criteria of each conduction disorder demand."""
    for seed in SEEDS:
        truth = _simulate(code, seed=seed).truth
        assert low <= np.median(truth.qrs_off - truth.qrs_on) <= high


@pytest.mark.parametrize("code", ["NORM", "LVH", "CLBBB", "CRBBB", "IMI", "PVC"])
def test_a_reader_sees_a_little_less_of_qrs(code: str) -> None:
    """30 uV in a lead come up to 16 ms after the waves begin, or before they end; not sooner."""
    for seed in SEEDS:
        truth = _simulate(code, seed=seed).truth
        assert (np.abs(truth.seen_on - truth.qrs_on) < 0.016).all()
        assert (np.abs(truth.seen_off - truth.qrs_off) < 0.016).all()
        assert (truth.seen_on < truth.r_peaks).all()
        assert (truth.r_peaks < truth.seen_off).all()


def test_what_a_reader_sees_first_is_in_the_leads() -> None:
    """A normal beat's level holds to 30 uV until it is seen, and is left 8 ms later."""
    for seed in SEEDS:
        made = _simulate("NORM", seed=seed)
        for on in made.truth.seen_on[1:-1]:
            at = round(on * 500)
            level = made.record.signal[:, at - 10 : at - 6].mean(axis=1, keepdims=True)
            before = np.abs(made.record.signal[:, at - 6 : at - 1] - level)
            after = np.abs(made.record.signal[:, at : at + 4] - level)
            assert before.max() < 0.05
            assert after.max() > 0.03


def test_long_qt() -> None:
    """QTc by Fridericia above 470 ms; in a normal ECG below 460."""
    for seed in SEEDS:
        for code, is_long in (("LNGQT", True), ("NORM", False)):
            truth = _simulate(code, seed=seed).truth
            rr = np.median(np.diff(truth.qrs_on))
            qtc = np.median(truth.t_off - truth.qrs_on) / np.cbrt(rr)
            assert (qtc > 0.47) if is_long else (qtc < 0.46)


def test_morphology_of_bundle_branch_blocks() -> None:
    """LBBB: V1 negative, V6 positive; RBBB: late R in V1, late S in V6."""
    for seed in SEEDS:
        left, right = _simulate("CLBBB", seed=seed), _simulate("CRBBB", seed=seed)
        assert _beat(left, Lead.V1, 0, 0.15).min() < -0.4
        assert _beat(left, Lead.V6, 0, 0.15).max() > 0.3
        assert _beat(left, Lead.V6, 0, 0.04).min() > -0.1, "no septal q"
        assert _beat(right, Lead.V1, 0.06, 0.15).max() > 0.25
        assert _beat(right, Lead.V6, 0.06, 0.15).min() < -0.1


def test_infarctions_have_their_q_waves() -> None:
    """Inferior: Q in aVF; anteroseptal: no initial r in V2; neither in a normal ECG.

    An acute infarction, seen by its ST segment, need not have any yet.
    """
    for seed in SEEDS:
        early, st = (0.0, 0.035), (0.13, 0.15)
        inferior, septal = _simulate("IMI", seed=seed), _simulate("ASMI", seed=seed)
        if _beat(inferior, Lead.AVF, *st).mean() < 0.1:
            assert _beat(inferior, Lead.AVF, *early).min() < -0.08
        if _beat(septal, Lead.V2, *st).mean() < 0.2:
            assert _beat(septal, Lead.V2, *early).max() < 0.15
        assert _beat(_simulate("NORM", seed=seed), Lead.AVF, *early).min() > -0.12
        assert _beat(_simulate("NORM", seed=seed), Lead.V2, *early).max() > 0.1


def test_voltage_criteria() -> None:
    """LVH by Sokolow and Lyon, Cornell or Romhilt and Estes, normal by none; low voltage."""
    for seed in SEEDS:
        share = {}  # of the limit of the criterion that is met best
        for code in ("LVH", "NORM"):
            found = _simulate(code, seed=seed)
            r = {lead: _beat(found, lead, 0, 0.12).max() for lead in (Lead.V5, Lead.AVL)}
            s = {lead: -_beat(found, lead, 0, 0.12).min() for lead in (Lead.V1, Lead.V3)}
            share[code] = max(
                (s[Lead.V1] + r[Lead.V5]) / 3.5,
                (r[Lead.AVL] + s[Lead.V3]) / 2.8,
                r[Lead.AVL] / 1.1,
                np.abs([_beat(found, lead, 0, 0.12) for lead in LEADS[:6]]).max() / 2.0,
            )
        assert share["LVH"] > 1.0 > share["NORM"]
        low = _simulate("LVOLT", seed=seed).record.signal[:6]
        assert np.ptp(low, axis=1).max() < 1.0


def test_normal_ecg_looks_normal() -> None:
    """Axis, R progression, upright T, P below 0.25 mV: over forty patients, nine in ten."""
    good = 0
    for seed in range(40):
        normal = _simulate("NORM", seed=seed)
        i = _beat(normal, Lead.I, 0, 0.11).sum(axis=1).mean()
        avf = _beat(normal, Lead.AVF, 0, 0.11).sum(axis=1).mean()
        r = [_beat(normal, lead, 0, 0.11).max() for lead in LEADS[6:]]
        good += (
            -30 <= np.rad2deg(np.arctan2(avf * 2 / 3**0.5, i)) <= 90
            and r[0] < r[4]
            and _beat(normal, Lead.II, 0.2, 0.4).max() > 0.05
            and _beat(normal, Lead.II, -0.2, -0.02).max() < 0.25
        )
    assert good >= 36


def test_drawn_statements_never_contradict(rng: np.random.Generator) -> None:
    """Two thousand draws all pass the check, with one rhythm each and normal ones among them."""
    drawn = [draw_statements(rng) for _ in range(2000)]

    assert all(check(codes) == codes for codes in drawn)
    assert all(len(codes & set(RHYTHMS)) == 1 for codes in drawn)
    assert 780 < sum("NORM" in codes for codes in drawn) < 980
    assert {code for codes in drawn for code in codes} > SUPPORTED - {"TRIGU", "ISCAN", "BIGU"}


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (("ANEUR",), "cannot simulate 'ANEUR'"),
        (("PMI", "CRBBB"), "contradicts"),
        (("QWAVE", "IMI"), "contradicts"),
        (("EL", "LNGQT"), "contradicts"),
        (("LVH", "LVOLT"), "contradicts"),
        (("2AVB", "PAC"), "contradicts"),
        (("NORM", "IMI"), "NORM contradicts IMI"),
        (("AFIB", "1AVB"), "contradicts"),
        (("CLBBB", "CRBBB"), "contradicts"),
        (("SR", "AFIB"), "contradicts"),
    ],
)
def test_what_cannot_be_is_refused(codes: tuple[str, ...], words: str) -> None:
    """On one line."""
    with pytest.raises(QueryError, match=words) as caught:
        _simulate(*codes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("rate", "duration"), [(0.0, 10.0), (float("nan"), 10.0), (1e9, 10.0), (100.0, 0.0)]
)
def test_a_recording_that_is_none_is_refused(rate: float, duration: float) -> None:
    """A rate or a duration that no ECG has."""
    with pytest.raises(QueryError, match="expected"):
        simulate(("NORM",), np.random.default_rng(0), rate=rate, duration=duration)


def test_every_allowed_pair_can_be_simulated() -> None:
    """Whatever two statements may stand together gives a finite, calibrated record."""
    for n, pair in enumerate(combinations(sorted(SUPPORTED), 2)):
        try:
            check(pair)
        except QueryError:
            continue
        record = _simulate(*pair, seed=n, rate=100.0).record
        assert np.isfinite(record.signal).all()
        assert np.abs(record.signal).max() < 12


@pytest.mark.parametrize("code", sorted(SUPPORTED))
def test_truth_is_in_order(code: str) -> None:
    """P, QRS and T of each beat follow each other, inside the recording, none twice."""
    truth = _simulate(code).truth

    rows = (truth.p_on, truth.p_off, truth.qrs_on, truth.r_peaks, truth.qrs_off, truth.t_off)
    for before, after in pairwise(rows):
        assert not (before >= after).any(), "NaN compares as absent"
    assert np.isnan(truth.p_on).tolist() == np.isnan(truth.p_off).tolist()
    assert (np.diff(truth.qrs_on) > 0.23).all()
    assert ((truth.qrs_on >= 0) & (truth.qrs_on < 10)).all()
    p_waves = truth.p_on[truth.p_on >= 0]
    assert np.isin(p_waves, truth.atrial).all(), "each P wave of a beat is one of the atria's"


def test_age_and_sex_are_kept_or_drawn() -> None:
    """What is given is what the record says."""
    record = simulate(("NORM",), np.random.default_rng(0), age=71, sex=Sex.FEMALE).record

    assert (record.acquisition.age, record.acquisition.sex) == (71, Sex.FEMALE)
    assert isinstance(record, Record)
    assert None not in astuple(_simulate("NORM").record.acquisition)[2:4]


@pytest.mark.parametrize(
    ("code", "share"),
    [
        *((code, 0.0) for code in ("NORM", "SBRAD", "STACH", "IMI", "AFIB", "CRBBB", "CLBBB")),
        ("PVC", 0.05),  # the program itself misses blunt ectopic beats now and then
    ],
)
def test_an_independent_program_finds_the_beats(code: str, share: float) -> None:
    """NeuroKit2 finds the QRS complexes of noise-free records, and nothing else."""
    found = missed = extra = 0
    for seed in SEEDS:
        made = _simulate(code, seed=seed)
        _, peaks = neurokit2.ecg_peaks(_lead(made, Lead.V5), sampling_rate=500)
        at = np.asarray(peaks["ECG_R_Peaks"]) / 500
        truth = made.truth
        seen = (truth.qrs_on > 0.3) & (truth.qrs_off < 9.6)
        for on, off in zip(truth.qrs_on[seen], truth.qrs_off[seen], strict=True):
            found += (hit := bool(((at > on - 0.02) & (at < off + 0.02)).any()))
            missed += not hit
        inside = at[(at > 0.5) & (at < 9.4)]
        extra += sum(
            not ((truth.qrs_on - 0.02 < t) & (t < truth.qrs_off + 0.02)).any() for t in inside
        )
    assert missed <= share * found
    assert extra <= share * found


def test_r_peaks_are_where_the_ecg_is_largest() -> None:
    """In normal ECGs the largest deflection of any lead lies within 25 ms of the R peak."""
    for seed in SEEDS:
        made = _simulate("NORM", seed=seed)
        for peak in made.truth.r_peaks[1:-1]:
            start = round((peak - 0.06) * 500)
            size = np.linalg.norm(made.record.signal[6:, start : start + 60], axis=0)
            assert abs((start + size.argmax()) / 500 - peak) < 0.025
