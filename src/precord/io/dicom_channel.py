"""Lead, unit and calibration of one DICOM waveform channel.

Source: DICOM PS3.3 C.10.9 (Waveform Module): value = sample x Channel Sensitivity x Channel
Sensitivity Correction Factor + Channel Baseline, in Channel Sensitivity Units (CID 3082, coded
in UCUM). A channel with a Channel Derivation Description was computed from others. Lead codes:
PS3.16 CID 3001 "ECG Lead", in both of its coding schemes. A sensitivity or unit that is absent
is refused; a correction factor or baseline that is absent is none.
"""

from dataclasses import dataclass
from math import isfinite

from pydicom.dataset import Dataset

from precord.errors import FormatError, UnsupportedFormatError
from precord.leads import Lead, find_lead

_NUMBERS = {  # the number that ends both schemes' codes: MDC 2:n and SCPECG 5.6.3-9-n
    1: Lead.I,
    2: Lead.II,
    61: Lead.III,
    62: Lead.AVR,
    63: Lead.AVL,
    64: Lead.AVF,
    3: Lead.V1,
    4: Lead.V2,
    5: Lead.V3,
    6: Lead.V4,
    7: Lead.V5,
    8: Lead.V6,
}
_LEAD_BY_CODE = {("MDC", f"2:{n}"): lead for n, lead in _NUMBERS.items()} | {
    ("SCPECG", f"5.6.3-9-{n}"): lead for n, lead in _NUMBERS.items()
}
_UNITS_PER_MV = {"nV": 1e6, "uV": 1e3, "mV": 1.0, "V": 1e-3}  # UCUM is case-sensitive
_MAX_SKEW = 1.0  # samples; a multiplexer's own delay stays below it


@dataclass(frozen=True, slots=True)
class Channel:
    """How one channel's samples become millivolts: mv_per_step * sample + mv_at_zero.

    Attributes:
        lead: None where the channel is none of the twelve; then the rest means nothing.
        label: what the file calls the channel.
        skew: delay against the group, in samples.
        is_derived: whether the file says that it was computed from other channels.
    """

    lead: Lead | None
    label: str
    mv_per_step: float = 1.0
    mv_at_zero: float = 0.0
    skew: float = 0.0
    is_derived: bool = False


def parse_channel(item: Dataset, rate: float) -> Channel:
    """Return the channel that an item of Channel Definition Sequence describes.

    Raises:
        FormatError: A lead without a usable sensitivity.
        UnsupportedFormatError: A lead in a unit that is no voltage, or far out of step.
    """
    lead, label = find_channel(item)
    if lead is None:
        return Channel(None, label)
    per_mv = _units_per_mv(item, lead)
    sensitivity = _number(item, "ChannelSensitivity", lead)
    if not sensitivity:
        raise FormatError(f"lead {lead} has no Channel Sensitivity, so its scale is unknown")
    correction = _number(item, "ChannelSensitivityCorrectionFactor", lead)
    if correction == 0:
        raise FormatError(f"lead {lead} has the Channel Sensitivity Correction Factor 0")
    baseline = _number(item, "ChannelBaseline", lead) or 0.0
    skew = _number(item, "ChannelSampleSkew", lead) or 0.0
    skew += (_number(item, "ChannelTimeSkew", lead) or 0.0) * rate
    if abs(skew) > _MAX_SKEW:
        raise UnsupportedFormatError(f"lead {lead} is skewed by {skew:g} samples, expected 0 or 1")
    mv_per_step = sensitivity * (1.0 if correction is None else correction) / per_mv
    is_derived = bool(str(item.get("ChannelDerivationDescription") or "").strip())
    return Channel(lead, label, mv_per_step, baseline / per_mv, skew, is_derived)


def find_channel(item: Dataset) -> tuple[Lead | None, str]:
    """Return a channel's lead, None where it is none of the twelve, and the file's name for it.

    Code first, then its meaning, then the label, which vendors fill with the lead's name
    where they code the source in a scheme of their own.
    """
    sources = item.get("ChannelSourceSequence") or []
    source = sources[0] if sources else Dataset()
    scheme = str(source.get("CodingSchemeDesignator") or "").strip().upper()
    code = str(source.get("CodeValue") or "").strip()
    meaning = str(source.get("CodeMeaning") or "").strip()
    label = str(item.get("ChannelLabel") or "").strip()
    shown = " ".join((meaning or label or code or "unnamed").split())[:40]
    if scheme in {"MDC", "SCPECG"} and code:
        return _LEAD_BY_CODE.get((scheme, code)), shown
    return find_lead(meaning.partition("(")[0]) or find_lead(label), shown


def _units_per_mv(item: Dataset, lead: Lead) -> float:
    """Return how many of the channel's units make a millivolt."""
    units = item.get("ChannelSensitivityUnitsSequence") or []
    if not units:
        raise FormatError(f"lead {lead} has no Channel Sensitivity Units, so its scale is unknown")
    scheme = str(units[0].get("CodingSchemeDesignator") or "").strip()
    code = str(units[0].get("CodeValue") or "").strip()
    if scheme != "UCUM" or code not in _UNITS_PER_MV:
        raise UnsupportedFormatError(
            f"lead {lead} is in {scheme[:20]!r} {code[:20]!r}, expected UCUM uV, mV or V"
        )
    return _UNITS_PER_MV[code]


def _number(item: Dataset, keyword: str, lead: Lead) -> float | None:
    """Return a finite number, or None where the element is absent or empty."""
    value = item.get(keyword)
    if value is None or value == "":
        return None
    number = float(value)
    if not isfinite(number):
        raise FormatError(f"lead {lead} has {keyword} {number}, expected a number")
    return number
