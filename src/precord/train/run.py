"""`precord train`: from a configuration to a folder of weights that the encoder loads."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from precord.corpora import Entry, open_corpus
from precord.errors import CorpusError, LeakError, ModelError
from precord.model.hf import HfTextConfig, read_tokenizer
from precord.model.joint import JointModel
from precord.model.text import OWN_MARKS, Marks, TextConfig
from precord.relevance import Relevance, to_multi_hot
from precord.text.wording import WORDS
from precord.train.batch import Batches
from precord.train.checkpoint import State, load_model, read_state
from precord.train.config import TrainConfig
from precord.train.eight_bits import choose_inputs, to_eight_bits
from precord.train.export import export
from precord.train.loop import Progress, Run
from precord.train.pool import Pool, load_pool, simulate_pool
from precord.train.processes import Group, join
from precord.train.texts import TextPool, names_any, read_texts
from precord.train.tokenizer import load_tokenizer, train_tokenizer
from precord.train.trees import count_steps, grow, write_trees
from precord.train.validate import choose_thresholds, embed
from precord.trees import FILE as TREES
from precord.trees import Trees

_SIMULATION_SEED = 0x5EED


@dataclass(frozen=True, slots=True)
class Watch:
    """What a caller hears of a run; each function may do nothing.

    Attributes:
        on_stage: gets the name of a stage and how many steps it has.
        on_step: gets how many steps were done.
        on_pass: gets each pass when it is done.
    """

    on_stage: Callable[[str, int], None]
    on_step: Callable[[int], None]
    on_pass: Callable[[Progress], None]


_SILENT = Watch(lambda *_: None, lambda _: None, lambda _: None)


def train(config: TrainConfig, folder: Path, watch: Watch, *, resume: bool = False) -> State:
    """Train as *config* says; leave checkpoints in *folder*, weights in `folder/weights`.

    Under `torchrun` the processes share the work; the first one alone writes, and calls
    *watch*.

    Raises:
        CorpusError: A data set cannot be read.
        LeakError: A patient both trains and validates.
        ModelError: The run diverges, or cannot be resumed.
    """
    with join(config.device) as group:
        heard = watch if group.rank == 0 else _SILENT
        fitted = _fit(config, folder, heard, group, resume=resume)
        for number in range(len(config.partners)):
            own, partner = _partner_folder(folder, number), config.for_partner(number)
            state = read_state(own) if resume else None
            if state is None or state.passes_done < partner.passes:
                _fit(partner, own, heard, group, resume=state is not None)
        if group.rank == 0:
            _export_best(config, folder, fitted, group, heard)
        return fitted.state


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A run that has come to its end, with its tokeniser.

    Attributes:
        training: the records that trained.
        judge: those that set thresholds.
    """

    state: State
    tokenizer: Tokenizer
    training: Pool
    judge: Pool


def _fit(config: TrainConfig, folder: Path, watch: Watch, group: Group, *, resume: bool) -> _Fitted:
    """Train to the last pass as one process of *group*; partners not among it."""
    folder.mkdir(parents=True, exist_ok=True)
    own = _own_tokenizer(config)  # first, so that a model that is not there is missed at once
    training, validation = _load_real(config, watch) if config.corpora else (None, None)
    if resume and training is not None:
        ended = _read_ended(config, folder, training, validation)
        if ended is not None:
            return ended
    simulated = _simulate(config, watch)
    if training is None:
        if simulated is None:
            raise ModelError("neither a data set nor simulated records to train on")
        training, simulated = simulated, None
    texts = _read_texts(config)
    if resume:
        tokenizer = load_tokenizer(folder / "tokenizer.json")
    elif own is not None:
        tokenizer = own[0]
    else:
        tokenizer = make_tokenizer(config, training, simulated, texts)
    if not resume and group.rank == 0:
        tokenizer.save(str(folder / "tokenizer.json"))
    marks = OWN_MARKS if own is None else own[1]
    relevance = Relevance.fit(training.statements)
    pairs = texts if config.text_pairs else None
    batches = Batches(training, simulated, tokenizer, relevance, config, marks, pairs)
    run = Run(config, batches, folder, group)
    if resume:
        run.resume()
    watch.on_stage("training", config.passes)

    def on_pass(progress: Progress) -> None:
        watch.on_step(1)
        watch.on_pass(progress)

    gallery = training if validation is not None else None
    state = run.train(gallery, validation, on_pass)
    return _Fitted(state, tokenizer, training, validation or training)


def _read_ended(
    config: TrainConfig, folder: Path, training: Pool, validation: Pool | None
) -> _Fitted | None:
    """Return the run in *folder* if nothing is left to do but to export it."""
    state = read_state(folder)
    if state is None or state.passes_done < config.passes:
        return None
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    return _Fitted(state, tokenizer, training, validation or training)


def _partner_folder(folder: Path, number: int) -> Path:
    """Return where the checkpoints of a partner lie in the run's *folder*."""
    return folder / f"partner-{number}"


