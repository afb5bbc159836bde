"""Sentences of a report, by where they stand in the text as written.

Reports of German and Swedish machines hold no full stop: such a report is one sentence. A
tail of codes after the word "edit" is no text and is left out (`text.clean_report`).
"""

import re
from collections.abc import Iterator
from hashlib import sha256

from precord.text.normalise import clean_report, text_end

# A full stop after one of these ends an abbreviation, not a sentence.
_ABBREVIATIONS = """
    mögl moegl möglw wahrsch unbest ant post inf lat sept neg pos biphas abn unspez spez
    inkompl kompl vollst unvollst vent ventr supraventr intraventr v.a va z.n zn bzw ggf ca evtl
    ev f.d s.k resp osp anm z.b vgl ausg aufst beg diskr sign path vorh st.p incl inkl poss prob
    incompl compl part approx etc grad sek msec i.e e.g vs fragl chron
"""
_KNOWN = frozenset(_ABBREVIATIONS.split())
# "1. Grades", "II. Grades": the number is an ordinal.
_ORDINAL = re.compile(r"\s+(grad\w*|degree)\b", re.IGNORECASE)
_END = re.compile(r"[.;!?]+(?=\s|$)")
# A device ends an unconfirmed report so; its version number stands before.
_SIGNATURE = re.compile(r"(?:\d+\.\d+\s+)?unbest(?:ä|ae)tigter bericht", re.IGNORECASE)


def split_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each sentence of *text* as written, without its full stop."""
    text = text[: text_end(text)]
    ends = [m.span() for m in _END.finditer(text) if _is_end(text, m)]
    ends += [m.span() for m in _SIGNATURE.finditer(text)]
    start = 0
    for stop, after in [*sorted(ends), (len(text), len(text))]:
        sentence = text[start:stop]
        if sentence.strip():
            yield start + len(sentence) - len(sentence.lstrip()), start + len(sentence.rstrip())
        start = max(start, after)


def hash_sentence(sentence: str) -> str:
    """Return 12 hexadecimal digits that name *sentence* whatever its case and white space."""
    return sha256(clean_report(sentence).encode()).hexdigest()[:12]


def _is_end(text: str, mark: re.Match[str]) -> bool:
    """Return whether a punctuation mark ends a sentence."""
    if mark[0] != ".":
        return True
    words = text[: mark.start()].rsplit(maxsplit=1)
    word = words[-1].lstrip("(").casefold() if words else ""
    return word not in _KNOWN and not _ORDINAL.match(text, mark.end())
