"""HDF5 files with one record: a data set with two axes at the top level.

Rate, unit and leads are read from data sets and attributes of usual names. Needs the
`formats` extra (h5py). Refused: links to other files, external and virtual data sets, because
no file may name another one to be read. MATLAB files of level 7.3 are HDF5, their axes
exchanged, which the number of leads tells.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from precord.errors import FormatError, UnsupportedFormatError
from precord.io.array import FACT_NAMES, choose_signal, make_record
from precord.io.file import read_bytes, shown
from precord.io.guard import refusing
from precord.io.stated import Stated
from precord.record import Record

if TYPE_CHECKING:
    import h5py

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MATLAB_73 = b"MATLAB 7.3"  # a MATLAB header of 512 bytes before the signature
_MAX_FACT = 4096


def is_hdf5(data: bytes) -> bool:
    """Tell whether *data* begins as an HDF5 file does."""
    return data.startswith((_SIGNATURE, _MATLAB_73))


def read_hdf5(path: Path, stated: Stated) -> Record:
    """Read the record in the file at *path*.

    Raises:
        UnsupportedFormatError: The `formats` extra is not installed.
        FormatError: The file is damaged, holds no signal, or leaves out what is not *stated*.
        SignalError: There is nothing in the leads.
    """
    read_bytes(path)  # within the limits of every file
    with open_hdf5(path) as file:
        sets = _data_sets(file, path)
        numeric = {n: d.shape for n, d in sets.items() if np.issubdtype(d.dtype, np.number)}
        chosen = choose_signal(numeric, path)
        facts: dict[str, object] = {
            name: data[()]
            for name, data in sets.items()
            if name.casefold() in FACT_NAMES and np.prod(data.shape, dtype=float) <= _MAX_FACT
        }
        for attributes in (file.attrs, sets[chosen].attrs):
            facts |= {n: attributes[n] for n in attributes if n.casefold() in FACT_NAMES}
        return make_record(sets[chosen][()], facts, path, "HDF5", stated)


@contextmanager
def open_hdf5(path: Path) -> "Iterator[h5py.File]":
    """Open the file at *path* for reading; whatever is wrong with it is a FormatError.

    Raises:
        UnsupportedFormatError: The `formats` extra is not installed.
        FormatError: The file cannot be read.
    """
    try:
        import h5py  # noqa: PLC0415 - an extra that few need
    except ImportError as error:
        raise UnsupportedFormatError(
            f"{shown(path)}: HDF5 needs one more package: pip install 'precord[formats]'"
        ) from error
    with refusing(path, "HDF5"), h5py.File(path, "r") as file:
        yield file


def _data_sets(file: "h5py.File", path: Path) -> "dict[str, h5py.Dataset]":
    """Return the data sets at the top level by name, none of which reaches into another file."""
    import h5py  # noqa: PLC0415 - as above

    found = {}
    for name in file:
        if isinstance(file.get(name, getlink=True), h5py.ExternalLink):
            raise FormatError(f"{shown(path)}: {name[:40]!r} is a link to another file")
        item = file[name]
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise FormatError(f"{shown(path)}: {name[:40]!r} keeps its numbers in other files")
            found[name] = item
    return found
