"""DICOM ECG objects made with pydicom, small enough to damage at every byte."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from pydicom import config, uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite

DTYPES = {"SB": "<i1", "UB": "<u1", "SS": "<i2", "US": "<u2", "SL": "<i4", "UL": "<u4"}


def code(value: str, scheme: str, meaning: str = "") -> Dataset:
    """Return one item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def channel(source: Dataset | None, unit: str = "uV", **values: Any) -> Dataset:
    """Return a channel definition: 1 unit a step, unless *values* says otherwise.

    A value of None takes the element out.
    """
    item = Dataset()
    if source is not None:
        item.ChannelSourceSequence = [source]
    item.ChannelSensitivity = "1"
    item.ChannelSensitivityUnitsSequence = [code(unit, "UCUM", unit)]
    item.ChannelSensitivityCorrectionFactor = "1"
    item.ChannelBaseline = "0"
    item.ChannelSampleSkew = "0"
    item.WaveformBitsStored = 16
    for keyword, value in values.items():
        if value is None:
            delattr(item, keyword)
        else:
            setattr(item, keyword, value)
    return item


def scp(number: int) -> Dataset:
    """Return a lead in the SCPECG scheme of CID 3001."""
    return code(f"5.6.3-9-{number}", "SCPECG", "as coded")


def group(
    samples: ArrayLike,
    channels: Sequence[Dataset],
    *,
    label: str = "RHYTHM",
    interpretation: str = "SS",
    rate: str = "500",
    **values: Any,
) -> Dataset:
    """Return a multiplex group of *samples*, (channels, samples)."""
    data = np.asarray(samples, DTYPES[interpretation])
    raw = data.T.tobytes()
    item = Dataset()
    item.WaveformOriginality = "ORIGINAL"
    item.NumberOfWaveformChannels, item.NumberOfWaveformSamples = data.shape
    item.SamplingFrequency = rate
    item.MultiplexGroupLabel = label
    item.ChannelDefinitionSequence = list(channels)
    item.WaveformBitsAllocated = 8 * data.itemsize
    item.WaveformSampleInterpretation = interpretation
    item.add_new("WaveformData", "OB" if data.itemsize == 1 else "OW", raw + b"\0" * (len(raw) % 2))
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def ecg(
    *groups: Dataset,
    syntax: uid.UID = uid.ExplicitVRLittleEndian,
    sop_class: uid.UID = uid.TwelveLeadECGWaveformStorage,
    **values: Any,
) -> bytes:
    """Return the bytes of an ECG file that holds *groups*."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, "1.2.3"
    with config.disable_value_validation():  # broken values are wanted
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
    dataset.WaveformSequence = list(groups)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = uid.UID("1.2.3")
    dataset.file_meta.TransferSyntaxUID = syntax
    file = io.BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def smallest() -> bytes:
    """Return an ECG of one lead and three samples."""
    return ecg(group([[1, 2, 3]], [channel(scp(2))]))
