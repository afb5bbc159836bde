"""Tests of `precord cross-validate` and `precord compare`."""

from pathlib import Path

import numpy as np
import pytest

from precord.evaluate import cross
from precord.evaluate.cross import CrossValidated
from tests.cli.conftest import Run
from tests.evaluate.test_cross import Recorder, make_archive

CONFIG = """
from pathlib import Path
from precord.train.config import TrainConfig
CONFIG = TrainConfig(corpora=(("folder", Path({archive!r})),), folds=(1, 2, 3), validation_fold=4)
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder of cross-validations: alike, better, of other queries, and damaged."""
    for name, values, prefix in (
        ("base", [0.2, 0.4, 0.6], "q"),
        ("deep/base", [0.3, 0.5, 0.7], "q"),
        ("better", [0.4, 0.6, 0.8], "q"),
        ("other", [0.4, 0.6, 0.8], "x"),
    ):
        (tmp_path / name).mkdir(parents=True)
        ids = np.array([f"{prefix}{i}" for i in range(3)])
        made = CrossValidated(ids, ids, np.array([True, False, False]), {"mAP": np.array(values)})
        made.save(tmp_path / name)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "queries.npz").write_bytes(b"PK")
    return tmp_path


@pytest.mark.parametrize(
    ("folders", "status", "printed"),
    [
        (["base"], 0, ["| mAP | base | 0.400 ["]),
        (
            ["base", "better"],
            0,
            [
                "| mAP | better | 0.600 [",
                "| +0.200 [+0.200, +0.200] |",
                "| mAP non-NORM | base | 0.500 [",
            ],
        ),
        (["better", "base"], 0, ["| mAP | base | 0.400 [", "| -0.200 [-0.200, -0.200] |"]),
        (["base", "deep/base"], 0, ["/base | 0.400 [", "deep/base | 0.500 [", "+0.100 [+0.100"]),
        (["base", "other"], 1, ["cross-validated with other queries"]),
        (["base", "nowhere"], 1, ["nowhere: holds no cross-validation"]),
        (["damaged"], 1, ["damaged: holds no cross-validation"]),
        ([], 2, ["Missing argument"]),
    ],
)
def test_compare(
    run: Run, place: Path, folders: list[str], status: int, printed: list[str]
) -> None:
    """A table on standard output, or one line that says what is wrong."""
    answer = run("compare", *(place / folder for folder in folders))

    assert answer.status == status, answer.err
    text = answer.err if status else answer.out
    assert all(words in text for words in printed), text
    if status == 1:
        assert answer.err.startswith("precord: ")
        assert answer.err.count("\n") == 1
        assert answer.out == ""


def test_a_folder_may_be_named_as_the_one_one_stands_in(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`.` has a name, too."""
    monkeypatch.chdir(place / "better")

    assert "| mAP | better | 0.600 [" in run("compare", ".").out


def test_cross_validate_leaves_what_compare_reads(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a configuration to a table, and from its folder to the same table."""
    archive = make_archive(tmp_path / "archive")
    config = tmp_path / "mine.py"
    config.write_text(CONFIG.format(archive=str(archive)))
    recorder = Recorder()
    monkeypatch.setattr(cross, "train", recorder)

    done = run("cross-validate", config, "--out", tmp_path / "cv", "--parts", "4")
    again = run("compare", tmp_path / "cv")

    assert done.status == 0, done.err
    assert len(recorder.runs) == 4
    assert "| weighted Jaccard@10 | cv | 0." in done.out
    assert done.out == again.out


@pytest.mark.parametrize(
    ("folds", "parts", "status", "words"),
    [
        ("(1, 2, 3)", "8", 1, "4 folds cannot be cut into 8 parts"),
        ("(1, 2, 3)", "1", 2, "--parts"),
        ("(1, 4)", "2", 1, "both trains and validates"),
    ],
)
def test_what_cannot_be_cross_validated(
    run: Run, tmp_path: Path, folds: str, parts: str, status: int, words: str
) -> None:
    """Refused before anything is trained."""
    config = tmp_path / "mine.py"
    text = CONFIG.format(archive=str(make_archive(tmp_path / "archive")))
    config.write_text(text.replace("(1, 2, 3)", folds))

    answer = run("cross-validate", config, "--out", tmp_path / "cv", "--parts", parts)

    assert answer.status == status
    assert words in answer.err
    assert not (tmp_path / "cv" / "part-0").exists()
