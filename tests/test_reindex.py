"""Tests of precord.reindex: resumable, atomic, and the same as ingesting anew."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from precord.encoder import EcgEncoding
from precord.errors import EncoderMismatchError
from precord.library.sqlite import SqliteLibrary
from precord.record import Record
from precord.reindex import reindex
from tests.fakes import DIM, FakeEncoder
from tests.library.contract import make_case, make_vectors

N = 150


class OtherEncoder(FakeEncoder):
    """Makes the fake's vectors turned over, and may stop after some records."""

    fingerprint = "other-encoder"

    def __init__(self, stop_after: int = 10**9) -> None:
        self.left = stop_after
        self.encoded = 0

    def encode_records(self, records: Sequence[Record]) -> EcgEncoding:
        """Return the fake's vectors, turned over."""
        if self.left <= 0:
            raise KeyboardInterrupt
        self.left -= len(records)
        self.encoded += len(records)
        found = super().encode_records(records)
        return EcgEncoding(-found.vectors, found.statements)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a library whose vectors the fake encoder might have made."""
    with SqliteLibrary.create(tmp_path / "lib.db", "fake-encoder", "fp32", DIM) as library:
        cases = [make_case(number) for number in range(N)]
        library.add(cases, make_vectors(N), make_vectors(N, 1))
    return tmp_path / "lib.db"


def _expected(path: Path) -> np.ndarray:
    """Return the vectors that the other encoder makes of the stored signals."""
    with SqliteLibrary.open(path) as library:
        cases = library.cases(list(library.vectors().ids), with_record=True)
    return OtherEncoder().encode_records([c.record for c in cases if c.record]).vectors


def test_all_vectors_are_the_new_encoders(path: Path) -> None:
    """The library opens with the new encoder alone, and nothing else has changed."""
    seen: list[int] = []
    expected = _expected(path)
    with SqliteLibrary.open(path) as library:
        before = library.cases(sorted(library.case_ids()))

    assert reindex(path, OtherEncoder(), seen.append) == N

    assert sum(seen) == N
    with SqliteLibrary.open(path, encoder=OtherEncoder()) as library:
        np.testing.assert_allclose(library.vectors().ecg, expected, atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(library.vectors().report, axis=1), 1, atol=1e-5)
        assert library.cases(sorted(library.case_ids())) == before
        library.check()
    with pytest.raises(EncoderMismatchError, match="library reindex"):
        SqliteLibrary.open(path, encoder=FakeEncoder())


def test_a_stopped_run_changes_nothing_and_goes_on(path: Path) -> None:
    """Until the switch the old vectors serve; the second run makes only what is missing."""
    with SqliteLibrary.open(path) as library:
        old = library.vectors().ecg.copy()
    with pytest.raises(KeyboardInterrupt):
        reindex(path, OtherEncoder(stop_after=64))
    with SqliteLibrary.open(path, encoder=FakeEncoder()) as library:
        np.testing.assert_array_equal(library.vectors().ecg, old)

    rest = OtherEncoder()
    reindex(path, rest)

    assert rest.encoded == N - 64
    with SqliteLibrary.open(path, encoder=OtherEncoder()) as library:
        np.testing.assert_allclose(library.vectors().ecg, _expected(path), atol=1e-6)


def test_an_open_library_says_that_it_was_reindexed(path: Path) -> None:
    """Old queries never meet new vectors."""
    with SqliteLibrary.open(path, encoder=FakeEncoder()) as library:
        library.vectors()
        reindex(path, OtherEncoder())
        with pytest.raises(EncoderMismatchError, match="open it again"):
            library.vectors()
        with pytest.raises(EncoderMismatchError, match="open it again"):
            library.add([make_case(N)], make_vectors(1), make_vectors(1))


def test_the_same_weights_do_nothing(path: Path) -> None:
    """No record is encoded again."""
    encoder = OtherEncoder()
    reindex(path, encoder)
    again = OtherEncoder(stop_after=0)

    assert reindex(path, again) == N
    assert again.encoded == 0
