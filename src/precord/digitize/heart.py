"""Paper speed told by the heart: what was printed at 25 mm/s and is read at 50 lasts half as long.

QRS of at most 110 ms at 25 mm/s would last 55 at 50, and a QT interval that is usual for its rate
(Fridericia) would be shorter than in any short QT syndrome: no adult's heart does both. Where
both were measured and both say so, and the beats are the same ones at either speed, the paper
cannot have run at 50. The other way round, wide complexes and a long QT are common illness, so
50 mm/s is never told. How often this is wrong: `benchmarks/digitize_speed.py`.
Source of the limits: QRS over 110 ms is an incomplete bundle branch block (AHA/ACCF/HRS 2009,
part III); a QTc of at most 330 ms is a short QT (ESC 2015).
"""

from dataclasses import replace

from precord.record import Measurements, Record

SLOW, FAST = 25.0, 50.0  # mm/s
WRONG = 1 / 500  # of pages, at most: what is doubted of a record whose speed is told so
_WIDEST_QRS = 110.0  # ms
_UNSURE = 10.0  # ms, of the same at 50 mm/s
_QTC = (300.0, 480.0)  # ms, at 25 mm/s
_SHORTEST_QTC = 320.0  # ms, of any heart
_RATES = (40.0, 150.0)  # per minute
_SAME_RATE = 0.06  # share by which twice the rate at 25 may differ from the rate at 50
_SAME_COUNT = 0.1  # the same of the number of beats; one is always forgiven


def rule_out_fast(record: Record) -> str | None:
    """Return why *record*, read at 25 mm/s, was not printed at 50; None where that is not told."""
    from precord.signal.beats import average_beats  # noqa: PLC0415 - seldom asked, slow to load
    from precord.signal.measure import measure  # noqa: PLC0415

    faster = replace(record, rate=record.rate * FAST / SLOW)
    beats, same = average_beats(record), average_beats(faster)
    if abs(len(beats.peaks) - len(same.peaks)) > max(1.0, _SAME_COUNT * len(beats.peaks)):
        return None
    slow, fast = measure(record, beats), measure(faster, same)
    if not (_is_same_rhythm(slow, fast) and _is_narrow(slow, fast)):
        return None
    qtc = _qtc_if_fast(slow, fast)
    if qtc is None or qtc > _SHORTEST_QTC or slow.qrs_ms is None or fast.heart_rate_bpm is None:
        return None
    return (
        "speed 25 mm/s told by the heart, not by the print: at 50 mm/s its rate would be "
        f"{fast.heart_rate_bpm:.0f}/min, QRS {slow.qrs_ms * SLOW / FAST:.0f} ms and QTc {qtc:.0f} "
        "ms, which no adult's heart has; --speed 50 says otherwise"
    )


def _is_same_rhythm(slow: Measurements, fast: Measurements) -> bool:
    """Tell whether the rate at either speed is the same one, and possible at 25 mm/s."""
    if slow.heart_rate_bpm is None or fast.heart_rate_bpm is None:
        return False
    ratio = fast.heart_rate_bpm / slow.heart_rate_bpm * SLOW / FAST
    return abs(ratio - 1) <= _SAME_RATE and _RATES[0] <= slow.heart_rate_bpm <= _RATES[1]


def _is_narrow(slow: Measurements, fast: Measurements) -> bool:
    """Tell whether QRS is narrow at 25 mm/s, and would be too narrow at 50."""
    if slow.qrs_ms is None or slow.qrs_ms > _WIDEST_QRS:
        return False
    return fast.qrs_ms is None or fast.qrs_ms <= _WIDEST_QRS * SLOW / FAST + _UNSURE


def _qtc_if_fast(slow: Measurements, fast: Measurements) -> float | None:
    """Return QTc in ms, were the paper at 50 mm/s; None where it is unusual at 25, or unknown."""
    if slow.qtc_ms is None:
        return fast.qtc_ms
    usual = _QTC[0] <= slow.qtc_ms <= _QTC[1]
    return slow.qtc_ms * (SLOW / FAST) ** (2 / 3) if usual else None  # QT over the cube root of RR
