"""A draft in the words of precedents.

A statement is put in the words of the best precedent whose sentence may be drafted, else by its
name. Each sentence cites every precedent that has all of it; measurements are the query's own,
and cite it.
"""

from collections.abc import Sequence

from precord.case import Case
from precord.draft.material import Material, codes_of, collect
from precord.draft.rule import find_fault
from precord.draft.sentence import QUERY, Draft, Kind, Query, Sentence
from precord.record import Measurements
from precord.report import Language
from precord.statements import CODES, STATEMENTS
from precord.text.wording import WORDS

_MEASURED = {
    Language.ENGLISH: "Rate {}/min|PR {} ms|QRS {} ms|QTc {} ms|QRS axis {} degrees",
    Language.GERMAN: "Frequenz {}/min|PQ {} ms|QRS {} ms|QTc {} ms|QRS-Achse {} Grad",
}
_LAST = (9, 0)


def draft_report(query: Query, cases: Sequence[Case], language: Language) -> Draft:
    """Return a draft for *query* in sentences of *cases*, the most similar first."""
    material = collect(query, cases, language)
    left = set(material.wanted)
    sentences = []
    for text, case in material.usable:
        codes = codes_of(text)
        if codes & left or not codes:
            left -= codes
            cited = material.cite(text, codes, case)
            sentences.append(Sentence(tidy(text), Kind.VERBATIM, cited, codes))
    for code in sorted(left, key=CODES.index):
        text = name_statement(code, material)
        if text:
            codes = frozenset({code})
            sentences.append(Sentence(text, Kind.NAMED, material.cite(text, codes), codes))
    return finish(material, sentences)


def finish(material: Material, sentences: Sequence[Sentence], written_by: str = "") -> Draft:
    """Return the draft: the query's measurements, then *sentences*, rhythm first."""
    ordered = sorted(sentences, key=lambda one: min(map(_place, one.codes), default=_LAST))
    first = _measure(material.query.measurements, material.language)
    return Draft(material.language, (*first, *ordered), tuple(material.struck), written_by)


def tidy(text: str) -> str:
    """Return *text* on one line, in lower case but for its first letter, with a full stop."""
    line = " ".join(text.split()).lower().strip(" .,-")
    return f"{line[:1].upper()}{line[1:]}."


def name_statement(code: str, material: Material) -> str:
    """Return the first name of *code* that may be drafted; empty if none may."""
    for text in WORDS[code, material.language]:
        if find_fault(text) is None and material.measure(text, frozenset({code})) is None:
            return f"{text[:1].upper()}{text[1:]}."
    return ""


def _place(code: str) -> tuple[int, int]:
    """Return where *code* stands in a report: rhythm, conduction, then in the table's order."""
    statement = STATEMENTS[code]
    group = 0 if "r" in statement.kinds else 1 if statement.superclass == "CD" else 2
    return group, CODES.index(code)


def _measure(measured: Measurements, language: Language) -> tuple[Sentence, ...]:
    """Return what was measured on the query, as one sentence; none if nothing was."""
    values = (
        measured.heart_rate_bpm, measured.pr_ms, measured.qrs_ms, measured.qtc_ms,
        measured.qrs_axis_deg,
    )  # fmt: skip
    patterns = _MEASURED[language].split("|")
    parts = [p.format(round(v)) for p, v in zip(patterns, values, strict=True) if v is not None]
    return (Sentence(f"{', '.join(parts)}.", Kind.MEASURED, (QUERY,)),) if parts else ()
