"""A zip with a folder of ECG files and their table, unpacked for ingestion.

Its files keep their folders, since the table names them so; a name that could leave the
folder, or that a shell or a header could stumble over, is refused rather than changed, for the
same reason. The ECG files themselves are read by the workers of `pool`, never here.
"""

import re
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO, cast

from precord.api.pool import ParserPool
from precord.api.problem import TooLargeError
from precord.corpora.entry import Entry
from precord.corpora.folder import TABLE, FileSource, FolderCorpus
from precord.errors import CorpusError, FormatError
from precord.io import Stated
from precord.record import Record

MAX_ARCHIVE = 200 * 2**20  # bytes of the zip
MAX_UNPACKED = 2**30
MAX_FILES = 20_000
MAX_RATIO = 200  # unpacked to packed

_NAME = re.compile(r"[\w .,()+=@-]{1,120}", re.ASCII)
_CHUNK = 2**16


@dataclass(frozen=True, slots=True)
class _Upload:
    """One ECG file of an upload, read by a worker."""

    path: Path
    name: str
    pool: ParserPool
    stated: Stated

    def __call__(self) -> Record:
        """Return the record, under the name of its case."""
        record = self.pool.read(self.path, stated=self.stated)
        return replace(record, provenance=replace(record.provenance, name=self.name))


def unpack(packed: IO[bytes], folder: Path) -> None:
    """Unpack a zip into *folder*.

    Raises:
        FormatError: It is no zip, damaged, encrypted, or holds a name that is refused.
        TooLargeError: It holds too much.
    """
    try:
        with zipfile.ZipFile(packed) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and _is_wanted(m.filename)]
            if len(members) > MAX_FILES:
                raise TooLargeError(f"the zip holds {len(members)} files, at most {MAX_FILES}")
            size = sum(member.compress_size for member in members)
            room = min(MAX_UNPACKED, MAX_RATIO * max(size, 1))
            for member in members:
                target = folder / _checked(member.filename)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source:
                    room = _write(source, target, room)
    except (zipfile.BadZipFile, RuntimeError, EOFError, zlib.error, ValueError) as error:
        raise FormatError(f"the zip cannot be unpacked: {error}") from error
    except FileExistsError as error:
        raise FormatError("the zip holds a name twice") from error


def list_entries(folder: Path, pool: ParserPool) -> list[Entry]:
    """Return the entries of the only `table.csv` in *folder*, each to be read by *pool*.

    Raises:
        CorpusError: There is no table, or more than one, or it is not as it must be.
    """
    tables = sorted(folder.rglob(TABLE))
    if len(tables) != 1:
        raise CorpusError(f"the zip holds {len(tables)} files named {TABLE}, expected one")
    corpus = FolderCorpus(tables[0].parent)
    entries = []
    for entry in corpus.entries():
        source = cast("FileSource", entry.source)
        upload = _Upload(source.path, source.name, pool, source.stated)
        entries.append(replace(entry, source=upload))
    return entries


def _is_wanted(name: str) -> bool:
    """Tell whether a member is more than what macOS leaves in archives."""
    return "__MACOSX" not in name and not PurePosixPath(name).name.startswith(".")


def _checked(name: str) -> PurePosixPath:
    """Return the path of a member, which stays below its folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or len(path.parts) > 8:
        raise FormatError(f"the zip holds the name {name[:60]!r}, expected one below its folder")
    if bad := next((p for p in path.parts if not _NAME.fullmatch(p) or p.startswith(".")), None):
        raise FormatError(
            f"the zip holds the name {bad[:60]!r}, expected letters, digits, spaces and -_.,()+=@"
        )
    return path


def _write(source: IO[bytes], path: Path, room: int) -> int:
    """Copy *source* to *path*; return how much of *room* is left."""
    with path.open("xb") as target:
        while chunk := source.read(_CHUNK):
            room -= len(chunk)
            if room < 0:
                raise TooLargeError("the zip unpacks to too much")
            target.write(chunk)
    return room
