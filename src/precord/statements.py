"""The SCP-ECG statements that PTB-XL uses, with their super- and subclasses.

Source: EN 1064 (SCP-ECG) statement codes, grouped as in Wagner et al. 2020 (PTB-XL,
doi:10.1038/s41597-020-0495-6), table 5 and `scp_statements.csv`. German names are ours.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NoReturn

from precord.errors import UnknownStatementError

_NEAR = 0.6  # of difflib's ratio: letters that two words have in common, in order
_MOST_NEAR = 5
_SHORT = 3  # letters of a word that tells nothing by itself


class Superclass(StrEnum):
    """The five diagnostic superclasses of PTB-XL."""

    NORM = "NORM"
    MI = "MI"
    STTC = "STTC"
    CD = "CD"
    HYP = "HYP"


SUPERCLASSES: tuple[Superclass, ...] = tuple(Superclass)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement about an ECG.

    Attributes:
        kinds: which of diagnostic (d), form (f) and rhythm (r) it is.
        superclass: None for statements that are not diagnostic.
    """

    code: str
    english: str
    german: str
    kinds: str
    superclass: Superclass | None = None
    subclass: str = ""


# code | english | german | kinds | superclass | subclass
_TABLE = """
NORM|normal ECG|normales EKG|d|NORM|NORM
NDT|non-diagnostic T abnormalities|unspezifische T-Wellen-Veränderungen|df|STTC|STTC
NST_|non-specific ST changes|unspezifische ST-Veränderungen|df|STTC|NST_
DIG|digitalis effect|Digitaliseffekt|df|STTC|STTC
LNGQT|long QT interval|verlängertes QT-Intervall|df|STTC|STTC
ANEUR|ST-T changes compatible with ventricular aneurysm|ST-T-Veränderungen vereinbar mit Ventrikelaneurysma|d|STTC|STTC
EL|electrolyte disturbance or drug effect|Elektrolytstörung oder Medikamenteneffekt|d|STTC|STTC
ISC_|non-specific ischaemia|unspezifische Ischämie|d|STTC|ISC_
ISCAL|ischaemia in anterolateral leads|anterolaterale Ischämie|d|STTC|ISCA
ISCAS|ischaemia in anteroseptal leads|anteroseptale Ischämie|d|STTC|ISCA
ISCAN|ischaemia in anterior leads|Vorderwandischämie|d|STTC|ISCA
ISCLA|ischaemia in lateral leads|laterale Ischämie|d|STTC|ISCA
ISCIN|ischaemia in inferior leads|inferiore Ischämie|d|STTC|ISCI
ISCIL|ischaemia in inferolateral leads|inferolaterale Ischämie|d|STTC|ISCI
IMI|inferior myocardial infarction|inferiorer Myokardinfarkt|d|MI|IMI
ILMI|inferolateral myocardial infarction|inferolateraler Myokardinfarkt|d|MI|IMI
IPLMI|inferoposterolateral myocardial infarction|inferoposterolateraler Myokardinfarkt|d|MI|IMI
IPMI|inferoposterior myocardial infarction|inferoposteriorer Myokardinfarkt|d|MI|IMI
INJIN|subendocardial injury in inferior leads|inferiorer subendokardialer Schaden|d|MI|IMI
INJIL|subendocardial injury in inferolateral leads|inferolateraler subendokardialer Schaden|d|MI|IMI
AMI|anterior myocardial infarction|Vorderwandinfarkt|d|MI|AMI
ASMI|anteroseptal myocardial infarction|anteroseptaler Myokardinfarkt|d|MI|AMI
ALMI|anterolateral myocardial infarction|anterolateraler Myokardinfarkt|d|MI|AMI
LMI|lateral myocardial infarction|Seitenwandinfarkt|d|MI|LMI
INJAS|subendocardial injury in anteroseptal leads|anteroseptaler subendokardialer Schaden|d|MI|AMI
INJAL|subendocardial injury in anterolateral leads|anterolateraler subendokardialer Schaden|d|MI|AMI
INJLA|subendocardial injury in lateral leads|lateraler subendokardialer Schaden|d|MI|AMI
PMI|posterior myocardial infarction|posteriorer Myokardinfarkt|d|MI|PMI
LVH|left ventricular hypertrophy|linksventrikuläre Hypertrophie|d|HYP|LVH
RVH|right ventricular hypertrophy|rechtsventrikuläre Hypertrophie|d|HYP|RVH
SEHYP|septal hypertrophy|Septumhypertrophie|d|HYP|SEHYP
LAO/LAE|left atrial overload or enlargement|linksatriale Vergrößerung|d|HYP|LAO/LAE
RAO/RAE|right atrial overload or enlargement|rechtsatriale Vergrößerung|d|HYP|RAO/RAE
LAFB|left anterior fascicular block|linksanteriorer Hemiblock|d|CD|LAFB/LPFB
LPFB|left posterior fascicular block|linksposteriorer Hemiblock|d|CD|LAFB/LPFB
IRBBB|incomplete right bundle branch block|inkompletter Rechtsschenkelblock|d|CD|IRBBB
CRBBB|complete right bundle branch block|kompletter Rechtsschenkelblock|d|CD|CRBBB
ILBBB|incomplete left bundle branch block|inkompletter Linksschenkelblock|d|CD|ILBBB
CLBBB|complete left bundle branch block|kompletter Linksschenkelblock|d|CD|CLBBB
IVCD|non-specific intraventricular conduction delay|unspezifische intraventrikuläre Leitungsstörung|d|CD|IVCD
WPW|Wolff-Parkinson-White syndrome|Wolff-Parkinson-White-Syndrom|d|CD|WPW
1AVB|first degree AV block|AV-Block I. Grades|d|CD|_AVB
2AVB|second degree AV block|AV-Block II. Grades|d|CD|_AVB
3AVB|third degree AV block|AV-Block III. Grades|d|CD|_AVB
ABQRS|abnormal QRS complex|abnormer QRS-Komplex|f||
PVC|ventricular premature complex|ventrikuläre Extrasystole|f||
STD_|non-specific ST depression|unspezifische ST-Senkung|f||
VCLVH|voltage criteria for left ventricular hypertrophy|Voltage-Kriterien für linksventrikuläre Hypertrophie|f||
QWAVE|Q waves present|Q-Zacken|f||
LOWT|low amplitude T waves|flache T-Wellen|f||
NT_|non-specific T wave changes|unspezifische T-Veränderungen|f||
PAC|atrial premature complex|supraventrikuläre Extrasystole|f||
LPR|prolonged PR interval|verlängertes PQ-Intervall|f||
INVT|inverted T waves|T-Negativierungen|f||
LVOLT|low QRS voltages|Niedervoltage|f||
HVOLT|high QRS voltage|hohe QRS-Voltage|f||
TAB_|T wave abnormality|T-Wellen-Abnormität|f||
STE_|non-specific ST elevation|unspezifische ST-Hebung|f||
PRC(S)|premature complexes|Extrasystolen|f||
SR|sinus rhythm|Sinusrhythmus|r||
AFIB|atrial fibrillation|Vorhofflimmern|r||
STACH|sinus tachycardia|Sinustachykardie|r||
SARRH|sinus arrhythmia|Sinusarrhythmie|r||
SBRAD|sinus bradycardia|Sinusbradykardie|r||
PACE|normally functioning artificial pacemaker|Herzschrittmacher mit regelrechter Funktion|r||
SVARR|supraventricular arrhythmia|supraventrikuläre Arrhythmie|r||
BIGU|bigeminal pattern|Bigeminus|r||
AFLT|atrial flutter|Vorhofflattern|r||
SVTAC|supraventricular tachycardia|supraventrikuläre Tachykardie|r||
PSVT|paroxysmal supraventricular tachycardia|paroxysmale supraventrikuläre Tachykardie|r||
TRIGU|trigeminal pattern|Trigeminus|r||
"""  # noqa: E501 - a table reads best unwrapped


