"""Tests of precord.train.run: nothing of a held-out fold reaches it, and it can be repeated."""

import csv
import gzip
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from precord.encoder import Encoder
from precord.errors import LeakError, ModelError
from precord.io import write_wfdb
from precord.simulate import simulate
from precord.train.config import TrainConfig, TreeConfig, load_config
from precord.train.pool import simulate_pool
from precord.train.run import Watch, _draw, _load_real, train
from precord.train.texts import names_any, read_texts
from precord.train.tokenizer import tokenize, train_tokenizer
from tests.train.conftest import SMALL

SEEN, UNSEEN = "ξ", "ψ"  # letters of the reports of folds 1 to 8, and of fold 9 alone
CODES = ("NORM", "AFIB", "CLBBB", "IMI")
BOTH = """
from precord.model.joint import ModelConfig
from precord.model.picture import PictureConfig
from precord.train.config import TrainConfig, TreeConfig
_PICTURE = ModelConfig(vision=PictureConfig())
CONFIG = TrainConfig(corpora=(), folds=(1, 8), validation_fold=8)
"""
ONE = BOTH.replace("()", "((1, 2),)").replace("(1, 8)", "(1,)")
NESTED = "TrainConfig((), partners=(TrainConfig(()),))"
PICTURE = "TrainConfig((), model=ModelConfig(vision=PictureConfig()))"
TREES = TreeConfig(copies=1, rounds=3, least_in_leaf=2, least_cases=2)
SILENT = Watch(lambda *_: None, lambda _: None, lambda _: None)


