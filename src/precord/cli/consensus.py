"""What the nearest cases say together, printed: counts, and percentages where there are any."""

from typing import TYPE_CHECKING

from rich.console import Console

from precord.cli.terminal import cell, grid

if TYPE_CHECKING:  # these import NumPy
    from precord.retrieve import Consensus
    from precord.retrieve.consensus import Vote

CAUTION = "counts of past cases, no diagnosis: many normal ones do not make this ECG normal, "
CAUTION += "and what none of them has is not ruled out"
_SHOWN = 8  # statements


def print_consensus(console: Console, consensus: "Consensus") -> None:
    """Print *consensus*: superclasses in a table, statements on a line."""
    console.print(cell(f"the {consensus.of} nearest ECGs (real, of other patients)", "bold"))
    table = grid("class", "cases", "calibrated probability")
    for vote in consensus.classes:
        table.add_row(vote.name, f"{vote.n} of {consensus.of}", describe_probability(vote))
    console.print(table)
    if statements := consensus.statements[:_SHOWN]:
        said = ", ".join(_describe(vote) for vote in statements)
        console.print(cell(f"statements: {said}"))
    console.print(cell(CAUTION, "dim"))
    if consensus.fitted_on:
        console.print(cell(f"calibrated on {consensus.fitted_on}", "dim"))
    console.print()


def describe_probability(vote: "Vote") -> str:
    """Return a vote's probability with its interval, in percent, or that there is none."""
    p = vote.probability
    return "-" if p is None else f"{p.value:.0%} [{p.low:.0%}, {p.high:.0%}]"


def _describe(vote: "Vote") -> str:
    """Return one statement's count, and its probability if it has one."""
    said = f" ({describe_probability(vote)})" if vote.probability else ""
    return f"{vote.name} {vote.n}{said}"
