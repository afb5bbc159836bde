"""Tests of precord.simulate.wording: reports say what is there, and nothing else."""

import re

import numpy as np
import pytest

from precord.leads import LEADS, Lead
from precord.report import Language
from precord.simulate import SUPPORTED, Simulated, check, draw_statements, simulate
from precord.simulate.phrase import PHRASES
from precord.simulate.wording import word_axis
from precord.text import detect_language

# Written independently of the phrase tables: how a reader would search for each finding.
_SEARCHES = {
    "AFIB": r"fibrillation|vorhofflimmern|\bvhf\b|absolute arrhythmie|\baf\b|a-fib",
    "AFLT": r"flutter|flattern|\bafl\b",
    "SBRAD": r"brad[iy]k?c?ard|slow sinus",
    "STACH": r"sinustach|sinus tach|tachykarder sinus|fast sinus|(^|[,. ])tachy[kc]ardi(e|a)\b",
    "PACE": r"schrittmacher|pac(e|ing)",
    "CLBBB": r"(?<!inkompletter )(?<!incomplete )\b(linksschenkelblock|left bundle|lsb|lbbb)",
    "CRBBB": r"(?<!inkompletter )(?<!incomplete )\b(rechtsschenkelblock|right bundle|rsb|rbbb)",
    "3AVB": r"third|iii\. grades|dritten|3\. gr|3rd|dissoziation|dissociation|block iii|avb iii"
    r"|complete (av|heart|atrio)|kompletter av|totaler av",
    "LVH": r"lvh|linksventrikuläre (hyper|bel)|left ventricular (hyper|enl)|linkshyper|linken",
    "LNGQT": r"\bqt",
    "PVC": r"(^|[,. ])ventricular (extra|ectopic|prem)|premature ventr"
    r"|(^|[,. ]|einzelne )ventrikuläre (extra|ekt)|\bv(es|pb)\b",
    "LAFB": r"anterior(er)? (hemi|fas)|lahb|left anterior",
    "WPW": r"wpw|wolff|delta|pre-exc|präexz",
    "NORM": r"normal(es)? (ekg|ecg|limits)|(ekg|ecg) normal|normalbefund|unauff|unremark"
    r"|no abnorm|ohne path",
}  # fmt: skip


def _ambiguous(code: str, codes: frozenset[str]) -> bool:
    """Tell whether the search for *code* also finds the words of another of *codes*."""
    others = {"LVH": {"VCLVH"}, "PVC": {"BIGU", "TRIGU"}, "STACH": {"SVTAC"}}
    others |= {"CLBBB": {"ILBBB", "LAFB"}, "CRBBB": {"IRBBB"}, "AFIB": {"AFLT"}, "LAFB": {"CLBBB"}}
    others |= {"SBRAD": {"AFIB"}}
    return bool(codes & others.get(code, set()))


@pytest.mark.parametrize("language", [Language.GERMAN, Language.ENGLISH])
def test_a_reader_finds_what_is_stated_and_nothing_else(language: Language) -> None:
    """Six hundred drawn cases, searched with words written independently."""
    rng = np.random.default_rng(5)
    for _ in range(600):
        made = simulate(draw_statements(rng), rng, rate=50.0, duration=4.0, noise=False)
        text = made.reports[language].casefold()
        for code, search in _SEARCHES.items():
            if _ambiguous(code, made.statements):
                continue
            assert bool(re.search(search, text)) == (code in made.statements), (code, text)


@pytest.mark.parametrize("code", sorted(SUPPORTED))
def test_every_statement_is_worded_in_many_ways(code: str) -> None:
    """Thirty reports of one statement are not all alike, and none is empty."""
    for language in (Language.GERMAN, Language.ENGLISH):
        assert PHRASES[code, language]
        texts = {_make(code, seed=seed).reports[language] for seed in range(30)}
        assert len(texts) >= 8
        assert all(texts)


