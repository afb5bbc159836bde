"""The report that fits a simulated ECG, in German and English: what is there, nothing else.

A report has a phrase for each statement, in words drawn from `PHRASES` and from those of
`text.WORDS`, with what the simulation knows beyond the codes (rate, axis, age of an
infarction, ratio of a block), in the order, brevity and lower case of ECG carts and their
readers. The frontal axis is stated in terms of degrees: Surawicz et al. 2009 in English,
the German Lagetypen in German.
"""

from dataclasses import dataclass

import numpy as np

from precord.report import Language
from precord.simulate.conduction import Block, Heart, Origin
from precord.simulate.findings import RHYTHMS
from precord.simulate.infarction import INFARCTS, Stage
from precord.simulate.pathology import Findings
from precord.simulate.phrase import DETAILS, PHRASES, TERRITORIES
from precord.text.wording import WORDS

_ENGLISH, _GERMAN = Language.ENGLISH, Language.GERMAN
_NO_AXIS = frozenset({"PACE", "LVOLT"})
_RATE_WORDS = {
    _GERMAN: ("kammerfrequenz {}/min", "ventrikelfrequenz {}/min"),
    _ENGLISH: ("ventricular rate {}", "ventricular rate {} bpm"),
}
_NOT_REGULAR = frozenset({"2AVB", "3AVB", "PVC", "PAC"})
_AXES = {  # up to this many degrees
    _GERMAN: (
        (-90.0, "überdrehter rechtstyp"), (-30.0, "überdrehter linkstyp"), (30.0, "linkstyp"),
        (60.0, "indifferenztyp"), (90.0, "steiltyp"), (120.0, "rechtstyp"),
        (180.0, "überdrehter rechtstyp"),
    ),
    _ENGLISH: (
        (-90.0, "extreme axis deviation"), (-30.0, "left axis deviation"), (90.0, "normal axis"),
        (180.0, "right axis deviation"),
    ),
}  # fmt: skip
_NORMAL_AXIS = (-30.0, 90.0)
_HEDGES = {
    _GERMAN: ("{} möglich", "{} wahrscheinlich", "v.a. {}"),
    _ENGLISH: ("possible {}", "probable {}", "suggests {}", "consistent with {}"),
}
_HEDGED = INFARCTS | {"LVH", "RVH", "ISC_", "ISCAL", "ISCAN", "ISCAS", "ISCIN", "ISCIL", "ISCLA"}
_HEDGED |= {"DIG", "EL", "RAO/RAE", "INJAS", "INJAL", "INJLA", "INJIN", "INJIL"}
_HEDGED_SHARE = 0.15
_OPPOSITE = {"high": "hypok", "low": "hyperk"}  # potassium
_SLIGHT_ST, _MARKED_ST, _DEEP_T = -0.09, -0.2, -0.5  # mV, in the lead that shows it most
_DEGREES = {
    _GERMAN: ("st-senkung", "geringe {}", "deutliche {}", "t negativ", "t tief negativ"),
    _ENGLISH: (
        *("st depression", "slight {}", "marked {}"),
        *("t wave inversion", "deep t wave inversion"),
    ),
}
_GRADED = ("ISC", "INJ", "STD_", "INVT")  # statements whose ST depression, T inversion has degrees


@dataclass(frozen=True, slots=True)
class Facts:
    """What a report may say of a simulated ECG.

    Attributes:
        axis: frontal QRS axis, degrees; None where no conducted beat is seen.
        rate: ventricular, beats per minute; None below two beats.
    """

    codes: frozenset[str]
    found: Findings
    heart: Heart
    axis: float | None
    rate: float | None


def word_report(facts: Facts, rng: np.random.Generator) -> dict[Language, str]:
    """Return one report a language; the two say the same, each in words of its own."""
    return {language: _word(facts, language, rng) for language in (_GERMAN, _ENGLISH)}


def word_axis(axis: float, language: Language, rng: np.random.Generator) -> str:
    """Return what a reader calls a frontal axis of *axis* degrees."""
    low, high = _NORMAL_AXIS
    if language is _GERMAN and low < axis <= high and rng.random() < 0.4:
        return "lagetyp normal"
    return next(name for limit, name in _AXES[language] if axis <= limit)


