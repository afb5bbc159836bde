"""Tests of precord.evaluate.crossmodal, by hand."""

import numpy as np
import pytest

from precord.evaluate.crossmodal import cross_modal, side_by_side

N = 12
NORMAL, BLOCK = frozenset({"NORM"}), frozenset({"CLBBB"})
KEYS = ["normal"] * 8 + ["block", "block", "other", "rare"]
SETS = [NORMAL] * 8 + [BLOCK] * 4
PATIENTS = [f"p{i}" for i in range(N)]


def test_perfect_vectors_find_themselves() -> None:
    """Every measure of both directions is one, and the median rank too."""
    same = np.eye(N, dtype=np.float32)

    tables = cross_modal(same, same, KEYS, SETS, PATIENTS)

    assert set(tables) == {"ECG to report", "report to ECG"}
    for table in tables.values():
        for kind in ("exact", "same report", "same statements"):
            assert table[f"R@1 {kind}"].value == 1
            assert table[f"median rank {kind}"].value == 1


def test_chance_and_fixed_rankings_by_hand() -> None:
    """Of twelve, eight say the same: the fixed ranking gets them with its first place."""
    same = np.eye(N, dtype=np.float32)

    table = cross_modal(same, same, KEYS, SETS, PATIENTS)["ECG to report"]

    assert table["R@1 exact chance"].value == pytest.approx(1 / 12)
    assert table["R@5 exact fixed ranking"].value == pytest.approx(5 / 12)
    assert table["R@1 same report fixed ranking"].value == pytest.approx(8 / 12)
    assert table["R@5 same report fixed ranking"].value == 1
    by_chance = (8 * 8 / 12 + 2 * 2 / 12 + 2 * 1 / 12) / 12
    assert table["R@1 same report chance"].value == pytest.approx(by_chance)
    each = (8 / 12 + 2 / 12 + 1 / 12 + 1 / 12) / 4  # of four texts, each counting once
    assert table["R@1 same report macro chance"].value == pytest.approx(each)
    assert table["R@1 same report macro fixed ranking"].value == pytest.approx(1 / 4)
    assert table["R@5 same report macro fixed ranking"].value == 1


def test_a_ranking_that_ignores_the_query_fails_the_macro() -> None:
    """It finds a normal report for every normal ECG, and one of four kinds of text."""
    ecg = np.ones((N, 2), np.float32)
    report = np.zeros((N, 2), np.float32)
    report[:8, 0] = np.linspace(1, 0.9, 8)

    table = cross_modal(ecg, report, KEYS, SETS, PATIENTS)["ECG to report"]

    assert table["R@1 same report"].value == pytest.approx(8 / 12)
    assert table["R@1 same report macro"].value == pytest.approx(1 / 4)
    fixed = table["R@1 same report macro fixed ranking"]
    assert table["R@1 same report macro"].value == fixed.value
    assert table["R@1 same statements macro"].value == pytest.approx(1 / 2)
    assert "R@1 exact macro" not in table


def test_side_by_side_has_a_row_a_method_and_the_trivial_ones() -> None:
    """Both directions, the macros alone, and what a fixed ranking and chance get."""
    same, alike = np.eye(N, dtype=np.float32), np.ones((N, N), np.float32)
    good, bad = (cross_modal(same, report, KEYS, SETS, PATIENTS) for report in (same, alike))

    rows = side_by_side({"good": good, "bad": bad})

    assert list(rows) == ["good", "bad", "fixed ranking", "chance"]
    name = "ECG to report, R@1 same statements macro"
    assert rows["good"][name].value == 1
    assert rows["bad"][name].value < 1
    assert rows["fixed ranking"][name].value == pytest.approx(1 / 2)
    assert {len(row) for row in rows.values()} == {6}
