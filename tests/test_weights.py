"""Tests of the weights that ship: they load, are small, and find likes on simulated cases."""

import json
import shutil
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from precord.encoder import FILES, MATCHER, Encoder
from precord.errors import ModelError
from precord.record import Scale
from precord.relevance import Relevance, class_share
from precord.report import Language
from precord.retrieve.calibration import FILE, Calibration
from precord.simulate import Simulated, draw_statements, simulate
from precord.statements import CODES
from precord.text import case_texts, mean_vectors
from precord.trees import FILE as TREES


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """Return the encoder that ships."""
    return Encoder.load()


@pytest.fixture(scope="module")
def cases() -> list[Simulated]:
    """Return 240 simulated cases of seeds that no training used."""
    rngs = [np.random.default_rng([77, number]) for number in range(240)]
    return [simulate(draw_statements(rng), rng) for rng in rngs]


def test_they_are_small() -> None:
    """At most 25 MB together, and nothing beside the files of an encoder and its calibration."""
    folder = Path(str(resources.files("precord") / "weights"))

    assert {p.name for p in folder.iterdir()} - {MATCHER, FILE, TREES} == {*FILES}
    assert sum(p.stat().st_size for p in folder.iterdir()) < 25e6


def test_they_do_not_say_where_they_were_made() -> None:
    """No path of the machine that trained them."""
    folder = Path(str(resources.files("precord") / "weights"))

    assert not [p.name for p in folder.glob("*.onnx") if b".py" in p.read_bytes()]


def test_calibration_is_of_these_weights(encoder: Encoder) -> None:
    """New weights need `make calibrate`: until then there are only counts."""
    calibration = Calibration.load(encoder.fingerprint)

    assert calibration is not None
    assert set(calibration.classes) == {"NORM", "MI", "STTC", "CD", "HYP"}
    assert set(calibration.limits) == {"near", "overlap_normal", "overlap_other"}


def test_simulated_queries_find_their_likes(encoder: Encoder, cases: list[Simulated]) -> None:
    """Forty queries among 200 cases: far above chance on both headline measures."""
    vectors = encoder.encode_records([c.record for c in cases]).vectors
    sets = [c.statements for c in cases]
    hits = np.argsort(-vectors[:40] @ vectors[40:].T, axis=1)[:, :10]
    likeness = Relevance.fit(sets[40:])(sets[:40], sets[40:])

    found = np.take_along_axis(likeness, hits, axis=1).mean()

    assert found > likeness.mean() + 0.2
    chance = class_share(sets[:40], sets[40:], np.tile(np.arange(200), (40, 1)))
    assert class_share(sets[:40], sets[40:], hits) > chance + 0.2


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("vorhofflimmern", "atrial fibrillation"),
        ("linksschenkelblock", "left bundle branch block"),
        ("normales ekg", "normal ecg"),
        ("av-block i. grades", "first degree av block"),
    ],
)
def test_both_languages_lie_in_one_space(encoder: Encoder, german: str, english: str) -> None:
    """A finding is nearer to its own translation than to another finding."""
    one, same, other = encoder.encode_texts([german, english, "inferior myocardial infarction"])

    assert one @ same > one @ other + 0.2


def test_words_find_simulated_ecgs(encoder: Encoder, cases: list[Simulated]) -> None:
    """Of the ten ECGs nearest to a finding's name at least half have it."""
    vectors = encoder.encode_records([c.record for c in cases]).vectors
    for code, words in (("AFIB", "vorhofflimmern"), ("CLBBB", "complete left bundle branch block")):
        there = np.array([code in c.statements for c in cases])
        best = np.argsort(-vectors @ encoder.encode_texts([words])[0])[:10]
        k = min(10, int(there.sum()))
        assert there[best[:k]].mean() >= 0.5, code


