"""Tests of precord.io.dicom.

The oracle is pydicom's own `waveform_array`, on the 12-lead ECG of a real electrocardiograph
that ships inside the pydicom package, and on objects made with pydicom.
"""

import io
import tracemalloc
import zlib
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from precord.errors import FormatError, PrecordError, SignalError, UnsupportedFormatError
from precord.io import file as limits
from precord.io.dicom import read_dicom
from precord.leads import LEADS
from precord.record import Record, Sex
from precord.signal.lead_check import check_limb_leads
from tests.contracts import ReaderContract
from tests.io.dicom_object import channel, code, ecg, group, scp, smallest


@pytest.fixture
def real_ecg() -> Path:
    """Return the ECG inside the pydicom package; nothing is downloaded."""
    path = get_testdata_file("waveform_ecg.dcm", download=False)
    assert isinstance(path, str)
    return Path(path)


def write(folder: Path, data: bytes) -> Path:
    """Write a DICOM file."""
    path = folder / "ecg.dcm"
    path.write_bytes(data)
    return path


class TestContract(ReaderContract):
    """The reader contract, on one lead of three samples."""

    format = "DICOM"

    def call(self, path: Path) -> Record:
        """Call read_dicom."""
        return read_dicom(path)

    def write_smallest(self, folder: Path) -> Path:
        """Write an object whose waveform comes last."""
        return write(folder, smallest())

    def signal_file(self, path: Path) -> Path:
        """Return the one file."""
        return path


def test_real_ecg_agrees_with_oracle(real_ecg: Path) -> None:
    """Rhythm of twelve leads at 1000 Hz; the median beat beside it is left out."""
    record = read_dicom(real_ecg)

    expected = pydicom.dcmread(real_ecg).waveform_array(0).T / 1000  # uV to mV
    np.testing.assert_array_equal(record.signal, expected.astype(np.float32))
    assert record.leads == LEADS
    assert (record.rate, record.duration) == (1000, 10)
    assert record.provenance.notes == ("Waveform groups left out: MEDIAN BEAT.",)


def test_real_ecg_says_of_whom_it_is(real_ecg: Path) -> None:
    """Age, sex, time, device and patient are the file's; the id is not shown."""
    acquisition = read_dicom(real_ecg).acquisition
    assert (acquisition.age, acquisition.sex) == (42.0, Sex.FEMALE)
    assert acquisition.time == datetime(2013, 1, 25, 10, 59, 19)  # noqa: DTZ001 - it has none
    assert acquisition.device == "Mortara Instrument, Inc. el250"
    assert acquisition.patient_id == "642341"
    assert "642341" not in repr(acquisition)


@pytest.mark.parametrize("interpretation", ["SB", "UB", "SS", "US", "SL", "UL"])
@pytest.mark.parametrize(
    "syntax",
    [
        uid.ExplicitVRLittleEndian,
        uid.ImplicitVRLittleEndian,
        uid.DeflatedExplicitVRLittleEndian,
    ],
)
def test_encodings_agree_with_oracle(tmp_path: Path, interpretation: str, syntax: uid.UID) -> None:
    """Every sample encoding in every transfer syntax, with its own calibration per lead."""
    low = 0 if interpretation.startswith("U") else -100
    samples = np.random.default_rng(3).integers(low, 120, (3, 41))
    channels = [
        channel(scp(2), ChannelSensitivity="4.88", ChannelBaseline="-12.5"),
        channel(scp(61), ChannelSensitivityCorrectionFactor="1.02"),
        channel(scp(8), ChannelSensitivity="-0.5", ChannelBaseline=None),
    ]
    path = write(
        tmp_path, ecg(group(samples, channels, interpretation=interpretation), syntax=syntax)
    )

    record = read_dicom(path)

    expected = pydicom.dcmread(path).waveform_array(0).T / 1000
    np.testing.assert_allclose(record.signal, expected, rtol=1e-6)
    assert record.leads == ("II", "III", "V6")


@pytest.mark.parametrize(("unit", "expected"), [("V", 2e3), ("mV", 2), ("uV", 2e-3), ("nV", 2e-6)])
def test_units_by_hand(tmp_path: Path, unit: str, expected: float) -> None:
    """Two steps of one unit, in millivolts."""
    path = write(tmp_path, ecg(group([[2]], [channel(scp(1), unit)])))
    np.testing.assert_array_equal(read_dicom(path).signal, np.array([[expected]], np.float32))


NUMBERS = {**{n: f"V{n - 2}" for n in range(3, 9)}, 1: "I", 2: "II", 61: "III"} | {
    62: "aVR",
    63: "aVL",
    64: "aVF",
}


