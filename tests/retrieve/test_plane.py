"""Tests of a library's vectors on a plane; the oracle is scikit-learn's PCA."""

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from precord.library.protocol import Vectors
from precord.relevance import StatementTable
from precord.report import Source
from precord.retrieve.plane import project


def _vectors(ecg: NDArray[np.float32]) -> Vectors:
    n = len(ecg)
    table = StatementTable.fit([frozenset({"SR"})] * n)
    ids = tuple(f"a/{i}" for i in range(n))
    return Vectors(ids, (None,) * n, (None,) * n, (Source.CLINICIAN,) * n, ecg, ecg, table)


def test_the_plane_is_that_of_the_principal_components() -> None:
    """Up to sign and one scale; so is the share of the spread."""
    ecg = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32) * np.arange(1, 9)
    oracle = PCA(2).fit(ecg)

    found = project(_vectors(ecg.astype(np.float32)), 1000)

    expected = oracle.transform(ecg)
    expected /= np.abs(expected).max()
    signs = np.sign((expected * found.places).sum(axis=0))
    np.testing.assert_allclose(found.places, expected * signs, atol=1e-5)
    np.testing.assert_allclose(found.share, oracle.explained_variance_ratio_.sum(), rtol=1e-5)
    assert found.rows.tolist() == list(range(60))


def test_a_sample_lies_where_it_lies_in_the_whole() -> None:
    """The plane is that of all cases; a case without a vector is left out."""
    ecg = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32)
    ecg[7] = np.nan
    whole, some = project(_vectors(ecg), 1000), project(_vectors(ecg), 10)
    assert 7 not in whole.rows
    assert len(some.rows) == 10
    place = dict(zip(whole.rows.tolist(), whole.places, strict=True))
    ratio = [float(p[0] / place[row][0]) for row, p in zip(some.rows, some.places, strict=True)]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)  # one scale for all


def test_too_few_to_make_a_plane() -> None:
    """One case lies in the middle."""
    assert project(_vectors(np.ones((1, 4), np.float32)), 10).places.tolist() == [[0.0, 0.0]]
    assert project(_vectors(np.full((3, 4), np.nan, np.float32)), 10).rows.size == 0
