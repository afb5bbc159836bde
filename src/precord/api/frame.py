"""What a worker and its pool say to each other: frames of bytes, records in them.

A frame is four bytes of length, then so many bytes. An answer is JSON, behind it the signal as
float32: never a pickle.
"""

import json
import struct
from datetime import datetime
from typing import IO, Any

import numpy as np

from precord.errors import FormatError, UnstatedError
from precord.leads import Lead
from precord.record import Acquisition, Provenance, Record, Scale, Sex

_HEAD = struct.Struct("<I")
_MAX_FRAME = 2**30
JPEG = b"\xff\xd8\xff"  # how an answer starts that is a picture
STAGE = b"stage "  # how a frame starts that is no answer yet; no record is of so long a head


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


def refusal(reason: str, missing: tuple[str, ...] = ()) -> bytes:
    """Return the answer that a file is refused, and what would have to be stated of it."""
    text = json.dumps({"refused": reason, "missing": missing}).encode()
    return _HEAD.pack(len(text)) + text
