"""Speed and gain that a page's printed words tell, or its heart, where its pulses do not.

Either the words state them ("25 mm/s 10 mm/mV"), or they state a heart rate, which the traces
have at one speed only. Words are read by `ocr`, where it is installed. Where no words speak of it,
the intervals may rule out 50 mm/s (`heart`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from precord.digitize.heart import SLOW, WRONG, rule_out_fast
from precord.digitize.ocr import read_words
from precord.digitize.printed import find_gains, find_heart_rate, find_speeds
from precord.digitize.reading import Options
from precord.errors import UnsupportedFormatError
from precord.image.layout import GAINS, SPEEDS
from precord.record import Record

_SAME_RATE = 0.06  # share by which the printed heart rate and the traces' may differ
_FEWEST = 4  # beats


@dataclass(frozen=True, slots=True)
class Told:
    """What was told: options to read the page with, a note, and how often such is wrong, 0 to 1."""

    options: Options
    note: str
    wrong: float = 0.0


def tell(
    picture: NDArray[np.uint8],
    options: Options,
    attempt: Callable[[Options], Record] | None = None,
) -> Told | None:
    """Return the speed and gain that are printed, or the speed that the heart tells; else None.

    Args:
        picture: RGB.
        options: as a person stated them, which nothing changes.
        attempt: reads the picture with other options, or refuses it; without it the heart
            is not asked.
    """
    words = read_words(picture) or []
    text = " ".join(box.text for box in words)
    speeds, gains = find_speeds(text) & set(SPEEDS), find_gains(text) & set(GAINS)
    speed, gain = options.speed, options.gain
    notes = []
    if gain is None and len(gains) == 1:
        gain = next(iter(gains))
        notes.append(f"gain {gain:g} mm/mV from the words on the page")
    if speed is None and len(speeds) == 1:
        speed = next(iter(speeds))
        notes.append(f"speed {speed:g} mm/s from the words on the page")
    rate = find_heart_rate(words)
    if speed is None and not speeds and rate is not None and attempt is not None:
        speed = _speed_of_rate(rate, replace(options, gain=gain), attempt)
        if speed is not None:
            notes.append(f"speed {speed:g} mm/s, at which the traces have the printed {rate:g}/min")
    wrong = 0.0
    if speed is None and not speeds and rate is None and attempt is not None:
        why = _ask_heart(replace(options, gain=gain), attempt)
        if why is not None:
            speed, wrong = SLOW, WRONG
            notes.append(why)
    found = replace(options, speed=speed, gain=gain)
    return Told(found, "; ".join(notes), wrong) if notes else None


def _ask_heart(options: Options, attempt: Callable[[Options], Record]) -> str | None:
    """Return why the page was not printed at 50 mm/s, None where that cannot be told."""
    try:
        record = attempt(replace(options, speed=SLOW))
    except UnsupportedFormatError:
        return None
    return rule_out_fast(record)


def _speed_of_rate(
    printed: float, options: Options, attempt: Callable[[Options], Record]
) -> float | None:
    """Return the speed at which the beats are as frequent as *printed*, per minute, else None.

    The record read at one speed is judged at all; where two agree, nothing is told.
    """
    for trial in SPEEDS:
        try:
            record = attempt(replace(options, speed=trial))
        except UnsupportedFormatError:
            continue
        rates = [_heart_rate(replace(record, rate=record.rate * s / trial)) for s in SPEEDS]
        agree = [
            speed
            for speed, rate in zip(SPEEDS, rates, strict=True)
            if rate is not None and abs(rate / printed - 1) < _SAME_RATE
        ]
        return agree[0] if len(agree) == 1 else None
    return None


def _heart_rate(record: Record) -> float | None:
    """Return the mean rate of the beats, per minute; None of a few."""
    from precord.signal.beats import find_beats  # noqa: PLC0415 - seldom asked, slow to load

    beats = find_beats(record)
    if beats.size < _FEWEST:
        return None
    return float(60.0 * record.rate * (beats.size - 1) / (beats[-1] - beats[0]))
