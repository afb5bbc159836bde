"""Growing the trees that read beside the towers, and writing them as ONNX.

For each statement gradient-boosted trees (scikit-learn's, which send a feature that could not be
measured down the branch that suits it) learn from every training record and from varied copies of
it, as the towers do: pages with 2.5 s of a lead, lost leads, noise. All trees become one operator
of ai.onnx.ml, so that reading needs neither scikit-learn nor one graph for each statement.

Shapes: N records, F features, S statements.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper
from sklearn.ensemble import HistGradientBoostingClassifier

from precord.errors import ModelError
from precord.relevance import to_multi_hot
from precord.signal.features import FEATURES, extract_features
from precord.statements import CODES
from precord.train.augment import augment
from precord.train.config import TreeConfig
from precord.train.pool import Pool

Array = NDArray[np.float32]
_CHUNK = 64
_TOLERANCE = 1e-3  # of log odds: thresholds are float32 in the file


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """Trees for some statements.

    Attributes:
        models: by column of `CODES`.
    """

    models: dict[int, HistGradientBoostingClassifier]

    @property
    def statements(self) -> list[str]:
        """Return the codes that have trees."""
        return [CODES[column] for column in self.models]


def grow(
    pool: Pool, config: TreeConfig, seed: int, on_progress: Callable[[int], None], workers: int = 2
) -> Grown:
    """Return trees learnt from *pool*; the same seed grows the same ones, whatever *workers*.

    A record without a beat that can be measured teaches nothing.

    Args:
        pool: signed maps.
        config: how.
        seed: of the copies.
        on_progress: gets 1 for each part of the work, of `count_steps`.
        workers: processes that measure.

    """
    features = measure_pool(pool, config, seed, on_progress, workers)
    has_beats = ~np.isnan(features).all(axis=1)
    present = np.tile(to_multi_hot(pool.statements) > 0, (config.copies + 1, 1))[has_beats]
    models = {}
    for column, there in enumerate(present.T):
        if min(there.sum(), (~there).sum()) >= config.least_cases * (config.copies + 1):
            models[column] = _classifier(config).fit(features[has_beats], there)
        on_progress(1)
    return Grown(models)


def count_steps(pool: Pool, config: TreeConfig) -> int:
    """Return how often `grow` reports progress."""
    return -(-len(pool) // _CHUNK) * (config.copies + 1) + len(CODES)


def measure_pool(
    pool: Pool, config: TreeConfig, seed: int, on_progress: Callable[[int], None], workers: int
) -> Array:
    """Return ((copies + 1) N, F) the features of all records, then of each round of copies."""
    parts = [
        (pool.select(range(start, min(start + _CHUNK, len(pool)))), copy, start)
        for copy in range(config.copies + 1)
        for start in range(0, len(pool), _CHUNK)
    ]
    measure_part = partial(_measure, config, seed)
    rows = []
    if workers > 1:
        with ProcessPoolExecutor(workers, get_context("spawn")) as executor:
            for part in executor.map(measure_part, parts):
                rows.append(part)
                on_progress(1)
    else:
        for one in parts:
            rows.append(measure_part(one))
            on_progress(1)
    return np.concatenate(rows)


def _measure(config: TreeConfig, seed: int, part: tuple[Pool, int, int]) -> Array:
    """Return the features of some records as they are (copy 0), or varied."""
    pool, copy, start = part
    if copy:
        rng = np.random.default_rng([seed, copy, start])
        varied = augment(pool.pixels, pool.mask, pool.calibrated, config.augment, rng)
        pool = replace(pool, pixels=varied.pixels, mask=varied.mask)
    return np.stack([extract_features(one.to_record()) for one in pool.to_maps()])


def _classifier(config: TreeConfig) -> HistGradientBoostingClassifier:
    """Return trees of one statement that have learnt nothing yet."""
    return HistGradientBoostingClassifier(
        max_iter=config.rounds,
        learning_rate=config.learning_rate,
        max_leaf_nodes=config.leaves,
        min_samples_leaf=config.least_in_leaf,
        l2_regularization=config.penalty,
        max_features=config.feature_share,
        early_stopping=False,
        random_state=0,
    )


def write_trees(grown: Grown, path: Path) -> None:
    """Write (N, F) features to (N, S) log odds as one ONNX file; 0 for what has no trees.

    Raises:
        ModelError: ONNX Runtime does not give what scikit-learn gives.
    """
    table = _Table()
    for column, model in grown.models.items():
        for (predictor,) in model._predictors:  # noqa: SLF001 - the only way to a tree's nodes
            table.add(predictor.nodes, column)
    base = np.zeros(len(CODES), np.float32)
    for column, model in grown.models.items():
        base[column] = float(np.ravel(model._baseline_prediction)[0])  # noqa: SLF001 - as above
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["log_odds"],
        domain="ai.onnx.ml",
        n_targets=len(CODES),
        base_values=base.tolist(),
        **table.attributes,
    )
    graph = helper.make_graph(
        [node],
        "trees",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", len(FEATURES)])],
        [helper.make_tensor_value_info("log_odds", TensorProto.FLOAT, ["rows", len(CODES)])],
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", 3)]
    file = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    onnx.save(file, str(path))
    _compare(grown, path)


class _Table:
    """The nodes of many trees as the operator's parallel lists."""

    def __init__(self) -> None:
        self.attributes: dict[str, Any] = {
            f"nodes_{name}": []
            for name in (
                "treeids",
                "nodeids",
                "featureids",
                "values",
                "modes",
                "truenodeids",
                "falsenodeids",
                "missing_value_tracks_true",
            )
        } | {f"target_{name}": [] for name in ("treeids", "nodeids", "ids", "weights")}
        self._trees = 0

    def add(self, nodes: NDArray[Any], column: int) -> None:
        """Add one tree, whose leaves count for the statement in *column*."""
        to = self.attributes
        for number, node in enumerate(nodes):
            is_leaf = bool(node["is_leaf"])
            to["nodes_treeids"].append(self._trees)
            to["nodes_nodeids"].append(number)
            to["nodes_featureids"].append(0 if is_leaf else int(node["feature_idx"]))
            to["nodes_values"].append(0.0 if is_leaf else _to_float32(node["num_threshold"]))
            to["nodes_modes"].append("LEAF" if is_leaf else "BRANCH_LEQ")
            to["nodes_truenodeids"].append(0 if is_leaf else int(node["left"]))
            to["nodes_falsenodeids"].append(0 if is_leaf else int(node["right"]))
            goes_left = not is_leaf and bool(node["missing_go_to_left"])
            to["nodes_missing_value_tracks_true"].append(int(goes_left))
            if is_leaf:
                to["target_treeids"].append(self._trees)
                to["target_nodeids"].append(number)
                to["target_ids"].append(column)
                to["target_weights"].append(float(node["value"]))
        self._trees += 1


def _to_float32(threshold: float) -> float:
    """Return the highest float32 that is not above *threshold*, so that float32 features agree."""
    single = np.float32(threshold)
    if single > threshold:
        single = np.nextafter(single, np.float32(-np.inf))
    return float(single)


def _compare(grown: Grown, path: Path) -> None:
    """Refuse a file that does not give what the trees give, with and without what is unknown."""
    rng = np.random.default_rng(0)
    features = (rng.normal(size=(64, len(FEATURES))) * 10.0 ** rng.integers(-2, 3)).astype("f4")
    features[rng.random(features.shape) < 0.3] = np.nan
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"features": features})
    for column, model in grown.models.items():
        worst = float(np.abs(found[:, column] - model.decision_function(features)).max())
        if not worst <= _TOLERANCE:
            raise ModelError(f"{path.name}: {CODES[column]} differs by {worst:.2g}")
