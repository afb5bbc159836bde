"""`precord show`: what one ECG file holds, lead by lead, with measurements and a picture."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from precord.cli.argument import Ecg, LeadOrder, RateIs, UnitIs, check_choice, parse_stated
from precord.cli.terminal import DISCLAIMER, cell, grid, output, say

if TYPE_CHECKING:  # these import NumPy
    from rich.table import Table

    from precord.record import Measurements, Record
    from precord.signal.quality import LeadQuality

Picture = Annotated[
    Path | None,
    typer.Option(
        "-o", "--picture", metavar="FILE", help="Draw it: .png, .pdf or .svg.", exists=False
    ),
]
LayoutName = Annotated[
    str | None,
    typer.Option("--layout", help="Of the picture: 3x4, 3x4+1, 3x4+3, 6x2, 6x2+1, 12x1, cabrera."),
]


def show(
    ecg: Ecg,
    *,
    picture: Picture = None,
    layout: LayoutName = None,
    rate: RateIs = None,
    unit: UnitIs = None,
    lead_order: LeadOrder = None,
) -> None:
    """Print what ECG holds: leads, rate, scale, quality and measurements.

    Exit status: 0 done, 1 the file cannot be used or the picture not written, 2 wrong usage.
    """
    from precord.image.layout import LAYOUTS
    from precord.io import read
    from precord.signal.lead_note import describe_leads
    from precord.signal.measure import measure
    from precord.signal.quality import assess

    check_choice("--layout", layout, LAYOUTS)
    record = read(ecg, parse_stated(rate, unit, lead_order))
    measured, quality = measure(record), assess(record)
    console = output()
    for table in (
        _fact_table(record, describe_leads(record, measured, quality)),
        _lead_table(record, quality),
        _measurement_table(measured),
    ):
        console.print(table)
        console.print()
    console.print(cell(DISCLAIMER, "italic"))
    if picture is not None:
        from precord.image.paper import save_record

        save_record(record, picture, title=record.provenance.name, layout=layout)
        say(f"picture: {picture}")


def _fact_table(record: "Record", doubts: list[str]) -> "Table":
    """Return the facts of the whole record, and *doubts* of its leads; never the patient's id."""
    taken, origin = record.acquisition, record.provenance
    who = [f"{taken.age:g} years"] if taken.age is not None else []
    who += [str(taken.sex)] if taken.sex else []
    scale = str(record.scale)
    if not record.is_calibrated:
        scale += ": amplitudes not comparable, between leads either"
    facts = [
        ("record", f"{origin.name} ({origin.format})"),
        ("taken", f"{taken.time or 'time not stated'}; {taken.device or 'device not stated'}"),
        ("patient", ", ".join(who) or "age and sex not stated"),
        ("leads", f"{len(record.leads)} of 12: {' '.join(record.leads)}"),
        ("rate", f"{record.rate:g} Hz"),
        ("duration", f"{record.duration:.2f} s"),
        ("scale", scale),
        *(("note", note) for note in (*origin.notes, *doubts)),
    ]
    table = grid("", "")
    table.show_header = False
    for name, fact in facts:
        table.add_row(name, cell(fact))
    return table


def _lead_table(record: "Record", quality: "Sequence[LeadQuality]") -> "Table":
    """Return the quality of each lead, and its range."""
    import numpy as np

    unit = "mV" if record.is_calibrated else "SD"
    table = grid("lead", "quality", "missing", f"lowest {unit}", f"highest {unit}")
    for row, lead in zip(record.signal, quality, strict=True):
        present = row[np.isfinite(row)]
        derived = " (derived)" if lead.lead in record.provenance.derived else ""
        table.add_row(
            f"{lead.lead}{derived}",
            ", ".join(sorted(lead.faults)) or "good",
            f"{lead.missing_share:.0%}",
            f"{present.min():.2f}" if present.size else "",
            f"{present.max():.2f}" if present.size else "",
        )
    return table


def _measurement_table(measurements: "Measurements") -> "Table":
    """Return the measurements; what cannot be measured says so."""
    from precord.cli.answer import MEASURED

    table = grid("measurement", "value")
    for field in fields(measurements):
        name, unit = MEASURED[field.name]
        value = getattr(measurements, field.name)
        table.add_row(name, "not measurable" if value is None else f"{value:.0f}{unit}")
    return table
