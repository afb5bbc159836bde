"""Other people's parsers, so that whatever a file does to them ends in one clear line."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from precord.errors import FormatError, PrecordError
from precord.io.file import printable, shown


@contextmanager
def refusing(path: Path, what: str) -> Iterator[None]:
    """Turn every failure of a foreign parser into a FormatError that names the file.

    Raises:
        FormatError: Whatever the parser raised; a PrecordError passes as it is.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a parser's doubts about a file that it then reads
            yield
    except PrecordError:
        raise
    except Exception as error:  # parsers raise anything on damaged bytes
        reason = printable(str(error), 120) or type(error).__name__
        raise FormatError(f"{shown(path)}: not a readable {what} file: {reason}") from error
