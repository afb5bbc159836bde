"""Tests of precord.text."""

import numpy as np
import pytest

from precord.report import Language
from precord.statements import CODES
from precord.text import (
    case_texts,
    clean_report,
    detect_language,
    mean_vectors,
    report_key,
    word_statements,
)
from precord.text.wording import WORDS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sinusrhythmus.  NORMALES\n ekg", "sinusrhythmus. normales ekg"),
        ("vÄnster el-axel, mÖglich", "vänster el-axel, möglich"),
        ("sinus rhythm. Edit: ASMI 100, LMI 100", "sinus rhythm."),
        ("sinus rhythm EDIT imi 80", "sinus rhythm"),
        ("edited by hand", "edited by hand"),
        ("", ""),
    ],
)
def test_clean_report(text: str, expected: str) -> None:
    """Folded, one line, without the tail of codes; a longer word is no tail."""
    assert clean_report(text) == expected


def test_report_key_ignores_case_digits_and_punctuation() -> None:
    """Reports that say the same have one key."""
    one, other = "Sinus rhythm, normal ECG (72/min).", "sinus rhythm normal ecg min"
    assert report_key(one) == report_key(other)
    assert report_key("sinus rhythm") != report_key("sinus bradycardia")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("sinusrhythmus linkstyp sonst normales ekg", Language.GERMAN),
        ("sinus rhythm. left axis deviation. otherwise normal ecg", Language.ENGLISH),
        ("sinusrytm vÄnster el-axel", Language.SWEDISH),
        ("qrs 1234", Language.UNKNOWN),
        ("", Language.UNKNOWN),
    ],
)
def test_detect_language(text: str, language: Language) -> None:
    """The language with most of its frequent words wins; a tie is unknown."""
    assert detect_language(text) == language


def test_every_statement_has_words_in_both_languages() -> None:
    """No statement is without words, and no word stands for two statements' names."""
    for language in (Language.GERMAN, Language.ENGLISH):
        names = [WORDS[code, language][0] for code in CODES]
        assert all(names)
        assert len(set(names)) == len(CODES)


def test_wording_states_all_statements_and_is_fixed_without_a_generator() -> None:
    """The plain wording is the names in the order of the table."""
    text = word_statements({"AFIB", "CLBBB"}, Language.GERMAN)

    assert text == "kompletter Linksschenkelblock. Vorhofflimmern"


def test_drawn_wording_uses_known_words_only(rng: np.random.Generator) -> None:
    """Whatever is drawn, each statement is put in one of its own words."""
    for _ in range(50):
        text = word_statements({"AFIB", "PVC"}, Language.ENGLISH, rng)
        for code in ("AFIB", "PVC"):
            assert any(word in text for word in WORDS[code, Language.ENGLISH])


def test_case_texts_hold_report_and_both_languages() -> None:
    """A case with a report and statements is read three ways; an unknown one not at all."""
    texts = case_texts(frozenset({"AFIB"}), ["af, rapid"])

    assert texts == ("af, rapid", "atrial fibrillation", "vorhofflimmern")
    assert case_texts(frozenset(), []) == ()


def test_mean_vectors_by_hand() -> None:
    """Two rows at right angles mean their diagonal; no row means unknown."""
    rows = np.array([[1, 0], [0, 1], [0, 1]], np.float32)

    means = mean_vectors(rows, [2, 0, 1])

    half = 2**-0.5
    expected = np.array([[half, half], [np.nan, np.nan], [0, 1]])
    np.testing.assert_allclose(means, expected, rtol=1e-6)