@pytest.mark.parametrize(("scheme", "start"), [("MDC", "2:"), ("SCPECG", "5.6.3-9-")])
@pytest.mark.parametrize(("number", "lead"), NUMBERS.items())
def test_lead_codes(tmp_path: Path, scheme: str, start: str, number: int, lead: str) -> None:
    """The twelve leads of PS3.16 CID 3001 in both schemes; the code outranks its meaning."""
    source = code(f"{start}{number}", scheme, "Lead V9")
    path = write(tmp_path, ecg(group([[1]], [channel(source)])))
    assert read_dicom(path).leads == (lead,)


@pytest.mark.parametrize(
    ("source", "label", "lead"),
    [
        (code("1", "99VENDOR", "Lead I (Einthoven)"), None, "I"),
        (code("1", "99VENDOR", "aVF, augmented voltage, foot"), None, None),
        (code("1", "99VENDOR", "?"), "V5", "V5"),
        (None, "ECG LEAD II", "II"),
        (None, None, None),
        (code("2:65", "MDC", "Lead -aVR"), "aVR", None),  # CID 3001: none of the twelve
        (code("5.6.3-9-9", "SCPECG", "V7"), "V1", None),
    ],
)
def test_lead_names(
    tmp_path: Path, source: Dataset | None, label: str | None, lead: str | None
) -> None:
    """Without a standard code the meaning counts, then the label; a guess is never made."""
    labels = {} if label is None else {"ChannelLabel": label}
    channels = [channel(source, **labels), channel(scp(3))]
    record = read_dicom(write(tmp_path, ecg(group([[1], [2]], channels))))
    assert record.leads == ((lead, "V1") if lead else ("V1",))
    assert bool(record.provenance.notes) is (lead is None)


def test_padding_is_missing(tmp_path: Path) -> None:
    """Samples that hold the padding value become NaN, also in 8 bit with its padding byte."""
    for interpretation, padding in (("SS", b"\x00\x80"), ("SB", b"\x80\x00")):
        low = -(2**15) if interpretation == "SS" else -(2**7)
        one = group([[low, 2, 3]], [channel(scp(2))], interpretation=interpretation)
        one.add_new("WaveformPaddingValue", "OW", padding)
        signal = read_dicom(write(tmp_path, ecg(one))).signal
        np.testing.assert_array_equal(signal, np.array([[np.nan, 0.002, 0.003]], np.float32))


def beat(originality: str, label: str, n_samples: int, rate: str = "100") -> Dataset:
    """Return a group of one lead that holds nothing but ones."""
    samples = [[1] * n_samples]
    return group(
        samples, [channel(scp(2))], label=label, rate=rate, WaveformOriginality=originality
    )


def test_rhythm_is_chosen_whatever_the_order(tmp_path: Path) -> None:
    """Original before derived, then most leads, then longest; beats never."""
    rhythm = group([[1] * 500, [2] * 500], [channel(scp(1)), channel(scp(2))], label="A")
    others = [
        beat("ORIGINAL", "Median Beat", 9000),
        beat("DERIVED", "FILTERED", 9000),
        beat("DERIVED", "", 120),
        beat("ORIGINAL", "STRIP", 900),
        group([[1] * 499, [2] * 499], [channel(scp(1)), channel(scp(2))], label="SHORT"),
    ]
    for groups in ([rhythm, *others], [*others, rhythm]):
        record = read_dicom(write(tmp_path, ecg(*groups)))
        assert record.signal.shape == (2, 500)
        assert "Median Beat, FILTERED, unnamed, STRIP, SHORT" in record.provenance.notes[0]


def test_a_derived_rhythm_is_read_and_noted(tmp_path: Path) -> None:
    """Ten seconds that a device marks as derived are a rhythm all the same."""
    record = read_dicom(write(tmp_path, ecg(beat("DERIVED", "", 1000))))
    assert record.duration == 10
    assert record.provenance.notes == ("The signal is marked as derived, not as recorded.",)


