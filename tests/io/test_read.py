"""Tests of precord.io.read and of the limits that every reader shares."""

import os
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from precord.errors import FormatError, UnsupportedFormatError
from precord.io import read
from precord.io.file import read_bytes
from tests.io.dicom_object import smallest
from tests.io.test_wfdb import LINE, write

HEADER = f"r 1 500 3\n{LINE}\n"


@pytest.mark.parametrize("name", ["r.hea", "r.dat", "r"])
def test_wfdb_by_any_of_its_names(tmp_path: Path, name: str) -> None:
    """Header, signal file or bare record name lead to the same record."""
    write(tmp_path, HEADER)
    assert read(tmp_path / name).leads == ("II",)


def test_content_outranks_the_name(tmp_path: Path) -> None:
    """A DICOM object called .hea is DICOM, and a WFDB header called .dcm is WFDB."""
    (tmp_path / "a.hea").write_bytes(smallest())
    write(tmp_path, HEADER).rename(tmp_path / "b.dcm")
    assert read(tmp_path / "a.hea").provenance.format == "DICOM"
    assert read(tmp_path / "b.dcm").provenance.format == "WFDB"


def test_real_dicom_is_found() -> None:
    """The ECG inside the pydicom package."""
    path = get_testdata_file("waveform_ecg.dcm", download=False)
    assert isinstance(path, str)
    assert read(Path(path)).provenance.format == "DICOM"


def test_signal_file_without_header_asks_for_it(tmp_path: Path) -> None:
    """The message names the file that is missing."""
    write(tmp_path, HEADER).unlink()
    with pytest.raises(FormatError, match=r"r\.dat: a WFDB signal file needs.* r\.hea"):
        read(tmp_path / "r.dat")


def test_header_of_another_file_is_not_used(tmp_path: Path) -> None:
    """A header that does not name the file does not describe it."""
    write(tmp_path, HEADER.replace("r.dat", "s.dat"))
    with pytest.raises(FormatError, match="which names it"):
        read(tmp_path / "r.dat")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<?xml version='1.0'?>", "this is an XML file"),
        (b"hello, world", "unknown content"),
        (b"\0" * 200, "unknown content"),
        (b"name,age\nx,3\n", "unknown content"),
    ],
)
def test_other_content_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    """The message says what the file is, and which formats are read."""
    path = tmp_path / "x.ecg"
    path.write_bytes(content)
    with pytest.raises(UnsupportedFormatError, match=f"{message}.* reads WFDB .*, DICOM ECG"):
        read(path)


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"\x89PNG\r\n"])
def test_torn_pictures_are_damaged(tmp_path: Path, content: bytes) -> None:
    """A few bytes of a picture or a PDF are refused as that."""
    (tmp_path / "x.ecg").write_bytes(content)
    with pytest.raises(FormatError, match="is damaged"):
        read(tmp_path / "x.ecg")


@pytest.mark.parametrize("name", ["", ".", "..", "/", "n" * 300, "a\0b", "a\nb", "no/such/file"])
def test_odd_paths_are_refused_in_one_line(name: str) -> None:
    """Whatever is typed as a path, one printable line comes back."""
    with pytest.raises(FormatError) as caught:
        read(Path(name))
    assert str(caught.value).isprintable()


def test_limit_of_size(tmp_path: Path) -> None:
    """A file above the limit is refused, one at the limit is read."""
    path = tmp_path / "x"
    path.write_bytes(b"123456")
    assert read_bytes(path, 6) == b"123456"
    with pytest.raises(FormatError, match="larger than"):
        read_bytes(path, 5)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_unreadable_file_is_refused(tmp_path: Path) -> None:
    """The system's own reason is passed on."""
    path = write(tmp_path, HEADER)
    path.chmod(0)
    with pytest.raises(FormatError, match="Permission denied"):
        read(path)