def _read_table() -> dict[str, Statement]:
    """Return the statements by code, in the order of the table."""
    rows = [line.split("|") for line in _TABLE.strip().splitlines()]
    return {
        code: Statement(code, en, de, kinds, Superclass(sup) if sup else None, sub)
        for code, en, de, kinds, sup, sub in rows
    }


STATEMENTS: dict[str, Statement] = _read_table()
"""Every statement by its code, in a fixed order that models rely on."""

CODES: tuple[str, ...] = tuple(STATEMENTS)


def parse_statements(codes: Iterable[str]) -> frozenset[str]:
    """Return the set of *codes*, each checked against the table; blanks are skipped.

    Raises:
        UnknownStatementError: A code is none of the statements.
    """
    found = frozenset(code.strip() for code in codes if code.strip())
    if unknown := found - STATEMENTS.keys():
        _refuse(min(unknown))
    return found


def _refuse(code: str) -> NoReturn:
    """Raise the error that *code* is none of the statements, with what may be meant."""
    near, shown = nearest_codes(code), repr(code[:60])
    if not near:
        raise UnknownStatementError(f"unknown SCP-ECG statement {shown}; see `precord codes`", near)
    names = ", ".join(near)
    raise UnknownStatementError(
        f"unknown SCP-ECG statement {shown}; nearest: {names}; see `precord codes`", near
    )


def nearest_codes(text: str) -> tuple[str, ...]:
    """Return the codes that *text* may mean, nearest first: by code, name, or a word of a name."""
    wanted = text[:100].casefold()
    scores = {code: _nearness(wanted, one) for code, one in STATEMENTS.items()}
    near = [code for code in CODES if scores[code] >= _NEAR]
    return tuple(sorted(near, key=lambda code: -scores[code])[:_MOST_NEAR])


def _nearness(wanted: str, statement: Statement) -> float:
    """Return how near *wanted* is to a code or name of *statement*, 1 for the same."""
    names = [name.casefold() for name in (statement.code, statement.english, statement.german)]
    words = [word for name in names[1:] for word in name.split() if len(word) > _SHORT]
    return max(SequenceMatcher(None, wanted, name).ratio() for name in (*names, *words))


def to_superclasses(codes: Iterable[str]) -> frozenset[Superclass]:
    """Return the diagnostic superclasses of *codes*."""
    return frozenset(
        superclass for code in codes if (superclass := STATEMENTS[code].superclass) is not None
    )
