"""Report texts made comparable: case, white space, tails of codes, language.

The text as written stays in `Report`; nothing here is shown to a user.
Not supported: languages other than German, English and Swedish.
"""

import re

from precord.report import Language

# In PTB-XL, coded statements with their likelihoods follow the word "edit": a label, no text.
_EDIT_TAIL = re.compile(r"\bedit\b.*", re.DOTALL | re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_NOT_WORD = re.compile(r"[\W\d_]+")

# Frequent words of ECG reports that one language has and the others have not.
_WORD_LISTS = {
    Language.GERMAN: """
        sinusrhythmus normales ekg lagetyp normal linkstyp überdrehter und nicht mit kein
        keine vorhofflimmern schenkelblock linker rechter möglich wahrscheinlich infarkt
        unspezifisch anormales pathologisches herzschrittmacher steiltyp indifferenztyp
        rechtstyp erregungs hypertrophie der die das ist bei myokardschaden sonst
        verändert rhythmus arrhythmie lagetyp linkslagetyp mittellagetyp abnorm abnormes
        abnormales unspezifisches unspezifischer unspezifische ventrikuläre supraventrikuläre
        vorhofflattern vorhofflimmern/-flattern schrittmacher sinusbradykardie sinustachykardie
        bradykardie tachykardie
        linksschenkelblock rechtsschenkelblock linkshypertrophie ueberdrehter bericht
        unbestätigter ableitungen schwierig bestimmbare qrs-achse verdacht auf niederspannung
        qt-verlängerung extrasystolen p-verbreiterung ohne hinweis auszuschliessen alles
    """,
    Language.ENGLISH: """
        rhythm left right axis deviation atrial fibrillation with and normal the are
        of bundle branch abnormal possible probable wave waves old infarction this
        may be premature complex no otherwise ecg is trace only requested changes
        pacemaker bradycardia tachycardia arrhythmia
    """,
    Language.SWEDISH: """
        sinusrytm och vänster höger förmaksflimmer skänkelblock ställning sänkning möjlig
        hypertrofi trolig ischemi extrasystoli av är utan inferiort förlängd med rytm
        sinustachykardi sinusbradykardi avvikande såsom vid ospecifikt t-förändring extraslag
        förmaksflimmer/-fladder vänstersidigt högersidigt misstänkt inga inget ingen
        el-axel höjning ospecifik förändring ekg normalt hjärtinfarkt kammar
    """,
}
_WORDS = {language: frozenset(words.split()) for language, words in _WORD_LISTS.items()}


def clean_report(text: str) -> str:
    """Return *text* as models and text search see it: folded, on one line, no edit tail."""
    folded = _EDIT_TAIL.sub("", text.casefold())
    return _SPACE.sub(" ", folded).strip()


def text_end(text: str) -> int:
    """Return where the words of *text* as written end and an edit tail begins."""
    tail = _EDIT_TAIL.search(text)
    return tail.start() if tail else len(text)


def report_key(text: str) -> str:
    """Return a key that is equal for reports that differ in case, digits or punctuation only."""
    return _NOT_WORD.sub(" ", clean_report(text)).strip()


def detect_language(text: str) -> Language:
    """Return the language whose frequent words *text* holds most of; unknown if none leads."""
    words = {word.strip(".,;:()") for word in text.casefold().split()}
    counts = {language: len(words & known) for language, known in _WORDS.items()}
    best, second = sorted(counts.values(), reverse=True)[:2]
    if best == second:
        return Language.UNKNOWN
    return max(counts, key=lambda language: counts[language])
