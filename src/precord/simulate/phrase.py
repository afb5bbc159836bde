"""The words of simulated reports: further ways to put a statement, and its details.

`text.WORDS` has each statement's name and short forms; here stands how readers and carts
write it out. Phrases are ours, in the style of German and English ECG reports.
"""

from precord.report import Language

_ENGLISH, _GERMAN = Language.ENGLISH, Language.GERMAN

# code | English; separated by semicolons | German
_PHRASES = """
NORM|normal ecg; no abnormality detected|normales ekg; altersentsprechend normales ekg; ekg normal; unauffälliger befund
SR|sinus rhythm|sinusrhythmus
SBRAD|sinus bradycardia|sinusbradykardie
STACH|sinus tachycardia|sinustachykardie
SARRH|sinus arrhythmia|sinusarrhythmie
AFIB|atrial fibrillation; atrial fibrillation with irregular ventricular response|vorhofflimmern; absolute arrhythmie bei vorhofflimmern
AFLT|atrial flutter|vorhofflattern
PACE|ventricular paced rhythm; pacemaker stimulation|schrittmacherstimulation; ventrikuläre schrittmacherstimulation
SVTAC|regular narrow complex tachycardia, supraventricular|supraventrikuläre tachykardie
PVC|premature ventricular contraction(s); ventricular premature beat|ventrikuläre extrasystole(n); einzelne ventrikuläre extrasystolen
PAC|premature atrial contraction(s); atrial premature beat|supraventrikuläre extrasystole(n); einzelne supraventrikuläre extrasystolen
BIGU|ventricular bigeminy|ventrikulärer bigeminus
TRIGU|ventricular trigeminy|ventrikulärer trigeminus
1AVB|first degree atrioventricular block|av-block i; av-block ersten grades
2AVB|second degree atrioventricular block|av-block ii; av-block zweiten grades
3AVB|third degree atrioventricular block; complete atrioventricular dissociation|av-block iii; av-block dritten grades; av-dissoziation
LPR|prolonged pr interval; pr interval prolonged|pq-zeit verlängert; verlängerte überleitungszeit
CLBBB|complete left bundle branch block|kompletter linksschenkelblock; linksschenkelblock vollständig
ILBBB|incomplete left bundle branch block|inkompletter linksschenkelblock
CRBBB|complete right bundle branch block|kompletter rechtsschenkelblock; rechtsschenkelblock vollständig
IRBBB|incomplete right bundle branch block; rsr' in v1|inkompletter rechtsschenkelblock; rsr' in v1
IVCD|non-specific intraventricular conduction delay|unspezifische intraventrikuläre leitungsstörung
LAFB|left anterior fascicular block|linksanteriorer hemiblock
LPFB|left posterior fascicular block|linksposteriorer hemiblock
WPW|wolff-parkinson-white pattern; short pr interval with delta wave|wpw-syndrom; kurze pq-zeit mit delta-welle
IMI|inferior myocardial infarction; q waves in ii, iii, avf consistent with inferior infarct|inferiorer infarkt; q-zacken in ii, iii, avf, vereinbar mit hinterwandinfarkt
ILMI|inferolateral myocardial infarction; q waves in ii, iii, avf, v5, v6|inferolateraler infarkt; q-zacken in ii, iii, avf, v5, v6
ASMI|anteroseptal myocardial infarction; qs complexes in v1-v3, anteroseptal infarct|anteroseptaler infarkt; r-verlust v1-v3, anteroseptaler infarkt
AMI|anterior myocardial infarction; q waves in v2-v4, anterior infarct|vorderwandinfarkt; q-zacken in v2-v4, vorderwandinfarkt
ALMI|anterolateral myocardial infarction; q waves in v3-v6, anterolateral infarct|anterolateraler infarkt; q-zacken in v3-v6, anterolateraler infarkt
LMI|lateral myocardial infarction; q waves in i, avl, v5, v6, lateral infarct|seitenwandinfarkt; q-zacken in i, avl, v5, v6, lateraler infarkt
PMI|posterior myocardial infarction; tall r waves in v1-v3, posterior infarct|posteriorer infarkt; hohes r in v1-v3, posteriorer infarkt
IPMI|inferoposterior myocardial infarction; q waves in ii, iii, avf, tall r waves in v1-v3|inferoposteriorer infarkt; q-zacken in ii, iii, avf, hohes r in v1-v3
IPLMI|inferoposterolateral myocardial infarction; q waves in ii, iii, avf, v5, v6, tall r waves in v1-v3|inferoposterolateraler infarkt; q-zacken in ii, iii, avf, v5, v6, hohes r in v1-v3
QWAVE|q waves present; pathological q waves|q-zacken; pathologische q-zacken
LVH|left ventricular hypertrophy|linkshypertrophie; hypertrophie des linken ventrikels
VCLVH|voltage criteria for left ventricular hypertrophy; voltages are high in chest leads|amplitudenkriterien für linkshypertrophie; mässige amplitudenkriterien für linkshypertrophie
RVH|right ventricular hypertrophy|rechtshypertrophie; hypertrophie des rechten ventrikels
LAO/LAE|left atrial enlargement; broad notched p waves|p-sinistrocardiale; p-verbreiterung; linksatriale vergrösserung
RAO/RAE|right atrial enlargement; tall peaked p waves in ii, iii, avf|p-dextrocardiale; hohe spitze p-wellen; rechtsatriale vergrösserung
LVOLT|low voltage in limb leads|periphere niederspannung; periphere low voltage
LNGQT|prolonged qt interval|qt-verlängerung; verlängerte qt-zeit
ISC_|t wave inversion, consistent with ischaemia|t abnorm, ischämie
ISCAL|t wave inversion in i, avl, v3-v6, anterolateral ischaemia|t negativ in i, avl, v3-v6, anterolaterale ischämie
ISCAN|t wave inversion in v2-v5, anterior ischaemia|t negativ in v2-v5, anteriore ischämie
ISCAS|t wave inversion in v1-v4, anteroseptal ischaemia|t negativ in v1-v4, anteroseptale ischämie
ISCLA|t wave inversion in i, avl, v5, v6, lateral ischaemia|t negativ in i, avl, v5, v6, laterale ischämie
ISCIN|t wave inversion in ii, iii, avf, inferior ischaemia|t negativ in ii, iii, avf, inferiore ischämie
ISCIL|t wave inversion in ii, iii, avf, v5, v6, inferolateral ischaemia|t negativ in ii, iii, avf, v5, v6, inferolaterale ischämie
INJAS|st depression in v1-v4, anteroseptal subendocardial injury|st-senkung in v1-v4, anteroseptaler subendokardialer schaden
INJAL|st depression in i, avl, v3-v6, anterolateral subendocardial injury|st-senkung in i, avl, v3-v6, anterolateraler subendokardialer schaden
INJLA|st depression in i, avl, v5, v6, lateral subendocardial injury|st-senkung in i, avl, v5, v6, lateraler subendokardialer schaden
INJIN|st depression in ii, iii, avf, inferior subendocardial injury|st-senkung in ii, iii, avf, inferiorer subendokardialer schaden
INJIL|st depression in ii, iii, avf, v5, v6, inferolateral subendocardial injury|st-senkung in ii, iii, avf, v5, v6, inferolateraler subendokardialer schaden
STE_|st segments are raised; non-specific st elevation|st-hebung; unspezifische st-hebung
NT_|non-specific t wave flattening; t wave changes|unspezifische t-abflachung; t-veränderungen
DIG|sagging st depression, digitalis effect; digitalis effect|muldenförmige st-senkung, digitaliswirkung; digitaliseffekt
EL|electrolyte disturbance|elektrolytstörung
NST_|minor non-specific st-t wave changes|unspezifische st-t-veränderungen
STD_|st segments are depressed|st-senkung; st-strecken gesenkt
INVT|t waves are inverted; t wave inversion|t negativ; t-negativierung
NDT|non-specific t wave changes|unspezifisches abnormes t; unspezifische t-veränderungen
LOWT|t waves are low; t wave flattening|t abgeflacht; t-wellen flach
"""  # noqa: E501 - a table reads best unwrapped

