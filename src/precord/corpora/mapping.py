"""Statements of other coding systems as SCP-ECG statements, by one table: `mapping.csv`.

Columns: system, code, the code's own name, the SCP-ECG statements that it means, and where code
and name are published; an empty cell of statements says that none of PTB-XL's 71 means it, so
it is left out, not approximated.

Sources: SCP-ECG codes of EN 1064, as in PTB-XL (Wagner et al. 2020,
doi:10.1038/s41597-020-0495-6), which mean themselves; SNOMED CT codes and names of the
PhysioNet/CinC Challenge 2021 (Reyna et al. 2021,
doi:10.23919/CinC53138.2021.9662687; the Challenge counts complete and unspecified bundle
branch blocks as one, and so does the table); AHA codes of Mason et al. 2007
(doi:10.1161/CIRCULATIONAHA.106.180201) with modifiers behind a '+'; acronyms of Zheng et al.
2020 (doi:10.1038/s41597-020-0386-x); columns of CODE-15 % (Ribeiro et al. 2021,
doi:10.5281/zenodo.4916206). Which SCP-ECG statement a code means is our reading of the names.
"""

import csv
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from importlib.resources import files

from precord.errors import CorpusError
from precord.statements import parse_statements


class System(StrEnum):
    """A coding system, by its name in the table."""

    SCP = "scp"
    SNOMED = "snomed"
    AHA = "aha"
    CHAPMAN = "chapman"
    CODE_15 = "code-15"


_HEDGES = {"302", "312"}  # AHA: consider, possible; such a statement is not made


def to_scp(codes: Iterable[str], system: System) -> frozenset[str]:
    """Return the SCP-ECG statements that *codes* mean together; blanks are skipped.

    An AHA code may carry modifiers, as in "60+310"; one that the table does not list with the
    code changes nothing, except that what is only considered or possible is left out.

    Raises:
        CorpusError: A code is not in the table.
    """
    found = [code.strip() for code in codes if code.strip()]
    return frozenset(scp for code in found for scp in _look_up(code, system))


def _look_up(code: str, system: System) -> frozenset[str]:
    """Return the statements that one code means."""
    table = _read_table()
    if system is not System.AHA or "+" not in code:
        if (system, code) not in table:
            raise CorpusError(f"unknown {system} code {code[:40]!r}; the table lists none such")
        return table[system, code]
    main, *modifiers = code.split("+")
    plain = _look_up(main, system)
    if _HEDGES & set(modifiers):
        return frozenset()
    narrower = [table[key] for m in modifiers if (key := (system, f"{main}+{m}")) in table]
    return frozenset().union(*narrower) if narrower else plain


@cache
def _read_table() -> dict[tuple[str, str], frozenset[str]]:
    """Return the SCP-ECG statements by system and code."""
    text = (files("precord.corpora") / "mapping.csv").read_text("utf-8")
    return {
        (row["system"], row["code"]): parse_statements(row["scp"].split(";"))
        for row in csv.DictReader(text.splitlines())
    }
