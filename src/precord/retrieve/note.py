"""What the reader of an answer must know, one sentence each."""

from collections.abc import Sequence

from precord.leads import LEADS
from precord.record import Record
from precord.signal.prepare import MODEL_SECONDS
from precord.signal.quality import LeadQuality


def describe_query(record: Record, quality: Sequence[LeadQuality]) -> list[str]:
    """Return what limits a search by *record*."""
    notes = []
    if len(record.leads) < len(LEADS):
        leads = ", ".join(record.leads)
        notes.append(f"{len(record.leads)} of 12 leads ({leads}); the others are masked")
    if faults := list_faults(quality):
        notes.append(f"quality: {faults}")
    if not record.is_calibrated:
        notes.append("scale unknown: amplitudes are not compared")
    if abs(record.duration - MODEL_SECONDS) > 0.5:
        used = min(record.duration, MODEL_SECONDS)
        notes.append(f"{record.duration:.1f} s long; compared by the first {used:.1f} s")
    return notes


def list_faults(quality: Sequence[LeadQuality]) -> str:
    """Return the faults of all leads on one line, such as "flat: V1, V2; noisy: III"."""
    faults: dict[str, list[str]] = {}
    for lead in quality:
        for fault in sorted(lead.faults):
            faults.setdefault(fault, []).append(lead.lead)
    return "; ".join(f"{fault}: {', '.join(leads)}" for fault, leads in faults.items())


def describe_shortage(n_hits: int, k: int) -> list[str]:
    """Return a note if there were fewer cases than asked for."""
    return [] if n_hits == k else [f"{k} cases asked for, {n_hits} found"]
