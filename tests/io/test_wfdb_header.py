"""Tests of precord.io.wfdb_header: lines of a header by hand, as header(5) has them."""

import tracemalloc
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from precord.errors import FormatError, PrecordError, SignalError, UnsupportedFormatError
from precord.io.wfdb import read_wfdb
from precord.record import Sex
from tests.io.test_wfdb import LINE, write


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("r.dat 16 1000(0)/mV 16 0 1 6 0 II", [0.001, 0.002, 0.003]),
        ("r.dat 16 1000 16 0 1 6 0 II", [0.001, 0.002, 0.003]),  # mV is header(5)'s unit
        ("r.dat 16 1000 16 1 1 6 0 II", [0.0, 0.001, 0.002]),  # the baseline is the ADC zero
        ("r.dat 16 1000(2) 16 1 1 6 0 II", [-0.001, 0.0, 0.001]),  # unless it is stated
        ("r.dat 16 1e3(-1)/mV 16 0 1 6 0 II", [0.002, 0.003, 0.004]),
        ("r.dat 16 1/uV 16 0 1 6 0 II", [0.001, 0.002, 0.003]),
        ("r.dat 16 1/µV 16 0 1 6 0 II", [0.001, 0.002, 0.003]),
        ("r.dat 16 .5/V 16 0 1 6 0 II", [2000.0, 4000.0, 6000.0]),
        ("r.dat 16x1:0+0 1000/mV 16 0 1 -65530 0 Lead II", [0.001, 0.002, 0.003]),
        ("r.dat\t16  1000/mV 16 0 1 6 0  ii ", [0.001, 0.002, 0.003]),
    ],
)
def test_signal_line_by_hand(tmp_path: Path, line: str, expected: list[float]) -> None:
    """Gain, baseline, ADC zero and unit mean what header(5) says."""
    record = read_wfdb(write(tmp_path, f"r 1 500 3\n{line}\n"))
    np.testing.assert_array_equal(record.signal, np.array([expected], np.float32))
    assert record.leads == ("II",)


@pytest.mark.parametrize(
    ("line", "rate"),
    [
        ("r 1 500 3", 500.0),
        ("r 1 500", 500.0),
        ("r 1 500 0", 500.0),
        ("r 1 257.5/1000.5(-3.5) 3", 257.5),
        ("r 1 5e2/60 3 12:00:00 01/02/2003", 500.0),
        ("r.mat 1 500 3 05-May-2020 14:50:55", 500.0),  # as the Challenge writes it
    ],
)
def test_record_line_by_hand(tmp_path: Path, line: str, rate: float) -> None:
    """The rate is the first of the frequencies; the number of samples may be left out."""
    record = read_wfdb(write(tmp_path, f"# a comment\n\n{line}\n{LINE}\n"))
    assert (record.rate, record.signal.shape) == (rate, (1, 3))


def test_line_ends_and_encodings_are_tolerated(tmp_path: Path) -> None:
    """A byte order mark, carriage returns and bytes that are no UTF-8 do no harm."""
    header = b"\xef\xbb\xbfr 1 500 3\r\n" + LINE.encode() + b"\r\n# M\xfcller \x80\r\n"
    assert read_wfdb(write(tmp_path, header)).leads == ("II",)


REFUSED = [
    ("r 1", "no sampling rate", FormatError),
    ("r/2 1 500 3", "several segments", UnsupportedFormatError),
    ("r 2 500 3", "1 signal lines, expected 2", FormatError),
    ("r -1 500 3", "no line", FormatError),
    ("r 1 500 -3", "no line", FormatError),
    ("r 0 500 3", "no lead", SignalError),
    ("r 1 0 3", "sampling rate 0", SignalError),
    ("r 1 -500 3", "sampling rate -500", SignalError),
    ("r 1 1e999 3", "sampling rate inf", SignalError),
    ("r 1 500 4", "not 4 samples", FormatError),
    ("r 1 500 2", "not 2 samples", FormatError),
    ("r 1 500 999999999999999999", "not 9999", FormatError),
]