def test_the_scale_may_be_lost(encoder: Encoder, cases: list[Simulated]) -> None:
    """A record without its scale is nearest to itself with it, among all others."""
    records = [c.record for c in cases[:60]]
    bare = [
        replace(r, signal=r.signal / r.signal.std(axis=1, keepdims=True), scale=Scale.UNKNOWN)
        for r in records
    ]

    scores = encoder.encode_records(bare).vectors @ encoder.encode_records(records).vectors.T

    assert (scores.argmax(axis=1) == np.arange(60)).mean() > 0.5


def test_a_flipped_lead_is_another_ecg(encoder: Encoder, cases: list[Simulated]) -> None:
    """Turning all leads over moves a record further than noise does."""
    records = [c.record for c in cases[:30]]
    rng = np.random.default_rng(0)
    noise = [rng.normal(0, 0.01, r.signal.shape).astype(np.float32) for r in records]
    shaken = [replace(r, signal=r.signal + n) for r, n in zip(records, noise, strict=True)]
    turned = [replace(r, signal=-r.signal) for r in records]
    noisy, flipped = (encoder.encode_records(changed).vectors for changed in (shaken, turned))
    plain = encoder.encode_records(records).vectors

    assert np.median((plain * noisy).sum(axis=1)) > np.median((plain * flipped).sum(axis=1)) + 0.1


def test_case_texts_and_ecgs_agree(encoder: Encoder, cases: list[Simulated]) -> None:
    """An ECG is nearer to its own case's texts than to most others'."""
    texts = [case_texts(c.statements, [c.reports[Language.GERMAN].casefold()]) for c in cases]
    flat = encoder.encode_texts([t for of_case in texts for t in of_case])
    means = mean_vectors(flat, [len(of_case) for of_case in texts])

    scores = encoder.encode_records([c.record for c in cases]).vectors @ means.T

    rank = (scores > np.diag(scores)[:, None]).sum(axis=1)
    assert np.median(rank) < 0.2 * len(cases)


def test_trees_have_their_say(encoder: Encoder, cases: list[Simulated], tmp_path: Path) -> None:
    """Without `trees.onnx` the vectors are the same and the statements others; one ECG or many."""
    folder = Path(str(resources.files("precord") / "weights"))
    shutil.copytree(folder, tmp_path / "towers", ignore=shutil.ignore_patterns(TREES))
    facts = json.loads((tmp_path / "towers" / "encoder.json").read_text())
    known = facts.pop("trees")["statements"]
    (tmp_path / "towers" / "encoder.json").write_text(json.dumps(facts))
    towers = Encoder.load(tmp_path / "towers")
    records = [case.record for case in cases[:4]]

    both, alone = encoder.encode_records(records), towers.encode_records(records)

    assert towers.fingerprint != encoder.fingerprint
    np.testing.assert_array_equal(both.vectors, alone.vectors)
    differs = np.abs(both.statements - alone.statements).max(axis=0) > 0.001
    assert differs.sum() > len(known) / 2
    assert {CODES[i] for i in np.flatnonzero(differs)} <= set(known)
    one = encoder.encode_query(records[0]).statements
    np.testing.assert_allclose(one, both.statements[0], atol=1e-4)


@pytest.mark.parametrize("view", ["signed-no-polarity", "qiu2023-grid"])
def test_trees_beside_a_view_they_cannot_read_are_refused(tmp_path: Path, view: str) -> None:
    """As the configuration of a training refuses them; one line names the file and both views."""
    for path in Path(str(resources.files("precord") / "weights")).iterdir():
        (tmp_path / path.name).symlink_to(path)
    facts = json.loads((tmp_path / "encoder.json").read_text())
    (tmp_path / "encoder.json").unlink()
    (tmp_path / "encoder.json").write_text(json.dumps(facts | {"view": view}))

    with pytest.raises(ModelError, match=f"encoder.json: .* signed alone, not {view}$") as caught:
        Encoder.load(tmp_path)

    assert "\n" not in str(caught.value)
