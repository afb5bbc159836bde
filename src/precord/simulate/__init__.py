"""Simulated ECGs: a moving heart vector, a causal rhythm, pathology, noise, a fitting report.

Everything is drawn from the generator that is passed in: the same seed gives the same bits.
"""

from precord.simulate.fault import FAULTS, spoil
from precord.simulate.findings import SUPPORTED, check, draw_statements
from precord.simulate.generate import Simulated, Truth, simulate

__all__ = [
    "FAULTS",
    "SUPPORTED",
    "Simulated",
    "Truth",
    "check",
    "draw_statements",
    "simulate",
    "spoil",
]
