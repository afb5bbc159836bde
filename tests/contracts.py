"""Contracts: what every implementation of an interface has to pass, whatever its kind.

A reader's tests inherit `ReaderContract` and say how to write the smallest file that their
reader takes; the contract damages that file. PRECORD_FUZZ_EXAMPLES multiplies the number of
random damages.
"""

import os
import shutil
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from precord.errors import FormatError, PrecordError
from precord.io import read
from precord.leads import Lead
from precord.record import Record

FUZZ = settings(
    max_examples=200 * int(os.environ.get("PRECORD_FUZZ_EXAMPLES", "1")),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
"""How a fuzz test runs: the same examples every time, and as many as the caller asks for."""

_BYTES = st.one_of(
    st.binary(max_size=8),
    st.text("0123456789-+./() \n#:x/abcmuVI\0", max_size=8).map(str.encode),
    st.sampled_from([b"\xff" * 8, b"\0" * 8, b"9" * 30, b"\x7f\xff\xff\xff"]),
)


class ReaderContract(ABC):
    """What every reader has to do with good, damaged and absent files."""

    format: str

    @abstractmethod
    def write_smallest(self, folder: Path) -> Path:
        """Write the smallest valid ECG into *folder*; return the path that a user names."""

    @abstractmethod
    def signal_file(self, path: Path) -> Path:
        """Return the file that holds the samples; no shorter version of it is valid."""

    @abstractmethod
    def call(self, path: Path) -> Record:
        """Call the reader under test."""

    def test_returns_a_record(self, tmp_path: Path) -> None:
        """The smallest file gives a valid record that says where it comes from."""
        path = self.write_smallest(tmp_path)

        record = self.call(path)

        assert record.signal.dtype == np.float32
        assert record.signal.shape[0] == len(record.leads)
        assert set(record.leads) <= set(Lead)
        assert record.rate > 0
        assert (record.provenance.format, record.provenance.name) == (self.format, path.name)

    def test_is_found_by_content(self, tmp_path: Path) -> None:
        """`read` finds the reader whatever the suffix, and returns the same signal."""
        path = self.write_smallest(tmp_path)
        renamed = path.rename(path.with_suffix(".bin"))

        record = read(renamed)

        assert record.provenance.format == self.format
        assert record.digest() == self.call(renamed).digest()

    def test_no_truncation_of_the_signal_is_read(self, tmp_path: Path) -> None:
        """The signal's file, cut at whatever length, is refused in one line."""
        path = self.write_smallest(tmp_path)
        whole = self.signal_file(path).read_bytes()
        for length in range(len(whole)):
            self.signal_file(path).write_bytes(whole[:length])
            for reader in (self.call, read):
                with pytest.raises(PrecordError) as caught:
                    reader(path)
                assert is_one_line(caught.value), length

    def test_no_truncation_escapes(self, tmp_path: Path) -> None:
        """Any file of the record, cut at whatever length, gives a record or a refusal."""
        path = self.write_smallest(tmp_path)
        for part in sorted(tmp_path.iterdir()):
            whole = part.read_bytes()
            for length in range(len(whole)):
                part.write_bytes(whole[:length])
                self.check_outcome(path)
            part.write_bytes(whole)

    @FUZZ
    @given(data=st.data())
    def test_no_damage_escapes(self, tmp_path: Path, data: st.DataObject) -> None:
        """Any bytes overwritten, inserted or removed give a record or a refusal."""
        folder = tmp_path / "fuzz"
        folder.mkdir()
        try:
            path = self.write_smallest(folder)
            part = data.draw(st.sampled_from(sorted(folder.iterdir())))
            damaged = bytearray(part.read_bytes())
            for _ in range(data.draw(st.integers(1, 3))):
                at = data.draw(st.integers(0, len(damaged)))
                damaged[at : at + data.draw(st.integers(0, 8))] = data.draw(_BYTES)
            part.write_bytes(damaged)
            self.check_outcome(path)
        finally:
            shutil.rmtree(folder)

    def test_empty_file_is_refused(self, tmp_path: Path) -> None:
        """An empty file is called empty."""
        path = self.write_smallest(tmp_path)
        path.write_bytes(b"")
        with pytest.raises(FormatError, match="empty"):
            self.call(path)

    def test_missing_file_is_refused(self, tmp_path: Path) -> None:
        """A missing file is called missing, by its name and without its folder."""
        with pytest.raises(FormatError, match=r"^gone\.bin: no such file") as caught:
            self.call(tmp_path / "gone.bin")
        assert str(tmp_path) not in str(caught.value)

    def test_folder_is_refused(self, tmp_path: Path) -> None:
        """A folder is called a folder."""
        with pytest.raises(FormatError, match="folder"):
            self.call(tmp_path)

    def check_outcome(self, path: Path) -> None:
        """Read *path* in both ways; nothing but a valid record or a refusal may come out."""
        for reader in (self.call, read):
            try:
                record = reader(path)
            except PrecordError as error:
                is_good = is_one_line(error)
                refusal = repr(error)
            else:
                is_good = not np.isinf(record.signal).any()
                refusal = "an infinite sample"
            assert is_good, refusal


def is_one_line(error: Exception) -> bool:
    """Tell whether a message is one printable line of bearable length."""
    text = str(error)
    return text.isprintable() and 0 < len(text) < 400
