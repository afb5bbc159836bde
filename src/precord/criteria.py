"""What a search may be narrowed to; every library applies it before it ranks."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date
from math import inf, isfinite

from precord.errors import QueryError
from precord.record import Measurements, Sex
from precord.report import Source

MEASURED: tuple[str, ...] = tuple(field.name for field in fields(Measurements))
_CONDITION = re.compile(r"\s*(\w+)\s*(>=|<=)\s*(-?\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from *least* to *most*, both included."""

    least: float = -inf
    most: float = inf

    def __post_init__(self) -> None:
        """Refuse what holds no number."""
        if not self.least <= self.most:
            raise QueryError(f"a range from {self.least:g} to {self.most:g} holds nothing")

    def within(self, other: "Range") -> "Range":
        """Return what both hold.

        Raises:
            QueryError: Nothing.
        """
        return Range(max(self.least, other.least), min(self.most, other.most))


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a case must be; what is not known of a case does not meet a criterion of it.

    Attributes:
        age: years; 90 stands for 90 or older.
        sex: of the patient.
        has, lacks: SCP-ECG codes, all of them and none of them.
        sources: who or what wrote the report; empty for any.
        measured: ranges by name of a measurement, in its own unit.
        since, until: days of the recording, both included.
    """

    age: Range | None = None
    sex: Sex | None = None
    has: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    sources: frozenset[Source] = frozenset()
    measured: dict[str, Range] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        """Refuse what no case can meet."""
        if unknown := self.measured.keys() - set(MEASURED):
            raise QueryError(
                f"no measurement {min(unknown)!r}; expected one of {', '.join(MEASURED)}"
            )
        if both := self.has & self.lacks:
            raise QueryError(f"statement {min(both)} is both asked for and ruled out")
        if self.since and self.until and self.since > self.until:
            raise QueryError(f"no day from {self.since} to {self.until}")

    @property
    def is_empty(self) -> bool:
        """Tell whether every case meets the criteria."""
        return self == Criteria()


def parse_conditions(conditions: Iterable[str]) -> dict[str, Range]:
    """Return the ranges of conditions such as "qrs_ms >= 120", several of one name joined.

    Raises:
        QueryError: One is no such condition, or together they hold nothing.
    """
    found: dict[str, Range] = {}
    for condition in conditions:
        match = _CONDITION.fullmatch(condition)
        if not match or not isfinite(float(match[3])):
            raise QueryError(f"{condition!r}, expected a condition such as 'qrs_ms >= 120'")
        bound = float(match[3])
        own = Range(least=bound) if match[2] == ">=" else Range(most=bound)
        found[match[1]] = found.get(match[1], Range()).within(own)
    return found
