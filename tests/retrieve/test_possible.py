"""Classes that are possible are among the hits, and the first hits stay the nearest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from precord.retrieve.possible import choose_rows, describe_added
from precord.retrieve.rank import best_rows

NORM, MI, STTC, CD, HYP = np.eye(5, dtype=np.float32)
NOTHING = np.zeros(5, np.float32)


def chances(**of: float) -> NDArray[np.float64]:
    """Return the probabilities of the five superclasses."""
    return np.array([of.get(name, 0.0) for name in ("NORM", "MI", "STTC", "CD", "HYP")])


def test_a_possible_class_takes_the_last_place() -> None:
    """The two nearest stay, the third makes room."""
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    classes = np.stack([NORM, NORM, NORM, NORM, HYP, HYP])
    rows = choose_rows(scores, classes, chances(NORM=0.9, HYP=0.06), 3)
    assert rows.tolist() == [0, 1, 4]


def test_what_is_hardly_possible_takes_none() -> None:
    """Below the level the nearest alone are shown."""
    scores = np.array([0.9, 0.8, 0.7])
    classes = np.stack([NORM, NORM, HYP])
    assert choose_rows(scores, classes, chances(HYP=0.04), 2).tolist() == [0, 1]


def test_a_normal_case_is_never_added() -> None:
    """Only what would be missed is."""
    scores = np.array([0.9, 0.8, 0.7])
    classes = np.stack([MI, MI, NORM])
    assert choose_rows(scores, classes, chances(MI=0.9, NORM=0.3), 2).tolist() == [0, 1]


def test_the_nearest_stays_where_one_case_is_asked_for() -> None:
    """One place is for the nearest."""
    scores = np.array([0.9, 0.8])
    assert choose_rows(scores, np.stack([NORM, MI]), chances(MI=0.4), 1).tolist() == [0]


def test_a_hit_that_alone_shows_a_possible_class_is_not_displaced() -> None:
    """Another makes room for the one that is added."""
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    classes = np.stack([NORM, NORM, NORM, CD, MI])
    rows = choose_rows(scores, classes, chances(CD=0.5, MI=0.5), 4)
    assert rows.tolist() == [0, 1, 3, 4]


def test_a_case_that_is_not_found_is_not_added() -> None:
    """Of another patient or not allowed: it stays out."""
    scores = np.array([0.9, 0.8, np.nan])
    classes = np.stack([NORM, NORM, HYP])
    assert choose_rows(scores, classes, chances(HYP=0.9), 2).tolist() == [0, 1]


def test_the_note_says_which_case_and_why() -> None:
    """Place, class and probability; nothing hardly possible, nor what another hit shows."""
    classes = np.stack([STTC, NORM, MI + HYP + STTC])
    (note,) = describe_added(
        np.array([0, 2]), np.array([0, 1]), classes, chances(STTC=0.9, HYP=0.06, MI=0.01)
    )
    assert note == "case 2 is not the next nearest; it shows what is possible: 6% hypertrophy"


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 40),
    k=st.integers(1, 12),
)
@pytest.mark.parametrize("least", [0.0, 0.05, 0.5])
def test_every_possible_class_that_exists_is_shown_in_order(
    seed: int, n: int, k: int, least: float
) -> None:
    """Whatever the scores: k rows, best first, the nearest first of all."""
    rng = np.random.default_rng(seed)
    scores = np.where(rng.random(n) < 0.1, np.nan, rng.random(n))
    classes = (rng.random((n, 5)) < 0.15).astype(np.float32)
    chance = rng.random(5) ** 3
    rows = choose_rows(scores, classes, chance, k, least)
    nearest = best_rows(scores, k)
    assert rows.size == nearest.size == np.unique(rows).size
    assert (np.diff(scores[rows]) <= 0).all()
    assert rows[:1].tolist() == nearest[:1].tolist()
    wanted = [c for c in range(1, 5) if chance[c] >= least and classes[~np.isnan(scores), c].any()]
    if k >= 2 * len(wanted) and nearest.size == k:
        assert all(classes[rows, c].any() for c in wanted)
