"""`precord codes`: the SCP-ECG statements that precord knows."""

from precord.cli.terminal import cell, grid, output


def codes() -> None:
    """List the SCP-ECG statements, and which of them `precord simulate` can draw."""
    from precord.simulate import SUPPORTED
    from precord.statements import STATEMENTS

    kinds = {"d": "diagnostic", "f": "form", "r": "rhythm"}
    table = grid("code", "kind", "class", "simulated", "English", "German")
    for code, statement in STATEMENTS.items():
        table.add_row(
            code,
            " ".join(kinds[kind] for kind in statement.kinds),
            statement.superclass or "",
            "yes" if code in SUPPORTED else "",
            cell(statement.english),
            cell(statement.german),
        )
    output().print(table)
