"""The twelve leads of the standard ECG, and every spelling of them that files use.

Source: the names of EN 1064 (SCP-ECG) table 5 and of ISO/IEEE 11073-10102 (MDC_ECG_LEAD_*);
the spellings are those met in WFDB headers, DICOM code meanings and vendors' tables.
Derived, orthogonal and monitor-only leads are not among them.
"""

from enum import StrEnum

from precord.errors import FormatError


class Lead(StrEnum):
    """One lead of the standard 12-lead ECG."""

    I = "I"  # noqa: E741 - the lead's own name
    II = "II"
    III = "III"
    AVR = "aVR"
    AVL = "aVL"
    AVF = "aVF"
    V1 = "V1"
    V2 = "V2"
    V3 = "V3"
    V4 = "V4"
    V5 = "V5"
    V6 = "V6"


LEADS: tuple[Lead, ...] = tuple(Lead)
"""The standard order: I II III aVR aVL aVF V1 to V6."""

LIMB_LEADS: tuple[Lead, ...] = LEADS[:6]
CHEST_LEADS: tuple[Lead, ...] = LEADS[6:]

_DIGITS = {"LEAD1": "I", "LEAD2": "II", "LEAD3": "III"}  # a bare digit is a channel number
_NOISE = ("MDC_ECG_LEAD_", "MDC_ECG_ELEC_POTL_", "LEAD", "ECG", "EKG")
_BY_KEY = {lead.value.upper(): lead for lead in Lead} | {
    f"C{n}": Lead(f"V{n}") for n in range(1, 7)
}


def parse_lead(text: str) -> Lead:
    """Return the lead that *text* names, whatever its case, prefix or separator.

    Raises:
        FormatError: *text* is no spelling of one of the twelve leads.
    """
    lead = find_lead(text)
    if lead is None:
        known = " ".join(LEADS)
        raise FormatError(f"unknown lead name {text.strip()[:40]!r}; expected one of {known}")
    return lead


def find_lead(text: str) -> Lead | None:
    """Return the lead that *text* names, or None where it names none of the twelve."""
    key = text.strip().upper()
    if key.startswith("-"):  # an inverted lead is another lead
        return None
    bare = key
    for noise in _NOISE:
        bare = bare.replace(noise, "")
    spelled = "".join(c for c in key if c.isalnum())
    return _BY_KEY.get(_DIGITS.get(spelled, "".join(c for c in bare if c.isalnum())))
