"""What a training run is made of; a configuration file is Python that defines `CONFIG`."""

import runpy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from precord.errors import ModelError
from precord.image.view import View
from precord.model.joint import ModelConfig
from precord.score import ScoreWeights
from precord.statements import CODES

CHOSEN = ScoreWeights(ecg=0.8, similarity=0.1, statements=0.6, superclasses=0.3, temperature=2.0)
"""Chosen by cross-validation inside folds 1-8; see docs/decisions/0040-ranking.md."""


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """How a training record is varied; every change is one that a body or a cart could make.

    Attributes:
        forget_scale: share of calibrated records shown as "scale unknown".
        gain: standard deviation of the log of a gain common to all leads.
        drop_leads: share of records that lose a random set of leads.
        window: share of records of which only a part of the time is kept.
        spans: share of records that lose spans of half a second, in all leads.
        shift_seconds: how far a record may move in time.
        noise: largest standard deviation of added band-limited noise, in lead sizes.
    """

    forget_scale: float = 0.5
    gain: float = 0.1
    drop_leads: float = 0.2
    window: float = 0.2
    spans: float = 0.0
    shift_seconds: float = 1.0
    noise: float = 0.15


@dataclass(frozen=True, slots=True)
class TreeConfig:
    """How the trees grow that read statements from measured features beside the towers.

    Attributes:
        copies: varied copies of each record that they learn from, beside itself.
        augment: how a copy is varied. Features need no scale, so none is forgotten.
        rounds: trees of one statement.
        least_in_leaf: records and copies.
        penalty: L2, of what a leaf says.
        feature_share: of the features that a split may choose from.
        least_cases: records that have a statement, and that lack it; with fewer no tree grows.
        share: of the log odds that is the trees'; the rest is the towers'.
    """

    copies: int = 2
    augment: AugmentConfig = field(
        default_factory=lambda: AugmentConfig(
            forget_scale=0.0, gain=0.0, drop_leads=0.25, window=0.5, noise=0.05
        )
    )
    rounds: int = 60
    learning_rate: float = 0.08
    leaves: int = 6
    least_in_leaf: int = 30
    penalty: float = 5.0
    feature_share: float = 0.3
    least_cases: int = 10
    share: float = 0.5


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One run.

    Attributes:
        corpora: kind and folder of each data set; none where simulated records train alone.
        folds: folds that train; the validation fold must not be among them.
        validation_fold: chooses the checkpoint; None trains to the end and keeps the last
            averaged weights.
        records: train on so many of the recordings alone, drawn by patient; None for all.
        passes: over the real records, or over the simulated ones where they are alone.
        withheld: statements that nothing of the run may know, so that their names can be tried
            on the weights later: records that have or name one neither train nor choose.
        simulated: records that the simulator makes for the run.
        simulated_share: of each batch.
        simulated_until: the share of the passes after which the batches are real alone.
        sharpness: of the soft targets; `math.inf` makes them hard. See
            `model.losses.soft_targets`.
        contrastive_weight, alike_weight, statement_weight, matching_weight,
            masked_word_weight: of the parts of the loss; the last two need a fusion encoder.
        hidden_signal_weight: of redrawing what augmentation has hidden of a record; needs
            `ModelConfig.redraws`.
        text_weight: of the pairs of texts that have no ECG; see `train.texts`.
        text_pairs: so many of them in every step, from *reports*; 0 for none.
        hidden_words: share of the words that masked language modelling hides.
        bfloat16: compute the towers' products in bfloat16: twice as fast on processors that
            have it (AVX-512 BF16, AMX), slower on others; weights and losses stay float32.
        device: "cpu", "cuda", or "auto": a GPU if there is one.
        score: what validation ranks by, and what the weights are shipped with.
        partners: runs of their own on the same records, of which only the statement heads stay:
            what they say is averaged with what this one says; docs/decisions/0014-readers.md.
        trees: grown on the same records, read beside the towers; docs/decisions/0039-trees.md.
        eight_bits: compute the partners' convolutions in eight bits; see `train.eight_bits`.
    """

    corpora: tuple[tuple[str, Path], ...]
    folds: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    validation_fold: int | None = 8
    reports: Path | None = None
    withheld: frozenset[str] = frozenset()
    records: int | None = None
    model: ModelConfig = field(default_factory=ModelConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    passes: int = 30
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup: float = 0.1
    averaging: float = 0.99
    sharpness: float = 10.0
    contrastive_weight: float = 1.0
    alike_weight: float = 1.0
    statement_weight: float = 30.0
    matching_weight: float = 0.5
    masked_word_weight: float = 0.2
    hidden_words: float = 0.3
    hidden_signal_weight: float = 0.0
    text_weight: float = 1.0
    text_pairs: int = 0
    simulated: int = 6000
    simulated_share: float = 0.25
    simulated_until: float = 1.0
    score: ScoreWeights = CHOSEN
    bfloat16: bool = False
    device: Literal["auto", "cpu", "cuda"] = "auto"
    seed: int = 1
    partners: tuple["TrainConfig", ...] = ()
    trees: TreeConfig | None = None
    eight_bits: bool = False

    def for_partner(self, number: int) -> "TrainConfig":
        """Return the run of a partner: its recipe, on this run's data and machine."""
        return replace(
            self.partners[number],
            corpora=self.corpora,
            reports=self.reports,
            folds=self.folds,
            validation_fold=None,
            records=self.records,
            withheld=self.withheld,
            bfloat16=self.bfloat16,
            device=self.device,
        )


def load_config(path: Path) -> TrainConfig:
    """Run the Python file at *path* and return its `CONFIG`.

    Raises:
        ModelError: The file cannot be run, or `CONFIG` is no `TrainConfig`.
    """
    try:
        config = runpy.run_path(str(path)).get("CONFIG")
    except Exception as error:
        raise ModelError(f"{path}: cannot be run: {type(error).__name__}: {error}") from error
    if not isinstance(config, TrainConfig):
        raise ModelError(f"{path}: defines no CONFIG that is a precord.train.config.TrainConfig")
    if fault := next((words for is_so, words in _faults(config) if is_so), None):
        raise ModelError(f"{path}: {fault}")
    return config


def _faults(config: TrainConfig) -> Iterator[tuple[bool, str]]:
    """Yield what a configuration may contradict itself in, and whether this one does."""
    chooser = config.validation_fold
    yield chooser in config.folds, f"fold {chooser} both trains and validates"
    unknown = config.withheld - set(CODES)
    yield bool(unknown), f"withholds {min(unknown, default='')!r}, which is no statement"
    is_simulated = config.simulated_share == 1 and chooser is None
    yield (
        not config.corpora and not is_simulated,
        "without a data set simulated_share is 1, and no fold validates",
    )
    yield (
        bool(config.hidden_signal_weight) and not config.model.redraws,
        "hidden signals need a model that redraws",
    )
    yield bool(config.text_pairs) and config.reports is None, "text_pairs need a table of reports"
    fuses = config.model.fusion is not None
    needs_fusion = bool(config.matching_weight or config.masked_word_weight)
    yield needs_fusion and not fuses, "matching and masked words need a fusion encoder"
    is_map = config.model.vision.view is View.SIGNED
    yield config.trees is not None and not is_map, "trees read signed maps alone"
    yield config.eight_bits and not config.partners, "eight_bits are for the partners alone"
    for partner in config.partners:
        yield bool(partner.partners), "a partner has partners of its own"
        is_other = partner.model.vision.view != config.model.vision.view
        yield is_other, "a partner looks at another view of an ECG"
    for number in range(len(config.partners)):
        yield from _faults(config.for_partner(number))
