"""Tests of precord.evaluate.answers: what answers teach, and what they must not."""

import numpy as np
import pytest

from precord.evaluate.answers import Answers, Target, calibrate, cross_raise, find_raising
from precord.retrieve import SearchResult
from precord.retrieve.calibration import Calibration
from precord.retrieve.critical import HEAD_LIMIT, LIST
from precord.statements import CODES, SUPERCLASSES, Superclass

N = 400
NORM = SUPERCLASSES.index(Superclass.NORM)


@pytest.fixture(scope="module")
def answers() -> Answers:
    """Return answers of which the head knows PVC, has heard of WPW and guesses IVCD."""
    rng = np.random.default_rng(3)
    has = {code: rng.random(N) < 0.1 for code in ("PVC", "IVCD")}
    has["WPW"] = np.arange(N) < 10
    known = {
        "PVC": np.clip(0.8 * has["PVC"] + 0.2 * rng.random(N), 0, 1),
        "IVCD": 0.2 * rng.random(N),
        "WPW": 0.01 * rng.random(N) + 0.02 * has["WPW"],
    }
    nothing, nowhere = np.full(N, 1e-4), np.zeros(N, bool)
    targets = [
        Target(name, True, np.full(N, 0.5), rng.random(N), rng.random(N) < 0.5)
        for name in SUPERCLASSES
    ]
    targets += [
        Target(code, False, nothing, known.get(code, nothing), has.get(code, nowhere))
        for code in CODES
        if code not in SUPERCLASSES
    ]
    return Answers(
        [f"p{i}" for i in range(N)],
        [frozenset(code for code in has if has[code][i]) for i in range(N)],
        [SearchResult(())] * N,
        errors=rng.random(N),
        class_errors=rng.random(N),
        near=rng.random(N),
        overlap=rng.random(N),
        normal=rng.random(N),
        targets=targets,
    )


@pytest.fixture(scope="module")
def learnt(answers: Answers) -> Calibration:
    """Return what they teach."""
    return calibrate(answers, "weights", "made up")


def test_a_guess_gets_no_percentage(learnt: Calibration) -> None:
    """What beats its prevalence has a curve; what does not, or is too rare, has none."""
    assert set(learnt.statements) == {"PVC"}
    assert set(learnt.classes) == set(SUPERCLASSES)


def test_a_rare_finding_is_raised_from_what_hardly_anyone_without_it_gets(
    answers: Answers, learnt: Calibration
) -> None:
    """One in a hundred of those without it is above the limit; no limit is above the common one."""
    limit = learnt.raised["pre-excitation"]
    chance = next(t.heads for t in answers.targets if t.name == "WPW")
    assert np.mean(chance[10:] > limit) == pytest.approx(0.01, abs=0.004)
    assert all(one < HEAD_LIMIT for one in learnt.raised.values())


def test_limits_come_from_other_patients(answers: Answers) -> None:
    """All ten that have it are raised, and about one in a hundred of the rest."""
    entry = next(entry for entry in LIST if entry.name == "pre-excitation")
    raised = cross_raise(answers, entry)
    assert raised[:10].all()
    assert 0 < raised[10:].sum() < 12
    half = find_raising(answers, np.arange(N) % 2 == 0)
    assert half[entry.name] != find_raising(answers, np.ones(N, bool))[entry.name]
