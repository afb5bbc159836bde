"""An ECG to search with, and an empty library to plant cases in."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from precord.library.sqlite import SqliteLibrary
from precord.record import Record
from precord.simulate import simulate
from tests.retrieve.planted import DIM


@pytest.fixture
def noise_record() -> Record:
    """Return an ECG; what bears this name elsewhere is refused by a search."""
    return simulate(("NORM",), np.random.default_rng(0)).record


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    """Return an empty library for vectors of width four."""
    with SqliteLibrary.create(tmp_path / "lib.db", "chosen", "fp32", DIM) as library:
        yield library
