"""The patterns of `terms.csv` and `cues.csv`, made into regular expressions.

A pattern is words as a report writes them, with the signs of regular expressions for
alternatives `(a|b)` and for what may be absent or repeated, `(a )?` and `(a )*` (up to four
times), and its own:

    space    any space or hyphen, or none
    _        the same, a comma or a colon
    .        a full stop, or none
    *        after a letter: the rest of the word
    ~        up to twelve words
    $        at the end: the end of the sentence
    a > b    a where b follows
    {name}   the row whose statement is `$name`

A pattern begins and ends with whole words. Every repetition is bounded, so that no text, however
odd, takes long.
"""

import re
from collections.abc import Mapping

from precord.text.fold import fold

GAP = "~"
# Words that begin another thought: `~` never runs over them.
_STOPS = (
    r"(?:st|qs?|but|however|suggest\w*|consistent|this|may|old|no(?! longer)|lagetyp|qrs|aber)\b"
)
_ANY_WORDS = rf"(?:(?!{_STOPS})[^\s.;:,\-]{{1,30}}[\s,\-]{{1,3}}){{0,12}}?"
_SIGNS = {
    " ": r"[\s\-]{0,3}",
    ".": r"\.?",
    GAP: _ANY_WORDS,
    "$": r"[\s.)]{0,9}$",
    "&": "&",
    "_": r"[\s,:\-]{0,3}",
    "/": r"\s?/\s?",
}


def compile_pattern(pattern: str, names: Mapping[str, str]) -> re.Pattern[str]:
    """Return the expression of *pattern*, for folded text.

    Args:
        pattern: as described above.
        names: patterns that `{name}` stands for; they may name others.
    """
    while found := re.search(r"\{(\w+)\}", pattern):
        pattern = pattern.replace(found[0], names[found[1]])
    pattern, _, ahead = fold(pattern).text.partition(" > ")
    follows = rf"(?=[\s,]{{1,2}}(?:{_translate(ahead)})(?!\w))" if ahead else ""
    return re.compile(rf"(?<!\w)(?:{_translate(pattern)})(?!\w){follows}")


def _translate(pattern: str) -> str:
    """Return the expression of a folded pattern without names."""
    pattern = pattern.replace(f" {GAP} ", GAP)
    parts: list[str] = []
    for before, sign in zip(" " + pattern, pattern, strict=False):
        if before == "\\":
            parts[-1] = re.escape(sign)
        elif sign == GAP:
            parts.append(r"[\s,\-]{1,3}" + _ANY_WORDS)
        elif sign == "*":
            parts.append(r"\w{0,30}" if before.isalnum() else "{0,4}")
        else:
            parts.append(_SIGNS.get(sign, sign))
    return "".join(parts)