def _export_best(
    config: TrainConfig, folder: Path, fitted: _Fitted, group: Group, watch: Watch
) -> None:
    """Write the weights of the best pass, its partners and its trees, with their thresholds."""
    model = JointModel(config.model)
    load_model(folder / "best.safetensors", model)
    for number, partner in enumerate(config.partners):
        joining = JointModel(partner.model)
        load_model(_partner_folder(folder, number) / "best.safetensors", joining)
        model.listen_to(joining)
    judge, weights = fitted.judge, folder / "weights"
    said = embed(model.to(group.device), fitted.tokenizer, judge).probabilities
    weights.mkdir(exist_ok=True)
    facts = _grow_trees(config, fitted.training, weights / TREES, watch)
    if facts is not None:
        trees = Trees(weights / TREES, **facts)
        said = trees.join(trees.read(judge.to_maps()), said)
    export(
        model.cpu(),
        fitted.tokenizer,
        weights,
        score=config.score,
        thresholds=choose_thresholds(to_multi_hot(judge.statements), said),
        withheld=config.withheld,
        trees=facts,
    )
    if config.eight_bits:
        to_eight_bits(weights / "ecg.onnx", choose_inputs(fitted.training))


def _grow_trees(
    config: TrainConfig, training: Pool, path: Path, watch: Watch
) -> dict[str, Any] | None:
    """Write the trees to *path*; return what `Trees` must know of them; None if none grew."""
    path.unlink(missing_ok=True)
    if config.trees is None:
        return None
    watch.on_stage("growing trees", count_steps(training, config.trees))
    grown = grow(training, config.trees, config.seed, watch.on_step)
    if not grown.models:
        return None
    write_trees(grown, path)
    return {"statements": grown.statements, "share": config.trees.share}


def _own_tokenizer(config: TrainConfig) -> tuple[Tokenizer, Marks] | None:
    """Return the tokeniser that the text tower brings; None if a run learns its own."""
    text = config.model.text
    return read_tokenizer(text) if isinstance(text, HfTextConfig) else None


def make_tokenizer(
    config: TrainConfig, training: Pool, simulated: Pool | None, reports: TextPool | None
) -> Tokenizer:
    """Return the tokeniser of a run: learnt from training folds and simulation alone.

    Raises:
        ModelError: The text tower brings its own.
    """
    sizes = config.model.text
    if not isinstance(sizes, TextConfig):
        raise ModelError(f"{sizes.name_or_path}: brings its own tokeniser")
    texts = {
        word.casefold()
        for (code, _), words in WORDS.items()
        if code not in config.withheld
        for word in words
    }
    texts |= {text for reports in training.reports for text in reports}
    if simulated is not None:
        texts |= {text for reports in simulated.reports for text in reports}
    if reports is not None:
        texts |= {text for text in reports.reports if text}
    return train_tokenizer(texts, sizes.vocabulary, sizes.max_tokens)


def _read_texts(config: TrainConfig) -> TextPool | None:
    """Return the reports of the training folds, if the configuration names a table of them."""
    if config.reports is None:
        return None
    return read_texts(config.reports, config.folds, config.withheld)


def _is_kept(entry: Entry, withheld: frozenset[str]) -> bool:
    """Tell whether an entry neither has nor names a statement that is *withheld*."""
    text = entry.report.text if entry.report else ""
    return not entry.statements & withheld and not names_any(text, withheld)


def _load_real(config: TrainConfig, watch: Watch) -> tuple[Pool, Pool | None]:
    """Return the training pool and the validation pool."""
    wanted = {*config.folds} | (
        {config.validation_fold} if config.validation_fold is not None else set()
    )
    entries: list[Entry] = []
    for kind, directory in config.corpora:
        found = open_corpus(kind, directory).entries(wanted)
        entries += [entry for entry in found if _is_kept(entry, config.withheld)]
    if not entries:
        raise CorpusError(f"no record in folds {sorted(wanted)} of the data sets named")
    watch.on_stage("reading records", len(entries))
    pool = load_pool(entries, watch.on_step, config.model.vision.view)
    training = pool.in_folds(config.folds)
    if config.records is not None:
        training = _draw(training, config.records, config.seed)
    if config.validation_fold is None:
        return training, None
    validation = pool.in_folds([config.validation_fold])
    shared = {p for p in training.patients if p} & {p for p in validation.patients if p}
    if shared:
        raise LeakError(f"{len(shared)} patients both train and validate")
    return training, validation


def _draw(pool: Pool, n: int, seed: int) -> Pool:
    """Return *n* records of *pool*, patient by patient; a larger *n* holds those of a smaller."""
    owners = [patient or f"record {i}" for i, patient in enumerate(pool.patients)]
    names = sorted(set(owners))
    rank = dict(zip(names, np.random.default_rng(seed).permutation(len(names)), strict=True))
    rows = sorted(range(len(pool)), key=lambda i: (rank[owners[i]], i))
    return pool.select(sorted(rows[:n]))


def _simulate(config: TrainConfig, watch: Watch) -> Pool | None:
    """Return the simulated pool, or None where the configuration wants none."""
    if config.simulated == 0 or config.simulated_share == 0:
        return None
    watch.on_stage("simulating records", config.simulated)
    seed = int(np.random.default_rng([_SIMULATION_SEED, config.seed]).integers(2**31))
    return simulate_pool(
        config.simulated, seed, watch.on_step, config.model.vision.view, withheld=config.withheld
    )
