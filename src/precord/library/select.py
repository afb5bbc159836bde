"""Criteria as SQL over the table of cases."""

import sqlite3

from precord.criteria import Criteria, Range

_CODES = "instr(';' || statements || ';', ?)"
_DAY = "substr(time, 1, 10)"  # as written: SQLite's own date() would convert to UTC


def select_meeting(db: sqlite3.Connection, criteria: Criteria) -> set[str]:
    """Return the ids of the cases that meet *criteria*."""
    where, values = _to_sql(criteria)
    select = f"SELECT id FROM cases WHERE {where}"  # noqa: S608 - our own names
    return {case_id for (case_id,) in db.execute(select, values)}


def _to_sql(criteria: Criteria) -> tuple[str, list[str | float]]:
    """Return an SQL expression that is true for cases that meet *criteria*, and its values."""
    conditions = [
        *_to_conditions("age", criteria.age),
        *(
            condition
            for name, wanted in sorted(criteria.measured.items())  # names of columns
            for condition in _to_conditions(name, wanted)
        ),
        *((f"{_CODES} > 0", f";{code};") for code in sorted(criteria.has)),
        *((f"{_CODES} = 0", f";{code};") for code in sorted(criteria.lacks)),
        *([("sex IS ?", str(criteria.sex))] if criteria.sex else []),
        *([(f"{_DAY} >= ?", criteria.since.isoformat())] if criteria.since else []),
        *([(f"{_DAY} <= ?", criteria.until.isoformat())] if criteria.until else []),
    ]
    parts = [f"coalesce({part}, 0)" for part, _ in conditions]  # what is unknown is not met
    values = [value for _, value in conditions]
    if criteria.sources:
        parts.append(f"source IN ({', '.join('?' * len(criteria.sources))})")
        values.extend(sorted(criteria.sources))
    return " AND ".join(parts) or "1", values


def _to_conditions(column: str, wanted: Range | None) -> list[tuple[str, str | float]]:
    """Return conditions, each with its value, for numbers of *column* within a range."""
    if wanted is None:
        return []
    return [
        (f"{column} {sign} ?", bound) for sign, bound in ((">=", wanted.least), ("<=", wanted.most))
    ]
