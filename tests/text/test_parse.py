"""Tests of precord.text.parse_report on made-up sentences; none stands in a report of PTB-XL.

The expected findings are how a clinician reads the sentence: `CODE` present, `CODE?`
uncertain, `CODE-` negated.
"""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precord.statements import CODES
from precord.text import State, parse_report
from precord.text.family import FAMILIES
from precord.text.fold import fold
from precord.text.sentence import hash_sentence, split_sentences
from precord.text.term import read_terms

_SIGNS = {State.PRESENT: "", State.UNCERTAIN: "?", State.NEGATED: "-"}

GERMAN = [
    ("Sinusrhythmus, Normalbefund.", "SR NORM"),
    ("Kein Sinusrhythmus.", "SR-"),
    ("Vorhofflimmern ohne Linksschenkelblock", "AFIB CLBBB-"),
    ("Kein Hinweis auf Vorderwandinfarkt oder Linkshypertrophie.", "AMI- LVH-"),
    ("Keine ST-Hebung, keine ST-Senkung, aber T-Negativierung in V3.", "STE_- STD_- INVT"),
    ("Kein LSB, RSB oder LAHB.", "CLBBB- CRBBB- LAFB-"),
    ("Hinterwandinfarkt nicht auszuschließen.", "IMI?"),
    ("Hinterwandinfarkt nicht auszuschliessen, Linksschenkelblock.", "IMI? CLBBB"),
    ("Hinterwandinfarkt ausgeschlossen.", "IMI-"),
    ("Anteroseptaler Infarkt mÖglich.", "ASMI?"),
    ("Anteroseptaler Infarkt moeglich.", "ASMI?"),
    ("LSB, anteroseptaler Infarkt, vermutlich alt.", "CLBBB ASMI"),
    ("Inferiorer Infarkt alter unbest., lateraler Infarkt möglich", "IMI LMI?"),
    ("V.a. Linkshypertrophie.", "LVH?"),
    ("Verdacht auf P-mitrale Lagetyp normal Linkshypertrophie", "LAO/LAE? LVH"),
    ("Wahrscheinlich inferiore Ischämie.", "ISCIN?"),
    ("Linkshypertrophie und Rechtsschenkelblock möglich", "LVH CRBBB?"),
    ("Unspezifische ST-Senkung.", "STD_"),
    ("Sinusbradykardie, sonst unauffälliges EKG.", "SBRAD NORM"),
    ("Kein Vorhofflimmern, sonst normales EKG", "AFIB- NORM"),
    ("Pathologisches EKG.", "NORM-"),
    ("Kein pathologisches EKG.", "NORM"),
    ("Q in V6 nicht signifikant, kompletter Linksschenkelblock", "QWAVE CLBBB"),
    ("AV-Block I°, AV-Block II. Grades.", "1AVB 2AVB"),
    ("AV-Block 3. Grades. Vorhofflattern.", "3AVB AFLT"),
    ("VHF, VES, SVES, Bigeminus", "AFIB PVC PAC BIGU"),
    ("Inkompletter RSB, kompletter LSB", "IRBBB CLBBB"),
    ("Sinusrhythmus, inkompl. RSB", "SR IRBBB"),
    ("unvollst. LSB", "ILBBB"),
    ("Part. RSB, LAHB", "IRBBB LAFB"),
    ("RSB (inkomplett)", "IRBBB"),
    ("T in V3 nicht normal", "NORM-"),
    ("Linksanteriorer Hemiblock, linksposteriorer Hemiblock", "LAFB LPFB"),
    ("Schrittmacherrhythmus", "PACE"),
    ("Wandernder Schrittmacher", ""),
    ("Pacemaker-EKG bei LSB", "PACE CLBBB"),
    ("VHFlattern", "AFLT"),
    ("Nicht-spezifische ST-Veränderungen", "NST_"),
    ("Vorhofflimmern, keine Ischämiezeichen", "AFIB ISC_-"),
    (
        "Rechtshypertrophie, möglich. Linkshypertrophie möglich pathologisches EKG",
        "RVH? LVH? NORM-",
    ),
    ("Nimmt Digoxin. Digoxin-Effekt", "DIG"),
    ("Kein Hinweis auf Ischämie (V5 nicht beurteilbar) ST-Hebung", "ISC_- STE_"),
    ("EKG wahrscheinlich normal", "NORM?"),
    ("QT-Zeit verlängert, periphere Niederspannung", "LNGQT LVOLT"),
    ("Amplitudenkriterien für Linkshypertrophie", "VCLVH"),
    ("Keine P-Welle erkannt, Linksschenkelblock", "CLBBB"),
    ("Kein R in V2 Linksschenkelblock", "CLBBB"),
    ("Grenzbefund", "NORM?"),
    ("Weder Vorhofflimmern noch Vorhofflattern", "AFIB- AFLT-"),
    ("Vorhofflimmern nicht nachweisbar", "AFIB-"),
    ("Eventuell WPW; Rechtshypertrophie", "WPW? RVH"),
]
ENGLISH = [
    ("no AF", "AFIB-"),
    ("AF but no LBBB", "AFIB CLBBB-"),
    ("No ST or T changes.", "NST_- NDT-"),
    ("No evidence of inferior infarction, LVH or RBBB.", "IMI- LVH- CRBBB-"),
    ("No significant change. Left bundle branch block.", "CLBBB"),
    ("Sinus arrhythmia, LPFB, otherwise normal ECG", "SARRH LPFB NORM"),
    ("no chest pain, LBBB", "CLBBB"),
    ("LVH without ST-T changes", "LVH NST_-"),
    ("No atrial fibrillation, otherwise within normal limits", "AFIB- NORM"),
    ("Old lateral infarct cannot be ruled out.", "LMI?"),
    ("Cannot rule out anterior infarct; incomplete RBBB.", "AMI? IRBBB"),
    ("Possible LVH. Probable left atrial enlargement.", "LVH? LAO/LAE?"),
    ("Possible inferior and anterior infarct", "IMI? AMI?"),
    ("Consider posterior infarct", "PMI?"),
    ("ST depression, may be due to digitalis effect", "STD_ DIG?"),
    ("Q waves suggestive of anterolateral infarct", "QWAVE ALMI?"),
    ("Q waves consistent with inferior infarct, probably old", "QWAVE IMI"),
    ("Inferior infarct of uncertain age", "IMI"),
    ("Borderline LVH", "LVH?"),
    ("LVH is unlikely", "LVH-"),
    ("LVH not present, first degree AV block", "LVH- 1AVB"),
    ("T waves are not inverted", "INVT-"),
    ("T waves are low in V4 and inverted in V6", "LOWT INVT"),
    ("ST segments are slightly elevated in II", "STE_"),
    ("Abnormal ECG", "NORM-"),
    ("T waves in V2 are no longer inverted", "INVT-"),
    ("Voltages are high in precordial leads, suggesting LVH", "VCLVH LVH?"),
    ("No ischaemia or rhythm disturbance slight long QT", "ISC_- LNGQT"),
    ("probable biatrial overload with RVH", "LAO/LAE? RAO/RAE? RVH"),
    ("LPFB, no certain abnormality", "LPFB NORM?"),
    ("RVH, atrial fibrillation or flutter", "RVH AFIB AFLT?"),
    ("ventricular premature beats without bigeminy", "PVC BIGU-"),
    ("neither WPW nor long QT", "WPW- LNGQT-"),
    ("third degree AV block, paced rhythm", "3AVB PACE"),
    ("ischaemia?", "ISC_?"),
    ("The cause of the tachycardia is not evident", "STACH"),
    ("sinus arrhythmia with low voltage", "SARRH LVOLT"),
    ("Non-specific intraventricular conduction delay", "IVCD"),
    ("complete right bundle branch block and left anterior fascicular block", "CRBBB LAFB"),
    ("right ventricular hypertrophy, possible right atrial enlargement", "RVH RAO/RAE?"),
]
SWEDISH = [
    ("Sinusarytmi, vänster bakre hemiblock, i övrigt normalt EKG", "SARRH LPFB NORM"),
    ("förmaksflimmer utan vänster skänkelblock", "AFIB CLBBB-"),
    ("Inga tecken till ischemi eller infarkt", "ISC_-"),
    ("Inga ST-höjningar, men T-negativisering", "STE_- INVT"),
    ("Anterior infarkt kan ej uteslutas", "AMI?"),
    ("Kan inte utesluta lateral infarkt", "LMI?"),
    ("Möjlig vänsterkammarhypertrofi", "LVH?"),
    ("Trolig inferior infarkt, högersidigt skänkelblock", "IMI? CRBBB"),
    ("WPW, inferior infarkt, troligen äldre", "WPW IMI"),
    ("vÄnstersidigt skÄnkelblock", "CLBBB"),
    ("Sinustakykardi, supraventrikulära extraslag", "STACH PAC"),
    ("Ingen förlängd QT-tid, i övrigt patologiskt EKG", "LNGQT- NORM-"),
    ("Förmaksfladder, ventrikulära extrasystolier", "AFLT PVC"),
    ("ST-sänkning, såsom vid lateral ischemi", "STD_ ISCLA?"),
    ("T-förändring, såsom vid lateral ischemi inferior ischemi", "NDT ISCLA? ISCIN?"),
]


