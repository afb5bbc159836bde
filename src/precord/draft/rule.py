"""What may stand in a drafted sentence, whoever wrote it.

Refused, in this order: a number of any script, what says that something is normal, absent or
unchanged, what compares or dates, a character or word that is none of an ECG's, and a finding
that the sentence denies. Nothing is scrubbed: a sentence is taken whole or not at all.
Numerals in words or Roman ones are refused too, but for the degree of an AV block.
"""

import re
import unicodedata
from enum import StrEnum

from precord.draft.vocabulary import VOCABULARY, split_words
from precord.text import State, parse_report
from precord.text.fold import fold

MAX_WORDS = 25  # of one sentence; a machine's report without full stops is longer


class Reason(StrEnum):
    """Why a sentence is not drafted."""

    NUMBER = "number"  # a number, a date, a lead's number
    NORMAL = "normal"  # says normal or unchanged
    ABSENT = "absent"  # says that something is not there, or ruled out
    COMPARES = "compares"  # with another ECG, or says how old a finding is
    WORD = "word"  # a word, such as a name, that is none of an ECG's
    LONG = "long"  # a report without full stops
    CONTRADICTS = "contradicts"  # a measurement of the query
    NOT_MEASURED = "not measured"  # what it says cannot be checked on the query
    RIVAL = "rival"  # other precedents say otherwise, and are more
    DOUBTED = "doubted"  # the query speaks for another rhythm, block or degree
    ALONE = "alone"  # one precedent only says it
    UNKNOWN = "unknown"  # makes no statement that could be checked
    NOT_CITED = "not cited"  # the precedents it cites do not say it


_FORBIDDEN = {
    Reason.NORMAL: (
        r"normal|\bnormo|\bnorm\b|unauffaell|unremarkable|regelrecht|physiolog|o\.? ?b\.|"
        r"within limits|unchanged|unveraendert|stable|\bstabil|gleichbleibend|\bidenti|oförändrad|"
        r"oforaendrad|benign|gutartig|harmlos|\bgesund|\bhealthy"
    ),
    Reason.ABSENT: (
        r"\b(?:no|not|none|nor|neither|never|without|absent|absence|lack\w*|free of|negative for|"
        r"exclu\w*|rule[sd]? out|ruled|unlikely|resolved|cannot|kein\w*|nicht|nie|weder|noch|ohne|"
        r"fehl\w*|ausgeschl\w*|auszuschl\w*|unwahrscheinlich\w*|sonst|otherwise|evidence|hinweis\w*|"
        r"anhalt\w*|ingen|inga|inget|utan|inte|ej)\b|n't"
    ),
    Reason.COMPARES: (
        r"\b(?:old|older|new|newly|recent\w*|acute\w*|subacute|chronic\w*|previous\w*|prior|earlier|"
        r"former\w*|compar\w*|since|still|again|now|longer|before|changed|improv\w*|worse\w*|"
        r"progressi(?:ve|ng)|alt|alte[rns]?|aelter\w*|neu|neue[rns]?|frisch\w*|akut\w*|subakut\w*|"
        r"chron\w*|frueher\w*|vor|vorbestehend\w*|vergl\w*|seit|weiterhin|jetzt|nun\w*|bekannt\w*|"
        r"history|known|zustand nach|status post|veraendert|gegenueber|zunehmend\w*|abnehmend\w*|"
        r"rueckläufig|age|today|yesterday|heute|gestern)\b"
    ),
}
_PATTERNS = {reason: re.compile(fold(pattern).text) for reason, pattern in _FORBIDDEN.items()}
_HARMLESS = frozenset(" .,-/()+'")


def find_fault(sentence: str) -> Reason | None:
    """Return why *sentence* may stand in no draft, or None where it may."""
    text = unicodedata.normalize("NFKC", sentence)
    if any(c.isnumeric() for c in sentence + text):
        return Reason.NUMBER
    folded = fold(text).text
    for reason, pattern in _PATTERNS.items():
        if pattern.search(folded):
            return reason
    words = split_words(folded)
    if not words or not _is_plain(folded) or any(word not in VOCABULARY for word in words):
        return Reason.WORD
    if len(words) > MAX_WORDS:
        return Reason.LONG
    is_denied = any(finding.state is State.NEGATED for finding in parse_report(sentence))
    return Reason.ABSENT if is_denied else None


def _is_plain(folded: str) -> bool:
    """Tell whether *folded* holds letters and harmless marks alone."""
    return all(c.isalpha() or c in _HARMLESS for c in folded)
