"""What a request asks of cases: query parameters to criteria, the same for every search."""

import math
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import StringConstraints

from precord.criteria import Criteria, Range, parse_conditions
from precord.errors import QueryError
from precord.record import Sex
from precord.report import Source
from precord.retrieve.focus import Focus, parse_focus
from precord.retrieve.steer import Aspect
from precord.statements import parse_statements


@dataclass(frozen=True, slots=True)
class Asks:
    """What a search is narrowed to.

    Attributes:
        k: at most so many hits.
        without: ids of cases that a person put aside ("not this").
    """

    criteria: Criteria
    k: int
    include_simulated: bool
    without: frozenset[str] = frozenset()


Codes = Annotated[str, Query(max_length=500, description="SCP-ECG codes, joined by commas.")]
CaseId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Years = Annotated[float | None, Query(ge=0, le=150)]


def read_asks(  # noqa: PLR0913 - one argument per parameter of the query
    *,
    k: Annotated[int, Query(ge=1, le=100)] = 10,
    age_min: Years = None,
    age_max: Years = None,
    sex: Sex | None = None,
    has: Codes = "",
    lacks: Codes = "",
    source: Annotated[list[Source] | None, Query(max_length=10)] = None,
    where: Annotated[list[str] | None, Query(max_length=20)] = None,
    since: date | None = None,
    until: date | None = None,
    include_simulated: bool = False,
    without: Annotated[list[CaseId] | None, Query(max_length=50)] = None,
) -> Asks:
    """Return what the parameters say.

    Raises:
        PrecordError: A code or a measurement is unknown, or no case can meet it all.
    """
    if any(text and not text.isprintable() for text in (*(where or ()), has, lacks)):
        raise QueryError("a criterion holds a character that is none")
    ages = None
    if age_min is not None or age_max is not None:
        ages = Range(
            -math.inf if age_min is None else age_min, math.inf if age_max is None else age_max
        )
    criteria = Criteria(
        age=ages,
        sex=sex,
        has=parse_statements(has.split(",")),
        lacks=parse_statements(lacks.split(",")),
        sources=frozenset(source or ()),
        measured=parse_conditions(where or ()),
        since=since,
        until=until,
    )
    return Asks(criteria, k, include_simulated, frozenset(without or ()))


def read_steering(
    *,
    like: Annotated[Aspect | None, Query(description="An aspect that the order stresses.")] = None,
    leads: Annotated[str, Query(max_length=100, description="Leads to stress: V1,V2.")] = "",
    window: Annotated[str, Query(max_length=40, description="Seconds to stress: 3.2-4.0.")] = "",
) -> Aspect | Focus | None:
    """Return what the order of the hits is to stress.

    Raises:
        PrecordError: A lead or the window is none, or both ways are asked for.
    """
    if not leads and not window:
        return like
    if like is not None:
        raise QueryError("give either like, or leads and window")
    return parse_focus(leads, window)
