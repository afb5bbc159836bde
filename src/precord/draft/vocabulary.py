"""The words that a drafted sentence may hold: a closed list, so that no name gets through.

German and English, folded as `text.fold` does. To them come the words by which precord names
statements itself. Left out on purpose: numerals and their words, leads, denials, whatever
compares with another ECG or dates a finding ("old", "akut"), and every word for "normal".
"""

import re

from precord.text.fold import fold
from precord.text.wording import WORDS

_WORD = re.compile(r"[^\W_]+")
# The only numerals, "AV-Block II. Grades", "AV block III", "third degree AV block"; the only names.
_KNOWN = re.compile(
    r"\b(?:av[- ]block|avb) i{1,3}\b|\b(?:i{1,3}\.?|first|second|third) (?=grad|degree)|"
    r"\bwolff[- ]parkinson[- ]white\b"
)

_ENGLISH = """
a an and are as at atrial atrioventricular atypical av axis be beat beats bifascicular bigeminy
block borderline bradycardia branch bundle changes clockwise complex complexes conduction
consistent contraction contractions counterclockwise couplets degree delay delayed depressed
depression deviation diffuse digitalis disease displaced disturbance ecg ectopic effect elevated
elevation enlargement escape extensive extrasystole extrasystoles fascicular fast few fibrillation
flat flattened flattening flutter frequent generalised hemiblock high hypertrophy in
incomplete increased indeterminate infarct infarction inferior inferolateral inferoposterior
injury interval intraventricular inversion inverted irregular is ischaemia ischaemic ischemia
ischemic isolated junctional lateral anterior anterolateral anteroseptal posterior septal apical
lbbb rbbb left leftward likely limb low lv lvh rv rvh marked may mild minor moderate morphology
multiple myocardial negative nodal nonspecific non occasional of or overload p paced pacemaker
pacing pathological pattern poor possible pq pr pre excitation premature probable probably
progression prolonged q qrs qt qtc r rapid rate regular repolarisation repolarization response
rhythm right rightward s segment segments severe shift short sinus slight slightly slow small
specific st strain subendocardial suggest suggesting suggestive suggests supraventricular t
tachycardia tall the there to trigeminy u variable ventricular vertical voltage
voltages wave waves wide widened widespread with syndrome arrhythmia
"""

_GERMAN = """
abflachung abgeflachte ableitungen absolute absolut amplitude amplituden amplitudenkriterien
anterior anteriore anteriorer anteriores anteroseptal anteroseptale anteroseptaler anteroseptales
anterolateral anterolaterale anterolateraler arrhythmie arrhythmische atrioventrikulaerer
atriale aufsteigende av bei belastung belastungszeichen beschleunigter bifaszikulaerer bigeminus
biphasische biphasisch block bradykardie bradykarde bradykardes breite breiter deszendierende
deutlich deutliche digitaliseffekt digitalisveraenderung diskret diskrete einzelne ekg erregung
erregungsausbreitung erregungsausbreitungsstoerung erregungsleitung erregungsleitungsstoerung
erregungsrueckbildung erregungsrueckbildungsstoerung erregungsrueckbildungsstoerungen
ersatzrhythmus ersatzsystole extrasystole extrasystolen extrasystolie faszikel flach flache
frequenz fuer gehaeufte grad grades haeufige hebung hebungen hemiblock hinterwand
hinterwandinfarkt hochlateral hochlaterale hochlateraler hohe hoher hypertrophie
hypertrophiezeichen im in indifferenztyp infarkt inferior inferiore inferiorer inferolateral
inferolaterale inferolateraler inkompletter innenschichtsschaden interponierte intraventrikulaere
intraventrikulaerer ischaemie ischaemisch ischaemische isolierte kammer kammerhypertrophie
kammerkomplex kammerkomplexe kombiniert kompletter lagetyp lateral laterale lateraler leichte
leichter leitungsstoerung leitungsverzoegerung links linksanteriorer linksbelastung
linkshypertrophie linkslagetyp linksposteriorer linksschenkelblock linkstyp linksventrikulaere
mittelgradige mit moeglich moegliche moeglicher moeglicherweise myokard myokardinfarkt
myokardischaemie myokardschaden negative negativ negativierung negativierungen niederspannung
oder p path pathologisch pathologische pathologisches periphere polymorphe monomorphe posterior
posteriore posteriorer pq praeexzitation praeterminale praeterminal progression q qrs qt qtc r
rechts rechtsanteriorer rechtshypertrophie rechtslagetyp rechtsschenkelblock rechtstyp
rechtsventrikulaere reduktion regelmaessig regelmaessiger repolarisation repolarisationsstoerung
repolarisationsstoerungen rhythmus rueckbildung s sa schaden schenkelblock schmal schnell schnelle
schneller schrittmacher schrittmacherekg schrittmacherrhythmus schwere seitenwand
seitenwandinfarkt senkung senkungen septal septale septaler sinistroatriale sinus sinusarrhythmie
sinusbradykardie sinusrhythmus sinustachykardie spannung spezifisch spezifische st stark steiltyp
strecke strecken subendokardial subendokardiale subendokardialer supraventrikulaer
supraventrikulaere t tachykardie tachykarde tachykardes totaler trigeminus typ u ueberdrehter
ueberhoehte ueberhoehung ueberlastung ueberleitung ueberleitungsstoerung und unregelmaessig
unspezifisch unspezifische unspezifischer unvollstaendiger ventrikulaer ventrikulaere
veraenderung veraenderungen verbreiterter verbreiterung verbreiterungen verdacht auf verkuerzt
verlaengert verlaengerte verlaengerung verlangsamt verlust verminderte verspaetung vereinzelt
vereinzelte verzoegerte verzoegerung vollstaendiger voltage vorderwand vorderwandinfarkt vorhof
vorhofextrasystole vorhofflattern vorhofflimmern wahrscheinlich wahrscheinliche wahrscheinlicher
welle wellen zacke zacken zeichen zeit zerebrale diffuse diffus leicht ausgepraegte
"""


def split_words(folded: str) -> list[str]:
    """Return the words of a folded text, but for one numeral or name that belongs to a finding."""
    return _WORD.findall(_KNOWN.sub(" ", folded, count=1))


def _named_words() -> frozenset[str]:
    """Return the words that statements are named with."""
    texts = (text for texts in WORDS.values() for text in texts)
    words = (word for text in texts for word in split_words(fold(text).text))
    return frozenset(word for word in words if word.isalpha())


_SURNAMES = frozenset(
    {"wolff", "parkinson", "white", "lyon", "sokolow"}
)  # of criteria; WPW is known whole
VOCABULARY: frozenset[str] = (frozenset((_ENGLISH + _GERMAN).split()) | _named_words()) - _SURNAMES
"""Folded words. What `rule` forbids stays forbidden, though a statement be named with it."""
