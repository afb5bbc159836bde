"""The one shape that every error takes: RFC 9457, application/problem+json."""

import errno
import json
import logging
import re
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from precord.api.field import describe
from precord.api.language import say
from precord.api.schemas import Problem
from precord.errors import (
    EncoderMismatchError,
    LibraryError,
    PrecordError,
    UnknownStatementError,
    UnstatedError,
)

_FOLDER = re.compile(r"(?<![\w.%/])(?:/[^\s/:]+)+/")
_log = logging.getLogger("precord.api")


class NotThereError(PrecordError):
    """What was asked for by name does not exist."""


class TooLargeError(PrecordError):
    """An upload is above a limit."""


class BusyError(PrecordError):
    """Too much is under way; the same request may succeed later."""


_STATUS: tuple[tuple[type[PrecordError], int], ...] = (
    (NotThereError, 404),
    (TooLargeError, 413),
    (BusyError, 503),
    (EncoderMismatchError, 503),
    (LibraryError, 503),
    (PrecordError, 422),
)


def problem(
    status: int,
    detail: str,
    headers: dict[str, str] | None = None,
    extension: dict[str, tuple[str, ...]] | None = None,
) -> Response:
    """Return the response that says what is wrong; *extension* are members that help to mend it."""
    body = Problem.model_validate(
        {
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": say(on_one_line(detail)),
            **(extension or {}),
        }
    )
    return Response(
        json.dumps(body.model_dump(exclude_none=True), ensure_ascii=False),
        status,
        headers,
        media_type="application/problem+json",
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of *app* a problem."""
    for kind in (PrecordError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, lambda _, error: to_problem(error))


def on_one_line(text: str) -> str:
    """Return *text* on one line, without folders of this machine and control characters."""
    line = _FOLDER.sub("", " ".join(text.split()))
    return "".join(c if c.isprintable() else "?" for c in line)[:500]


def to_problem(error: Exception) -> Response:
    """Turn *error* into a problem; what is a fault of precord is logged, not shown."""
    match error:
        case HTTPException(status_code=status, detail=detail, headers=headers):
            return problem(status, str(detail), dict(headers or {}))
        case RequestValidationError():
            return problem(422, describe(error.errors()[0]))
        case PrecordError():
            status = next(status for kind, status in _STATUS if isinstance(error, kind))
            return problem(status, str(error), None, _extension(error))
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return problem(507, "the disk is full; free some space, then try again")
    _log.error("a fault of precord: %s", type(error).__name__)  # its words may hold a report
    return problem(500, "a fault of precord; its log names it")


def _extension(error: PrecordError) -> dict[str, tuple[str, ...]]:
    """Return what *error* says beyond its sentence, for whoever is to mend it."""
    match error:
        case UnstatedError(missing=missing):
            return {"missing": missing}
        case UnknownStatementError(nearest=nearest):
            return {"nearest": nearest}
    return {}
