"""NumPy files: one array (.npy), or several with names (.npz).

Source: NumPy Enhancement Proposal 1. Pickled objects are never loaded.
"""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from precord.errors import FormatError
from precord.io.array import FACT_NAMES, choose_signal, make_record
from precord.io.file import MAX_FILE_BYTES, read_bytes, shown
from precord.io.guard import refusing
from precord.io.stated import Stated
from precord.record import Record

_NPY = b"\x93NUMPY"
_ZIP = b"PK\x03\x04"
_MAX_UNPACKED = 4 * MAX_FILE_BYTES


def is_numpy(data: bytes) -> bool:
    """Tell whether *data* is an array, or an archive of arrays."""
    return data.startswith(_NPY) or (data.startswith(_ZIP) and b".npy" in data[:1024])


def read_numpy(path: Path, stated: Stated) -> Record:
    """Read the record in the file at *path*.

    Raises:
        FormatError: The file is damaged, holds no signal, or leaves out what is not *stated*.
        SignalError: There is nothing in the leads.
    """
    data = read_bytes(path)
    with refusing(path, "NumPy"):
        if data.startswith(_NPY):
            signal = np.load(BytesIO(data), allow_pickle=False)
            choose_signal({"signal": signal.shape}, path)
            return make_record(signal, {}, path, "NumPy", stated)
        with ZipFile(BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > _MAX_UNPACKED:
                raise FormatError(f"{shown(path)}: unpacks to more than {_MAX_UNPACKED} bytes")
        with np.load(BytesIO(data), allow_pickle=False) as arrays:
            held = {name: arrays[name] for name in arrays.files}
        shapes = {n: a.shape for n, a in held.items() if np.issubdtype(a.dtype, np.number)}
        chosen = choose_signal(shapes, path)
        facts = {name: value for name, value in held.items() if name.casefold() in FACT_NAMES}
        return make_record(held[chosen], facts, path, "NumPy", stated)
