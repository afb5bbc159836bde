"""The ECG of a real electrocardiograph that ships inside pydicom."""

from pathlib import Path

import pytest
from pydicom.data import get_testdata_file


@pytest.fixture
def real_ecg() -> Path:
    """Return the ECG inside the pydicom package; nothing is downloaded."""
    path = get_testdata_file("waveform_ecg.dcm", download=False)
    assert isinstance(path, str)
    return Path(path)
