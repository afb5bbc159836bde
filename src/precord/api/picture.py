"""The routes that read without searching: a file, a picture as a person says, a picture to show.

A page is read again each time that a corner is moved; the reading before is forgotten.
"""

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from precord.api.follow import EVENTS, follow
from precord.api.language import OPTION
from precord.api.schemas import DISCLAIMER
from precord.api.schemas_page import ReadingOut
from precord.api.search import PROBLEMS, ServiceOf, read_uploads
from precord.api.shape import to_record
from precord.api.state import Asked, Service
from precord.api.stated import StatedOf
from precord.api.upload import Part, laid_out
from precord.digitize.stage import OnStage
from precord.errors import FormatError, QueryError
from precord.record import Record

router = APIRouter(prefix="/v1", tags=["pictures"])

READING = PROBLEMS | {200: {"content": {EVENTS: {}}}}
JPEG = PROBLEMS | {200: {"content": {"image/jpeg": {}}}}
Page = Annotated[int | None, Form(ge=1, le=200, description="Of a file with several.")]


@router.post("/read", responses=READING, response_model=ReadingOut)
def read(
    request: Request,
    service: ServiceOf,
    file: Annotated[list[UploadFile], File(description="The files of one ECG.")],
    stated: StatedOf,
    patient: Annotated[str, Form(max_length=200, description="Whose cases to leave out.")] = "",
) -> ReadingOut | Response:
    """Return what was read of an ECG, under a name to search with, before any search.

    With `Accept: text/event-stream` each stage of reading a picture is told as it begins.
    """

    def work(on_stage: OnStage) -> ReadingOut:
        return _keep(service, read_uploads(service, file, stated, patient, on_stage), "read")

    return follow(request, work)


@router.post("/digitize", responses=READING, response_model=ReadingOut)
def digitize(  # noqa: PLR0913 - one argument per field of the form
    request: Request,
    service: ServiceOf,
    file: Annotated[UploadFile, File(description="A photo, scan or PDF of an ECG on paper.")],
    *,
    corners: Annotated[
        str,
        Form(
            max_length=200,
            description="x,y of the page's corners as shares of width and height, clockwise from "
            "the top left, joined by spaces; empty to let the page be found.",
        ),
    ] = "",
    layout: Annotated[str, Form(max_length=20, description="Such as 3x4+1.")] = "",
    speed: Annotated[float | None, Form(description="mm/s: 25 or 50.")] = None,
    gain: Annotated[float | None, Form(description="mm/mV: 5, 10 or 20.")] = None,
    rotate: Annotated[int, Form(description="Degrees clockwise: 0, 90, 180 or 270.")] = 0,
    page: Page = None,
    replaces: Annotated[str, Form(max_length=64, description="A reading to forget.")] = "",
) -> ReadingOut | Response:
    """Return what was read from a picture, under a name to search with (`query`).

    What is not said is found in the picture, or refused; nothing is assumed. With
    `Accept: text/event-stream` each stage is told as it begins.
    """
    told = {
        "corners": _parse_corners(corners),
        "layout": layout or None,
        "speed": speed,
        "gain": gain,
        "rotate": rotate,
        "page": page,
    }

    def work(on_stage: OnStage) -> ReadingOut:
        with laid_out([Part(file.filename or "", file.file)]) as path:
            try:
                record = service.parsers.digitize(path, told, on_stage)
            except FormatError as error:
                raise FormatError(OPTION.sub("", str(error))) from error
        if replaces:
            service.queries.drop(replaces)
        return _keep(service, record, "digitize")

    return follow(request, work)


@router.post("/digitize/picture", responses=JPEG, response_class=Response)
def show(service: ServiceOf, file: UploadFile, page: Page = None) -> Response:
    """Return a picture or a page of a PDF as a JPEG, upright, for a browser to show."""
    with laid_out([Part(file.filename or "", file.file)]) as path:
        try:
            data = service.parsers.show(path, page)
        except FormatError as error:
            raise FormatError(OPTION.sub("", str(error))) from error
    return Response(data, media_type="image/jpeg", headers={"X-Disclaimer": DISCLAIMER})


def _keep(service: Service, record: Record, deed: str) -> ReadingOut:
    """Remember *record*; return it under its name."""
    name = service.queries.keep(Asked(record.digest(), record))
    service.counts[deed] += 1
    return ReadingOut(query=name, record=to_record(record))


def _parse_corners(text: str) -> tuple[tuple[float, float], ...] | None:
    """Return four corners, or None where *text* is empty.

    Raises:
        QueryError: They are not four points of the picture.
    """
    if not text.strip():
        return None
    try:
        points = [tuple(float(part) for part in point.split(",")) for point in text.split()]
    except ValueError as error:
        raise QueryError(f"corners {text[:60]!r}: expected numbers") from error
    corners = tuple((point[0], point[1]) for point in points if len(point) == 2)
    inside = all(0 <= value <= 1 for corner in corners for value in corner)
    if len(corners) != 4 or len(points) != 4 or not inside:
        raise QueryError(f"corners {text[:60]!r}: expected four points x,y between 0 and 1")
    return corners