def _read(text: str) -> str:
    """Return the findings of *text* in the short form of the tables above, in its order."""
    return " ".join(sorted(f.statement + _SIGNS[f.state] for f in parse_report(text)))


@pytest.mark.parametrize(("text", "expected"), GERMAN + ENGLISH + SWEDISH)
def test_a_sentence_reads_as_a_clinician_reads_it(text: str, expected: str) -> None:
    """Statement and state, in three languages; nothing is added, nothing is missed."""
    assert _read(text) == " ".join(sorted(expected.split()))


@pytest.mark.parametrize(("text", "expected"), GERMAN[:30])
def test_spelling_and_case_make_no_difference(text: str, expected: str) -> None:
    """Capitals, ae for ä, decomposed umlauts and line breaks read the same."""
    spelled = text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    decomposed = text.replace("ä", "a\u0308").replace("ö", "o\u0308").replace("ü", "u\u0308")

    for other in (text.upper(), spelled, decomposed, text.replace(" ", "\n  ")):
        assert _read(other) == " ".join(sorted(expected.split()))


def test_spans_point_into_the_text_as_written() -> None:
    """Case, ligatures that fold longer and white space leave the places right."""
    text = "Maße:  kein   VORHOFFLIMMERN; dafür AV-Block  I°. Edit: LVH 100"

    found = [(f.statement, f.state, text[f.start : f.end], f.words) for f in parse_report(text)]

    assert found == [
        ("AFIB", State.NEGATED, "VORHOFFLIMMERN", "VORHOFFLIMMERN"),
        ("1AVB", State.PRESENT, "AV-Block  I°", "AV-Block  I°"),
    ]


