"""What precedents say that may be drafted for a query, and what may not.

A statement may be drafted where a third of the precedents have it, two at least, or one and the
query itself as the model reads it; never NORM. A sentence may, where it passes `rule` and
`measured` and makes no other statement; one that makes none must say something measured, such
as "Steiltyp", and stand in two reports.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from precord.case import Case
from precord.draft.measured import find_conflict, is_measured
from precord.draft.rule import Reason, find_fault
from precord.draft.sentence import Query, Struck
from precord.report import Language
from precord.statements import CODES
from precord.text import State, parse_report, present_statements, report_key
from precord.text.sentence import split_sentences
from precord.text.wording import WORDS

ENOUGH = 2  # precedents that must say something
_SHARE = 1 / 3  # of the precedents that must have a statement
_SINUS = frozenset({"SR", "SBRAD", "STACH", "SARRH"})
_RHYTHMS = (
    _SINUS, {"AFIB"}, {"AFLT"}, {"SVTAC", "PSVT"}, {"PACE"},
)  # fmt: skip
_BLOCKS = ({"CLBBB"}, {"CRBBB"}, {"ILBBB"}, {"IRBBB"})
_DEGREES = ({"1AVB"}, {"2AVB"}, {"3AVB"})
_RIVALS = (_RHYTHMS, _BLOCKS, _DEGREES)  # of each line one set alone can be true of an ECG


@dataclass(slots=True)
class Material:
    """What the precedents say, sorted.

    Attributes:
        said: per case id, best case first, the statements that it has, coded or reported.
        held: per sentence, by `report_key`, the cases whose reports hold it.
        wanted: the statements that may be drafted.
        usable: sentences that may be drafted, each with the case it is from, best case first.
        struck: what may not.
    """

    query: Query
    language: Language
    said: dict[str, frozenset[str]]
    held: dict[str, list[str]] = field(default_factory=dict)
    wanted: frozenset[str] = frozenset()
    usable: list[tuple[str, str]] = field(default_factory=list)
    struck: list[Struck] = field(default_factory=list)

    def cite(self, text: str, codes: frozenset[str], first: str = "") -> tuple[str, ...]:
        """Return the cases that have all of *codes*, or hold *text*; *first* before others."""
        if codes:
            found = [case for case, said in self.said.items() if codes <= said]
        else:
            found = self.held.get(report_key(text), [])
        return tuple(dict.fromkeys([first, *found] if first else found))

    def weigh(self, text: str, codes: frozenset[str], case: str = "") -> Struck | None:
        """Return *text* struck where a rule, a measurement or other precedents forbid it."""
        fault = find_fault(text)
        if fault is not None:
            return Struck(text, case, fault)
        at_odds = self.measure(text, codes, case)
        if at_odds is not None:
            return at_odds
        if not codes <= self.wanted:
            return Struck(text, case, self._why_unwanted(codes - self.wanted))
        if not codes and not is_measured(text):
            return Struck(text, case, Reason.UNKNOWN)
        if not codes and len(self.held.get(report_key(text), ())) < ENOUGH:
            return Struck(text, case, Reason.ALONE)
        return None

    def measure(self, text: str, codes: frozenset[str], case: str = "") -> Struck | None:
        """Return *text* struck where it is at odds with the query's measurements."""
        query = self.query
        found = find_conflict(text, codes, query.measurements, is_calibrated=query.is_calibrated)
        if found is None:
            return None
        return Struck(text, case, found.reason, found.measurement, found.value)

    def name(self, code: str) -> str:
        """Return what precord calls the statement *code*."""
        return WORDS[code, self.language][0]

    def _why_unwanted(self, codes: frozenset[str]) -> Reason:
        """Return why *codes* may not be drafted."""
        names = {self.name(code) for code in codes}
        reasons = {struck.reason for struck in self.struck if struck.text in names}
        known = (reason for reason in (Reason.RIVAL, Reason.DOUBTED) if reason in reasons)
        return next(known, Reason.ALONE)


def collect(query: Query, cases: Sequence[Case], language: Language) -> Material:
    """Return what *cases* say of *query*, sorted.

    Args:
        query: the ECG to be reported.
        cases: precedents, the most similar first.
        language: German or English; anything else is taken for English.
    """
    if language is not Language.GERMAN:
        language = Language.ENGLISH
    said = {case.id: case.statements | _reported(case) for case in cases}
    material = Material(query, language, said)
    material.wanted = _choose(material)
    sentences = [(text, case.id) for case in cases for text in _sentences(case, language)]
    for text, case_id in sentences:
        material.held.setdefault(report_key(text), []).append(case_id)
    seen: set[str] = set()
    for text, case_id in sentences:
        if report_key(text) in seen:
            continue
        seen.add(report_key(text))
        struck = material.weigh(text, codes_of(text), case_id)
        if struck is None:
            material.usable.append((text, case_id))
        else:
            material.struck.append(struck)
    return material


def codes_of(text: str) -> frozenset[str]:
    """Return the statements that *text* makes, surely or not; none that it denies."""
    return frozenset(f.statement for f in parse_report(text) if f.state is not State.NEGATED)


def _reported(case: Case) -> frozenset[str]:
    """Return the statements that the report of *case* has."""
    return present_statements(case.report.text) if case.report else frozenset()


def _sentences(case: Case, language: Language) -> Iterator[str]:
    """Yield the sentences of a case's report, if it is in *language*."""
    if case.report is not None and case.report.language is language:
        text = case.report.text
        for start, end in split_sentences(text):
            yield text[start:end]


def _choose(material: Material) -> frozenset[str]:
    """Return the statements that enough precedents have and nothing measured contradicts."""
    counts = Counter(code for said in material.said.values() for code in said)
    least = max(ENOUGH, math.ceil(_SHARE * len(material.said)))
    chosen = set()
    for code in CODES:
        is_enough = counts[code] >= least or (counts[code] and code in material.query.statements)
        if code == "NORM" or not is_enough:
            continue
        struck = material.measure(material.name(code), frozenset({code}))
        if struck is None and code in _SINUS and material.query.raised:
            struck = Struck(material.name(code), "", Reason.DOUBTED)
        if struck is None:
            chosen.add(code)
        else:
            material.struck.append(struck)
    return frozenset(chosen - _outvoted(chosen, material))


def _outvoted(chosen: set[str], material: Material) -> set[str]:
    """Return those of *chosen* that have a better rival, and strike them.

    The query's own reading comes first; then what more precedents have, or better ones.
    """
    lost: dict[str, Reason] = {}
    said, read = list(material.said.values()), material.query.statements
    for line in _RIVALS:
        is_read = any(side & read for side in line)
        sides = []
        for side in line:
            if is_read and not side & read:
                lost |= dict.fromkeys(side & chosen, Reason.DOUBTED)
            elif side & chosen:
                sides.append(side & chosen)
        votes = [[bool(side & one) for one in said] for side in sides]
        order = sorted(range(len(sides)), key=lambda i: (sum(votes[i]), votes[i]), reverse=True)
        for i in order[1:]:
            lost |= dict.fromkeys(sides[i], Reason.RIVAL)
    for code in sorted(lost, key=CODES.index):
        material.struck.append(Struck(material.name(code), "", lost[code]))
    return set(lost)
