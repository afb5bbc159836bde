"""Tests of the workers that parse uploads: what they read, and that none of them is lost."""

import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

from precord.api.pool import ParserPool
from precord.api.worker import from_bytes, to_bytes
from precord.errors import FormatError
from precord.io import read, write_wfdb
from precord.record import Record
from tests.cli.conftest import beating


def test_a_record_survives_the_frame(noise_record: Record) -> None:
    """All that a record says comes back, bit for bit."""
    found = from_bytes(to_bytes(noise_record))
    np.testing.assert_array_equal(found.signal, noise_record.signal)
    assert found.digest() == noise_record.digest()
    assert (found.acquisition, found.provenance) == (
        noise_record.acquisition,
        noise_record.provenance,
    )


def test_a_worker_reads_what_the_reader_reads(tmp_path: Path) -> None:
    """A killed worker is replaced; the next upload is read as if nothing had been."""
    path = write_wfdb(beating(3), tmp_path / "ecg")
    with ParserPool(1) as pool:
        assert pool.read(path).digest() == read(path).digest()
        worker = pool._free[0]
        os.kill(worker._process.pid, signal.SIGKILL)
        worker._process.wait()
        with pytest.raises(FormatError, match="more memory"):
            pool.read(path)
        assert pool.read(path).digest() == read(path).digest()


def test_memory_is_limited(tmp_path: Path) -> None:
    """A file above the limit is refused; the worker lives on."""
    path, small = tmp_path / "large.dcm", write_wfdb(beating(3), tmp_path / "ecg")
    with path.open("wb") as file:
        file.seek(150 * 2**20)
        file.write(b"x")
    with ParserPool(1, memory_bytes=60 * 2**20) as pool:
        with pytest.raises(FormatError, match="memory"):
            pool.read(path)
        assert pool.read(small).rate == 500


def test_time_is_limited(tmp_path: Path) -> None:
    """A reader that does not end is ended."""
    path = write_wfdb(beating(3), tmp_path / "ecg")
    with ParserPool(1, seconds=0.0) as pool, pytest.raises(FormatError, match="0 seconds"):
        pool.read(path)


def test_a_used_up_worker_goes_on_until_its_successor_is_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No upload waits for a process that is starting; none is refused."""
    monkeypatch.setattr("precord.api.pool._USES", 2)
    path = write_wfdb(beating(3), tmp_path / "ecg")
    with ParserPool(1) as pool:
        first = pool._free[0]
        assert pool.read(path).rate == pool.read(path).rate == 500
        spare = pool._spare
        assert spare is not None
        assert pool._free[0] is first  # the other one has had no time to start
        while not spare.is_ready:
            threading.Event().wait(0.01)
        assert pool.read(path).rate == 500
        assert pool._free[0] is spare
        assert not first.is_alive
        assert pool.read(path).rate == 500
