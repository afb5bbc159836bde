"""The routes of single ECGs: cases and remembered queries, what is known of them, how they look."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from precord.api import schemas as out
from precord.api.ecg import to_ecg, to_picture, to_wfdb
from precord.api.search import PROBLEMS, ServiceOf
from precord.api.shape import to_case, to_record
from precord.api.upload import safe_name
from precord.errors import QueryError
from precord.image.layout import MM_PER_MV, MM_PER_SECOND
from precord.record import Record

router = APIRouter(prefix="/v1", tags=["cases"])


class Form(StrEnum):
    """How an ECG may be had."""

    JSON = "json"
    SVG = "svg"
    PNG = "png"
    PDF = "pdf"
    WFDB = "wfdb"


_MEDIA = {
    Form.SVG: "image/svg+xml",
    Form.PNG: "image/png",
    Form.PDF: "application/pdf",
    Form.WFDB: "application/zip",
}


class Look:
    """How an ECG shall be given and laid out."""

    def __init__(
        self,
        form: Annotated[Form, Query(description="json, or a file.")] = Form.JSON,
        layout: Annotated[str | None, Query(max_length=20, description="Such as 3x4+1.")] = None,
        speed: Annotated[float, Query(description="mm/s: 25 or 50.")] = MM_PER_SECOND,
        gain: Annotated[float, Query(description="mm/mV: 5, 10 or 20.")] = MM_PER_MV,
        band: Annotated[
            str, Query(alias="filter", max_length=10, description="Hz: 40, 0.5-40, or none.")
        ] = "",
    ) -> None:
        self.band = band
        self.form, self.layout, self.speed, self.gain = form, layout or None, speed, gain


ECG = PROBLEMS | {
    200: {"model": out.EcgOut, "content": {media: {} for media in _MEDIA.values()}},
}


@router.get("/cases/{case_id:path}/ecg", responses=ECG, response_model=None)
def case_ecg(
    case_id: str, service: ServiceOf, look: Annotated[Look, Depends()]
) -> out.EcgOut | Response:
    """Return the ECG of a case: laid out for a viewer, as a picture, or as a WFDB zip."""
    case = service.find_case(case_id, with_record=True)
    if case.record is None:
        raise QueryError(f"case {case.id}: the library holds a reference only, no signal")
    service.audit.write("view", case=case.id, patient=service.sign(case.patient))
    text = case.report.text if case.report else ""
    return _give(case.record, look, f"{case.id} · {case.source.value}", text)


@router.get("/queries/{query_id}/ecg", responses=ECG, response_model=None)
def query_ecg(
    query_id: str, service: ServiceOf, look: Annotated[Look, Depends()]
) -> out.EcgOut | Response:
    """Return the ECG of a query that is still remembered."""
    record = service.queries.record(query_id)
    return _give(record, look, f"query: {record.provenance.name}", "")


@router.get("/cases/{case_id:path}", responses=PROBLEMS)
def case(case_id: str, service: ServiceOf) -> out.CaseAnswer:
    """Return one case, with what is known of its recording."""
    found = service.find_case(case_id, with_record=True)
    service.audit.write("view", case=found.id, patient=service.sign(found.patient))
    record = to_record(found.record) if found.record else None
    return out.CaseAnswer(case=to_case(found), record=record)


def _give(record: Record, look: Look, title: str, text: str) -> out.EcgOut | Response:
    """Return *record* as *look* asks."""
    if look.form is Form.JSON:
        return to_ecg(record, layout=look.layout, speed=look.speed, gain=look.gain, band=look.band)
    if look.form is Form.WFDB:
        data, ending = to_wfdb(record), "zip"
    else:
        ending = look.form.value
        title = f"{title} · {out.DISCLAIMER}"
        data = to_picture(record, ending, title=title, text=text, layout=look.layout)
    name = safe_name(f"{title.partition(' ')[0].replace('/', '-')}.{ending}")
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    marked = disposition | {"X-Disclaimer": out.DISCLAIMER}
    return Response(data, media_type=_MEDIA[look.form], headers=marked)
