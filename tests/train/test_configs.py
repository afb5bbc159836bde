"""Tests of the configurations that the repository ships: each can be loaded, and begins."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from precord.errors import ModelError
from precord.image.view import View
from precord.model.hf import HfTextConfig
from precord.model.joint import JointModel
from precord.model.picture import PictureConfig
from precord.train.config import TrainConfig, load_config
from precord.train.run import Watch, train
from tests.fetch.conftest import official, official_once
from tests.pretrained import make_model
from tests.train.conftest import SMALL
from tests.train.test_run import SILENT

__all__ = ["official", "official_once"]  # fixtures

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.py"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_every_configuration_leaves_what_measures_alone(path: Path) -> None:
    """Folds 9 and 10 neither train nor choose, whatever the configuration."""
    config = load_config(path)
    assert config.corpora
    assert not {*config.folds, config.validation_fold} & {9, 10}


def _small(name: str) -> TrainConfig:
    """Return the configuration *name*, small enough for seconds."""
    config = _shrink(load_config(next(path for path in CONFIGS if path.stem == name)))
    return replace(config, partners=tuple(map(_shrink, config.partners)))


def _shrink(config: TrainConfig) -> TrainConfig:
    """Return *config* with a small tower and next to no steps."""
    return replace(
        config,
        model=replace(config.model, vision=SMALL.vision, dim=SMALL.dim),
        passes=1,
        batch=2,
        simulated=2,
        bfloat16=False,
    )


@pytest.mark.slow
def test_all_of_ptbxl_trains_from_what_was_fetched(
    official: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The official layout, as `precord get` writes it, is what is read; a run begins and ends."""
    monkeypatch.setenv("PRECORD_PTBXL", str(official))
    config = _small("ptbxl_full")
    assert config.corpora == (("ptb-xl", official),)
    assert config.device == "auto"
    folds = (1, 2, 3)
    passes: list[int] = []
    watch = Watch(lambda *_: None, lambda _: None, lambda news: passes.append(news.number))
    train(replace(config, folds=folds, validation_fold=None), tmp_path / "run", watch)
    assert passes == [1] * (1 + len(config.partners)), "the run's own pass and its partners'"
    assert (tmp_path / "run" / "weights" / "ecg.onnx").stat().st_size > 0


@pytest.mark.parametrize("training", ["frozen", "lora", "full"])
def test_a_pretrained_text_tower_is_named_from_outside(
    monkeypatch: pytest.MonkeyPatch, training: str
) -> None:
    """Folder or id, pooling and what learns come from the environment."""
    monkeypatch.setenv("PRECORD_TEXT_TOWER", "some/decoder")
    monkeypatch.setenv("PRECORD_TEXT_TRAINING", training)
    monkeypatch.setenv("PRECORD_TEXT_POOLING", "last")
    text = _small("minilm").model.text
    assert isinstance(text, HfTextConfig)
    assert (text.name_or_path, text.training, text.pooling) == ("some/decoder", training, "last")


@pytest.mark.slow
def test_a_run_with_a_pretrained_text_tower(
    official: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With adapters, as the configuration has it, on three recordings: it begins and ends."""
    monkeypatch.setenv("PRECORD_TEXT_TOWER", str(make_model("bert", tmp_path / "bert")))
    config = _small("minilm")
    text = config.model.text
    assert isinstance(text, HfTextConfig)
    config = replace(
        config,
        corpora=(("ptb-xl", official),),
        reports=None,
        folds=(1, 2, 3),
        validation_fold=None,
        model=replace(config.model, text=replace(text, max_tokens=16)),
    )
    train(config, tmp_path / "run", SILENT)
    assert (tmp_path / "run" / "weights" / "text.onnx").stat().st_size > 0


def test_a_wrong_switch_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word that is none of the choices names the choices."""
    monkeypatch.setenv("PRECORD_TEXT_TRAINING", "half")
    with pytest.raises(ModelError, match="expected frozen, lora, full"):
        _small("minilm")


@pytest.mark.parametrize("style", ["grid", "concat"])
def test_the_papers_two_layouts(monkeypatch: pytest.MonkeyPatch, style: str) -> None:
    """The environment names the layout; steps and text tower are those of first.py."""
    monkeypatch.setenv("PRECORD_STYLE", style)
    paper, first = (load_config(p) for p in CONFIGS if p.stem in {"qiu2023", "first"})
    if paper.simulated:
        paper, first = first, paper
    assert isinstance(paper.model.vision, PictureConfig)
    assert paper.model.vision.view is View(f"qiu2023-{style}")
    assert paper.passes == first.passes / (1 - first.simulated_share), "as many steps"
    assert paper.model.text == first.model.text


def test_every_view_has_the_same_small_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """All else is equal, and one record costs each tower about as much."""
    found: dict[View, TrainConfig] = {}
    for view in View:
        monkeypatch.setenv("PRECORD_VIEW", view)
        found[view] = load_config(next(path for path in CONFIGS if path.stem == "budget"))
    ours = found[View.SIGNED]

    for view, config in found.items():
        assert config.model.vision.view is view
        assert replace(config, model=ours.model) == ours
        assert replace(config.model, vision=ours.model.vision) == ours.model
        assert _cost(config) == pytest.approx(_cost(ours), rel=0.2)


@pytest.mark.parametrize(
    "tower", ["convolutions", "four-layers", "linear-patches", "short-patches", "long-patches"]
)
def test_every_tower_costs_about_as_much(monkeypatch: pytest.MonkeyPatch, tower: str) -> None:
    """Stem, patches and depth differ, and nothing else."""
    path = next(path for path in CONFIGS if path.stem == "budget")
    ours = load_config(path)
    monkeypatch.setenv("PRECORD_TOWER", tower)
    other = load_config(path)

    assert other.model.vision != ours.model.vision
    assert replace(other, model=ours.model) == ours
    assert replace(other.model, vision=ours.model.vision) == ours.model
    assert _cost(other) == pytest.approx(_cost(ours), rel=0.1)


def _cost(config: TrainConfig) -> float:
    """Return the operations of one record's way through the vision side, by PyTorch's counter."""
    model = JointModel(config.model).eval()
    pixels, mask, calibrated = (
        (torch.zeros(1, 12, 1000), torch.zeros(1, 12, 1000), torch.zeros(1))
        if config.model.vision.view.is_map
        else (torch.zeros(1, 3, 224, 224), torch.ones(1, 14, 14), torch.zeros(1))
    )
    with FlopCounterMode(display=False) as counter:
        model.encode_ecg(pixels, mask, calibrated)
    return float(counter.get_total_flops())
