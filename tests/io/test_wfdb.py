"""Tests of precord.io.wfdb.

The oracle is the `wfdb` package, an independent reader and writer of the same format.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import wfdb

from precord.errors import FormatError, SignalError
from precord.io.wfdb import read_wfdb
from precord.record import Record
from tests.contracts import ReaderContract

CALIBRATIONS = [
    ("mV", 1000.0, 0),
    ("mV", 0.5, 3),
    ("uV", 1.0, 0),
    ("uV", 4.88, -7),
    ("V", 2e5, 12),
]
PER_MV = {"mV": 1.0, "uV": 1e3, "V": 1e-3}
LINE = "r.dat 16 1000(0)/mV 16 0 1 6 0 II"  # of the samples 1 2 3


def write(folder: Path, header: str | bytes, *, dat: bytes = b"\1\0\2\0\3\0") -> Path:
    """Write a header and its signal file, by default with the samples 1 2 3 in format 16."""
    (folder / "r.dat").write_bytes(dat)
    path = folder / "r.hea"
    path.write_bytes(header if isinstance(header, bytes) else header.encode())
    return path


class TestContract(ReaderContract):
    """The reader contract, on one lead of three samples."""

    format = "WFDB"

    def call(self, path: Path) -> Record:
        """Call read_wfdb."""
        return read_wfdb(path)

    def write_smallest(self, folder: Path) -> Path:
        """Write the record r."""
        return write(folder, f"r 1 500 3\n{LINE}\n")

    def signal_file(self, path: Path) -> Path:
        """Return the .dat file."""
        return path.with_name("r.dat")


@pytest.mark.parametrize("fmt", ["16", "24", "32", "212"])
@pytest.mark.parametrize(("unit", "gain", "baseline"), CALIBRATIONS)
@pytest.mark.parametrize("n_samples", [1000, 999])
def test_signal_agrees_with_oracle(
    tmp_path: Path, fmt: str, unit: str, gain: float, baseline: int, n_samples: int
) -> None:
    """Whatever unit, format and missing samples, the signal comes out in millivolts."""
    steps = np.random.default_rng(0).integers(-2000, 2000, (n_samples, 3))
    steps[5:9, 1] = -(2 ** ({"212": 12}.get(fmt, int(fmt)) - 1))
    wfdb.wrsamp(
        "r",
        fs=500,
        units=[unit] * 3,
        sig_name=["II", "avr", "V5"],
        write_dir=str(tmp_path),
        d_signal=steps,
        fmt=[fmt] * 3,
        adc_gain=[gain] * 3,
        baseline=[baseline] * 3,
    )

    record = read_wfdb(tmp_path / "r.hea")

    expected = wfdb.rdrecord(str(tmp_path / "r")).p_signal.T / PER_MV[unit]
    np.testing.assert_allclose(record.signal, expected, rtol=1e-6, atol=1e-7)
    assert np.isnan(record.signal).sum() == 4
    assert record.leads == ("II", "aVR", "V5")
    assert (record.rate, record.signal.shape[1]) == (500, n_samples)


def test_several_signal_files_agree_with_oracle(tmp_path: Path) -> None:
    """Files of different formats and byte offsets make one record, in the header's order."""
    steps = np.random.default_rng(1).integers(-900, 900, (50, 3))
    wfdb.wrsamp(
        "b",
        fs=250,
        units=["mV"],
        sig_name=["V1"],
        write_dir=str(tmp_path),
        d_signal=steps[:, 2:],
        fmt=["212"],
        adc_gain=[200.0],
        baseline=[0],
    )
    (tmp_path / "a.dat").write_bytes(b"#" * 24 + steps[:, :2].astype("<i2").tobytes())
    signals = [("a.dat 16+24 200", "I"), ("a.dat 16+24 100(5)/mV", "III"), ("b.dat 212 200", "V1")]
    lines = [
        f"{start} 12 0 {column[0]} {column.sum()} 0 {lead}"
        for (start, lead), column in zip(signals, steps.T, strict=True)
    ]
    (tmp_path / "m.hea").write_text("\n".join(["m 3 250 50", *lines, ""]))

    record = read_wfdb(tmp_path / "m.hea")

    expected = wfdb.rdrecord(str(tmp_path / "m")).p_signal.T
    np.testing.assert_allclose(record.signal, expected, rtol=1e-6, atol=1e-7)
    assert record.leads == ("I", "III", "V1")