def _write_corpus(folder: Path, folds: Sequence[int]) -> Path:
    """Write four ECGs a fold with a table; those of fold 9 cannot be read."""
    folder.mkdir()
    lines = ["file,patient,statements,report,source,fold"]
    for fold in folds:
        for number, code in enumerate(CODES):
            name = f"{fold}-{number}"
            made = simulate((code,), np.random.default_rng([fold, number]), rate=100.0)
            header = write_wfdb(made.record, folder / name)
            word = UNSEEN if fold == 9 else SEEN
            if fold == 9:
                header.write_text("no header at all\n")
            codes = ";".join(sorted(made.statements))
            lines.append(f"{name}.hea,p{name},{codes},{word} report of {code},clinician,{fold}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder


def _write_reports(path: Path) -> Path:
    """Write a table of reports, of which fold 9 holds a letter of its own."""
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.DictWriter(file, ["strat_fold", "report"])
        writer.writeheader()
        for fold in range(1, 10):
            word = UNSEEN if fold == 9 else SEEN
            writer.writerows([{"strat_fold": fold, "report": f"{word} text {fold}"}] * 3)
    return path


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    """Return a run of one pass over folds 1 to 3, validated on fold 4, with fold 9 beside them."""
    return TrainConfig(
        corpora=(("folder", _write_corpus(tmp_path / "ecgs", [1, 2, 3, 4, 9])),),
        folds=(1, 2, 3),
        validation_fold=4,
        reports=_write_reports(tmp_path / "reports.csv.gz"),
        model=SMALL,
        passes=1,
        batch=8,
        simulated=0,
        seed=5,
    )


def test_nothing_of_fold_9_reaches_a_run(config: TrainConfig, tmp_path: Path) -> None:
    """With and without fold 9 on disk, the weights are the same to the bit.

    The ECGs of fold 9 cannot even be read, and a letter of its reports is in no vocabulary.
    """
    config = replace(config, trees=TREES)
    train(config, tmp_path / "with", SILENT)
    fewer = _write_corpus(tmp_path / "fewer", [1, 2, 3, 4])
    without = replace(config, corpora=(("folder", fewer),))
    train(without, tmp_path / "without", SILENT)

    learnt = ("best.safetensors", "tokenizer.json", "weights/encoder.json", "weights/trees.onnx")
    for name in learnt:
        one, other = (tmp_path / run / name for run in ("with", "without"))
        assert one.read_bytes() == other.read_bytes(), name
    vocabulary = Tokenizer.from_file(str(tmp_path / "with" / "tokenizer.json")).get_vocab()
    assert SEEN in vocabulary
    assert UNSEEN not in vocabulary


def test_nothing_of_a_withheld_statement_reaches_a_run(config: TrainConfig, tmp_path: Path) -> None:
    """Coded or only named, on disk or not: the weights are the same, and say what they lack."""
    folder = config.corpora[0][1]
    table = folder / "table.csv"
    rows = table.read_text()
    assert "AFIB" in rows
    named = rows.replace("report of CLBBB", "no atrial fibrillation; CLBBB")
    fewer = [row for row in rows.splitlines() if "AFIB" not in row and "CLBBB" not in row]
    blind = replace(config, withheld=frozenset({"AFIB"}), reports=None)
    table.write_text(named)
    train(blind, tmp_path / "withheld", SILENT)
    table.write_text("\n".join(fewer) + "\n")
    train(blind, tmp_path / "absent", SILENT)

    for name in ("best.safetensors", "tokenizer.json", "weights/encoder.json"):
        one, other = (tmp_path / run / name for run in ("withheld", "absent"))
        assert one.read_bytes() == other.read_bytes(), name
    assert Encoder.load(tmp_path / "withheld" / "weights").withheld == {"AFIB"}


def test_what_is_withheld_is_not_simulated_nor_read() -> None:
    """The simulator draws again; a report that denies it names it; a configuration is checked."""
    plain = simulate_pool(30, 4, lambda _: None, workers=1)
    blind = simulate_pool(30, 4, lambda _: None, workers=1, withheld=frozenset({"SR"}))

    assert any("SR" in codes for codes in plain.statements)
    assert not any("SR" in codes for codes in blind.statements)
    same = [i for i, codes in enumerate(plain.statements) if "SR" not in codes]
    assert [plain.statements[i] for i in same] == [blind.statements[i] for i in same]
    assert names_any("kein Vorhofflimmern", frozenset({"AFIB"}))
    assert not names_any("Vorhofflattern", frozenset({"AFIB"}))
    assert not names_any("Vorhofflimmern", frozenset())


def test_simulated_records_can_train_alone(config: TrainConfig, tmp_path: Path) -> None:
    """No data set is named, none is read, and the thresholds are the simulation's own."""
    alone = replace(
        config,
        corpora=(),
        reports=None,
        validation_fold=None,
        simulated=24,
        simulated_share=1.0,
    )
    train(alone, tmp_path / "run", SILENT)

    assert Encoder.load(tmp_path / "run" / "weights").dim == SMALL.dim
    with pytest.raises(ModelError, match="neither a data set nor simulated records"):
        train(replace(alone, simulated=0), tmp_path / "none", SILENT)


def test_fewer_records_are_some_of_them_by_patient(config: TrainConfig) -> None:
    """The smaller draw is part of the larger; a patient's records come in together."""
    pool = _load_real(config, SILENT)[0]
    pool = replace(pool, patients=tuple(f"p{i // 2}" for i in range(len(pool))))

    few, more = (_draw(pool, n, 1) for n in (4, 8))

    assert (len(few), len(more)) == (4, 8)
    assert len(set(few.patients)) == 2
    assert set(few.patients) < set(more.patients)
    assert _draw(pool, 4, 1).patients == few.patients
    assert len(_draw(pool, 99, 1)) == len(pool)


def test_the_weights_of_a_run_load(config: TrainConfig, tmp_path: Path) -> None:
    """What a run leaves behind is what the encoder reads; resuming a finished run keeps it."""
    state = train(config, tmp_path / "run", SILENT)
    fingerprint = Encoder.load(tmp_path / "run" / "weights").fingerprint

    again = train(config, tmp_path / "run", SILENT, resume=True)

    assert again == state
    assert Encoder.load(tmp_path / "run" / "weights").fingerprint == fingerprint


def test_a_partner_trains_on_the_same_folds_and_joins(config: TrainConfig, tmp_path: Path) -> None:
    """Its statements are averaged with the run's; resuming a stopped pair gives the same.

    What the partner's own configuration says of data is of no account: with fold 9 named there,
    which cannot be read, it trains on the run's folds.
    """
    other = replace(SMALL, vision=replace(SMALL.vision, depth=0), fusion=None)
    partner = replace(
        config, model=other, folds=(9,), matching_weight=0.0, masked_word_weight=0.0, seed=6
    )
    alone = [config, replace(partner, folds=config.folds, validation_fold=None)]
    record = simulate(("AFIB",), np.random.default_rng(1), rate=100.0).record

    train(replace(config, partners=(partner,)), tmp_path / "pair", SILENT)
    pair = Encoder.load(tmp_path / "pair" / "weights").encode_records([record])
    each = []
    for number, one in enumerate(alone):
        train(one, tmp_path / str(number), SILENT)
        each.append(Encoder.load(tmp_path / str(number) / "weights").encode_records([record]))
    shutil.rmtree(tmp_path / "pair" / "partner-0")
    train(replace(config, partners=(partner,)), tmp_path / "pair", SILENT, resume=True)
    again = Encoder.load(tmp_path / "pair" / "weights").encode_records([record])

    odds = [np.log(one.statements / (1 - one.statements)) for one in each]
    assert not np.allclose(odds[0], odds[1], atol=0.01)
    mean = 1 / (1 + np.exp(-(odds[0] + odds[1]) / 2))
    np.testing.assert_allclose(pair.statements, mean, atol=1e-4)
    np.testing.assert_allclose(pair.vectors, each[0].vectors, atol=1e-4)
    np.testing.assert_array_equal(again.statements, pair.statements)


def test_partners_in_eight_bits_say_nearly_the_same(config: TrainConfig, tmp_path: Path) -> None:
    """The run's own vectors stay; a run that is resumed to be exported anew gives the same file."""
    partner = replace(config, seed=6)
    record = simulate(("AFIB",), np.random.default_rng(1), rate=100.0).record
    paired = replace(config, partners=(partner,))

    train(paired, tmp_path / "pair", SILENT)
    whole = Encoder.load(tmp_path / "pair" / "weights").encode_records([record])
    train(replace(paired, eight_bits=True), tmp_path / "pair", SILENT, resume=True)
    bytes_ = Encoder.load(tmp_path / "pair" / "weights").encode_records([record])

    np.testing.assert_array_equal(bytes_.vectors, whole.vectors)
    assert not np.array_equal(bytes_.statements, whole.statements)
    np.testing.assert_allclose(bytes_.statements, whole.statements, atol=0.02)


def test_a_patient_on_both_sides_stops_the_run(config: TrainConfig, tmp_path: Path) -> None:
    """Two folders that share a patient, one in a training and one in the validation fold."""
    for name, fold in (("one", 1), ("two", 4)):
        folder = _write_corpus(tmp_path / name, [fold])
        table = folder / "table.csv"
        table.write_text(table.read_text().replace(f"p{fold}-0", "the same"))
    both = (("folder", tmp_path / "one"), ("folder", tmp_path / "two"))

    with pytest.raises(LeakError, match="1 patients both train and validate"):
        train(replace(config, corpora=both), tmp_path / "run", SILENT)


def test_reports_come_from_the_named_folds_alone(tmp_path: Path) -> None:
    """The table holds all folds; only those asked for are read."""
    table = _write_reports(tmp_path / "reports.csv.gz")

    assert set(read_texts(table, (1, 2)).reports) == {f"{SEEN} text 1", f"{SEEN} text 2"}


def test_the_shipped_configuration_leaves_fold_9_and_10_alone() -> None:
    """Neither trains, neither chooses."""
    config = load_config(Path(__file__).parents[2] / "configs" / "shipped.py")

    assert not {*config.folds, config.validation_fold} & {9, 10}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CONFIG = 1", "defines no CONFIG"),
        ("1 / 0", "ZeroDivisionError"),
        (BOTH, "both trains and validates"),
        (BOTH.replace("(1, 8)", "(1,), withheld={'XYZ'}"), "withholds 'XYZ'"),
        (ONE.replace("(1,)", "(1,), text_pairs=3"), "need a table of reports"),
        (ONE.replace("(1,)", "(1,), hidden_signal_weight=1"), "a model that redraws"),
        (ONE.replace("(1,)", f"(1,), partners=({NESTED},)"), "partners of its own"),
        (ONE.replace("(1,)", f"(1,), partners=({PICTURE},)"), "another view"),
        (ONE.replace("(1,)", "(1,), trees=TreeConfig(), model=_PICTURE"), "trees read signed maps"),
        (ONE.replace("(1,)", "(1,), eight_bits=True"), "for the partners alone"),
        (ONE.replace("((1, 2),)", "()"), "without a data set simulated_share is 1"),
    ],
)
def test_a_bad_configuration_is_an_error_of_one_line(tmp_path: Path, text: str, words: str) -> None:
    """It names the file and what is wrong."""
    (tmp_path / "bad.py").write_text(text)

    with pytest.raises(ModelError, match=words) as caught:
        load_config(tmp_path / "bad.py")
    assert "\n" not in str(caught.value)


def test_the_same_texts_give_the_same_vocabulary() -> None:
    """Whatever their order; and ids are padded with zeros."""
    texts = ["sinus rhythm", "atrial fibrillation", "sinus bradycardia", "vorhofflimmern"] * 3

    one, other = (train_tokenizer(t, 200, 8) for t in (texts, texts[::-1]))

    assert one.to_str() == other.to_str()
    ids = tokenize(one, ["sinus rhythm", "vorhofflimmern sinus rhythm atrial fibrillation " * 3])
    assert ids.shape == (2, 8)
    assert ids[0, -1] == 0
