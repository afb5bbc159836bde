"""What was learnt of the answers to queries whose statements are known; kept beside the weights.

The file `answers.json` holds it. It is true of one encoder only, whose fingerprint it names;
beside other weights there are counts, and no probabilities.

    logit p = a + b * logit(share of the neighbours) + c * logit(statement head)

Source: Platt 1999 (logistic calibration), with the two witnesses side by side.
Shapes: Q queries.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precord.errors import ModelError

FILE = "answers.json"
LIMIT = 1e-3  # shares and probabilities are held this far from 0 and 1
_Z = 1.959964  # of a 95 % interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Probability:
    """A calibrated probability with its 95 % interval.

    The interval is that of the calibration: how far the share of cases that look like this
    one to both witnesses is known.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """How one target's probability follows from the two witnesses.

    Attributes:
        weights: a, b, c of the module's formula.
        covariance: of the weights, by a bootstrap over patients.
        positives: queries that had it, of those it was fitted on.
    """

    weights: tuple[float, float, float]
    covariance: tuple[tuple[float, ...], ...]
    positives: int

    def __call__(self, share: float, head: float) -> Probability:
        """Return the probability given both witnesses, each 0 to 1."""
        x = features(np.array([share]), np.array([head]))[0]  # (3,)
        middle = float(x @ np.array(self.weights))
        spread = float(np.sqrt(max(x @ np.array(self.covariance) @ x, 0.0)))
        low, high = expit(np.array([middle - _Z * spread, middle + _Z * spread]))
        return Probability(float(expit(np.array(middle))), float(low), float(high))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The contents of `answers.json`.

    Attributes:
        fingerprint: of the encoder.
        fitted_on: which queries and which gallery, in words.
        neighbours: how many cases are asked.
        classes, statements: curves by superclass and by SCP-ECG code.
        limits: of abstention; `abstain` says what they mean.
        raised: by critical finding, what the statement head gives to hardly any ECG without it;
            `critical` says what for.
    """

    fingerprint: str
    fitted_on: str
    neighbours: int
    classes: Mapping[str, Curve] = field(default_factory=dict)
    statements: Mapping[str, Curve] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    raised: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls, fingerprint: str, folder: Path | None = None) -> "Calibration | None":
        """Return what is known of the weights in *folder*, or of those that ship.

        None if nothing is, or if it was learnt with other weights than those of *fingerprint*.

        Raises:
            ModelError: The file is damaged.
        """
        path = (folder or Path(str(resources.files("precord") / "weights"))) / FILE
        if not path.exists():
            return None
        try:
            facts = json.loads(path.read_text("utf-8"))
            found = cls(
                str(facts["fingerprint"]),
                str(facts["fitted_on"]),
                int(facts["neighbours"]),
                {name: _to_curve(curve) for name, curve in facts["classes"].items()},
                {name: _to_curve(curve) for name, curve in facts["statements"].items()},
                {name: float(limit) for name, limit in facts["limits"].items()},
                {name: float(limit) for name, limit in facts.get("raised", {}).items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"{path}: not a calibration of answers: {error}") from error
        return found if found.fingerprint == fingerprint else None

    def save(self, folder: Path) -> None:
        """Write the file into *folder*."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")


def features(shares: Floats, heads: Floats) -> Floats:
    """Return (Q, 3) a one and the logits of both witnesses (Q,)."""
    return np.stack([np.ones(len(shares)), logit(shares), logit(heads)], axis=1)


def logit(p: Floats) -> Floats:
    """Return log(p / (1 - p)), with p held `LIMIT` from 0 and 1."""
    held = np.clip(np.asarray(p, np.float64), LIMIT, 1 - LIMIT)
    return np.asarray(np.log(held / (1 - held)), np.float64)


def expit(x: Floats) -> Floats:
    """Return 1 / (1 + exp(-x))."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -500, 500))), np.float64)


def _to_curve(facts: Mapping[str, object]) -> Curve:
    """Return the curve that a table of the file describes."""
    weights = np.array(facts["weights"], np.float64)
    covariance = np.array(facts["covariance"], np.float64)
    if weights.shape != (3,) or covariance.shape != (3, 3):
        raise ValueError(f"weights {weights.shape}, covariance {covariance.shape}")
    a, b, c = (float(w) for w in weights)
    return Curve((a, b, c), tuple(map(tuple, covariance.tolist())), int(str(facts["positives"])))
