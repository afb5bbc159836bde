"""The parts of an upload laid out in a folder of their own, for a reader to find.

No path from a client is ever opened: each part is written under its bare name, made of
harmless characters, into a new folder that holds nothing else. A zip is unpacked under the
same rules, one level deep, within limits of count, size and ratio.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from tempfile import TemporaryDirectory
from typing import IO

from precord.api.problem import TooLargeError
from precord.errors import FormatError

MAX_BYTES = 50 * 2**20  # of all parts together; a ten-second 12-lead DICOM is below 1 MiB
MAX_PARTS = 16
MAX_RATIO = 200  # unpacked to packed

_HARMLESS = re.compile(r"[^A-Za-z0-9._-]")
_CHUNK = 2**16


@dataclass(frozen=True, slots=True)
class Part:
    """One uploaded file: the name that the client gave it, and its bytes."""

    name: str
    file: IO[bytes]


@contextmanager
def laid_out(parts: Sequence[Part]) -> Iterator[Path]:
    """Write *parts* into a new folder; yield the file to read.

    Raises:
        FormatError: No part, too many, two of one name, or no telling which to read.
        TooLargeError: They are too large, or a zip unpacks to too much.
    """
    if not parts:
        raise FormatError("no file; send an ECG file, or the files of one record together")
    if len(parts) > MAX_PARTS:
        raise TooLargeError(f"{len(parts)} files, at most {MAX_PARTS} of one record")
    with TemporaryDirectory(prefix="precord-") as name:
        folder = Path(name)
        room = MAX_BYTES
        for part in parts:
            room -= _write(part.file, folder / _bare_name(part.name, folder), room)
        _unpack_all(folder)
        yield _choose(folder)


def safe_name(name: str) -> str:
    """Return *name* without its folder and of harmless characters only; never empty."""
    bare = PureWindowsPath(PurePosixPath(name.replace("\0", "")).name).name
    return _HARMLESS.sub("_", bare).lstrip(".")[-80:] or "upload"


def _bare_name(name: str, folder: Path) -> str:
    """Return the name of a part in *folder*; refuse one that is there already."""
    bare = safe_name(name)
    if (folder / bare).exists():
        raise FormatError(f"{bare}: two files of this name; send the files of one record only")
    return bare


def _write(source: IO[bytes], path: Path, room: int) -> int:
    """Copy *source* to *path*, at most *room* bytes; return how many there were."""
    size = 0
    with path.open("xb") as target:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > room:
                raise TooLargeError(f"larger than {MAX_BYTES // 2**20} MiB in all")
            target.write(chunk)
    return size


def _unpack_all(folder: Path) -> None:
    """Replace each zip in *folder* by what it holds."""
    for path in sorted(folder.iterdir()):
        if zipfile.is_zipfile(path) and not _is_dicom(path):
            _unpack(path, folder)
            path.unlink()


def _unpack(path: Path, folder: Path) -> None:
    """Unpack the zip at *path* into *folder*, whatever folders it has inside.

    Raises:
        FormatError: It is damaged, encrypted, or holds two files of one name.
        TooLargeError: It holds too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and _is_wanted(m.filename)]
            if len(members) > MAX_PARTS:
                raise TooLargeError(
                    f"{path.name}: {len(members)} files, at most {MAX_PARTS} of one record"
                )
            allowed = min(MAX_BYTES, MAX_RATIO * path.stat().st_size)
            for member in members:
                with archive.open(member) as source:
                    target = folder / _bare_name(member.filename, folder)
                    allowed -= _write(source, target, allowed)
    except (zipfile.BadZipFile, RuntimeError, EOFError, zlib.error) as error:
        raise FormatError(f"{path.name}: the zip cannot be unpacked: {error}") from error
    except (OSError, ValueError) as error:
        raise FormatError(f"{path.name}: the zip is damaged") from error


def _is_wanted(name: str) -> bool:
    """Tell whether a member is more than what macOS leaves in archives."""
    return "__MACOSX" not in name and not PurePosixPath(name).name.startswith(".")


def _is_dicom(path: Path) -> bool:
    """Tell whether *path* is a DICOM file, whose tail may look like a zip's."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _choose(folder: Path) -> Path:
    """Return the file of *folder* to read: the only one, or the only header.

    Raises:
        FormatError: There is none, or more than one record.
    """
    files = sorted(folder.iterdir())
    headers = [path for path in files if path.suffix.lower() == ".hea"]
    if len(files) == 1:
        return files[0]
    if len(headers) == 1:
        return headers[0]
    if not files:
        raise FormatError("the zip holds no file")
    names = ", ".join(path.name for path in files[:5])
    raise FormatError(f"{names}: files of several records; send those of one record together")