_WORDS = st.sampled_from(
    [word for text, _ in GERMAN + ENGLISH + SWEDISH for word in text.split()]
    + [".", ";", ",", "?", "edit", "\u0308", "ß", "(", ")", "\n", "\t"]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(_WORDS, max_size=40).map(" ".join)))
def test_any_text_can_be_read_and_spans_lie_inside_it(text: str) -> None:
    """Whatever the text: nothing is raised, codes are known, spans hold the words, in order."""
    found = parse_report(text)

    for finding in found:
        assert 0 <= finding.start < finding.end <= len(text)
        assert text[finding.start : finding.end] == finding.words
        assert finding.statement in CODES
    assert [f.start for f in found] == sorted(f.start for f in found)


@pytest.mark.parametrize(
    "text", ["old " * 3000, "t " + "-" * 9000, "minor " * 3000, "a" * 50_000, "no AF or " * 300]
)
def test_an_odd_text_takes_no_long_time(text: str) -> None:
    """No pattern backtracks without bound; with unbounded repetition the first took a minute."""
    start = time.perf_counter()

    parse_report(text)

    assert time.perf_counter() - start < 10  # seconds; a fraction of one on an idle core


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="aäßÅ\u0308İﬁ \n", max_size=60), st.integers(0, 20))
def test_folding_keeps_places(text: str, start: int) -> None:
    """Every folded character knows an original, in order, from the part that was folded."""
    folded = fold(text, start)

    assert len(folded.text) == len(folded.places)
    assert list(folded.places) == sorted(folded.places)
    assert all(start <= place < len(text) for place in folded.places)


@settings(max_examples=200, deadline=None)
@given(st.lists(_WORDS, max_size=40).map(" ".join))
def test_sentences_are_in_order_and_hold_every_word(text: str) -> None:
    """No sentence overlaps another, none begins or ends with a space, none is empty."""
    spans = list(split_sentences(text))

    assert spans == sorted(spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert all(text[a:b] and text[a:b] == text[a:b].strip() for a, b in spans)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Sinus rhythm. LVH.", ["Sinus rhythm", "LVH"]),
        ("inf. Infarkt mögl. akut. LSB", ["inf. Infarkt mögl. akut", "LSB"]),
        ("AV-Block 1. Grades. LSB", ["AV-Block 1. Grades", "LSB"]),
        ("LSB 1.23   UNBESTÄTIGTER BERICHT", ["LSB"]),
        ("AF. Edit: AFIB 100. LVH", ["AF"]),
        ("  ", []),
    ],
)
def test_sentences_by_hand(text: str, sentences: list[str]) -> None:
    """A full stop of an abbreviation or an ordinal ends none; a device's signature is none."""
    assert [text[a:b] for a, b in split_sentences(text)] == sentences


def test_a_hash_names_a_sentence_whatever_its_case_and_white_space() -> None:
    """The reference is the digest that `printf 'kein lsb' | sha256sum` gives."""
    assert hash_sentence("Kein \n LSB") == hash_sentence("kein lsb") == "603300a15690"
    assert hash_sentence("kein rsb") != hash_sentence("kein lsb")


def test_every_term_names_a_statement_and_matches_no_empty_text() -> None:
    """The table holds known codes only, and no pattern that matches everywhere."""
    for term in read_terms():
        assert term.statement in {*CODES, *FAMILIES, "-"}
        assert term.pattern.search("xyzzy 12") is None
        assert term.pattern.fullmatch("") is None


def test_nearly_every_statement_has_a_term() -> None:
    """What cannot be read is known: nothing but what reports put in other statements' words."""
    assert set(CODES) - {t.statement for t in read_terms()} == set()
