"""Tests of consensus, critical findings and doubt, by numbers worked by hand."""

from pathlib import Path

import numpy as np
import pytest

from precord.encoder import QueryEncoding
from precord.errors import ModelError
from precord.evaluate.calibrate import cross_fit, fit_curve, reliability, split_patients
from precord.library.protocol import Vectors
from precord.record import Measurements
from precord.relevance import StatementTable
from precord.report import Source
from precord.retrieve.abstain import Closeness, Verdict, doubt
from precord.retrieve.calibration import FILE, Calibration, Curve
from precord.retrieve.consensus import ask, find_neighbours
from precord.retrieve.witness import Question, hear
from precord.statements import CODES

FLAT = ((0.0,) * 3,) * 3


def _vectors(angles: list[float], sets: list[set[str]], sources: list[Source]) -> Vectors:
    """Return the vectors of cases at *angles* (degrees) from the query."""
    turn = np.radians(angles)
    ecg = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    n = len(angles)
    table = StatementTable.fit([frozenset(s) for s in sets])
    return Vectors(
        tuple(f"c{i}" for i in range(n)),
        (None,) * n,
        (1,) * n,
        tuple(sources),
        ecg,
        np.full((n, 2), np.nan, np.float32),
        table,
    )


def _query(**head: float) -> QueryEncoding:
    """Return a query whose vector lies at 0 degrees."""
    return QueryEncoding(
        np.array([1.0, 0.0], np.float32), np.array([head.get(c, 0.0) for c in CODES], np.float32)
    )


def test_neighbours_are_counted_and_drawn_towards_the_library() -> None:
    """Of four cases the nearest two: one AFIB; share (1 + 1 * 1/4) / (2 + 1) = 5/12."""
    vectors = _vectors(
        [10, 80, 20, 90], [{"AFIB"}, {"NORM"}, {"IMI"}, {"NORM"}], [Source.CLINICIAN] * 4
    )

    near = find_neighbours(_query().vector, vectors, np.ones(4, bool), 2)

    assert near is not None
    assert near.rows.tolist() == [0, 2]
    assert near.counts[CODES.index("AFIB")] == 1
    assert near.statements[CODES.index("AFIB")] == pytest.approx(1.25 / 3)
    assert near.classes.tolist() == pytest.approx([0.5 / 3, 1.25 / 3, 0, 0, 0])


def test_a_probability_needs_a_curve() -> None:
    """Shares and head at one half have logits of 0: p = expit(a); without a curve, none."""
    vectors = _vectors([10, 20], [{"IMI"}, {"NORM"}], [Source.CLINICIAN] * 2)
    near = find_neighbours(_query().vector, vectors, np.ones(2, bool), 2)
    assert near is not None
    curve = Curve((np.log(3.0), 0.5, 0.5), FLAT, 30)
    calibration = Calibration("x", "test", 2, {"MI": curve}, {}, {})

    votes = {v.name: v for v in ask(_query(IMI=0.5), near, calibration).classes}

    p = votes["MI"].probability
    assert p is not None
    assert (p.low, p.value, p.high) == pytest.approx((0.75, 0.75, 0.75), abs=1e-6)
    assert votes["NORM"].probability is None
    assert votes["NORM"].n == 1


def test_simulated_cases_never_count() -> None:
    """The nearest case is simulated: neither a vote nor a precedent."""
    vectors = _vectors([0, 30], [{"AFIB"}, {"NORM"}], [Source.SIMULATED, Source.CLINICIAN])
    question = Question(_query(AFIB=0.9), Measurements(), np.array([1.0, 0.5]), np.array([0.5]))

    heard = hear(question, vectors, np.ones(2, bool), None)

    assert heard.consensus is not None
    assert heard.consensus.of == 1
    (raised,) = heard.critical
    assert (raised.name, raised.precedents, raised.n_cases) == ("atrial fibrillation", (), 0)


def test_doubt_has_its_reasons() -> None:
    """Below a limit, above it, and without any calibration."""
    limits = {"near": 0.9, "overlap_normal": 0.6, "overlap_other": 0.2}
    known = Calibration("x", "test", 30, {}, {}, limits)

    assert doubt(Closeness(0.95, 0.3, 0.1), known).verdict is Verdict.ANSWER
    assert doubt(Closeness(0.95, 0.3, 0.9), known).verdict is Verdict.DOUBTFUL
    assert "no case is close" in doubt(Closeness(0.8, 0.3, 0.1), known).reasons[0]
    assert doubt(Closeness(0.0, 0.0, 0.9), None).verdict is Verdict.ANSWER


def test_calibration_is_kept_and_belongs_to_its_weights(tmp_path: Path) -> None:
    """The same comes back; other weights get none; a damaged file is one line."""
    kept = Calibration("x", "test", 30, {"MI": Curve((0.1, 0.2, 0.3), FLAT, 9)}, {}, {"near": 0.9})
    kept.save(tmp_path)

    assert Calibration.load("x", tmp_path) == kept
    assert Calibration.load("y", tmp_path) is None
    (tmp_path / FILE).write_text('{"fingerprint": "x"}')
    with pytest.raises(ModelError, match=FILE):
        Calibration.load("x", tmp_path)


def test_a_useless_witness_is_not_believed() -> None:
    """The head knows the truth's odds, the share is noise: curve and cross-fit follow the head."""
    rng = np.random.default_rng(0)
    head = rng.uniform(0.02, 0.98, 2000)
    truth = rng.random(2000) < head
    share = rng.uniform(0, 1, 2000)
    patients = list(range(2000))

    _, b, c = fit_curve(share, head, truth, patients).weights
    p = cross_fit(share, head, truth, patients)

    assert b == pytest.approx(0, abs=0.06)
    assert c == pytest.approx(1, abs=0.12)
    assert np.abs(p - head).mean() < 0.03


def test_reliability_by_hand_and_patients_together() -> None:
    """Ten bins of one: |.5 - 1| and |.5 - 0| make .5; a patient is in one part only."""
    error, bins = reliability(np.full(10, 0.5), np.array([1.0, 0.0] * 5))
    part = split_patients(["a", "b", "a", "c", "b"], 3)

    assert error == pytest.approx(0.5)
    assert len(bins) == 10
    assert part[0] == part[2]
    assert part[1] == part[4]