_SITES = {  # infarction: English, German adjective, German noun, leads
    "IMI": ("inferior", "inferiorer", "hinterwandinfarkt", "ii, iii, avf"),
    "ILMI": ("inferolateral", "inferolateraler", "posterolateralinfarkt", "ii, iii, avf, v5, v6"),
    "ASMI": ("anteroseptal", "anteroseptaler", "vorderwandinfarkt (anteroseptal)", "v1-v3"),
    "AMI": ("anterior", "anteriorer", "vorderwandinfarkt", "v2-v4"),
    "ALMI": ("anterolateral", "anterolateraler", "vorderseitenwandinfarkt", "v3-v6, i, avl"),
    "LMI": ("lateral", "lateraler", "seitenwandinfarkt", "i, avl, v5, v6"),
    "PMI": ("posterior", "posteriorer", "strikt posteriorer infarkt", "v7-v9"),
    "IPMI": ("inferoposterior", "inferoposteriorer", "inferoposteriorer infarkt", "ii, iii, avf"),
    "IPLMI": (
        "inferoposterolateral",
        "inferoposterolateraler",
        "inferoposterolateraler infarkt",
        "ii, iii, avf, v5, v6",
    ),
}
_DETAILS = """
LVH strain|left ventricular hypertrophy with strain pattern; lvh with repolarisation abnormality|linkshypertrophie mit linksbelastungszeichen; linkshypertrophie mit path. repolarisation
RVH strain|right ventricular hypertrophy with strain pattern|rechtshypertrophie mit rechtsbelastungszeichen
EL high|tall peaked t waves, hyperkalaemia; hyperkalaemia|hohe spitze t-wellen, hyperkaliämie; hyperkaliämie
EL low|st depression and flat t waves, hypokalaemia; hypokalaemia|st-senkung und flache t-wellen, hypokaliämie; hypokaliämie
2AVB I|second degree av block, mobitz i; wenckebach block|av-block ii, typ wenckebach; av-block ii. grades mobitz i
2AVB II|second degree av block, mobitz ii|av-block ii, typ mobitz; av-block ii. grades mobitz ii
3AVB narrow|complete av block with junctional escape|av-block iii mit junktionalem ersatzrhythmus
3AVB wide|complete av block with ventricular escape|av-block iii mit ventrikulärem ersatzrhythmus
AFLT 2|atrial flutter with 2:1 block; atrial flutter with 2:1 conduction|vorhofflattern mit 2:1-überleitung
AFLT 3|atrial flutter with 3:1 block; atrial flutter with 3:1 conduction|vorhofflattern mit 3:1-überleitung
AFLT 4|atrial flutter with 4:1 block; atrial flutter with 4:1 conduction|vorhofflattern mit 4:1-überleitung
AFIB fast|atrial fibrillation with rapid ventricular response|tachykardes vorhofflimmern; vorhofflimmern mit tachykarder überleitung
AFIB slow|atrial fibrillation with slow ventricular response|bradykardes vorhofflimmern; vorhofflimmern mit bradykarder überleitung
"""  # noqa: E501 - the same


