"""Statements put into words, in German or English.

Each statement has its name in `statements`, and here the other ways in which reports and
searches put it: abbreviations, Latin, the words of older colleagues. Training draws from
them, so that a search finds a case whichever word is used.
"""

from collections.abc import Collection

import numpy as np

from precord.report import Language
from precord.statements import CODES, STATEMENTS

# code | English, comma-separated | German, comma-separated
_OTHER_WORDS = """
NORM|within normal limits,unremarkable ECG,ECG normal|EKG ohne pathologischen Befund,unauffälliges EKG,Normalbefund
SR|SR,regular sinus rhythm,normal sinus rhythm|SR,regelmäßiger Sinusrhythmus,normofrequenter Sinusrhythmus
SBRAD|bradycardia,slow sinus rhythm|bradykarder Sinusrhythmus,Bradykardie
STACH|tachycardia,fast sinus rhythm|tachykarder Sinusrhythmus,Tachykardie
SARRH|irregular sinus rhythm,respiratory sinus arrhythmia|respiratorische Arrhythmie,arrhythmischer Sinusrhythmus
AFIB|AF,A-fib,auricular fibrillation|VHF,absolute Arrhythmie,Vorhofflimmern mit absoluter Arrhythmie
AFLT|flutter,AFL|VH-Flattern,Vorhofflattern mit Überleitung
PACE|pacemaker rhythm,ventricular pacing,paced rhythm|Schrittmacher,Schrittmacherrhythmus,Schrittmacher-EKG
SVTAC|SVT,supraventricular tachyarrhythmia|SVT,supraventrikuläre Tachyarrhythmie
PVC|VPB,ventricular extrasystole,ventricular ectopic beat,VES|VES,ventrikuläre Extrasystolie,ventrikuläre Ektopie
PAC|APB,supraventricular extrasystole,atrial ectopic beat|SVES,supraventrikuläre Extrasystolie,Vorhofextrasystole
BIGU|bigeminy,bigeminus|Bigeminie,bigeminale Extrasystolie
TRIGU|trigeminy|Trigeminie
1AVB|1st degree AV block,AV block I,AVB 1|AV-Block 1. Grades,AV-Block I,AVB I
2AVB|2nd degree AV block,AV block II|AV-Block 2. Grades,AV-Block II,AVB II
3AVB|complete AV block,complete heart block,AV block III,AV dissociation|totaler AV-Block,kompletter AV-Block,AV-Block III,AVB III
LPR|long PR interval,prolonged PQ interval|PQ-Zeit verlängert,lange PQ-Zeit
CLBBB|LBBB,complete LBBB,left bundle branch block|LSB,Linksschenkelblock,kompletter LSB
ILBBB|incomplete LBBB|inkompletter LSB
CRBBB|RBBB,complete RBBB,right bundle branch block|RSB,Rechtsschenkelblock,kompletter RSB
IRBBB|incomplete RBBB|inkompletter RSB,Rechtsverspätung
LAFB|LAHB,left anterior hemiblock|LAHB,linksanteriorer Faszikelblock
LPFB|LPHB,left posterior hemiblock|LPHB,linksposteriorer Faszikelblock
IVCD|intraventricular conduction disturbance,widened QRS|intraventrikuläre Erregungsausbreitungsstörung,verbreiterter QRS-Komplex
WPW|pre-excitation,delta wave,WPW pattern|Präexzitation,Delta-Welle,WPW
IMI|inferior infarct,inferior MI,old inferior infarction|inferiorer Infarkt,Hinterwandinfarkt,HWI
ASMI|anteroseptal infarct,anteroseptal MI|anteroseptaler Infarkt,anteroseptaler Myokardschaden
AMI|anterior infarct,anterior MI|anteriorer Infarkt,VWI,anteriorer Myokardschaden
ALMI|anterolateral infarct,anterolateral MI|anterolateraler Infarkt
ILMI|inferolateral infarct,inferolateral MI|inferolateraler Infarkt
LMI|lateral infarct,lateral MI|lateraler Infarkt
PMI|posterior infarct,posterior MI|posteriorer Infarkt
LVH|LVH,left ventricular enlargement|LVH,Linkshypertrophie,linksventrikuläre Belastung
RVH|RVH,right ventricular strain|RVH,Rechtshypertrophie
VCLVH|high voltage suggesting LVH,Sokolow-Lyon index positive|Sokolow-Lyon-Index positiv,Linkshypertrophiezeichen nach Voltage
LAO/LAE|left atrial enlargement,P mitrale|P mitrale,P-sinistroatriale,linksatriale Belastung
RAO/RAE|right atrial enlargement,P pulmonale|P pulmonale,P-dextroatriale
LVOLT|low voltage|periphere Niederspannung,Niederspannung
HVOLT|high voltage|Hochspannung,hohe Amplituden
LNGQT|prolonged QT,QT prolongation,long QTc|QT-Verlängerung,QTc verlängert,lange QT-Zeit
DIG|digitalis|Digitalis,digitalistypische ST-Senkung
ISC_|ischaemia,myocardial ischaemia|Ischämie,Myokardischämie
ISCAL|anterolateral ischaemia|Ischämie anterolateral
ISCAN|anterior ischaemia|Ischämie anterior
ISCAS|anteroseptal ischaemia|Ischämie anteroseptal
ISCIN|inferior ischaemia|Ischämie inferior
ISCLA|lateral ischaemia|Ischämie lateral
ISCIL|inferolateral ischaemia|Ischämie inferolateral
NST_|ST changes,ST-T changes|ST-Strecken-Veränderungen,ST-T-Veränderungen
STD_|ST depression|ST-Streckensenkung,Senkung der ST-Strecke
STE_|ST elevation|ST-Streckenhebung
INVT|T inversion,negative T waves|T-Inversion,negative T-Wellen
NDT|T changes,nonspecific T changes|T-Veränderungen
LOWT|flat T waves|T-Abflachung
QWAVE|Q waves,pathological Q waves|pathologische Q-Zacken,Q-Zacke
EL|electrolyte changes,hyperkalaemia,hypokalaemia|Elektrolytveränderung,Hyperkaliämie,Hypokaliämie
"""  # noqa: E501 - a table reads best unwrapped