def test_language_is_what_it_says() -> None:
    """Most reports are recognised as their language; hardly any as the other."""
    rng = np.random.default_rng(1)
    pairs = [
        simulate(draw_statements(rng), rng, rate=50.0, noise=False).reports for _ in range(300)
    ]

    for language in (Language.GERMAN, Language.ENGLISH):
        found = [detect_language(reports[language]) for reports in pairs]
        assert found.count(language) > 0.75 * len(found)
        wrong = {Language.GERMAN, Language.ENGLISH} - {language}
        assert sum(f in wrong for f in found) < 0.03 * len(found)


def test_an_age_of_an_infarction_fits_its_st() -> None:
    """Whatever is called acute has ST elevation in its leads; whatever is called old has none."""
    counts = {"acute": 0, "old": 0}
    for seed in range(120):
        made = _make("IMI", seed=seed)
        text = made.reports[Language.ENGLISH].casefold()
        elevation = _st(made, Lead.III)
        if "acute" in text:
            counts["acute"] += 1
            assert elevation > 0.1
        elif re.search(r"\bold\b", text):
            counts["old"] += 1
            assert elevation < 0.06
    assert min(counts.values()) >= 10


def test_both_languages_name_the_same_potassium() -> None:
    """High in one is never low in the other, and what was drawn decides."""
    for seed in range(80):
        text = " ".join(_make("EL", seed=seed).reports.values()).casefold()
        assert not ("hyperk" in text and "hypok" in text)


def test_no_report_calls_an_irregular_rhythm_regular() -> None:
    """Sinus rhythm with dropped or premature beats is neither "regular" nor "normal"."""
    for seed in range(40):
        for code in ("2AVB", "3AVB", "PVC", "PAC"):
            for text in _make(code, seed=seed).reports.values():
                assert not re.search(
                    r"regular sinus|normal sinus rhythm|regelmäßig|normofreq", text.lower()
                )


@pytest.mark.parametrize(
    ("axis", "german", "english"),
    [
        (-60, {"überdrehter linkstyp"}, {"left axis deviation"}),
        (0, {"linkstyp", "lagetyp normal"}, {"normal axis"}),
        (45, {"indifferenztyp", "lagetyp normal"}, {"normal axis"}),
        (80, {"steiltyp", "lagetyp normal"}, {"normal axis"}),
        (110, {"rechtstyp"}, {"right axis deviation"}),
        (150, {"überdrehter rechtstyp"}, {"right axis deviation"}),
        (-120, {"überdrehter rechtstyp"}, {"extreme axis deviation"}),
    ],
)
def test_axes_have_their_names(axis: float, german: set[str], english: set[str]) -> None:
    """Each sector has its name in both languages."""
    rng = np.random.default_rng(0)
    for language, names in ((Language.GERMAN, german), (Language.ENGLISH, english)):
        assert {word_axis(axis, language, rng) for _ in range(40)} == names


def test_implied_statements_are_worded_too() -> None:
    """Bigeminy implies its premature beats, and a case without rhythm has sinus rhythm."""
    assert check({"BIGU"}) == {"BIGU", "PVC", "SR"}
    text = _make("BIGU").reports[Language.GERMAN].casefold()
    assert "bigemin" in text
    assert re.search(_SEARCHES["PVC"], text)


def _make(code: str, seed: int = 0) -> Simulated:
    """Return an ECG of *code* without noise."""
    return simulate((code,), np.random.default_rng(seed), rate=250.0, noise=False)


def _st(made: Simulated, lead: Lead) -> float:
    """Return the median ST level 20 ms behind the J point against the PR segment, mV."""
    row, truth = made.record.signal[LEADS.index(lead)], made.truth
    levels = [
        row[round((off + 0.02) * 250)] - row[round((on - 0.004) * 250)]
        for on, off in zip(truth.qrs_on, truth.qrs_off, strict=True)
        if 0.2 < on < 9.5
    ]
    return float(np.median(levels))