def test_computed_leads_are_no_evidence_for_the_laws(tmp_path: Path) -> None:
    """Leads I and II with four that the file says were computed of them: nothing to test."""
    numbers = (1, 2, 61, 62, 63, 64)
    one, two = np.random.default_rng(0).integers(-900, 900, (2, 600))
    rows = [one, two, two - one, -(one + two) // 2, one - two // 2, two - one // 2]

    def read(description: str | None) -> Record:
        words = {} if description is None else {"ChannelDerivationDescription": description}
        channels = [channel(scp(n), **(words if n > 2 else {})) for n in numbers]
        return read_dicom(write(tmp_path, ecg(group([r.tolist() for r in rows], channels))))

    record = read("from leads I and II")
    assert record.provenance.derived == set(LEADS[2:6])
    reason = check_limb_leads(record).not_testable
    assert reason.startswith("2 of them recorded, at least 3 needed; computed: III, aVR, aVL, aVF")
    for silent in (None, " "):
        assert read(silent).provenance.derived == frozenset()
        assert check_limb_leads(read(silent)).not_testable == ""


@pytest.mark.parametrize("only", [beat("DERIVED", "", 120), beat("ORIGINAL", "MEDIAN BEAT", 120)])
def test_a_median_beat_alone_is_refused(tmp_path: Path, only: Dataset) -> None:
    """A representative beat is no rhythm."""
    with pytest.raises(SignalError, match="no group with a rhythm"):
        read_dicom(write(tmp_path, ecg(only)))


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"ChannelSensitivity": None}, "no Channel Sensitivity"),
    ({"ChannelSensitivity": ""}, "no Channel Sensitivity"),
    ({"ChannelSensitivity": "0"}, "no Channel Sensitivity"),
    ({"ChannelSensitivityUnitsSequence": None}, "no Channel Sensitivity Units"),
    ({"ChannelSensitivityUnitsSequence": []}, "no Channel Sensitivity Units"),
    ({"ChannelSensitivityUnitsSequence": [code("mm[Hg]", "UCUM")]}, r"'mm\[Hg\]', expected"),
    ({"ChannelSensitivityUnitsSequence": [code("MV", "UCUM")]}, "'MV', expected"),
    ({"ChannelSensitivityUnitsSequence": [code("uV", "99X")]}, "'99X' 'uV', expected"),
    ({"ChannelSensitivityCorrectionFactor": "0"}, "Correction Factor 0"),
    ({"ChannelSampleSkew": "3"}, "skewed by 3"),
    ({"ChannelTimeSkew": "0.01"}, "skewed by 5"),
]