def _read_table() -> dict[tuple[str, Language], tuple[str, ...]]:
    """Return all ways to put each statement, its own name first."""
    words: dict[tuple[str, Language], tuple[str, ...]] = {
        (code, language): (name,)
        for code, s in STATEMENTS.items()
        for language, name in ((Language.ENGLISH, s.english), (Language.GERMAN, s.german))
    }
    for line in _OTHER_WORDS.strip().splitlines():
        code, english, german = line.split("|")
        words[code, Language.ENGLISH] += tuple(english.split(","))
        words[code, Language.GERMAN] += tuple(german.split(","))
    return words


WORDS: dict[tuple[str, Language], tuple[str, ...]] = _read_table()
"""Ways to put each statement, by code and language; the first is its name."""

_SEPARATORS = (". ", ", ", "; ", " ")


def word_statements(
    codes: Collection[str], language: Language, rng: np.random.Generator | None = None
) -> str:
    """Return a text that states *codes* and nothing else.

    Args:
        codes: SCP-ECG codes.
        language: German or English; anything else is worded in English.
        rng: draws order, words and separator; without it the text is always the same.
    """
    if language is not Language.GERMAN:
        language = Language.ENGLISH
    ordered = sorted(codes, key=CODES.index)
    if rng is None:
        return ". ".join(WORDS[code, language][0] for code in ordered)
    rng.shuffle(ordered)
    chosen = [str(rng.choice(WORDS[code, language])) for code in ordered]
    return _SEPARATORS[rng.integers(len(_SEPARATORS))].join(chosen)