def _read(table: str) -> dict[tuple[str, Language], tuple[str, ...]]:
    """Return the phrases of *table* by key and language."""
    phrases = {}
    for line in table.strip().splitlines():
        key, english, german = line.split("|")
        phrases[key, _ENGLISH] = tuple(english.split("; "))
        phrases[key, _GERMAN] = tuple(german.split("; "))
    return phrases


def _stage_infarcts() -> dict[tuple[str, Language], tuple[str, ...]]:
    """Return the phrases for each infarction at each age."""
    phrases: dict[tuple[str, Language], tuple[str, ...]] = {}
    for code, (english, adjective, noun, leads) in _SITES.items():
        phrases[f"{code} acute", _ENGLISH] = (
            f"acute {english} myocardial infarction",
            f"st elevation in {leads}, acute {english} infarct",
        )
        phrases[f"{code} acute", _GERMAN] = (
            f"akuter {adjective} infarkt",
            f"st-hebung in {leads}, frischer {noun}",
        )
        phrases[f"{code} recent", _ENGLISH] = (f"recent {english} myocardial infarction",)
        phrases[f"{code} recent", _GERMAN] = (
            f"{adjective} infarkt im zwischenstadium",
            f"subakuter {noun}",
        )
        phrases[f"{code} old", _ENGLISH] = (
            f"old {english} myocardial infarction",
            f"q waves in {leads} consistent with old {english} infarct",
        )
        phrases[f"{code} old", _GERMAN] = (
            f"{adjective} infarkt, wahrscheinlich alt",
            f"alter {noun}",
        )
    return phrases


PHRASES = _read(_PHRASES)
"""Further ways to put each statement, by code and language."""

DETAILS = _read(_DETAILS) | _stage_infarcts()
"""Ways to put a statement with what is known beyond it, by detail and language."""

TERRITORIES = {"STD_": "i, ii, v4-v6", "NST_": "i, ii, v4-v6"}
"""Leads that show a statement which does not name them."""