@pytest.mark.parametrize(
    ("fmt", "data"),
    [
        ("80", bytes([129, 126, 0])),  # offset binary: 1, -2, missing
        ("24", bytes([1, 0, 0, 0xFE, 0xFF, 0xFF, 0, 0, 0x80])),
        ("32", bytes([1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0x80])),
    ],
)
def test_other_widths_by_hand(tmp_path: Path, fmt: str, data: bytes) -> None:
    """The samples 1, -2 and a missing one, spelled out byte by byte as signal(5) says."""
    line = f"r.dat {fmt} 1000(0)/mV 12 0 1 {_checksum(fmt)} 0 II"
    path = write(tmp_path, f"r 1 500 3\n{line}\n", dat=data)
    np.testing.assert_allclose(read_wfdb(path).signal, [[0.001, -0.002, np.nan]], rtol=1e-6)
    path.with_name("r.dat").write_bytes(data + b"\0")
    with pytest.raises(FormatError, match="which are not 3 samples"):
        read_wfdb(path)


def _checksum(fmt: str) -> int:
    """Return the sum of 1, -2 and the lowest value of a format, modulo 2**16."""
    bits = {"80": 8, "24": 24, "32": 32}[fmt]
    return (1 - 2 - (1 << (bits - 1))) % (1 << 16)


def test_format_212_by_hand(tmp_path: Path) -> None:
    """Two samples lie in three bytes; a lone last one takes two (signal(5))."""
    # 1 = 0x001 and -1 = 0xFFF; then -2047 = 0x801 alone
    dat = bytes([0x01, 0xF0, 0xFF, 0x01, 0x08])
    header = f"r 1 500 3\nr.dat 212 1000 12 0 1 {2**16 - 2047} 0 II\n"

    record = read_wfdb(write(tmp_path, header, dat=dat))

    np.testing.assert_array_equal(record.signal, np.array([[0.001, -0.001, -2.047]], np.float32))


def test_signal_files_of_different_length_are_refused(tmp_path: Path) -> None:
    """Without a number of samples in the header, the files have to agree."""
    (tmp_path / "s.dat").write_bytes(b"\1\0")
    path = write(tmp_path, f"r 2 500\n{LINE}\ns.dat 16 1000 16 0 1 1 0 V1\n")
    with pytest.raises(FormatError, match="differ in length"):
        read_wfdb(path)


def test_signals_of_one_file_have_one_format(tmp_path: Path) -> None:
    """Two formats in one file cannot be taken apart."""
    path = write(tmp_path, f"r 2 500\n{LINE}\nr.dat 212 1000 16 0 1 1 0 V1\n")
    with pytest.raises(FormatError, match="differ in format"):
        read_wfdb(path)


def test_other_signals_are_left_out_and_noted(tmp_path: Path) -> None:
    """A pressure between two leads takes its place in the file, not in the record."""
    lines = [f"r.dat 16 {g} 16 0 1 {1 + s} 0 {n}" for g, s, n in TRIPLE]
    path = write(tmp_path, "\n".join(["r 3 500", *lines, ""]), dat=bytes([1, 0, 2, 0, 3, 0]))

    record = read_wfdb(path)

    assert record.leads == ("I", "V1")
    np.testing.assert_array_equal(record.signal, np.array([[0.001], [0.003]], np.float32))
    assert record.provenance.notes == ("Signals left out, as none of the twelve leads: ABP.",)


TRIPLE = [("1000", 0, "I"), ("10/mmHg", 1, "ABP"), ("1000", 2, "V1")]


