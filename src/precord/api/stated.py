"""What a person states of an upload: the facts that a file of bare numbers leaves out."""

from typing import Annotated

from fastapi import Depends, Form

from precord.io.stated import Stated, parse_leads, parse_unit


def read_stated(
    rate: Annotated[
        float | None,
        Form(description="Sampling rate in Hz, of a file of bare numbers that does not say it."),
    ] = None,
    unit: Annotated[
        str, Form(max_length=20, description="mV, uV, V or unknown, of such a file without it.")
    ] = "",
    lead_order: Annotated[
        str,
        Form(
            max_length=400,
            description="Leads in the order of such a file without names: standard, or I,II,-,V1; "
            "a dash skips one.",
        ),
    ] = "",
) -> Stated:
    """Return what the fields of a form state of a file.

    Raises:
        FormatError: An unknown unit, or a name that is none of the twelve leads.
    """
    return Stated(
        rate=rate,
        unit=parse_unit(unit) if unit.strip() else None,
        leads=parse_leads(lead_order) if lead_order.strip() else None,
    )


StatedOf = Annotated[Stated, Depends(read_stated)]
