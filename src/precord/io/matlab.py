"""MATLAB files of levels 4 and 5, by SciPy; level 7.3 is HDF5.

A record of the PhysioNet Challenge needs no facts: its header lies beside it, and the WFDB
reader reads both. Only numeric and character variables are looked at, and none is larger
than a record may be. Not read: structures, cells, sparse matrices.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
from scipy.io import loadmat, whosmat

from precord.io.array import FACT_NAMES, choose_signal, make_record
from precord.io.file import read_bytes
from precord.io.guard import refusing
from precord.io.stated import Stated
from precord.record import Record

_NUMERIC = {"double", "single", "int8", "int16", "int32", "int64"} | {
    "uint8",
    "uint16",
    "uint32",
    "uint64",
}
_MAX_FACT = 4096  # numbers or letters in a variable that states something
_LEVEL_5 = b"MATLAB 5.0"
_TYPES_4 = {t + p for t in (0, 1) for p in (0, 10, 20, 30, 40, 50)}  # full matrix or text


def is_matlab(data: bytes) -> bool:
    """Tell whether *data* begins as a MATLAB file of level 4 or 5 does."""
    if data.startswith(_LEVEL_5):
        return True
    kind, rows, columns, imaginary, length = np.frombuffer(data[:20].ljust(20, b"\xff"), "<i4")
    name = data[20 : 20 + max(int(length), 0)]
    return bool(
        int(kind) in _TYPES_4
        and min(rows, columns) > 0
        and imaginary == 0
        and 1 < length < 64
        and len(name) == length
        and name.endswith(b"\0")
        and name[:-1].decode("latin-1").isidentifier()
    )


def read_matlab(path: Path, stated: Stated) -> Record:
    """Read the record in the file at *path*.

    Raises:
        FormatError: The file is damaged, holds no signal, or leaves out what is not *stated*.
        SignalError: There is nothing in the leads.
    """
    data = read_bytes(path)
    with refusing(path, "MATLAB"):
        listed = whosmat(BytesIO(data))  # type: ignore[arg-type] # the stubs know paths only
        shapes = {name: shape for name, shape, kind in listed if kind in _NUMERIC}
        chosen = choose_signal(shapes, path)
        wanted = [
            name
            for name, shape, kind in listed
            if name.casefold() in FACT_NAMES
            and (kind in _NUMERIC or kind == "char")
            and np.prod(shape, dtype=float) <= _MAX_FACT
        ]
        arrays = loadmat(
            BytesIO(data),  # type: ignore[arg-type] # the same
            variable_names=[chosen, *wanted],
        )
        facts = {name: arrays[name] for name in wanted}
        return make_record(arrays[chosen], facts, path, "MATLAB", stated)
