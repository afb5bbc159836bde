"""Pretrained language models as text towers (Hugging Face `transformers`; the `hf` extra).

A BERT-type encoder is summed up by the mean of its tokens (Reimers and Gurevych 2019,
arXiv:1908.10084), a decoder by its last one (Wang et al. 2024, arXiv:2401.00368). The model
stays as it is, learns low-rank adapters (LoRA; Hu et al. 2022, arXiv:2106.09685), or learns
as a whole.

Not supported: models with an encoder and a decoder (T5), models that bring code of their own,
weights in less than float32, and tokenisers that the `tokenizers` library cannot hold.

Shapes: B batch, M tokens, D width, V vocabulary.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from precord.errors import ModelError
from precord.model.layer import Tokens, TowerOutput
from precord.model.text import Marks, mean_of_kept


@dataclass(frozen=True, slots=True)
class HfTextConfig:
    """A pretrained text tower.

    Attributes:
        name_or_path: folder that `save_pretrained` wrote, or an id of the Hugging Face hub.
        pooling: "mean" of a text's tokens (encoders), or its "last" token (decoders).
        training: "frozen", "lora" (adapters on all linear layers) or "full".
        max_tokens: texts are cut at.
        lora_rank: of the adapters.
        learning_share: of the run's learning rate, at which pretrained weights learn in "full";
            new weights, adapters too, learn at the whole of it.
    """

    name_or_path: str
    pooling: Literal["mean", "last"] = "mean"
    training: Literal["frozen", "lora", "full"] = "frozen"
    max_tokens: int = 96
    lora_rank: int = 8
    learning_share: float = 0.02

    def __post_init__(self) -> None:
        """Refuse what is not one of the choices."""
        for name, value, choices in (
            ("pooling", self.pooling, ("mean", "last")),
            ("training", self.training, ("frozen", "lora", "full")),
        ):
            if value not in choices:
                raise ModelError(f"text tower: {name} {value!r}; expected {', '.join(choices)}")


class HfTextTower(nn.Module):
    """A pretrained model behind the interface of `model.text.TextTower`."""

    def __init__(self, config: HfTextConfig) -> None:
        super().__init__()
        _, self.marks = read_tokenizer(config)
        model = _read_model(config)
        self.width: int = model.config.get_text_config().hidden_size
        self.vocabulary: int = model.get_input_embeddings().num_embeddings
        self.max_tokens = config.max_tokens
        self.is_frozen = config.training == "frozen"
        self._takes_last = config.pooling == "last"
        self.model: nn.Module = _add_adapters(model, config) if config.training == "lora" else model
        if self.is_frozen:
            self.model.requires_grad_(requires_grad=False)
        self.train()

    @property
    def words(self) -> Tensor | None:
        """Return the word embeddings (V, D), or None where they are of another width."""
        weight: Tensor = self.model.get_input_embeddings().weight  # type: ignore[operator]
        return weight if weight.shape[1] == self.width else None

    def train(self, mode: bool = True) -> "HfTextTower":
        """Switch dropout on or off; a frozen model always stays as in use."""
        super().train(mode)
        if self.is_frozen:
            self.model.eval()
        return self

    def forward(self, ids: Tensor) -> TowerOutput:
        """Return pooled (B, D) and tokens (B, M, D) of ids (B, M), padded on the right.

        The first token always counts, so that an empty text is its padding and no 0 / 0.
        """
        real = ids != self.marks.pad  # (B, M)
        keep = torch.cat([torch.ones_like(real[:, :1]), real[:, 1:]], dim=1)  # (B, M)
        out = self.model(input_ids=ids, attention_mask=keep.long(), use_cache=False)
        states = out.last_hidden_state  # (B, M, D)
        pool = _last_of_kept if self._takes_last else mean_of_kept
        return TowerOutput(pool(states, keep), Tokens(states, keep))


def read_tokenizer(config: HfTextConfig) -> tuple[Tokenizer, Marks]:
    """Return the tokeniser of a pretrained model, made to pad and to cut, and its marks.

    Raises:
        ModelError: The extra is missing, the model is not there, or its tokeniser is of a kind
            that the encoder could not load.
    """
    where = config.name_or_path
    source = _load(config, lambda library: library.AutoTokenizer.from_pretrained(where))
    tokenizer = getattr(source, "backend_tokenizer", None)
    if not isinstance(tokenizer, Tokenizer):
        raise ModelError(f"{where}: its tokeniser has no tokenizer.json")
    if not 1 <= config.max_tokens <= source.model_max_length:
        most = source.model_max_length
        raise ModelError(f"{where}: max_tokens {config.max_tokens}; the model reads 1 to {most}")
    tokenizer = Tokenizer.from_str(tokenizer.to_str())  # a copy: the settings below are ours
    tokenizer.no_padding()
    tokenizer.enable_truncation(config.max_tokens)
    pad = _find_pad(source, tokenizer, where)
    tokenizer.enable_padding(pad_id=pad, pad_token=tokenizer.id_to_token(pad))
    fixed = frozenset({pad, *source.all_special_ids})
    return tokenizer, Marks(pad, source.mask_token_id, fixed)


def _find_pad(source: Any, tokenizer: Tokenizer, where: str) -> int:
    """Return the id to pad with: one that the tokeniser itself puts into no text.

    Decoders often have no padding token, or pad with the very token that ends their texts.
    Padding is never attended to, so any other special token serves as well.
    """
    used = set(tokenizer.encode("a").ids)
    for pad in (source.pad_token_id, source.eos_token_id, *source.all_special_ids):
        if pad is not None and pad not in used:
            return int(pad)
    raise ModelError(f"{where}: its tokeniser has no special token left to pad with")


def _read_model(config: HfTextConfig) -> Any:
    """Return the pretrained model in float32, without the pooling layer that some have.

    Raises:
        ModelError: As for `read_tokenizer`, or the model is of no supported kind.
    """
    where = config.name_or_path
    model = _load(
        config, lambda library: library.AutoModel.from_pretrained(where, dtype=torch.float32)
    )
    if model.config.is_encoder_decoder:
        raise ModelError(f"{where}: an encoder with a decoder; expected one of them alone")
    most = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if most is not None and config.max_tokens > most:
        raise ModelError(f"{where}: max_tokens {config.max_tokens}; the model reads 1 to {most}")
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    return model


def _load(config: HfTextConfig, read: Callable[[Any], Any]) -> Any:
    """Return what *read* makes of the library; its errors in one line."""
    needed = ("transformers", "peft") if config.training == "lora" else ("transformers",)
    if missing := [name for name in needed if find_spec(name) is None]:
        raise ModelError(
            f"a pretrained text tower needs {missing[0]}; install it with: "
            "pip install 'precord[train,hf]'"
        )
    try:
        library: Any = import_module("transformers")
        library.utils.logging.disable_progress_bar()  # a run has bars of its own
        return read(library)
    except Exception as error:  # hub, file, configuration: each layer has its own errors
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"{config.name_or_path}: not a readable text model: {reason}") from error


def _add_adapters(model: nn.Module, config: HfTextConfig) -> nn.Module:
    """Return *model* with adapters that learn; its own weights do not."""
    peft: Any = import_module("peft")
    adapters = peft.LoraConfig(
        r=config.lora_rank,
        lora_alpha=2 * config.lora_rank,
        target_modules="all-linear",
        task_type="FEATURE_EXTRACTION",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of peft to itself: what transformers renames, GPT-2's
        adapted: nn.Module = peft.get_peft_model(model, adapters)  # layers lie the other way round
    return adapted


def _last_of_kept(states: Tensor, keep: Tensor) -> Tensor:
    """Return (B, D): the last of the states (B, M, D) that *keep* (B, M) names."""
    place = torch.arange(keep.shape[1], device=keep.device)  # (M,)
    last = (keep * place).amax(dim=1)  # (B,)
    chosen = last[:, None, None].expand(-1, 1, states.shape[2])  # (B, 1, D)
    return states.gather(1, chosen).squeeze(1)  # (B, D)