@pytest.mark.parametrize(("line", "message", "kind"), REFUSED)
def test_record_line_is_refused(
    tmp_path: Path, line: str, message: str, kind: type[PrecordError]
) -> None:
    """A record line that lies, or leaves out what would have to be guessed."""
    with pytest.raises(PrecordError, match=message) as caught:
        read_wfdb(write(tmp_path, f"{line}\n{LINE}\n"))
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("r.dat", "no signal format"),
        ("r.dat x", "no signal format"),
        ("r.dat 61 1000(0)/mV 16 0 1 6 0 II", "format 61"),
        ("r.dat 16x2 1000(0)/mV 16 0 1 6 0 II", "several samples per frame"),
        ("r.dat 16:1 1000(0)/mV 16 0 1 6 0 II", "skew"),
        ("r.dat 16+2 1000(0)/mV 16 0 1 6 0 II", "4 bytes behind byte 2"),
        ("r.dat 16+999 1000(0)/mV 16 0 1 6 0 II", "0 bytes behind byte 999"),
        ("r.dat 16 0 16 0 1 6 0 II", "not calibrated"),
        ("r.dat 16 -200 16 0 1 6 0 II", "not calibrated"),
        ("r.dat 16 nan 16 0 1 6 0 II", "gain 'nan'"),
        ("r.dat 16 1_000 16 0 1 6 0 II", "gain '1_000'"),
        ("r.dat 16 1e-320 16 0 1 6 0 II", "infinite"),
        ("r.dat 16 1000(0)/mmHg 16 0 1 6 0 II", "unit 'mmHg'"),
        ("r.dat 16 1000/mV 16 zero 1 6 0 II", "'zero', expected an integer"),
        ("r.dat 16 1000(0)/mV 16 0 1 7 0 II", "checksum 6, the header says 7"),
        ("r.dat 16 1000(0)/mV 16 0 1 6 0 ABP", "no lead of the standard twelve among 'ABP'"),
        ("r.dat 16 1000(0)/mV 16 0 1 6 0", "no lead"),
        ("r.dat 16", "no lead"),
        ("../r.dat 16 1000(0)/mV 16 0 1 6 0 II", "without a path"),
        ("/etc/passwd 16 1000(0)/mV 16 0 1 6 0 II", "without a path"),
        ("c:\\r.dat 16 1000(0)/mV 16 0 1 6 0 II", "without a path"),
        (".. 16 1000(0)/mV 16 0 1 6 0 II", "without a path"),
        ("- 16 1000(0)/mV 16 0 1 6 0 II", "without a path"),
        ("gone.dat 16 1000(0)/mV 16 0 1 6 0 II", "its signal file gone.dat is missing"),
        (f"{'n' * 300} 16 1000(0)/mV 16 0 1 6 0 II", "cannot be read"),
    ],
)
def test_signal_line_is_refused(tmp_path: Path, line: str, message: str) -> None:
    """A signal line that breaks the format, or leaves its scale open."""
    with pytest.raises(PrecordError, match=message):
        read_wfdb(write(tmp_path, f"r 1 500 3\n{line}\n"))


def test_giant_header_numbers_allocate_nothing(tmp_path: Path) -> None:
    """A header that promises 10**18 samples costs no memory."""
    path = write(tmp_path, f"r 1 500 999999999999999999\n{LINE}\n")
    tracemalloc.start()
    with pytest.raises(FormatError):
        read_wfdb(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize(
    ("comments", "age", "sex"),
    [
        ("#Age: 56\n#Sex: Female", 56.0, Sex.FEMALE),
        ("# age: 81.5\n# sex: male", 81.5, Sex.MALE),
        ("#<age>: 81  <sex>: M  <diagnoses>: (none)", 81.0, Sex.MALE),
        ("#Age: NaN\n#Sex: Unknown", None, None),
        ("#Age: 300\n#Gender: F", None, Sex.FEMALE),
        ("# Dosage: 5\n# unisex: male", None, None),
        ("# 69 M 1085 1629 x1", None, None),
    ],
)
def test_comments_give_age_and_sex(
    tmp_path: Path, comments: str, age: float | None, sex: Sex | None
) -> None:
    """The usual forms of PhysioNet's databases are read; anything else stays unknown."""
    acquisition = read_wfdb(write(tmp_path, f"r 1 500 3\n{LINE}\n{comments}\n")).acquisition
    assert (acquisition.age, acquisition.sex) == (age, sex)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("23:59:58 31/12/1999", datetime(1999, 12, 31, 23, 59, 58)),  # noqa: DTZ001 - it has none
        ("1:2:3.25 1/2/2003", datetime(2003, 2, 1, 1, 2, 3, 250000)),  # noqa: DTZ001 - the same
        ("23:59:58", None),
        ("25:00:00 31/12/1999", None),
        ("05-May-2020 14:50:55", None),
    ],
)
def test_base_time_is_read(tmp_path: Path, text: str, expected: datetime | None) -> None:
    """Base time and base date make the time of the recording; a part alone does not."""
    path = write(tmp_path, f"r 1 500 3 {text}\n{LINE}\n")
    assert read_wfdb(path).acquisition.time == expected
