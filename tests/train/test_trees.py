"""Tests of precord.train.trees and precord.trees: what is learnt, written, read and joined.

The truth is scikit-learn's own prediction, and simulated ECGs whose statements are known.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from precord.errors import ModelError
from precord.image.encodings import SignedMap
from precord.image.view import View, stack_images, view_record
from precord.leads import LEADS
from precord.signal.features import FEATURES, extract_features
from precord.signal.prepare import MODEL_SAMPLES
from precord.simulate import simulate
from precord.statements import CODES
from precord.train.config import TreeConfig
from precord.train.pool import Pool
from precord.train.trees import Grown, count_steps, grow, measure_pool, write_trees
from precord.trees import Trees

CONFIG = TreeConfig(copies=1, rounds=20, least_in_leaf=4, least_cases=10)
KINDS = ("NORM", "AFIB", "CLBBB")


def _silent(_: int) -> None:
    """Hear of progress."""


def _make_pool(n: int, first: int) -> Pool:
    """Return *n* simulated records, the kinds in turn."""
    made = [
        simulate((KINDS[i % len(KINDS)],), np.random.default_rng([first, i]), rate=100.0)
        for i in range(n)
    ]
    images = [view_record(one.record, View.SIGNED) for one in made]
    nothing = (None,) * n
    return Pool(
        *stack_images(images), tuple(m.statements for m in made), ((),) * n, nothing, nothing
    )


@pytest.fixture(scope="module")
def pool() -> Pool:
    """Return forty-eight records to learn from."""
    return _make_pool(48, 1)


@pytest.fixture(scope="module")
def grown(pool: Pool) -> Grown:
    """Return trees that learnt from them."""
    return grow(pool, CONFIG, 1, _silent, workers=1)


def _load(grown: Grown, folder: Path, share: float) -> Trees:
    """Return *grown* as a search loads it."""
    write_trees(grown, folder / "trees.onnx")
    return Trees(folder / "trees.onnx", grown.statements, share, threads=1)


def test_trees_tell_rhythm_and_block_of_records_they_never_saw(
    grown: Grown, tmp_path: Path
) -> None:
    """Beside towers that know nothing they put the true kind first in nine of ten."""
    pool = _make_pool(30, 2)
    trees = _load(grown, tmp_path, 1.0)

    even = np.full((len(pool), len(CODES)), 0.5, np.float32)
    said = trees.join(trees.read(pool.to_maps()), even)

    columns = [CODES.index(code) for code in KINDS]
    first = said[:, columns].argmax(axis=1)
    assert (first == np.arange(len(pool)) % len(KINDS)).mean() >= 0.9
    assert set(KINDS) <= set(grown.statements)


def test_the_file_says_what_scikit_learn_says(grown: Grown, pool: Pool, tmp_path: Path) -> None:
    """To a thousandth of the odds' logarithm, for records with and without all leads."""
    features = measure_pool(pool, CONFIG, 3, _silent, 1)
    assert np.isnan(features).any()
    trees = _load(grown, tmp_path, 1.0)

    even = np.full((len(pool), len(CODES)), 0.5, np.float32)
    said = trees.join(trees.read(pool.to_maps()), even)

    for column, model in grown.models.items():
        expected = model.predict_proba(features[: len(pool)])[:, 1]
        np.testing.assert_allclose(said[:, column], expected, atol=1e-3)


def test_odds_meet_half_way(grown: Grown, pool: Pool, tmp_path: Path) -> None:
    """A share of one half is the geometric mean of the odds; of unknown codes towers speak."""
    rng = np.random.default_rng(0)
    towers = rng.uniform(0.05, 0.95, (len(pool), len(CODES))).astype(np.float32)
    trees = _load(grown, tmp_path, 1.0)
    said = trees.read(pool.to_maps())

    alone = trees.join(said, towers)
    half = _load(grown, tmp_path, 0.5).join(said, towers)

    known = [CODES.index(code) for code in grown.statements]
    odds = [p[:, known] / (1 - p[:, known]) for p in (towers, alone)]
    mean = np.sqrt(odds[0] * odds[1])
    np.testing.assert_allclose(half[:, known], mean / (1 + mean), rtol=1e-3, atol=1e-5)
    unknown = [i for i in range(len(CODES)) if i not in known]
    np.testing.assert_array_equal(half[:, unknown], towers[:, unknown])


def test_without_a_beat_the_towers_speak_alone(grown: Grown, tmp_path: Path) -> None:
    """A flat line has no features, so no tree says anything of it."""
    flat = SignedMap(
        np.zeros((len(LEADS), MODEL_SAMPLES), np.float32),
        np.ones((len(LEADS), MODEL_SAMPLES), bool),
        is_calibrated=True,
    )
    towers = np.full((1, len(CODES)), 0.3, np.float32)
    assert np.isnan(extract_features(flat.to_record())).all()

    trees = _load(grown, tmp_path, 0.5)
    said = trees.read([flat])

    assert np.isnan(said).all()
    np.testing.assert_array_equal(trees.join(said, towers), towers)


def test_the_same_seed_grows_the_same_trees(grown: Grown, pool: Pool, tmp_path: Path) -> None:
    """To the byte, in one process or two; and progress is reported as often as was said."""
    steps: list[int] = []

    again = grow(pool, CONFIG, 1, steps.append, workers=2)

    write_trees(grown, tmp_path / "one.onnx")
    write_trees(again, tmp_path / "two.onnx")
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()
    assert sum(steps) == count_steps(pool, CONFIG)


def test_rare_statements_get_no_trees(pool: Pool) -> None:
    """With fewer cases than asked for nothing is learnt of them."""
    alone = grow(pool, replace(CONFIG, least_cases=17), 1, _silent, workers=1)

    assert not {"AFIB", "CLBBB"} & set(alone.statements)


def test_a_file_of_other_features_is_refused(
    grown: Grown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its message says how many it asks about."""
    write_trees(grown, tmp_path / "trees.onnx")
    monkeypatch.setattr("precord.trees.FEATURES", FEATURES[:-1])

    with pytest.raises(ModelError, match=f"asks about {len(FEATURES)} features"):
        Trees(tmp_path / "trees.onnx", grown.statements, 0.5)


def test_a_file_that_differs_from_scikit_learn_is_refused(
    grown: Grown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when scikit-learn changes how it keeps its trees."""
    monkeypatch.setattr("precord.train.trees._to_float32", lambda _: 0.0)

    with pytest.raises(ModelError, match="differs by"):
        write_trees(grown, tmp_path / "trees.onnx")
