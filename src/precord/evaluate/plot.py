"""The tables as pictures."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from precord.evaluate.table import Tables
from precord.metrics import Estimate

_CLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
_SHOWN = (
    *("chance", "always normal", "always most superclasses"),
    *("raw cosine", "random convolutions", "precord"),
)


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write the plots into *folder*; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _bars(tables.retrieval, folder / "class-share.png"),
        _misses(tables.other["misses in ten hits"], folder / "misses.png"),
    ]


def _bars(retrieval: Mapping[str, Mapping[str, Estimate]], path: Path) -> Path:
    """Draw class share@10 by superclass and method."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    methods = [m for m in _SHOWN if m in retrieval]
    width = 0.8 / len(methods)
    greys = [str(g) for g in np.linspace(0.85, 0.5, len(methods) - 1)]
    for i, method in enumerate(methods):
        found = [retrieval[method][f"class share@10 {c}"] for c in _CLASSES]
        values = np.array([e.value for e in found])
        errors = np.array([[e.value - e.low for e in found], [e.high - e.value for e in found]])
        colour = "#b3203a" if method == "precord" else greys[i]
        at = np.arange(len(_CLASSES)) + (i - (len(methods) - 1) / 2) * width
        axes.bar(at, values, width, label=method, color=colour)
        axes.errorbar(at, values, np.maximum(errors, 0), fmt="none", ecolor="0.2", elinewidth=0.8)
    names = [f"{c}\nn = {retrieval[methods[0]][f'class share@10 {c}'].n}" for c in _CLASSES]
    axes.set_xticks(np.arange(len(_CLASSES)), names)
    axes.set_ylabel("share of the ten hits\nthat have the query's class")
    axes.set_ylim(0, 1)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, fontsize=8, ncols=len(methods), loc="outside upper center")
    figure.savefig(path, dpi=120)
    return path


def _misses(misses: Mapping[str, Estimate], path: Path) -> Path:
    """Draw the share of queries that find none of their kind."""
    figure = Figure(figsize=(8, 0.7 + 0.24 * len(misses)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    names = [f"{name} (n = {e.n})" for name, e in misses.items()]
    at = np.arange(len(names))[::-1]
    values = np.array([e.value for e in misses.values()])
    errors = np.array([(e.value - e.low, e.high - e.value) for e in misses.values()]).T
    axes.barh(at, values, color="#b3203a", height=0.6)
    axes.errorbar(values, at, xerr=np.maximum(errors, 0), fmt="none", ecolor="0.2", elinewidth=0.8)
    axes.set_yticks(at, names, fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of queries with no such case in ten hits")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    return path
