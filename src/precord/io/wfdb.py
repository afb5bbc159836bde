"""WFDB records: a text header (.hea) beside its binary signal files.

Source: WFDB Applications Guide, signal(5). Read here: one segment, one sample per frame,
formats 16, 24, 32, 80 and 212, any number of signal files. Every other variant is refused.
Signals that are none of the twelve leads are left out, and the record's notes say so.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precord.errors import FormatError, SignalError, UnsupportedFormatError
from precord.io.file import read_bytes, shown
from precord.io.wfdb_header import MAX_HEADER_BYTES, Channel, Header, parse_header
from precord.leads import Lead
from precord.record import MAX_SAMPLES, Provenance, Record

_BITS = {"16": 16, "24": 24, "32": 32, "80": 8, "212": 12}  # of one sample, by format


def read_wfdb(path: Path) -> Record:
    """Read the record whose header is at *path*.

    Returns:
        The record; samples that the file marks as missing are NaN.

    Raises:
        FormatError: Header or signal file breaks the format, or they disagree.
        UnsupportedFormatError: A variant that is not read.
        SignalError: There is no lead, or nothing in the leads.
    """
    header = parse_header(read_bytes(path, MAX_HEADER_BYTES), shown(path))
    rows: list[tuple[Lead, NDArray[np.float32]]] = []
    for file in dict.fromkeys(c.file for c in header.channels if c.lead):
        if _is_missing(path.with_name(file)):
            raise FormatError(
                f"{shown(path)}: its signal file {shown(Path(file))} is missing; give both together"
            )
        rows += _read_file(path.with_name(file), header)
        if sum(row.size for _, row in rows) > MAX_SAMPLES:
            raise SignalError(f"{shown(path)}: more than {MAX_SAMPLES} samples")
    if len({row.size for _, row in rows}) != 1:
        raise FormatError(f"{shown(path)}: its signal files differ in length")
    return Record(
        np.stack([row for _, row in rows]),
        tuple(lead for lead, _ in rows),
        header.rate,
        acquisition=header.acquisition,
        provenance=Provenance("WFDB", shown(path), notes=_notes(header)),
    )


def _is_missing(path: Path) -> bool:
    """Tell whether there is nothing at *path*; what else is wrong with it, reading it says."""
    try:
        return not path.exists()
    except OSError:  # a name that no system takes
        return False


def _read_file(path: Path, header: Header) -> list[tuple[Lead, NDArray[np.float32]]]:
    """Return the leads in one signal file, each with its samples in mV, (samples,)."""
    channels = [c for c in header.channels if c.file == path.name]
    form, offset = channels[0].format, channels[0].offset
    if {(c.format, c.offset) for c in channels} != {(form, offset)}:
        raise FormatError(f"{shown(path)}: its signals differ in format or byte offset")
    if form not in _BITS:
        known = ", ".join(_BITS)
        raise UnsupportedFormatError(
            f"{shown(path)}: signal format {form}, expected one of {known}"
        )
    data = read_bytes(path)[offset:]
    steps = _decode(data, form)
    n_samples = header.n_samples or steps.size // len(channels)
    surplus = steps.size - n_samples * len(channels)
    padding = 1 if form == "212" else 0  # a lone last sample fills a whole pair
    is_cut = form != "212" and len(data) * 8 % _BITS[form]
    if n_samples == 0 or not 0 <= surplus <= padding or is_cut:
        raise FormatError(
            f"{shown(path)}: {len(data)} bytes behind byte {offset}, which are not {n_samples} "
            f"samples of {len(channels)} signals in format {form}"
        )
    frames = steps[: n_samples * len(channels)].reshape(n_samples, len(channels))
    return [
        (c.lead, _to_millivolt(row, c, path))
        for row, c in zip(frames.T, channels, strict=True)
        if c.lead
    ]


def _decode(data: bytes, form: str) -> NDArray[np.int32]:
    """Return the samples of *data*, the low byte of each first, whatever their width."""
    match form:
        case "212":
            return _decode_212(data).astype(np.int32)
        case "80":  # offset binary: 128 is zero
            return np.frombuffer(data, np.uint8).astype(np.int32) - 128
        case "24":
            raw = np.frombuffer(data[: len(data) // 3 * 3], np.uint8).reshape(-1, 3)
            wide = np.zeros((len(raw), 4), np.uint8)
            wide[:, 1:] = raw  # into the upper bytes, so that the shift below keeps the sign
            return wide.reshape(-1).view("<i4") >> 8
        case _:
            size = _BITS[form] // 8
            steps = np.frombuffer(data[: len(data) // size * size], dtype=f"<i{size}")
            return steps.astype(np.int32)


def _decode_212(data: bytes) -> NDArray[np.int16]:
    """Return the samples of format 212: pairs of 12 bits in three bytes.

    The first byte holds the low bits of the first sample, the second the high bits of both
    (first sample in the low half), the third the low bits of the second sample.
    """
    lone = len(data) % 3 == 2  # a first sample without its second
    raw = np.frombuffer(data + b"\0" * lone, np.uint8)
    triples = raw[: raw.size // 3 * 3].reshape(-1, 3).astype(np.int16)  # (pairs, 3)
    low, high, second = triples.T
    pairs = np.stack([low | (high & 0x0F) << 8, second | (high & 0xF0) << 4], axis=1)
    steps = (pairs ^ 0x800) - 0x800  # sign of 12 bits
    return steps.reshape(-1)[: -1 if lone else None]


def _to_millivolt(steps: NDArray[np.int32], channel: Channel, path: Path) -> NDArray[np.float32]:
    """Return the samples in mV, NaN where missing, after comparing the checksum."""
    total = int(steps.sum(dtype=np.int64))
    if channel.checksum is not None and (total - channel.checksum) % 2**16:
        raise FormatError(
            f"{shown(path)}: lead {channel.lead} has checksum {total % 2**16}, the header says "
            f"{channel.checksum % 2**16}; one of the two files is damaged"
        )
    with np.errstate(over="ignore"):  # an absurd gain becomes an infinity, which Record refuses
        signal = ((steps.astype(np.float64) - channel.zero) / channel.gain).astype(np.float32)
    # signal(5): the lowest value marks a missing sample
    signal[steps == -(2 ** (_BITS[channel.format] - 1))] = np.nan
    return signal


def _notes(header: Header) -> tuple[str, ...]:
    """Return what the reader left out, as sentences."""
    skipped = [c.label or "unnamed" for c in header.channels if not c.lead]
    if not skipped:
        return ()
    return (f"Signals left out, as none of the twelve leads: {', '.join(skipped)}.",)
