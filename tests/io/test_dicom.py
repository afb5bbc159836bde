"""Tests of precord.io.dicom.

The oracle is pydicom's own `waveform_array`, on the 12-lead ECG of a real electrocardiograph
that ships inside the pydicom package, and on objects made with pydicom.
"""

import io
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.dataset import Dataset

from precord.errors import FormatError, PrecordError, SignalError, UnsupportedFormatError
from precord.io import file as limits
from precord.io.dicom import read_dicom
from precord.leads import LEADS
from precord.record import Record
from precord.signal.lead_check import check_limb_leads
from tests.contracts import ReaderContract
from tests.io.dicom_object import channel, ecg, group, scp, smallest


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


def test_the_builder_makes_dicom() -> None:
    """What the tests above read is an ECG to pydicom too."""
    dataset = pydicom.dcmread(io.BytesIO(smallest()))
    assert dataset.waveform_array(0).tolist() == [[1], [2], [3]]
