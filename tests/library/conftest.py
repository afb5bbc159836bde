"""Where a library may be created, and an empty one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from precord.library import SqliteLibrary
from tests.library.test_sqlite import create


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a library may be created."""
    return tmp_path / "cases ?&#%.db"


@pytest.fixture
def library(path: Path) -> Iterator[SqliteLibrary]:
    """Return an empty library."""
    with create(path) as library:
        yield library
