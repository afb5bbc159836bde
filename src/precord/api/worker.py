"""A process that parses uploads, one after another: `python -m precord.api.worker`.

It gets a job on standard input, JSON with a path, and answers on standard output with what it
read: a record, or a picture to look at. Before that it says at which stage the reading of a
picture is. It may take so much more memory than it needed to start, may write no file and
start no process; whoever started it keeps the clock. Both directions carry frames: four bytes
of length, then so many bytes. An answer is JSON, behind it the signal as float32: never a pickle.
"""

import json
import re
import resource
import struct
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import numpy as np

from precord.errors import FormatError, PrecordError, UnstatedError
from precord.leads import Lead
from precord.record import Acquisition, Provenance, Record, Scale, Sex

_HEAD = struct.Struct("<I")
_MAX_FRAME = 2**30
_OPTIONS = re.compile(r" \(--[^)]*\)")  # what the command line would be told to add
JPEG = b"\xff\xd8\xff"  # how an answer starts that is a picture
STAGE = b"stage "  # how a frame starts that is no answer yet; no record is of so long a head


def serve(memory_bytes: int) -> None:
    """Answer on standard output what comes on standard input, until that ends."""
    from precord.api.job import do  # noqa: PLC0415 - the other side imports this module too

    source, target = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a reader that prints must not damage a frame
    _limit(memory_bytes)
    send(target, b"ready")

    def on_stage(stage: str) -> None:
        send(target, STAGE + stage.encode())

    for frame in _frames(source):
        try:
            answer = do(json.loads(frame), on_stage)
        except UnstatedError as error:
            answer = _refusal(_OPTIONS.sub("", str(error)), error.missing)
        except PrecordError as error:
            answer = _refusal(str(error))
        except MemoryError:
            answer = _refusal("the file needs more memory to read than one upload may take")
        except Exception:  # noqa: BLE001 - whatever a reader lets slip ends here, as one line
            answer = _refusal("the file cannot be read: it is damaged, or of an unknown kind")
        send(target, answer)


def send(target: IO[bytes], data: bytes) -> None:
    """Write one frame."""
    target.write(_HEAD.pack(len(data)) + data)
    target.flush()


def receive(source: IO[bytes]) -> bytes | None:
    """Return the next frame, or None where the other side has ended."""
    head = source.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    (size,) = _HEAD.unpack(head)
    if size > _MAX_FRAME:
        return None
    data = source.read(size)
    return data if len(data) == size else None


def to_bytes(record: Record) -> bytes:
    """Return *record* as JSON and float32."""
    taken, origin = record.acquisition, record.provenance
    facts = {
        "shape": record.signal.shape,
        "leads": record.leads,
        "rate": record.rate,
        "scale": record.scale,
        "time": taken.time.isoformat() if taken.time else None,
        "device": taken.device,
        "age": taken.age,
        "sex": taken.sex,
        "patient_id": taken.patient_id,
        "format": origin.format,
        "name": origin.name,
        "is_digitised": origin.is_digitised,
        "confidence": origin.confidence,
        "derived": sorted(origin.derived),
        "notes": origin.notes,
    }
    text = json.dumps(facts).encode()
    return _HEAD.pack(len(text)) + text + np.ascontiguousarray(record.signal, "<f4").tobytes()


def from_bytes(data: bytes) -> Record:
    """Return the record of `to_bytes`.

    Raises:
        UnstatedError: The file leaves out what is to be stated.
        FormatError: The worker refused the file, in its own words.
    """
    (size,) = _HEAD.unpack(data[: _HEAD.size])
    facts: dict[str, Any] = json.loads(data[_HEAD.size : _HEAD.size + size])
    if facts.get("missing"):
        raise UnstatedError(facts["refused"], tuple(facts["missing"]))
    if "refused" in facts:
        raise FormatError(facts["refused"])
    signal = np.frombuffer(data[_HEAD.size + size :], "<f4").reshape(facts["shape"])
    return Record(
        signal.copy(),
        tuple(map(Lead, facts["leads"])),
        facts["rate"],
        Scale(facts["scale"]),
        Acquisition(
            time=datetime.fromisoformat(facts["time"]) if facts["time"] else None,
            device=facts["device"],
            age=facts["age"],
            sex=Sex(facts["sex"]) if facts["sex"] else None,
            patient_id=facts["patient_id"],
        ),
        Provenance(
            format=facts["format"],
            name=facts["name"],
            is_digitised=facts["is_digitised"],
            confidence=tuple(facts["confidence"]),
            derived=frozenset(map(Lead, facts["derived"])),
            notes=tuple(facts["notes"]),
        ),
    )


def _frames(source: IO[bytes]) -> Iterator[bytes]:
    """Yield the frames of *source* until it ends."""
    while (frame := receive(source)) is not None:
        yield frame


def _refusal(reason: str, missing: tuple[str, ...] = ()) -> bytes:
    """Return the answer that a file is refused, and what would have to be stated of it."""
    text = json.dumps({"refused": reason, "missing": missing}).encode()
    return _HEAD.pack(len(text)) + text


def _limit(memory_bytes: int) -> None:
    """Limit this process from here on."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    room = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(what, (0, 0))


if __name__ == "__main__":
    serve(int(sys.argv[1]))
