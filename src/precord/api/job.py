"""What a worker is asked to do: read a file, read a picture as a person says, show a picture."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from precord.api.frame import to_bytes
from precord.digitize import OnStage, Options, digitize
from precord.digitize.source import decode
from precord.io import Stated, read
from precord.io.stated import Unit
from precord.leads import Lead

_SHOWN = 1600  # pixels at most, of either side of a picture that is looked at


def do(job: dict[str, Any], on_stage: OnStage) -> bytes:
    """Return the answer to *job*; tell *on_stage* how far the reading of a picture is.

    Raises:
        PrecordError: The file is refused.
    """
    path = Path(job["path"])
    if job.get("show"):
        return _show(path, job["page"])
    if "told" in job:
        return to_bytes(_digitize(path, job["told"], on_stage))
    return to_bytes(read(path, _to_stated(job.get("stated", {})), on_stage=on_stage))


def _to_stated(facts: dict[str, Any]) -> Stated:
    """Return what a person states of a file, as `pool` sends it."""
    unit, leads = facts.get("unit"), facts.get("leads")
    return Stated(
        rate=facts.get("rate"),
        unit=Unit(unit) if unit else None,
        leads=tuple(Lead(name) if name else None for name in leads) if leads else None,
    )


def _digitize(path: Path, told: dict[str, Any], on_stage: OnStage) -> Any:
    """Return the record in a picture; corners come as shares of its width and height."""
    data = path.read_bytes()
    options = dict(told)
    if options.get("corners"):
        height, width = decode(data, path.name, options.get("page"))[0].shape[:2]
        options["corners"] = tuple((x * width, y * height) for x, y in options["corners"])
    return digitize(data, path.name, Options(**options), on_stage).record


def _show(path: Path, page: int | None) -> bytes:
    """Return a picture as it is read, upright, no larger than a screen needs."""
    pixels, _ = decode(path.read_bytes(), path.name, page)
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.thumbnail((_SHOWN, _SHOWN))
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=80)
    return made.getvalue()
