"""DICOM ECG waveforms: 12-lead, General, General 32-bit and Ambulatory ECG.

Source: DICOM PS3.3 C.10.9 (Waveform Module), PS3.5 A.5 (deflated data), PS3.10 (file). Of
several multiplex groups the rhythm is read: original before derived, then most leads, then
longest; never a median beat. Groups and channels that are left out are named in the record's
notes. Refused: other SOP classes, big-endian data, mu-law and A-law samples, and whatever
leaves a lead's scale open.
"""

import io
import warnings
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import config, uid
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from precord.errors import FormatError, PrecordError, SignalError, UnsupportedFormatError
from precord.io.dicom_channel import Channel, find_channel, parse_channel
from precord.io.dicom_patient import parse_acquisition
from precord.io.file import MAX_FILE_BYTES, read_bytes, shown
from precord.leads import Lead
from precord.record import Provenance, Record

_CLASSES = {
    uid.TwelveLeadECGWaveformStorage,
    uid.GeneralECGWaveformStorage,
    uid.General32bitECGWaveformStorage,
    uid.AmbulatoryECGWaveformStorage,
}
_DTYPES = {  # (Waveform Bits Allocated, Waveform Sample Interpretation), PS3.3 C.10.9.1.5
    (8, "SB"): "<i1",
    (8, "UB"): "<u1",
    (16, "SS"): "<i2",
    (16, "US"): "<u2",
    (32, "SL"): "<i4",
    (32, "UL"): "<u4",
}
_PREFIX = slice(128, 132)  # of "DICM", PS3.10 7.1
_BEAT_WORDS = ("MEDIAN", "AVERAGE", "MEAN", "BEAT", "TEMPLATE")
_LONGEST_BEAT = 2.0  # s; a derived group below it is a beat even without such a label


@dataclass(frozen=True, slots=True)
class _Group:
    """A multiplex group before its channels are calibrated."""

    item: Dataset
    label: str
    is_original: bool
    rate: float  # Hz
    n_samples: int  # per channel
    n_leads: int

    @property
    def is_beat(self) -> bool:
        """Tell whether it holds one representative beat, not a rhythm."""
        is_named = any(word in self.label.upper() for word in _BEAT_WORDS)
        return is_named or (not self.is_original and self.n_samples < _LONGEST_BEAT * self.rate)


def is_dicom(data: bytes) -> bool:
    """Tell whether *data* begins as DICOM does, with or without the preamble."""
    bare = (b"\x02\0\0\0UL", b"\x08\0\x05\0CS", b"\x08\0\x12\0DA", b"\x08\0\x16\0UI")
    return data[_PREFIX] == b"DICM" or data.startswith(bare)


def read_dicom(path: Path) -> Record:
    """Read the rhythm of the DICOM ECG at *path*.

    Returns:
        The record; samples that hold the padding value are NaN.

    Raises:
        FormatError: The file is damaged, or does not state a lead's scale.
        UnsupportedFormatError: No ECG, or a variant that is not read.
        SignalError: There is no lead, or nothing in the leads.
    """
    data = read_bytes(path)
    name = shown(path)
    with refusing_all(name):
        dataset = parse_object(data, _CLASSES)
        group, notes = _choose_group(dataset)
        channels = [parse_channel(c, group.rate) for c in group.item.ChannelDefinitionSequence]
        samples = _samples(group.item, len(channels), group.n_samples)
        padding = _padding(group.item, samples.dtype)
        acquisition = parse_acquisition(dataset)
    rows = [
        _to_millivolt(row, channel, padding)
        for row, channel in zip(samples, channels, strict=True)
        if channel.lead
    ]
    if skipped := ", ".join(c.label for c in channels if not c.lead):
        notes += (f"Channels left out, as none of the twelve leads: {skipped}.",)
    return Record(
        np.stack(rows),
        tuple(c.lead for c in channels if c.lead),
        group.rate,
        acquisition=acquisition,
        provenance=Provenance("DICOM", name, derived=_find_derived(channels), notes=notes),
    )


def _find_derived(channels: list[Channel]) -> frozenset[Lead]:
    """Return the leads that the file says were computed from others."""
    return frozenset(c.lead for c in channels if c.lead is not None and c.is_derived)


@contextmanager
def refusing_all(name: str) -> Iterator[None]:
    """Let nothing escape but a PrecordError that begins with *name*.

    The text of a foreign error is left out, because it may quote the patient's data.
    """
    try:
        # pydicom warns of, and logs, odd values in full, though they may be the patient's
        with warnings.catch_warnings(), config.disable_value_validation():
            warnings.simplefilter("ignore")
            yield
    except PrecordError as error:
        raise type(error)(f"{name}: {error}") from error
    except Exception as error:
        kind = type(error).__name__
        raise FormatError(f"{name}: damaged DICOM data ({kind}); copy it again") from error


