"""What stands before the hits: whether to trust them, what must not be overlooked, consensus."""

from typing import TYPE_CHECKING

from rich.console import Console

from precord.cli.terminal import cell, grid

if TYPE_CHECKING:  # these import NumPy
    from precord.retrieve import Consensus, SearchResult
    from precord.retrieve.abstain import Trust
    from precord.retrieve.consensus import Vote

CAUTION = "counts of past cases, no diagnosis: many normal ones do not make this ECG normal, "
CAUTION += "and what none of them has is not ruled out"
NO_CASE = "no real case of this in the library"
_SHOWN = 8  # statements


def print_trust(console: Console, trust: "Trust") -> None:
    """Say plainly that there is no answer, or that it is doubtful, and why."""
    if not trust.reasons:
        return
    words = {"none": "NO ANSWER", "doubtful": "DOUBTFUL"}[trust.verdict]
    for reason in trust.reasons:
        console.print(cell(f"{words}: {reason}", "bold red"))
    if trust.verdict == "none":
        console.print(cell("--anyway searches with it nevertheless", "dim"))
    console.print()


def print_critical(console: Console, result: "SearchResult") -> None:
    """Print what must not be overlooked, each with a case that has it, and what is not there."""
    if result.critical:
        console.print(cell("not to be overlooked (raised, not diagnosed)", "bold red"))
    for raised in result.critical:
        support = "; ".join(raised.support)
        console.print(cell(f"  {raised.name}: {support}", "red"))
        shown = f"see {', '.join(raised.precedents)} (of {raised.n_cases} cases)"
        console.print(cell(f"    {shown if raised.precedents else NO_CASE}", "dim"))
    if result.scarce:
        few = ", ".join(f"{code} {n}" for code, n in result.scarce)
        words = f"what this library can hardly show (cases): {few}"
        console.print(cell(words, "dim"))
    if result.critical or result.scarce:
        console.print()


def print_consensus(console: Console, consensus: "Consensus") -> None:
    """Print *consensus*: superclasses in a table, statements on a line."""
    console.print(cell(f"the {consensus.of} nearest ECGs (real, of other patients)", "bold"))
    table = grid("class", "cases", "calibrated probability")
    for vote in consensus.classes:
        table.add_row(vote.name, f"{vote.n} of {consensus.of}", describe_probability(vote))
    console.print(table)
    if consensus.serious:
        name, n = consensus.serious
        console.print(cell(f"most serious among them: {name} ({n} of {consensus.of})", "bold"))
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
