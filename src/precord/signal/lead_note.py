"""What a reader must know of a record's leads before comparing it, one sentence each.

A suspicion is said and never acted on: the record stays as it was recorded.
"""

from collections.abc import Sequence

from precord.leads import LIMB_LEADS
from precord.record import Measurements, Record
from precord.signal.beats import Beats
from precord.signal.electrode import Reversal
from precord.signal.lead_check import LimbCheck, check_limb_leads, recover_limb_scale
from precord.signal.quality import LeadQuality
from precord.signal.reversal import check_electrodes

_CHECK = "check before you compare"
_IN_WORDS = {
    Reversal.RA_LA: "right and left arm electrodes are exchanged ({}), or the heart lies mirrored",
    Reversal.RA_LL: "right arm and left leg electrodes are exchanged ({})",
    Reversal.LA_LL: "left arm and left leg electrodes are exchanged ({})",
    Reversal.RA_LA_LL: "arm and left leg electrodes are exchanged in a ring ({})",
    Reversal.RA_LL_LA: "arm and left leg electrodes are exchanged in a ring ({})",
    Reversal.RA_RL: "right arm and right leg electrodes are exchanged ({}): lead II is nearly flat",
    Reversal.LA_RL: "left arm and right leg electrodes are exchanged ({}): lead III is nearly flat",
    Reversal.ARMS_LEGS: "arm and leg electrodes are exchanged ({}): lead I is nearly flat",
}


def describe_leads(
    record: Record,
    found: Measurements,
    quality: Sequence[LeadQuality],
    beats: Beats | None = None,
) -> list[str]:
    """Return notes on the leads of *record*; none where nothing is wrong.

    Args:
        record: of any leads and scale.
        found: measured on it.
        quality: of its leads.
        beats: its own, where they are known already.
    """
    limbs = check_limb_leads(record)
    notes = []
    if limbs.not_testable:
        notes.append(_describe_untested(record, limbs))
    elif not limbs.is_consistent:
        notes.append(_describe_fault(limbs))
    electrodes = check_electrodes(record, found, quality, beats)
    untested = {
        "limb": electrodes.limb_not_testable if limbs.is_consistent else "",
        "chest": electrodes.chest_not_testable,
    }
    for which in (electrodes.limb if limbs.is_consistent else None, electrodes.chest):
        if which is not None:
            words = _IN_WORDS.get(which, "{} are exchanged").format(which)
            notes.append(f"leads: looks like {words}; {_CHECK}")
    for reason in dict.fromkeys(filter(None, untested.values())):
        where = " and ".join(name for name, why in untested.items() if why == reason)
        notes.append(f"leads: exchanged {where} electrodes not testable: {reason}")
    return notes


def _describe_untested(record: Record, limbs: LimbCheck) -> str:
    """Return why Einthoven's law says nothing, or what it says instead."""
    if recover_limb_scale(record) is not None:
        return (
            "leads: ratios of the limb leads recovered by Einthoven's law; frontal axes come "
            "from them, amplitudes stay unknown"
        )
    why = limbs.not_testable
    if not record.is_calibrated and set(LIMB_LEADS) <= set(record.leads):
        why += ", and no positive ones fit Einthoven's law"
    return f"leads: limb leads not testable: {why}"


def _describe_fault(limbs: LimbCheck) -> str:
    """Return which limb leads contradict the others."""
    if not limbs.explanations:
        return (
            f"leads: the limb leads contradict each other by {limbs.residual:.0%} of their size, "
            f"and which is at fault cannot be told; {_CHECK}"
        )
    faults = [", ".join(str(fault) for fault in faults) for faults in limbs.explanations]
    return f"leads: by Einthoven's law, {'; or '.join(faults)}; {_CHECK}"
