"""Tables of estimates, as JSON for programs and Markdown for people."""

import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from precord.metrics import Estimate

SCHEMA = 1

# What the Markdown shows of the case-retrieval tables, one column each.
_COLUMNS = (
    "class share@10",
    "weighted Jaccard@10",
    "weighted Jaccard@10 NORM-only",
    "weighted Jaccard@10 non-NORM",
    "Jaccard@10",
    "set P@1",
    "set P@10",
    "nDCG@10",
    "mAP",
)
_OF_A_GROUP = (
    "class share@10",
    "weighted Jaccard@10",
    "Jaccard@10",
    "set P@1",
    "set P@10",
    "nDCG@10",
    "mAP",
)
_CLASSES = ("NORM", "MI", "STTC", "CD", "HYP")


@dataclass(frozen=True, slots=True)
class Tables:
    """Every table of one evaluation.

    Attributes:
        retrieval: case retrieval, by method.
        other: misses and sources, by name.
        by_method: cross-modal side by side, and text search, by title, and by method.
        about: what was measured on what, one fact a key.
    """

    retrieval: Mapping[str, Mapping[str, Estimate]]
    other: Mapping[str, Mapping[str, Estimate]]
    by_method: Mapping[str, Mapping[str, Mapping[str, Estimate]]] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return {"schema", "tables": {name: {measure: {"value", "low", "high", "n"}}}}."""
        titled = {
            f"{title}: {method}": table
            for title, methods in self.by_method.items()
            for method, table in methods.items()
        }
        tables = {
            name: {m: _to_json(e) for m, e in table.items()}
            for name, table in {**self.retrieval, **self.other, **titled}.items()
        }
        return json.dumps({"schema": SCHEMA, "tables": tables}, indent=1, allow_nan=False) + "\n"

    def to_markdown(self, plots: list[Path]) -> str:
        """Return the page that people read; *plots* are named relative to it."""
        lines = ["# Results", ""]
        lines += [f"- {name}: {fact}" for name, fact in self.about.items()]
        lines += ["", "Brackets are 95 % bootstrap intervals over patients.", ""]
        lines += ["## Case retrieval", "", *_table(self.retrieval, _COLUMNS)]
        columns = tuple(f"class share@10 {name}" for name in _CLASSES)
        lines += ["", "## Class share@10 by superclass", "", *_table(self.retrieval, columns)]
        for group in _groups(self.retrieval):
            columns = tuple(measure + group for measure in _OF_A_GROUP)
            lines += ["", f"## Case retrieval,{group} queries", ""]
            lines += _table(self.retrieval, columns)
        for title, methods in self.by_method.items():
            columns = tuple(dict.fromkeys(m for table in methods.values() for m in table))
            lines += ["", f"## {title}", "", *_table(methods, columns)]
        for name, table in self.other.items():
            lines += ["", f"## {name[0].upper()}{name[1:]}", "", "| | value | n |", "|---|---|---|"]
            lines += [f"| {m} | {_show(e)} | {e.n} |" for m, e in table.items()]
        for plot in plots:
            lines += ["", f"![{plot.stem}]({plot.as_posix()})"]
        return "\n".join(lines) + "\n"


def describe_machine() -> str:
    """Return what the numbers were measured with."""
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"


def today() -> str:
    """Return the date of the measurement."""
    return date.today().isoformat()  # noqa: DTZ011 - the reader's own calendar


def _to_json(estimate: Estimate) -> dict[str, float | int | None]:
    """Return an estimate for JSON, which knows no NaN."""
    return {
        k: None if isinstance(v, float) and math.isnan(v) else v
        for k, v in asdict(estimate).items()
    }


def _groups(tables: Mapping[str, Mapping[str, Estimate]]) -> list[str]:
    """Return the groups of queries that *tables* judge apart, as they stand behind a measure."""
    groups = [
        name.removeprefix("weighted Jaccard@10")
        for table in tables.values()
        for name in table
        if name.startswith("weighted Jaccard@10 ")
    ]
    return list(dict.fromkeys(groups))


def _table(tables: Mapping[str, Mapping[str, Estimate]], columns: tuple[str, ...]) -> list[str]:
    """Return Markdown lines, a row a method."""
    lines = [f"| method | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, table in tables.items():
        cells = [_show(table[c]) if c in table else "" for c in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _show(estimate: Estimate) -> str:
    """Return an estimate as people read it."""
    if math.isnan(estimate.value):
        return "-"
    if estimate.low == estimate.high:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