def _word(facts: Facts, language: Language, rng: np.random.Generator) -> str:
    """Return the report in one language."""
    rhythm = [code for code in RHYTHMS if code in facts.codes]
    others = [code for code in facts.codes if code not in RHYTHMS and code != "NORM"]
    others.sort()
    rng.shuffle(others)
    parts = [_phrase(code, facts, language, rng) for code in rhythm]
    if facts.rate is not None and rng.random() < 0.12:
        parts.append(str(rng.choice(_RATE_WORDS[language])).format(round(facts.rate)))
    share = 0.6 if language is _GERMAN else 0.25
    is_wanted = not facts.codes & _NO_AXIS and rng.random() < share
    if is_wanted and facts.axis is not None:
        parts.append(word_axis(facts.axis, language, rng))
    parts += [_phrase(code, facts, language, rng) for code in others]
    if "NORM" in facts.codes:
        parts.append(_phrase("NORM", facts, language, rng))
    elif rng.random() < 0.15:
        rng.shuffle(parts)
    return _join(parts, rng)


def _phrase(code: str, facts: Facts, language: Language, rng: np.random.Generator) -> str:
    """Return one phrase for *code*, with its details half of the time, hedged at times."""
    detail = _find_detail(code, facts)
    if detail is not None and rng.random() < 0.6:
        return str(rng.choice(DETAILS[detail, language]))
    short = [words for words in WORDS[code, language] if _is_true(words, code, facts)]
    long = [words for words in PHRASES[code, language] if _is_true(words, code, facts)]
    if code == "NORM" and "SR" not in facts.codes and rng.random() < 0.5:
        return "sonst normales ekg" if language is _GERMAN else "otherwise normal ecg"
    if code in _HEDGED and rng.random() < _HEDGED_SHARE:
        return str(rng.choice(_HEDGES[language])).format(str(rng.choice(short)))
    phrase = str(rng.choice(short + long))
    if code.startswith(_GRADED) and rng.random() < 0.5:
        phrase = _grade(phrase, facts.found, language)
    if code in TERRITORIES and rng.random() < 0.15:
        link = "in" if language is _ENGLISH else "in ableitungen"
        return f"{phrase} {link} {TERRITORIES[code]}"
    return phrase


def _grade(phrase: str, found: Findings, language: Language) -> str:
    """Return *phrase* with how deep the ST depression or T inversion is that it begins with."""
    st, slight, marked, t, deep_t = _DEGREES[language]
    if phrase.startswith(st) and found.lowest_st < _MARKED_ST:
        return marked.format(phrase)
    if phrase.startswith(st) and found.lowest_st > _SLIGHT_ST:
        return slight.format(phrase)
    if phrase.startswith(t) and found.lowest_t < _DEEP_T:
        return deep_t + phrase.removeprefix(t)
    return phrase


def _is_true(words: str, code: str, facts: Facts) -> bool:
    """Tell whether *words* say no more of *code* than the simulation holds."""
    folded = words.casefold()
    stage = facts.found.stages.get(code)
    if stage is not None and stage is not Stage.OLD and folded.startswith("old "):
        return False
    if stage is Stage.ACUTE and folded.startswith(("q waves", "q-zacken", "qs ", "r-verlust")):
        return False
    if not facts.found.is_strained and ("strain" in folded or "belastung" in folded):
        return code not in ("LVH", "RVH")
    if code == "EL" and _OPPOSITE[facts.found.potassium] in folded:
        return False
    if code == "SR" and facts.codes & _NOT_REGULAR:
        return folded in ("sr", "sinus rhythm", "sinusrhythmus")
    return True


def _find_detail(code: str, facts: Facts) -> str | None:
    """Return the key of what is known of *code* beyond itself, or None."""
    heart, stage = facts.heart, facts.found.stages.get(code)
    detail = stage.value if stage else ""
    if code in ("LVH", "RVH") and facts.found.is_strained:
        detail = "strain"
    elif code == "EL":
        detail = facts.found.potassium
    elif code == "2AVB":
        detail = "I" if heart.block is Block.WENCKEBACH else "II"
    elif code == "3AVB":
        detail = "wide" if heart.escape_from is Origin.VENTRICLE else "narrow"
    elif code == "AFLT" and len(heart.ratio) == 1:
        detail = str(heart.ratio[0])
    elif code == "AFIB" and facts.rate is not None:
        detail = "fast" if facts.rate > 100 else "slow" if facts.rate < 60 else ""
    return f"{code} {detail}" if detail else None


def _join(parts: list[str], rng: np.random.Generator) -> str:
    """Return *parts* as one text, in the punctuation and case of one of many carts."""
    separator = str(rng.choice([". ", ", ", " "], p=[0.55, 0.25, 0.2]))
    text = separator.join(parts) + ("." if rng.random() < 0.6 else "")
    return text.lower() if rng.random() < 0.7 else text[:1].upper() + text[1:]
