"""What is being done to a picture, for whoever waits for its reading."""

from collections.abc import Callable
from enum import StrEnum


class Stage(StrEnum):
    """A stage of a reading, in the order in which they come.

    From TRACING on they come again where the page turns out to lie on its side or its head, and
    from GRID on where the words on it had to be read first. What is drawn in a PDF has the first
    alone.
    """

    OPENING = "opening"
    GRID = "grid"  # is looked for
    STRAIGHTENING = "straightening"
    TRACING = "tracing"
    LEADS = "leads"  # which is where
    CHECKING = "checking"
    TURNING = "turning"  # by a quarter of a circle or two
    WORDS = "words"  # of speed and gain, read where nothing else says them


OnStage = Callable[[Stage], None]


def unwatched(_: Stage) -> None:
    """Tell nobody."""
