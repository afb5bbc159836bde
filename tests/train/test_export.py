"""Tests of precord.train.export and precord.encoder: ONNX Runtime gives what PyTorch gives."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from precord.encoder import FILES, Encoder
from precord.errors import ModelError
from precord.image.view import View, stack_images, view_record
from precord.leads import LEADS
from precord.model.joint import JointModel
from precord.record import Record, Scale
from precord.score import ScoreWeights
from precord.statements import CODES
from precord.train.export import export
from precord.train.tokenizer import tokenize, train_tokenizer
from tests.train.conftest import SMALL, SMALL_TEXT

TEXTS = ["sinus rhythm", "atrial fibrillation with rapid conduction", ""]


@pytest.fixture(scope="module")
def model() -> JointModel:
    """Return a seeded small model."""
    torch.manual_seed(0)
    return JointModel(SMALL).eval()


@pytest.fixture(scope="module")
def small_tokenizer() -> Tokenizer:
    """Return a tokeniser of two texts."""
    return train_tokenizer(TEXTS * 3, SMALL_TEXT.vocabulary, SMALL_TEXT.max_tokens)


@pytest.fixture(scope="module")
def weights(
    model: JointModel, small_tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a folder of exported weights."""
    folder = tmp_path_factory.mktemp("weights")
    export(model, small_tokenizer, folder, score=ScoreWeights(ecg=0.4), thresholds={"AFIB": 0.25})
    return folder


@pytest.fixture
def records(rng: np.random.Generator) -> list[Record]:
    """Return records of other length, rate, leads and scale."""
    noise = rng.normal(0, 0.3, (12, 5000)).astype(np.float32)
    gap = noise.copy()
    gap[2, 100:900] = np.nan
    return [
        Record(noise, LEADS, 500.0),
        Record(gap[:3], LEADS[:3], 500.0),
        Record(noise[:, :1500], LEADS, 250.0, scale=Scale.UNKNOWN),
    ]


def test_onnx_equals_torch(
    weights: Path, model: JointModel, small_tokenizer: Tokenizer, records: list[Record]
) -> None:
    """Both towers, within 1e-4, on records and texts of several shapes."""
    encoder = Encoder.load(weights)
    arrays = stack_images([view_record(r, View.SIGNED) for r in records])
    with torch.no_grad():
        out = model.encode_ecg(*(torch.from_numpy(a) for a in arrays))
        text = model.encode_text(torch.from_numpy(tokenize(small_tokenizer, TEXTS))).vectors

    found = encoder.encode_records(records)

    np.testing.assert_allclose(found.vectors, out.vectors.numpy(), atol=1e-4)
    np.testing.assert_allclose(found.statements, out.logits.sigmoid().numpy(), atol=1e-4)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), text.numpy(), atol=1e-4)


def test_no_file_says_where_it_was_made(weights: Path) -> None:
    """PyTorch notes the path of the code behind each operation; a folder's name is private."""
    for name in ("ecg.onnx", "text.onnx", "match.onnx"):
        assert b".py" not in (weights / name).read_bytes(), name


def test_matching_equals_torch_and_equal_texts_are_judged_alike(
    weights: Path, model: JointModel, small_tokenizer: Tokenizer, records: list[Record]
) -> None:
    """Each text with the query's own tokens, in the order asked for."""
    encoder = Encoder.load(weights)
    arrays = stack_images([view_record(records[1], View.SIGNED)])
    with torch.no_grad():
        out = model.encode_ecg(*(torch.from_numpy(a) for a in arrays))
        text = model.encode_text(torch.from_numpy(tokenize(small_tokenizer, TEXTS[:2]))).tokens
        expected = model.match(text, out.tokens).sigmoid().numpy()

    query = encoder.encode_query(records[1])
    found = encoder.match(query, [TEXTS[1], TEXTS[0], TEXTS[1]])

    assert found is not None
    np.testing.assert_allclose(found, expected[[1, 0, 1]], atol=1e-4)
    np.testing.assert_allclose(query.vector, out.vectors[0].numpy(), atol=1e-4)
    np.testing.assert_allclose(query.statements, out.logits[0].sigmoid().numpy(), atol=1e-4)


def test_a_model_without_fusion_does_not_match(
    small_tokenizer: Tokenizer, records: list[Record], tmp_path: Path
) -> None:
    """It writes no matcher, and says that it cannot match."""
    bare = JointModel(replace(SMALL, fusion=None))
    export(bare, small_tokenizer, tmp_path, score=ScoreWeights(ecg=0.4), thresholds={})
    encoder = Encoder.load(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    assert encoder.match(encoder.encode_query(records[0]), TEXTS) is None


def test_a_record_alone_gets_the_vector_it_gets_in_company(
    weights: Path, records: list[Record]
) -> None:
    """The batch does not matter."""
    encoder = Encoder.load(weights)

    together = encoder.encode_records(records).vectors

    alone = np.concatenate([encoder.encode_records([r]).vectors for r in records])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_likely_statements_need_a_threshold(weights: Path) -> None:
    """Only a statement with a threshold, and above it, is read."""
    probabilities = np.full(len(CODES), 0.9, np.float32)

    assert Encoder.load(weights).likely_statements(probabilities) == {"AFIB"}
    assert Encoder.load(weights).likely_statements(probabilities * 0.2) == frozenset()


def test_fingerprint_covers_every_file(weights: Path, tmp_path: Path) -> None:
    """Another tokeniser is another encoder."""
    for name in FILES:
        (tmp_path / name).write_bytes((weights / name).read_bytes())
    assert Encoder.load(tmp_path).fingerprint == Encoder.load(weights).fingerprint
    text = (tmp_path / "tokenizer.json").read_text()
    (tmp_path / "tokenizer.json").write_text(text + "\n")

    assert Encoder.load(tmp_path).fingerprint != Encoder.load(weights).fingerprint


@pytest.mark.parametrize("name", FILES)
def test_damaged_weights_are_an_error_of_one_line(weights: Path, tmp_path: Path, name: str) -> None:
    """Each file, missing and damaged."""
    for other in FILES:
        (tmp_path / other).write_bytes((weights / other).read_bytes())
    for damage in (b"", b"\0" * 50):
        (tmp_path / name).write_bytes(damage)
        with pytest.raises(ModelError) as caught:
            Encoder.load(tmp_path)
        assert "\n" not in str(caught.value)
    (tmp_path / name).unlink()
    with pytest.raises(ModelError) as missed:
        Encoder.load(tmp_path)
    assert "Errno" not in str(missed.value)
    assert name in str(missed.value)


def test_weights_of_another_preparation_are_refused(weights: Path, tmp_path: Path) -> None:
    """Vectors of another preparation must not meet."""
    for other in FILES:
        (tmp_path / other).write_bytes((weights / other).read_bytes())
    facts = json.loads((tmp_path / "encoder.json").read_text())
    (tmp_path / "encoder.json").write_text(json.dumps(facts | {"preparation": "prepare-0"}))

    with pytest.raises(ModelError, match="another version"):
        Encoder.load(tmp_path)
