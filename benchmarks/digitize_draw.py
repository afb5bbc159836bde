"""The plot of the digitiser's expected against its true signal to noise."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from precord.digitize.reading import MIN_SNR

PLOT = Path(__file__).parents[1] / "docs/results/digitize-confidence.png"
BINS = 8
LOWEST, HIGHEST = -5.0, 30.0  # dB shown


def draw(pages: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Draw the leads of the pages that were read, and return the table beside the plot.

    Args:
        pages: by kind, with the expected and the true dB of each lead.
    """
    figure = Figure(figsize=(3.4 * len(pages), 3.4))
    lines = [
        "| pages | leads read | off by, median dB | r | expected / true dB in bins of equal size |"
    ]
    lines += ["|---|---|---|---|---|"]
    for number, (kind, some) in enumerate(pages.items(), 1):
        expected, true = _leads(some)
        axes = figure.add_subplot(1, len(pages), number)
        axes.plot([LOWEST, HIGHEST], [LOWEST, HIGHEST], color="#999999", lw=0.8)
        axes.axvline(MIN_SNR, color="#b3203a", lw=0.8, ls="--")
        axes.plot(expected, np.clip(true, LOWEST, HIGHEST), ".", ms=2, alpha=0.3, color="#4878a8")
        bins = np.array_split(np.argsort(expected, kind="stable"), BINS)
        means = [(float(expected[i].mean()), float(true[i].mean())) for i in bins if i.size]
        axes.plot(*zip(*means, strict=True), "o-", ms=4, lw=1.2, color="#1c1c1c")
        axes.set(xlim=(LOWEST, HIGHEST), ylim=(LOWEST, HIGHEST), xlabel="expected dB")
        axes.set_title(f"{kind}: {expected.size} leads", fontsize=9)
        axes.tick_params(labelsize=7)
        off = float(np.median(np.abs(expected - true)))
        r = float(np.corrcoef(expected, true)[0, 1])
        cells = ", ".join(f"{a:.0f} / {b:.0f}" for a, b in means)
        lines.append(f"| {kind} | {expected.size} | {off:.1f} | {r:.2f} | {cells} |")
    figure.axes[0].set_ylabel("true dB")
    figure.tight_layout()
    figure.savefig(PLOT, dpi=100, metadata={"Software": None})
    return "\n".join(lines)


def _leads(pages: Sequence[Mapping[str, Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return expected and true dB of every lead of the pages that were read."""
    read = [page for page in pages if page["expected"] and not page["refusal"]]
    expected = np.concatenate([np.array(page["expected"], float) for page in read])
    true = np.concatenate([np.array(page["snr"], float) for page in read])
    known = np.isfinite(expected) & np.isfinite(true)
    return expected[known], true[known]
