"""What must not be overlooked: shown first, with what speaks for it and a case that has it.

A finding is raised by a measurement, by the statement head, or by the nearest cases; it is
never a diagnosis, and one that is not raised is not ruled out. Sources of the limits:
QTc above 500 ms, Priori et al. 2015 (ESC, ventricular arrhythmias); a wide tachycardia is
100 beats a minute and a QRS of 120 ms and more, Brugada et al. 2020 (ESC); pre-excitation has
a PR interval below 120 ms with a QRS of 120 ms and more, Surawicz et al. 2009 (AHA/ACCF/HRS).

The codes do not tell an acute infarction from an old one, and PTB-XL has none for ventricular
tachycardia. Electrolyte disturbance (EL) stands for hyperkalaemia, and for more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from precord.record import Measurements
from precord.statements import CODES

FEW = 10  # cases; of a statement with fewer a library cannot show much
HEAD_LIMIT = 0.1  # probability by the statement head that raises any finding
VOTES = 5  # neighbours, of thirty, that raise it
_LONG_QTC, _WIDE_QRS, _FAST = 500.0, 120.0, 100.0  # ms, ms, beats a minute
_SLOW, _VERY_FAST = 40.0, 150.0  # beats a minute
_SHORT_PR = 120.0  # ms


@dataclass(frozen=True, slots=True)
class Critical:
    """One entry of the list.

    Attributes:
        codes: statements of which each is a case of it; empty where none says it.
    """

    name: str
    codes: frozenset[str]


def _entry(name: str, codes: str) -> Critical:
    """Return the entry of *codes*, given as words."""
    return Critical(name, frozenset(codes.split()))


WIDE_TACHYCARDIA = "wide QRS tachycardia"
LONG_QT = "long QT"
PRE_EXCITATION = "pre-excitation"
SVT = "supraventricular tachycardia"
AV_BLOCK = "third degree AV block"
LEFT_BLOCK = "left bundle branch block"
LIST = (
    _entry("anterior infarction or injury", "AMI ASMI ALMI INJAS INJAL"),
    _entry("inferior infarction or injury", "IMI ILMI IPLMI IPMI INJIN INJIL"),
    _entry("lateral or posterior infarction or injury", "LMI INJLA PMI"),
    _entry(AV_BLOCK, "3AVB"),
    _entry("second degree AV block", "2AVB"),
    _entry(WIDE_TACHYCARDIA, ""),
    _entry(SVT, "SVTAC PSVT"),
    _entry("atrial fibrillation", "AFIB"),
    _entry("atrial flutter", "AFLT"),
    _entry(PRE_EXCITATION, "WPW"),
    _entry("pacing", "PACE"),
    _entry(LONG_QT, "LNGQT"),
    _entry("electrolyte disturbance or drug effect", "EL"),
    _entry(LEFT_BLOCK, "CLBBB"),
)
"""The most serious first, as far as there is such an order."""


@dataclass(frozen=True, slots=True)
class Raised:
    """A finding that something speaks for.

    Attributes:
        support: what speaks for it, one phrase each.
        precedents: ids of the best cases that have it; empty if the library has none.
        n_cases: cases of the library that have it.
    """

    name: str
    codes: tuple[str, ...]
    support: tuple[str, ...]
    precedents: tuple[str, ...]
    n_cases: int


def raise_findings(
    measured: Measurements,
    head: NDArray[np.float32],
    near: NDArray[np.bool_],
    find: Callable[[frozenset[str]], tuple[tuple[str, ...], int]],
    limits: Mapping[str, float] = MappingProxyType({}),
) -> tuple[Raised, ...]:
    """Return what must not be overlooked in a query, in the order of `LIST`.

    Args:
        measured: on the query.
        head: (S,) probabilities of its statements.
        near: (K, S) which statements each of the nearest cases has.
        find: the best cases with one of some codes, and how many there are.
        limits: by name of an entry, the probability by the head that hardly any ECG without it
            gets, where that is below `HEAD_LIMIT`: the head is never sure of what is rare.
    """
    found = []
    votes = near.sum(axis=0)
    for entry in LIST:
        columns = [CODES.index(code) for code in entry.codes]
        support = [*_measured(entry.name, measured)]
        if columns:
            support += _read(combine(head[columns]), limits.get(entry.name, HEAD_LIMIT))
        if columns and votes[columns].max() >= VOTES:  # of one statement; said is who has any
            n = int(near[:, columns].any(axis=1).sum())
            support.append(f"{n} of the nearest cases")
        if support:
            precedents, n_cases = find(entry.codes) if columns else ((), 0)
            codes = tuple(sorted(entry.codes, key=CODES.index))
            found.append(Raised(entry.name, codes, tuple(support), precedents, n_cases))
    return tuple(found)


def combine(chances: NDArray[np.floating]) -> float:
    """Return the chance of at least one of an entry's statements (C,), as if independent."""
    return float(1 - np.prod(1 - chances))


def _read(chance: float, limit: float) -> list[str]:
    """Return what the statement head says for an entry of this *limit*."""
    if chance >= HEAD_LIMIT:
        return [f"the model gives it {chance:.2f} (not calibrated)"]
    if chance >= limit:
        return [f"the model gives it {chance:.3f}, more than 99 of 100 ECGs without it"]
    return []


def _measured(name: str, measured: Measurements) -> list[str]:
    """Return what was measured that speaks for the entry of this *name*."""
    rate, pr, qrs, qtc = (
        np.nan if value is None else value  # of which no comparison is true
        for value in (
            measured.heart_rate_bpm,
            measured.pr_ms,
            measured.qrs_ms,
            measured.qtc_ms,
        )
    )
    is_wide = qrs >= _WIDE_QRS
    delay = f"QRS {qrs:.0f} ms measured"
    rules = {
        LONG_QT: (qtc > _LONG_QTC, f"QTc {qtc:.0f} ms measured"),
        WIDE_TACHYCARDIA: (rate > _FAST and is_wide, f"rate {rate:.0f}/min with {delay}"),
        SVT: (rate > _VERY_FAST and not is_wide, f"rate {rate:.0f}/min measured"),
        AV_BLOCK: (rate < _SLOW, f"rate {rate:.0f}/min measured"),
        PRE_EXCITATION: (pr < _SHORT_PR and is_wide, f"PR {pr:.0f} ms with {delay}"),
        LEFT_BLOCK: (is_wide, f"{delay} (this, the right one, or another delay)"),
    }
    is_so, words = rules.get(name, (False, ""))
    return [words] if is_so else []


def most_serious(near: NDArray[np.bool_]) -> tuple[str, int] | None:
    """Return the first entry of `LIST` that a case has, and how many have it; None if none has.

    Args:
        near: (K, S) which statements each of the nearest cases has.
    """
    for entry in LIST:
        columns = [CODES.index(code) for code in entry.codes]
        if n := int(near[:, columns].any(axis=1).sum()):
            return entry.name, n
    return None


def list_scarce(counts: NDArray[np.floating]) -> tuple[tuple[str, int], ...]:
    """Return the critical statements of which there are fewer than `FEW` cases, with their number.

    Args:
        counts: (S,) cases that have each statement.
    """
    codes = {code for entry in LIST for code in entry.codes}
    rare = [(code, int(n)) for code, n in zip(CODES, counts, strict=True) if n < FEW]
    return tuple((code, n) for code, n in rare if code in codes)