@pytest.mark.parametrize(("values", "message"), REFUSED)
def test_a_lead_of_open_scale_is_refused(
    tmp_path: Path, values: dict[str, Any], message: str
) -> None:
    """Neither sensitivity nor unit is ever guessed; a channel that is no lead may lack both."""
    lead = channel(scp(2), **values)
    with pytest.raises(FormatError, match=message):
        read_dicom(write(tmp_path, ecg(group([[1]], [lead]))))
    other = channel(code("5.6.3-9-99", "SCPECG"), **values)
    both = ecg(group([[1], [2]], [other, channel(scp(2))]))
    assert read_dicom(write(tmp_path, both)).leads == ("II",)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"NumberOfWaveformSamples": 4}, "expected 1 channels x 4 samples"),
        ({"NumberOfWaveformSamples": 2}, "expected 1 channels x 2 samples"),
        ({"NumberOfWaveformSamples": 2**32 - 1}, "6 bytes of Waveform Data"),
        ({"NumberOfWaveformSamples": 0}, "x 0 samples"),
        ({"NumberOfWaveformChannels": 12}, "1 channels defined, not 12"),
        ({"WaveformSampleInterpretation": "MB"}, "'MB' are not read"),
        ({"WaveformBitsAllocated": 12}, "12 bit"),
        ({"SamplingFrequency": "0"}, "Sampling Frequency 0 Hz"),
        ({"SamplingFrequency": "-500"}, "Sampling Frequency -500 Hz"),
        ({"SamplingFrequency": ""}, "Sampling Frequency 0 Hz"),
        ({"SamplingFrequency": "1e9"}, "sampling rate 1000000000.0 Hz"),
        ({"ChannelDefinitionSequence": []}, "no group with a rhythm"),
    ],
)
def test_a_lying_group_is_refused(tmp_path: Path, values: dict[str, Any], message: str) -> None:
    """Numbers that contradict each other, and encodings that are not read."""
    path = write(tmp_path, ecg(group([[1, 2, 3]], [channel(scp(2))], **values)))
    tracemalloc.start()
    with pytest.raises(PrecordError, match=message):
        read_dicom(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22  # whatever the header promises


@pytest.mark.parametrize(
    "sop_class", [uid.CTImageStorage, uid.HemodynamicWaveformStorage, uid.UID("1.2.3.4")]
)
def test_other_classes_are_refused_by_name(tmp_path: Path, sop_class: uid.UID) -> None:
    """An image or another waveform is called by its name."""
    path = write(tmp_path, ecg(group([[1]], [channel(scp(2))]), sop_class=sop_class))
    with pytest.raises(UnsupportedFormatError, match=sop_class.name):
        read_dicom(path)


def test_class_inside_counts_too(tmp_path: Path) -> None:
    """A file whose meta information calls an image an ECG is still an image."""
    data = smallest().replace(
        uid.TwelveLeadECGWaveformStorage.encode(), b"1.2.840.10008.5.1.4.1.1.9.2.1\0"
    )
    first = data.index(b"1.2.840.10008.5.1.4.1.1.9.2.1\0")
    data = data[:first] + uid.TwelveLeadECGWaveformStorage.encode() + data[first + 30 :]
    with pytest.raises(UnsupportedFormatError, match="Hemodynamic"):
        read_dicom(write(tmp_path, data))


def test_big_endian_is_refused(tmp_path: Path) -> None:
    """The retired transfer syntax is named."""
    with pytest.raises(UnsupportedFormatError, match="big-endian"):
        read_dicom(write(tmp_path, ecg(syntax=uid.ExplicitVRBigEndian)))


def test_preamble_may_be_absent(tmp_path: Path) -> None:
    """Some archives drop the first 132 bytes."""
    whole = read_dicom(write(tmp_path, smallest()))
    assert read_dicom(write(tmp_path, smallest()[132:])).digest() == whole.digest()


def test_a_deflate_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that inflates without end stops at the limit of a file."""
    monkeypatch.setattr("precord.io.dicom.MAX_FILE_BYTES", 2**16)
    empty = ecg(syntax=uid.DeflatedExplicitVRLittleEndian)
    head = empty[: empty.index(b"1.2.840.10008.1.2.1.99") + 22]
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bomb = packer.compress(b"\0" * 2**26) + packer.flush()
    path = write(tmp_path, head + bomb)
    tracemalloc.start()
    with pytest.raises(FormatError, match="inflates to more than"):
        read_dicom(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22
    assert limits.MAX_FILE_BYTES <= 2**28


def test_odd_patient_data_are_not_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Values that break their format are left out, and not written to any log."""
    odd: dict[str, Any] = {
        "PatientAge": "secret-7",
        "PatientBirthDate": "secret-7",
        "PatientID": "secret-7" * 20,
    }
    path = write(tmp_path, ecg(group([[1]], [channel(scp(2))]), **odd))
    caplog.clear()
    acquisition = read_dicom(path).acquisition
    assert acquisition.age is None
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("values", "age"),
    [
        ({"PatientAge": "056Y"}, 56.0),
        ({"PatientAge": "006M"}, 0.5),
        ({"PatientAge": "010D"}, 10 / 365.25),
        ({"PatientAge": "052W"}, 52 * 7 / 365.25),
        ({"PatientBirthDate": "19500601"}, 25_568 / 365.25),  # 70 years with 18 leap days
        ({"PatientAge": "041Y", "PatientBirthDate": "19500601"}, 41.0),
        ({"PatientBirthDate": "20500601"}, None),
        ({"PatientBirthDate": "19501301"}, None),
        ({}, None),
    ],
)
def test_age(tmp_path: Path, values: dict[str, Any], age: float | None) -> None:
    """In years: as stated, else from the birth date."""
    path = write(
        tmp_path,
        ecg(group([[1]], [channel(scp(2))]), AcquisitionDateTime="20200601120000", **values),
    )
    assert read_dicom(path).acquisition.age == (None if age is None else pytest.approx(age))


ZONE = timezone(timedelta(hours=-3, minutes=-30))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20200102030405.25", datetime(2020, 1, 2, 3, 4, 5, 250000)),  # noqa: DTZ001 - as written
        ("202001020304", datetime(2020, 1, 2, 3, 4)),  # noqa: DTZ001 - as written
        ("20200102030405-0330", datetime(2020, 1, 2, 3, 4, 5, tzinfo=ZONE)),
        ("20200102", None),
        ("", None),
    ],
)
def test_time(tmp_path: Path, text: str, expected: datetime | None) -> None:
    """The acquisition's date and time, with a time zone only where the file states one."""
    path = write(tmp_path, ecg(group([[1]], [channel(scp(2))]), AcquisitionDateTime=text))
    assert read_dicom(path).acquisition.time == expected


def test_errors_do_not_quote_the_patient(tmp_path: Path) -> None:
    """Damage beside personal data must not carry them into a message or a log."""
    data = ecg(group([[1]], [channel(scp(2))]), PatientName="Doe^Jane", PatientID="secret-7")
    for length in range(len(data)):
        with pytest.raises(PrecordError) as caught:
            read_dicom(write(tmp_path, data[:length]))
        assert "Doe" not in str(caught.value)
        assert "secret" not in str(caught.value)


def test_the_builder_makes_dicom() -> None:
    """What the tests above read is an ECG to pydicom too."""
    dataset = pydicom.dcmread(io.BytesIO(smallest()))
    assert dataset.waveform_array(0).tolist() == [[1], [2], [3]]
