"""What a record shows when cables are on the wrong electrodes.

The cables RA, LA and LL see the potentials of the limbs they lie on, and all leads are
made of what the cables see: I = LA - RA, II = LL - RA, III = LL - LA, Wilson's terminal
their mean, Vn = Cn - terminal. So cables exchanged among the three turn limb leads into one
another and leave the chest leads alone; with the right leg's cable on an arm that arm is
lost, and the terminal moves. Both legs have nearly the same potential, as of the left leg.
Sources: Batchvarov, Malik and Camm 2007, doi:10.1093/europace/eum198 (what each reversal
looks like); "Simulating arbitrary electrode reversals", Sensors 2019, doi:10.3390/s19132920
(the terminal that moves).

Shapes: T samples.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from precord.errors import SignalError
from precord.leads import CHEST_LEADS, LIMB_LEADS, Lead
from precord.record import Record

Floats = NDArray[np.float64]


class Reversal(StrEnum):
    """Which cables lie on each other's electrodes.

    Three in a row: the first lies on the second's electrode, the second on the third's, the
    third on the first's.
    """

    RA_LA = "RA-LA"
    RA_LL = "RA-LL"
    LA_LL = "LA-LL"
    RA_LA_LL = "RA-LA-LL"
    RA_LL_LA = "RA-LL-LA"
    RA_RL = "RA-RL"
    LA_RL = "LA-RL"
    LL_RL = "LL-RL"
    ARMS_LEGS = "RA-RL, LA-LL"
    ARMS_LEGS_CROSSED = "RA-LL, LA-RL"
    V1_V2 = "V1-V2"
    V2_V3 = "V2-V3"
    V3_V4 = "V3-V4"
    V4_V5 = "V4-V5"
    V5_V6 = "V5-V6"


SEEN: Mapping[Reversal, str] = {
    Reversal.RA_LA: "LRF",
    Reversal.RA_LL: "FLR",
    Reversal.LA_LL: "RFL",
    Reversal.RA_LA_LL: "LFR",
    Reversal.RA_LL_LA: "FRL",
    Reversal.RA_RL: "NLF",
    Reversal.LA_RL: "RNF",
    Reversal.LL_RL: "RLN",
    Reversal.ARMS_LEGS: "NFL",
    Reversal.ARMS_LEGS_CROSSED: "FNR",
}
"""Of which limb RA, LA and LL see the potential: R and L arm, F left and N right leg."""

CHEST_REVERSALS = tuple(r for r in Reversal if r not in SEEN)
_LIMBS = "RLF"
_POTENTIALS = np.array([[-1, -1], [2, -1], [-1, 2]]) / 3  # of R, L, F, on leads I and II


def turn_limb_leads(seen: str) -> Floats:
    """Return (2, 2) what leads I and II become where RA, LA and LL see *seen* of R, L, F."""
    right, left, foot = (_POTENTIALS[_LIMBS.index(limb)] for limb in seen)
    return np.stack([left - right, foot - right])


def apply_reversal(
    record: Record, which: Reversal, *, between_legs: Floats | float = 0.0
) -> Record:
    """Return *record* as it would have been with cables exchanged.

    Args:
        record: with leads I and II in millivolts, or, for an exchange on the chest, of any
            scale.
        which: of the cables.
        between_legs: (T,) mV, by which the right leg's potential exceeds the left's.

    Raises:
        SignalError: The record lacks a lead or the scale that the exchange needs.
    """
    if which in CHEST_REVERSALS:
        return _exchange(record, which)
    name = record.provenance.name or "record"
    if not record.is_calibrated or not {Lead.I, Lead.II} <= set(record.leads):
        raise SignalError(f"{name}: exchanging {which} needs leads I and II in millivolts")
    rows_of = [record.leads.index(lead) for lead in (Lead.I, Lead.II)]
    two = record.signal[rows_of].astype(np.float64)  # (2, T)
    right, left, foot = _POTENTIALS @ two
    of = {"R": right, "L": left, "F": foot, "N": foot + between_legs}
    ra, la, ll = (of[limb] for limb in SEEN[which])
    terminal = (ra + la + ll) / 3  # against the true one
    shown = dict(
        zip(
            LIMB_LEADS,
            (la - ra, ll - ra, ll - la, *(1.5 * (p - terminal) for p in (ra, la, ll))),
            strict=True,
        )
    )
    rows = [
        shown[lead] if lead in shown else row - terminal
        for lead, row in zip(record.leads, record.signal, strict=True)
    ]
    return replace(record, signal=np.stack(rows).astype(np.float32))


def _exchange(record: Record, which: Reversal) -> Record:
    """Return *record* with two chest leads exchanged."""
    one, other = (Lead(name) for name in which.split("-"))
    if not {one, other} <= set(record.leads):
        name = record.provenance.name or "record"
        raise SignalError(f"{name}: exchanging {which} needs both leads")
    order = list(range(len(record.leads)))
    i, j = record.leads.index(one), record.leads.index(other)
    order[i], order[j] = j, i
    return replace(record, signal=record.signal[order])


def order_of(which: Reversal | None) -> tuple[int, ...]:
    """Return which of `CHEST_LEADS` each of them shows; None stands for no exchange."""
    order = list(range(len(CHEST_LEADS)))
    if which is not None:
        i, j = (CHEST_LEADS.index(Lead(name)) for name in which.split("-"))
        order[i], order[j] = j, i
    return tuple(order)
