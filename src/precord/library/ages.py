"""How old the patients of a library were."""

from precord.library.sqlite import SqliteLibrary

_COUNT = "SELECT CAST(age / 10 AS INTEGER) * 10, count(*) FROM cases GROUP BY 1 ORDER BY 1"


def count_ages(library: SqliteLibrary) -> dict[int | None, int]:
    """Return the number of cases by decade of age, 40 for 40 to 49; None where it is unknown."""
    with library.reading() as db:
        return dict(db.execute(_COUNT).fetchall())
