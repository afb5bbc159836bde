"""Where a drafted sentence is at odds with what was measured on the query itself.

Sources of the limits: AHA/ACCF/HRS 2009, part III (QRS of 120 ms and more in complete bundle
branch block, below it in incomplete; axis beyond -30 degrees in left, beyond 90 in right axis
deviation; doi:10.1161/CIRCULATIONAHA.108.191095), part IV (QTc of 450 ms and more in men;
doi:10.1161/CIRCULATIONAHA.108.191096); PR above 200 ms in first degree AV block; sinus
tachycardia above 100, bradycardia below 60 beats a minute. German types of axis are those of
the Cabrera circle. What says a value that was not measured is not drafted either.
"""

import re
from dataclasses import dataclass

from precord.draft.rule import Reason
from precord.record import Measurements
from precord.text.fold import fold

_RATE, _PR, _QRS, _QTC, _AXIS = (
    "heart_rate_bpm", "pr_ms", "qrs_ms", "qtc_ms", "qrs_axis_deg",
)  # fmt: skip
_FAR = 1e9


@dataclass(frozen=True, slots=True)
class Limit:
    """A measurement must be at least *low* and below *high*."""

    measurement: str
    low: float = -_FAR
    high: float = _FAR


_FAST, _SLOW = Limit(_RATE, 100.0), Limit(_RATE, high=60.0)
_LEFT, _RIGHT = Limit(_AXIS, high=-30.0), Limit(_AXIS, low=90.0)
_P = Limit(_PR)  # without a PR interval no P wave was found before the QRS
BY_STATEMENT: dict[str, tuple[Limit, ...]] = {
    "SR": (_P,), "SARRH": (_P,), "STACH": (_P, _FAST), "SBRAD": (_P, _SLOW),
    "SVTAC": (_FAST,), "PSVT": (_FAST,), "1AVB": (Limit(_PR, 200.0),), "LPR": (Limit(_PR, 200.0),),
    "CLBBB": (Limit(_QRS, 120.0),), "CRBBB": (Limit(_QRS, 120.0),), "IVCD": (Limit(_QRS, 110.0),),
    "ILBBB": (Limit(_QRS, high=120.0),), "IRBBB": (Limit(_QRS, high=120.0),),
    "LNGQT": (Limit(_QTC, 450.0),), "LAFB": (_LEFT,), "LPFB": (_RIGHT,),
}  # fmt: skip
_BY_WORD = (
    (r"tachy[ck]ard|\brapid\b|\bfast\b|\bschnell", _FAST),
    (r"brady[ck]ard|\bslow\b|verlangsamt", _SLOW),
    (r"left axis|leftward|ueberdrehter links|links(?:anteriorer )?hemiblock", _LEFT),
    (r"right axis|rightward|\brechts(?:lage)?typ", _RIGHT),
    (r"(?<!ueberdrehter )\blinks(?:lage)?typ", Limit(_AXIS, -30.0, 30.0)),
    (r"indifferenztyp", Limit(_AXIS, 30.0, 60.0)),
    (r"steiltyp|vertical", Limit(_AXIS, 60.0, 90.0)),
    (r"(?:prolonged|long) (?:pr|pq)|(?:pr|pq)\S* \w* ?verlaenger", Limit(_PR, 200.0)),
    (r"(?:prolonged|long) qt|qt\S* \w* ?verlaenger", Limit(_QTC, 450.0)),
    (r"wide|widened|breite|verbreiter", Limit(_QRS, 110.0)),
    (r"\bindeterminate\b|\babsolut|\blagetyp|\bshort|verkuerzt", Limit("")),
)
_WORDS = tuple((re.compile(pattern), limit) for pattern, limit in _BY_WORD)
# What is read off in millivolts: not of a query whose scale is unknown.
AMPLITUDES = frozenset({"LVOLT", "HVOLT", "VCLVH", "LVH", "RVH", "STD_", "STE_", "LOWT"})
_AMPLITUDE = re.compile(
    r"voltage|amplitud|spannung|tall|ueberhoeh|hypertroph|lvh|rvh|senkung|hebung"
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a sentence does not fit the query: *measurement* is its *value*."""

    reason: Reason
    measurement: str = ""
    value: float | None = None


def find_conflict(
    sentence: str, codes: frozenset[str], measured: Measurements, *, is_calibrated: bool
) -> Conflict | None:
    """Return what of *sentence* is at odds with *measured*, or None.

    Args:
        sentence: as it would be drafted.
        codes: the statements in it, such as `text.parse_report` finds.
        measured: of the query.
        is_calibrated: whether the query's millivolts are known.
    """
    folded = fold(sentence).text
    if not is_calibrated and (codes & AMPLITUDES or _AMPLITUDE.search(folded)):
        return Conflict(Reason.NOT_MEASURED)
    for limit in _limits(folded, codes):
        value = getattr(measured, limit.measurement) if limit.measurement else None
        if value is None:
            return Conflict(Reason.NOT_MEASURED, limit.measurement)
        if not limit.low <= value < limit.high:
            return Conflict(Reason.CONTRADICTS, limit.measurement, float(value))
    return None


def is_measured(sentence: str) -> bool:
    """Tell whether *sentence* says something of rate, intervals or axis."""
    return bool(_limits(fold(sentence).text, frozenset()))


def _limits(folded: str, codes: frozenset[str]) -> list[Limit]:
    """Return what must be true of the query where it has *codes* and the words *folded*."""
    limits = [limit for code in sorted(codes) for limit in BY_STATEMENT.get(code, ())]
    return limits + [limit for pattern, limit in _WORDS if pattern.search(folded)]
