"""Signals packed without loss: the same bits come out that went in.

A lead whose samples are whole multiples of one step (every lead that an analogue-digital
converter wrote) is kept as integers: III and the augmented leads as their difference from
Einthoven's and Goldberger's law where I and II are there, the rest as second differences
(Shannon, Robinson 1994, CUED/F-INFENG/TR.156), zigzag-folded, in byte planes, deflated.
Any other lead is kept as its float32 bytes in planes, deflated. Whether a lead is a multiple
of a step is never assumed: the encoder decodes it and compares all bits.

Layout, little-endian: `<BBI` version, number of leads, samples per lead; per lead `<Bd` its
coding and step; then one deflate stream of: missing-sample bits of the integer leads (only
if `_HAS_GAPS`), planes of 2 or 4 bytes of the integers (4 if `_IS_WIDE`), planes of the floats.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precord.errors import LibraryError
from precord.leads import Lead
from precord.record import MAX_SAMPLES, Record, Scale

_HEAD = struct.Struct("<BBI")
_LEAD = struct.Struct("<Bd")
_VERSION = 1
_HAS_GAPS, _IS_WIDE, _IS_EINTHOVEN = 16, 32, 64  # flags beside the version
_FLOATS, _QUOTIENT, _PRODUCT = 0, 1, 2  # a sample is: itself; k / step number; k * step number
_LIMIT = 2.0**24  # float32 holds all integers up to here; twice differenced they fit int32
_LEVEL, _FLOAT_LEVEL = 5, 1  # deflate; the low bytes of floats hardly shrink at any level
_USUAL = ((_QUOTIENT, 1000.0), (_QUOTIENT, 200.0), (_QUOTIENT, 400.0), (_PRODUCT, 0.00488))
_LIMB = (Lead.I, Lead.II, Lead.III, Lead.AVR, Lead.AVL, Lead.AVF)
_NAN = np.array(np.nan, np.float32)

_Ints = NDArray[np.int32]
_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Waveform:
    """The packed signal of a record.

    Attributes:
        data: what `pack` made of the signal.
        digest: the digest of the record, `Record.digest`.
    """

    data: bytes
    leads: tuple[Lead, ...]
    rate: float
    scale: Scale
    digest: str

    @classmethod
    def of(cls, record: Record) -> "Waveform":
        """Return the packed signal of *record*."""
        data = pack(record.signal, record.leads)
        return cls(data, record.leads, record.rate, record.scale, record.digest())


def pack(signal: _Floats, leads: tuple[Lead, ...]) -> bytes:
    """Return *signal*, (leads, samples) float32, in as few bytes as can be had in milliseconds."""
    codings = [(_FLOATS, 0.0)] * len(signal)
    gaps = np.isnan(signal)
    rows: list[_Ints] = []
    guesses: tuple[tuple[int, float], ...] = _USUAL
    for i, row in enumerate(signal):
        found = _find_step(row, gaps[i], guesses)
        if found is not None:
            codings[i], steps = found
            rows.append(steps)
            guesses = (codings[i], *_USUAL)
    flags, body = _pack_ints(rows, codings, leads, gaps)
    floats = signal[[i for i, (kind, _) in enumerate(codings) if kind == _FLOATS]]
    body += _to_planes(floats.view(np.uint32))
    head = _HEAD.pack(_VERSION | flags, *signal.shape)
    head += b"".join(_LEAD.pack(*coding) for coding in codings)
    return head + zlib.compress(body, _LEVEL if rows else _FLOAT_LEVEL)


def unpack(waveform: Waveform) -> _Floats:
    """Return the (leads, samples) float32 signal that was packed.

    Raises:
        LibraryError: The data are damaged.
    """
    try:
        return _unpack(waveform.data, waveform.leads)
    except (struct.error, zlib.error, ValueError, IndexError) as error:
        raise LibraryError(f"a stored signal is damaged: {error}") from error


def _unpack(data: bytes, leads: tuple[Lead, ...]) -> _Floats:
    """Return the signal in *data*."""
    flags, n_leads, n_samples = _HEAD.unpack_from(data)
    if flags & 15 != _VERSION or n_leads != len(leads) or n_leads * n_samples > MAX_SAMPLES:
        raise ValueError("its header is not valid")
    codings = [_LEAD.unpack_from(data, _HEAD.size + i * _LEAD.size) for i in range(n_leads)]
    ints = [i for i, (kind, _) in enumerate(codings) if kind != _FLOATS]
    floats = [i for i, (kind, _) in enumerate(codings) if kind == _FLOATS]
    sizes = (
        (len(ints) * n_samples + 7) // 8 if flags & _HAS_GAPS else 0,
        len(ints) * n_samples * (4 if flags & _IS_WIDE else 2),
        len(floats) * n_samples * 4,
    )
    stream = zlib.decompressobj()
    body = stream.decompress(data[_HEAD.size + n_leads * _LEAD.size :], sum(sizes) + 1)
    if len(body) != sum(sizes) or not stream.eof:
        raise ValueError(f"{len(body)} bytes, expected {sum(sizes)}")
    planes, rest = body[sizes[0] : sizes[0] + sizes[1]], body[sizes[0] + sizes[1] :]
    signal = np.empty((n_leads, n_samples), np.float32)
    signal[floats] = _from_planes(rest, 4, n_samples).view(np.float32)
    folded = _from_planes(planes, 4 if flags & _IS_WIDE else 2, n_samples)
    steps = _undo_differences(folded, [leads[i] for i in ints], bool(flags & _IS_EINTHOVEN))
    for i, row in zip(ints, steps, strict=True):
        signal[i] = _to_samples(row, *codings[i])
    if flags & _HAS_GAPS:
        bits = np.unpackbits(np.frombuffer(body, np.uint8, sizes[0]), count=steps.size)
        signal[ints] = np.where(bits.reshape(steps.shape), _NAN, signal[ints])
    return signal


def _find_step(
    row: _Floats, gaps: NDArray[np.bool_], guesses: tuple[tuple[int, float], ...]
) -> tuple[tuple[int, float], _Ints] | None:
    """Return the coding of one lead and its integers, or None where it has no step.

    Missing samples repeat the last one that is there, so that they cost nothing.
    """
    has_gaps = bool(gaps.any())
    present = row[~gaps] if has_gaps else row
    if not present.size:
        present = np.zeros(1, np.float32)
    probe = present[:: max(1, present.size // 64)]
    for coding in (*guesses, *_guess_steps(present)):
        if _to_steps(probe, *coding) is None:
            continue
        steps = _to_steps(present, *coding)
        if steps is None:
            continue
        if not has_gaps:
            return coding, steps
        if (row[gaps].view(np.uint32) != _NAN.view(np.uint32)).any():
            return None  # a NaN of another bit pattern than NumPy's own
        return coding, steps[np.maximum(np.cumsum(~gaps) - 1, 0)]
    return None


def _guess_steps(row: _Floats) -> Iterator[tuple[int, float]]:
    """Yield round numbers near the smallest difference of neighbouring samples."""
    wide = row.astype(np.float64)
    differences = np.abs(np.diff(wide))
    differences = differences[differences > 0]
    if not differences.size:
        return
    smallest, span = float(differences.min()), float(np.ptp(wide))
    if span / smallest > _LIMIT:
        return
    step = span / round(span / smallest)
    for digits in range(1, 7):
        yield _QUOTIENT, float(f"{1 / step:.{digits}g}")
        yield _PRODUCT, float(f"{step:.{digits}g}")


def _to_steps(samples: _Floats, kind: int, step: float) -> _Ints | None:
    """Return the integers that give exactly *samples*, or None where there are none."""
    wide = samples.astype(np.float64)
    steps = np.rint(wide * step if kind == _QUOTIENT else wide / step)
    if np.abs(steps).max(initial=0.0) >= _LIMIT:
        return None
    whole = steps.astype(np.int32)
    is_equal = _to_samples(whole, kind, step).view(np.uint32) == samples.view(np.uint32)
    return whole if is_equal.all() else None


def _to_samples(steps: _Ints, kind: int, step: float) -> _Floats:
    """Return the samples that *steps* stand for."""
    if not (math.isfinite(step) and step > 0):
        raise ValueError(f"a step of {step}")
    wide = steps.astype(np.float64)
    with np.errstate(over="ignore"):  # a wrong guess, or damage; both are noticed elsewhere
        return (wide / step if kind == _QUOTIENT else wide * step).astype(np.float32)


def _pack_ints(
    rows: list[_Ints],
    codings: list[tuple[int, float]],
    leads: tuple[Lead, ...],
    gaps: NDArray[np.bool_],
) -> tuple[int, bytes]:
    """Return the flags and the bytes of the leads that are integers."""
    if not rows:
        return 0, b""
    at = [i for i, (kind, _) in enumerate(codings) if kind != _FLOATS]
    names = [leads[i] for i in at]
    limb = [codings[i] for i in at if leads[i] in _LIMB]
    is_einthoven = {Lead.I, Lead.II} <= set(names) and len(set(limb)) == 1
    folded = _do_differences(np.stack(rows), names, is_einthoven)
    is_wide = int(folded.max(initial=0)) >= 2**16
    flags = (_IS_WIDE if is_wide else 0) | (_IS_EINTHOVEN if is_einthoven else 0)
    planes = _to_planes(folded if is_wide else folded.astype("<u2"))
    if not gaps[at].any():
        return flags, planes
    return flags | _HAS_GAPS, np.packbits(gaps[at]).tobytes() + planes


def _do_differences(steps: _Ints, names: list[Lead], is_einthoven: bool) -> NDArray[np.uint32]:
    """Return what is left of *steps* after prediction, zigzag-folded."""
    left = np.diff(steps, n=2, axis=1, prepend=np.zeros((len(steps), 2), np.int32))
    if is_einthoven:
        one, two = steps[names.index(Lead.I)], steps[names.index(Lead.II)]
        for i, name in enumerate(names):
            if (predicted := _predict(name, one, two)) is not None:
                left[i] = steps[i] - predicted
    return ((left << 1) ^ (left >> 31)).astype(np.uint32)


def _undo_differences(
    folded: NDArray[np.unsignedinteger], names: list[Lead], is_einthoven: bool
) -> _Ints:
    """Return the steps that `_do_differences` folded."""
    wide = folded.astype(np.uint32)
    left = (wide >> 1).astype(np.int32) ^ -(wide & 1).astype(np.int32)
    steps = np.cumsum(np.cumsum(left, axis=1, dtype=np.int32), axis=1, dtype=np.int32)
    if is_einthoven:
        one, two = steps[names.index(Lead.I)], steps[names.index(Lead.II)]
        for i, name in enumerate(names):
            if (predicted := _predict(name, one, two)) is not None:
                steps[i] = left[i] + predicted
    return steps


def _predict(lead: Lead, one: _Ints, two: _Ints) -> _Ints | None:
    """Return *lead* from leads I and II, rounded down; None where it does not follow."""
    match lead:
        case Lead.III:
            return two - one
        case Lead.AVR:
            return -((one + two) >> 1)
        case Lead.AVL:
            return (2 * one - two) >> 1
        case Lead.AVF:
            return (2 * two - one) >> 1
        case _:
            return None


def _to_planes(values: NDArray[np.unsignedinteger]) -> bytes:
    """Return the bytes of *values*, all lowest bytes first."""
    width = values.dtype.itemsize
    flat = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    return flat.reshape(-1).view(np.uint8).reshape(-1, width).T.tobytes()


def _from_planes(data: bytes, width: int, n_samples: int) -> NDArray[np.unsignedinteger]:
    """Return the (rows, samples) values whose planes are *data*."""
    planes = np.frombuffer(data, np.uint8).reshape(width, -1)
    flat = np.ascontiguousarray(planes.T).reshape(-1).view(f"<u{width}")
    return flat.reshape(-1, n_samples)
