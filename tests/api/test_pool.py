"""Tests of the workers that parse uploads: what they read, and that none of them is lost."""

import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

from precord.api import pool as pool_module
from precord.api.frame import from_bytes, to_bytes
from precord.api.pool import ParserPool
from precord.digitize import Stage
from precord.errors import FormatError, QueryError
from precord.image.paper import save_record
from precord.io import read, write_wfdb
from precord.record import Record
from tests.cli.conftest import beating


def drawn(folder: Path) -> Path:
    """Return a page of an ECG as a PNG."""
    path = folder / "page.png"
    save_record(beating(3), path, dpi=150)
    return path


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
        with pytest.raises(FormatError, match="more time or memory"):
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
    with ParserPool(1, seconds=0.0) as pool, pytest.raises(FormatError, match="more time"):
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


def test_the_stages_of_a_picture_are_told(tmp_path: Path) -> None:
    """One after another, from the worker's process; a file that is no picture has none."""
    page = drawn(tmp_path)
    plain = write_wfdb(beating(3), tmp_path / "ecg")
    told: list[Stage] = []
    with ParserPool(1, seconds=600.0) as pool:
        assert pool.read(page, told.append).provenance.is_digitised
        assert told == list(Stage)[:6]
        assert pool.digitize(page, {"layout": "3x4+1"}, told.append).provenance.is_digitised
        assert told == 2 * list(Stage)[:6]
        pool.read(plain, told.append)
    assert len(told) == 12


def test_whoever_hears_a_stage_may_end_the_reading(tmp_path: Path) -> None:
    """What is raised comes through, and the next upload is read."""
    page = drawn(tmp_path)
    plain = write_wfdb(beating(3), tmp_path / "ecg")

    def enough(stage: Stage) -> None:
        raise QueryError(stage)

    with ParserPool(1, seconds=600.0) as pool:
        first = pool._free[0]
        with pytest.raises(QueryError, match="opening"):
            pool.read(page, enough)
        assert not first.is_alive
        assert pool.read(plain).rate == 500


def test_a_picture_may_take_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its grid on the first clock stands; the second, four times as long, goes on."""
    page = drawn(tmp_path)
    running: list[float] = []

    class Clock:
        def __init__(self, seconds: float, _: object) -> None:
            self.seconds = seconds

        def start(self) -> None:
            running.append(self.seconds)

        def cancel(self) -> None:
            if self.seconds in running:
                running.remove(self.seconds)

    monkeypatch.setattr(pool_module, "Timer", Clock)
    seen: dict[Stage, list[float]] = {}
    with ParserPool(1, seconds=7.0) as pool:
        pool.read(page, lambda stage: seen.update({stage: [*running]}))
    assert seen[Stage.OPENING] == [7.0, 28.0]
    assert seen[Stage.GRID] == seen[Stage.CHECKING] == [28.0]
    assert running == []
