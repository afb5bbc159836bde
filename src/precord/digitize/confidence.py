"""How far a reading can be trusted, told without the truth.

Independent checks are combined into an expected ratio of signal to noise, per lead, by a ridge
regression on a few dozen pages drawn from PTB-XL (`benchmarks/digitize.py --fit`). How well it
tells good from bad on paper of other makers is not known.
"""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precord.digitize.arrange import Arrangement
from precord.digitize.grid import Grid
from precord.digitize.pulse import Pulse
from precord.digitize.trace import Traces
from precord.leads import LEADS, Lead

Array = NDArray[Any]
_OFTEN = 0.2  # of a lead's energy, in half of the leads
_LEAST, _MOST = -10.0, 25.0  # dB
FEATURES = ("constant", "misfit", "strip", "gaps", "grid", "pulses", "size", "coarse")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against a reading.

    Attributes:
        misfit: of Einthoven's and Goldberger's laws, 0 is perfect.
        strip: mean correlation of the rhythm strips with their leads; NaN without any.
        gaps: (12,) share of each lead's samples that is missing within its stretch.
        grid_mm: how far the grid is off after flattening.
        pulses: share of rows with a calibration pulse.
        size: (12,) log of each lead's standard deviation, in line widths.
        px_per_mm: of the picture.
        crossed: (12,) share of each lead's energy where its trace shares ink with another row's.
    """

    misfit: float
    strip: float
    gaps: tuple[float, ...]
    grid_mm: float
    pulses: float
    size: tuple[float, ...]
    px_per_mm: float
    crossed: tuple[float, ...] = (0.0,) * len(LEADS)

    @classmethod
    def of(
        cls,
        grid: Grid,
        traces: Traces,
        arrangement: Arrangement,
        strips: tuple[tuple[Lead, float] | None, ...],
        pulses: list[Pulse | None],
    ) -> "Evidence":
        """Gather the evidence of a page."""
        gaps = np.ones(len(LEADS))
        size = np.full(len(LEADS), -2.0)
        crossed = np.zeros(len(LEADS))
        for piece in arrangement.pieces:
            part = traces.y[piece.row, piece.first : piece.last]
            k = LEADS.index(piece.lead)
            gaps[k] = 1.0 - np.isfinite(part).mean()
            if traces.is_shared is not None:
                crossed[k] = _share(part, traces.is_shared[piece.row, piece.first : piece.last])
            if np.isfinite(part).any():
                size[k] = np.log(np.nanstd(part) / max(traces.width, 1.0) + 0.05)
        known = [0.0 if strip is None else strip[1] for strip in strips]
        return cls(
            arrangement.misfit,
            float(np.mean(known)) if known else float("nan"),
            tuple(gaps),
            grid.residual_mm,
            sum(pulse is not None for pulse in pulses) / len(pulses),
            tuple(size),
            grid.px_per_mm,
            tuple(crossed),
        )

    def row(self, lead: int) -> Array:
        """Return the (features,) of one lead."""
        strip = 0.9 if np.isnan(self.strip) else self.strip
        return np.array(
            [
                1.0,
                np.log(self.misfit + 0.02),
                np.log(1.02 - strip),
                np.sqrt(self.gaps[lead]),
                np.log(self.grid_mm + 0.005),
                self.pulses,
                self.size[lead],
                1.0 / max(self.px_per_mm, 1.0),
            ]
        )

    def worst(self) -> str:
        """Return in words what speaks loudest against the reading."""
        if self.misfit > 0.5:
            return "the limb leads contradict each other (II is not I + III)"
        if self.strip < 0.7:
            return "the rhythm strip is no lead of the page"
        if float(np.median(self.crossed)) > _OFTEN:
            return "traces of neighbouring rows run into one another"
        if float(np.median(self.gaps)) > 0.2:
            return "much of the trace could not be followed"
        return "the traces are too faint or too coarse"


def expect_snr(evidence: Evidence) -> tuple[float, ...]:
    """Return the expected dB of each of the twelve leads; what cannot be judged has the least.

    What stands where two rows share their ink may be either's: it counts as noise.
    """
    clear = 10.0 ** (-np.array(expect_uncrossed(evidence)) / 10.0)
    expected = -10.0 * np.log10(clear + np.array(evidence.crossed))
    return tuple(float(v) for v in np.clip(expected, _LEAST, _MOST))


def expect_uncrossed(evidence: Evidence) -> tuple[float, ...]:
    """Return the expected dB of each lead, were there no ink that rows share."""
    weights = np.array(json.loads(_text())["weights"])
    used = np.flatnonzero(weights)
    rows = np.stack([evidence.row(k) for k in range(len(LEADS))])[:, used]
    expected = np.where(np.isfinite(rows), rows, 0.0) @ weights[used]
    expected = np.where(np.isfinite(rows).all(axis=1), expected, _LEAST)
    return tuple(float(v) for v in np.clip(expected, _LEAST, _MOST))


def to_confidence(snr_db: float) -> float:
    """Return the share of a lead's energy that is expected to be the patient's, 0 to 1."""
    return float(1.0 / (1.0 + 10.0 ** (-snr_db / 10.0)))


def _share(part: Array, is_shared: NDArray[np.bool_]) -> float:
    """Return which share of a lead's energy, 0 to 1, stands where *is_shared*; NaN has none."""
    if not np.isfinite(part).any():
        return 0.0
    energy = np.nan_to_num(part - np.nanmedian(part)) ** 2
    return float(energy[is_shared].sum() / max(float(energy.sum()), 1e-9))


def _text() -> str:
    """Return the file of weights."""
    return files("precord.digitize").joinpath("confidence.json").read_text("utf-8")
