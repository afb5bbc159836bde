"""What may stand in a draft: whatever is put into a harmless sentence, nothing wrong gets out."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from precord.draft.rule import Reason, find_fault
from precord.draft.vocabulary import VOCABULARY

HARMLESS = (
    "sinus rhythm",
    "left bundle branch block",
    "Kompletter Linksschenkelblock",
    "AV-Block II. Grades",
    "third degree AV block",
    "possible inferior infarct",
    "überdrehter Linkstyp",
    "ST-T changes suggest ischaemia",
)
NUMBERS = st.one_of(
    st.integers(0, 10**6).map(str),
    st.dates().map(lambda day: day.strftime("%d.%m.%Y")),
    st.dates().map(lambda day: day.strftime("%B %d")),
    st.dates().map(lambda day: day.strftime("%y/%m")),
    st.characters(categories=["Nd", "Nl", "No"]),
    st.sampled_from(["V1", "V5,6", "1st degree", "½", "Ⅳ", "三", "iii", "ii.", "avf v6"]),
)
NORMAL = (
    "normal", "Normal ECG", "normales EKG", "NORMAL", "nórmal normal", "normokard",
    "within normal limits", "unchanged", "unverändert", "unauffällig", "regelrecht", "stable",
    "Ｎormal", "nor\u00admal",
)  # fmt: skip
ABSENT = (
    "no evidence of", "no", "without", "ohne Nachweis", "kein Hinweis auf", "excluded", "not",
    "ruled out", "nicht auszuschließen", "No Evidence Of", "no\u00a0evidence of",
)  # fmt: skip
COMPARED = (
    "compared with", "since", "old", "acute", "alter", "akut", "frischer", "previous", "new",
    "im Vergleich zu", "chronic", "recent", "seit gestern",
)  # fmt: skip
NAMES = (
    "Müller",
    "Dr. Schmidt",
    "Herr",
    "Mrs",
    "Erika Mustermann",
    "O'Neill",
    "St. Josef Klinik",
    "Muster",
    "White",
)


def _inserted(inside: str, at: int, sentence: str) -> str:
    """Return *sentence* with *inside* between two of its words."""
    words = sentence.split()
    at %= len(words) + 1
    return " ".join([*words[:at], inside, *words[at:]])


@pytest.mark.parametrize("sentence", HARMLESS)
def test_what_is_harmless_may_stand(sentence: str) -> None:
    """Else the tests below would prove nothing."""
    assert find_fault(sentence) is None


@settings(deadline=None)
@given(st.sampled_from(HARMLESS), NUMBERS, st.integers(0, 9))
@example("sinus rhythm", "٣", 1)
@example("AV-Block II. Grades", "iii", 1)
def test_no_number_and_no_date(sentence: str, number: str, at: int) -> None:
    """Digits of any script, leads, months, Roman numerals."""
    assert find_fault(_inserted(number, at, sentence)) is not None


@settings(deadline=None)
@given(st.sampled_from(HARMLESS), st.text(max_size=30), st.integers(0, 9))
def test_no_digit_whatever_the_text(sentence: str, text: str, at: int) -> None:
    """What may stand has no digit in it, and no character that is read as one."""
    whole = _inserted(text, at, sentence)
    if find_fault(whole) is None:
        assert not any(c.isnumeric() for c in whole)
        assert all(
            c.isalpha() or c.isspace() or c in ".,-/()+'\u2013\u2014\u2019\u00ad" for c in whole
        )


@pytest.mark.parametrize(
    ("reason", "phrase"),
    [(Reason.NORMAL, p) for p in NORMAL]
    + [(Reason.ABSENT, p) for p in ABSENT]
    + [(Reason.COMPARES, p) for p in COMPARED],
)
@pytest.mark.parametrize("sentence", HARMLESS)
def test_what_is_never_drafted(sentence: str, reason: Reason, phrase: str) -> None:
    """Wherever it stands, with the reason that a reader is told, or one that is as good."""
    for at in range(4):
        fault = find_fault(_inserted(phrase, at, sentence))
        assert fault is not None
        assert fault in {reason, Reason.WORD, Reason.NORMAL, Reason.ABSENT, Reason.COMPARES}


@settings(deadline=None)
@given(
    st.sampled_from(HARMLESS),
    st.text(st.characters(categories=["Lu", "Ll", "Lo"]), min_size=2, max_size=20),
    st.integers(0, 9),
)
def test_no_word_that_is_not_listed(sentence: str, word: str, at: int) -> None:
    """Any other word, such as a name, keeps the sentence out."""
    if find_fault(_inserted(word, at, sentence)) is None:
        assert find_fault(word) is None  # a listed word, or two joined to one


@pytest.mark.parametrize("name", NAMES)
def test_no_name(name: str) -> None:
    """A name is no word of an ECG's."""
    assert find_fault(f"sinus rhythm {name}") is Reason.WORD


@pytest.mark.parametrize("text", ["", " ", "...", "-", "sinus rhythm\0", "sinus <b>rhythm</b>"])
def test_what_is_no_sentence(text: str) -> None:
    """Nothing, marks alone, markup."""
    assert find_fault(text) is Reason.WORD


def test_a_report_without_full_stops_is_too_long() -> None:
    """It would be a whole report, not a sentence."""
    assert find_fault(" ".join(["sinus"] * 26)) is Reason.LONG


def test_the_vocabulary_has_no_numeral() -> None:
    """Neither in digits nor in words."""
    numerals = {
        "one",
        "two",
        "three",
        "five",
        "ten",
        "eins",
        "zwei",
        "drei",
        "first",
        "second",
        "monday",
    }
    assert not numerals & VOCABULARY
    known = {word for word in VOCABULARY if find_fault(word) is None}
    assert not any(c.isnumeric() for word in known for c in word)
    assert not any("normal" in word for word in known)
    assert len(known) > 300