def parse_object(data: bytes, classes: Collection[str]) -> Dataset:
    """Return the data set behind the file's meta information, if it is of one of *classes*.

    Raises:
        FormatError: It is damaged, or inflates to too much.
        UnsupportedFormatError: It is of another class, or big-endian.
    """
    file = io.BytesIO(data)
    file.seek(_PREFIX.stop if data[_PREFIX] == b"DICM" else 0)
    meta = read_dataset(file, False, True, stop_when=lambda tag, _vr, _length: tag >> 16 != 2)
    syntax = meta.get("TransferSyntaxUID")
    if syntax == uid.ExplicitVRBigEndian:
        raise UnsupportedFormatError("big-endian data (retired from DICOM); convert the file")
    _check_class(meta.get("MediaStorageSOPClassUID"), classes)
    if syntax == uid.DeflatedExplicitVRLittleEndian:
        file = io.BytesIO(_inflate(data[file.tell() :]))
    dataset = read_dataset(file, syntax == uid.ImplicitVRLittleEndian, True)
    if "SOPClassUID" not in dataset:
        raise FormatError("no SOP Class UID, so this is no whole DICOM object; copy it again")
    _check_class(dataset.SOPClassUID, classes)
    return dataset


def _check_class(found: object, classes: Collection[str]) -> None:
    """Refuse a SOP class that is stated and is no ECG."""
    if found and found not in classes:
        name = uid.UID(str(found)).name[:80]
        raise UnsupportedFormatError(f"a DICOM object of class {name!r}, expected an ECG waveform")


def _inflate(data: bytes) -> bytes:
    """Return deflated *data* inflated, but never more than a file may hold."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(data, MAX_FILE_BYTES)
    if inflater.unconsumed_tail:
        raise FormatError(f"inflates to more than {MAX_FILE_BYTES / 2**20:g} MiB")
    if not inflater.eof:
        raise FormatError("its deflated data is cut short; copy it again")
    return inflated


def _choose_group(dataset: Dataset) -> tuple[_Group, tuple[str, ...]]:
    """Return the rhythm, and a note that names the groups left out."""
    groups = [_parse_group(item) for item in dataset.get("WaveformSequence") or []]
    if not groups:
        raise FormatError("no Waveform Sequence; the file is cut short or holds no ECG")
    rhythms = [group for group in groups if group.n_leads and not group.is_beat]
    if not rhythms:
        labels = ", ".join(repr(group.label) for group in groups)[:80]
        raise SignalError(f"no group with a rhythm in one of the twelve leads among {labels}")
    best = max(rhythms, key=lambda g: (g.is_original, g.n_leads, g.n_samples / g.rate))
    others = ", ".join(group.label or "unnamed" for group in groups if group is not best)
    notes: tuple[str, ...] = (f"Waveform groups left out: {others}.",) if others else ()
    if not best.is_original:
        notes += ("The signal is marked as derived, not as recorded.",)
    return best, notes


def _parse_group(item: Dataset) -> _Group:
    """Return what the choice between multiplex groups needs."""
    rate = float(item.get("SamplingFrequency") or 0)
    if not (isfinite(rate) and rate > 0):
        raise FormatError(f"Sampling Frequency {rate:g} Hz, expected a positive number")
    leads = {find_channel(c)[0] for c in item.get("ChannelDefinitionSequence") or []} - {None}
    return _Group(
        item=item,
        label=str(item.get("MultiplexGroupLabel") or "")[:40],
        is_original=item.get("WaveformOriginality") == "ORIGINAL",
        rate=rate,
        n_samples=int(item.get("NumberOfWaveformSamples") or 0),
        n_leads=len(leads),
    )


def _samples(item: Dataset, n_channels: int, n_samples: int) -> NDArray[np.generic]:
    """Return the samples as they are stored, (channels, samples)."""
    encoding = (item.WaveformBitsAllocated, item.WaveformSampleInterpretation)
    if encoding not in _DTYPES:
        raise UnsupportedFormatError(f"samples of {encoding[0]} bit {encoding[1]!r} are not read")
    if item.NumberOfWaveformChannels != n_channels:
        raise FormatError(f"{n_channels} channels defined, not {item.NumberOfWaveformChannels}")
    dtype = np.dtype(_DTYPES[encoding])
    expected = n_channels * n_samples * dtype.itemsize
    data = item.WaveformData
    if not expected or len(data) - expected not in {0, expected % 2}:  # padded to even length
        raise FormatError(
            f"{len(data)} bytes of Waveform Data, expected {n_channels} channels x {n_samples} "
            f"samples x {dtype.itemsize} bytes; the file is damaged"
        )
    return np.frombuffer(data[:expected], dtype).reshape(n_samples, n_channels).T


def _padding(item: Dataset, dtype: np.dtype[np.generic]) -> int | None:
    """Return the sample value that marks a missing sample, None where none does."""
    value = item.get("WaveformPaddingValue")
    if not value:
        return None
    return int(np.frombuffer(value[: dtype.itemsize], dtype)[0])


def _to_millivolt(
    row: NDArray[np.generic], channel: Channel, padding: int | None
) -> NDArray[np.float32]:
    """Return one channel's samples in mV, NaN where padded."""
    with np.errstate(over="ignore"):  # an absurd scale becomes an infinity, which Record refuses
        volts = row.astype(np.float64) * channel.mv_per_step + channel.mv_at_zero
        signal = volts.astype(np.float32)
    if padding is not None:
        signal[row == padding] = np.nan
    return signal
