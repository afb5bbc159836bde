"""Tests of precord.evaluate.material: a gallery that makes itself."""

from pathlib import Path
from typing import cast

from precord.encoder import Encoder
from precord.evaluate.material import open_gallery
from precord.io import write_wfdb
from tests.cli.conftest import beating
from tests.fakes import FakeEncoder


def test_a_gallery_is_made_once_for_each_encoder(tmp_path: Path) -> None:
    """The folds asked for and no other; opened again it is the same; other weights, another."""
    lines = ["file,patient,statements,report,fold"]
    for n in range(3):
        write_wfdb(beating(n), tmp_path / f"e{n}")
        lines.append(f"e{n}.hea,p{n},SR,,{7 + n}")
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    corpora, runs = [("folder", tmp_path)], tmp_path / "runs"
    fake, other = FakeEncoder(), FakeEncoder()
    other.fingerprint = "of-other-weights"

    for encoder in (fake, fake, other):
        with open_gallery(corpora, [7, 8], runs, cast("Encoder", encoder)) as library:
            assert sorted(library.vectors().folds, key=str) == [7, 8]

    assert len(list(runs.glob("*.db"))) == 2