def test_other_signals_files_are_not_needed(tmp_path: Path) -> None:
    """A respiration signal in a file of its own, and in another format, may be absent."""
    path = write(tmp_path, f"r 2 500 3\n{LINE}\nresp.dat 80x4 1 16 0 1 1 0 RESP\n")
    assert read_wfdb(path).leads == ("II",)


def test_a_lead_may_not_stand_twice(tmp_path: Path) -> None:
    """Two signals of one name cannot both be that lead."""
    path = write(tmp_path, f"r 2 500 1\n{LINE}\n{LINE}\n".replace(" 6 0", " 1 0"), dat=b"\1\0" * 2)
    with pytest.raises(SignalError, match="twice"):
        read_wfdb(path)


def test_all_samples_missing_is_refused(tmp_path: Path) -> None:
    """A lead of nothing but the missing value holds no ECG."""
    path = write(tmp_path, "r 1 500 1\nr.dat 16 1000 16 0 0 -32768 0 II\n", dat=b"\0\x80")
    with pytest.raises(SignalError, match="every sample is missing"):
        read_wfdb(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_is_refused(tmp_path: Path) -> None:
    """A header that names a pipe must not block its reader."""
    path = write(tmp_path, f"r 1 500 3\n{LINE}\n".replace("r.dat", "pipe"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatError, match="not a regular file"):
        read_wfdb(path)


@pytest.mark.data
def test_all_of_ptb_xl_is_read(shared_data: Path) -> None:
    """All 422 records at 100 Hz; every 20th equals the oracle, and its 500 Hz copy too."""
    headers = sorted((shared_data / "ptb-xl/records100").rglob("*.hea"))
    assert len(headers) == 422
    for n, path in enumerate(headers):
        record = read_wfdb(path)
        assert (record.rate, record.signal.shape) == (100.0, (12, 1000))
        if n % 20 == 0:
            fast = Path(str(path).replace("records100", "records500").replace("_lr", "_hr"))
            check_against_oracle(path)
            check_against_oracle(fast)


@pytest.mark.data
def test_all_of_ptb_xl_at_500_hz_is_read(shared_data: Path) -> None:
    """All 422 records at 500 Hz: twelve leads, ten seconds, plausible millivolts."""
    headers = sorted((shared_data / "ptb-xl/records500").rglob("*.hea"))
    assert len(headers) == 422
    for path in headers:
        record = read_wfdb(path)
        assert (record.rate, record.signal.shape) == (500.0, (12, 5000))
        assert 0.1 < np.abs(record.signal).max() < 33


@pytest.mark.data
def test_challenge_files_are_read(shared_data: Path) -> None:
    """Signals inside MATLAB files, behind a byte offset, are WFDB all the same."""
    headers = sorted((shared_data / "formats/challenge-mat").glob("*.hea"))
    assert headers
    for path in headers:
        assert read_wfdb(path).acquisition.sex is not None
        if not path.name.startswith("E"):  # the oracle refuses those: a dot in the record name
            check_against_oracle(path)


def test_rate_is_the_headers_not_the_folders(tmp_path: Path) -> None:
    """A record of 250 Hz in a folder called records500 is one of 250 Hz."""
    folder = tmp_path / "records500"
    folder.mkdir()
    assert read_wfdb(write(folder, f"r 1 250 3\n{LINE}\n")).rate == 250.0


def check_against_oracle(path: Path) -> None:
    """Compare signal, leads and rate with what the `wfdb` package reads."""
    record, oracle = read_wfdb(path), wfdb.rdrecord(str(path.with_suffix("")))
    np.testing.assert_allclose(record.signal, oracle.p_signal.T, rtol=1e-6, atol=1e-7)
    assert [lead.upper() for lead in record.leads] == [s.upper() for s in oracle.sig_name]
    assert record.rate == oracle.fs


def test_a_header_alone_asks_for_its_signal_file(tmp_path: Path) -> None:
    """As it is uploaded when only one of the two files was chosen."""
    path = write(tmp_path, f"r 1 500 3\n{LINE}\n")
    (tmp_path / "r.dat").unlink()
    with pytest.raises(FormatError, match=r"^r\.hea: its signal file r\.dat is missing"):
        read_wfdb(path)
