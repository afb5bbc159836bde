"""The words of the printed answer, in the languages of the page."""

from dataclasses import dataclass

from precord.report import Language


@dataclass(frozen=True, slots=True)
class Words:
    """What is printed around the facts, in one language."""

    title: str
    query: str
    asked: str
    measured: str
    read: str
    read_caveat: str
    nothing: str
    verdict: dict[str, str]
    critical: str
    neighbours: str
    counted: str
    caveat: str
    scarce: str
    earlier: str
    notes: str
    hits: str
    hits_caveat: str
    shared: str
    difference: str
    disclaimer: str
    measurements: tuple[tuple[str, str, str], ...]


ENGLISH = Words(
    title="ECG precedents",
    query="Your ECG",
    asked="Asked",
    measured="Measured on your ECG",
    read="Read by the model: a guess that orders the cases, not a finding",
    read_caveat="What is not listed is not excluded.",
    nothing="No statement.",
    verdict={"none": "No answer", "doubtful": "Doubtful", "answer": "Answer"},
    critical="Not to be overlooked: raised, not diagnosed",
    neighbours="What the {n} nearest real cases have",
    counted="{name}: {n} of {of}",
    caveat="Counts of past cases, no diagnosis: many normal ones do not make this ECG normal, and "
    "what none of them has is not ruled out.",
    scarce="What this library can hardly show, with its number of cases",
    earlier="Earlier ECGs of the same patient, not among the similar cases",
    notes="Notes",
    hits="Similar cases",
    hits_caveat="Precedents, most similar first. Similar is not the same: read each report, and "
    "who wrote it.",
    shared="Shared with your ECG",
    difference="case minus your ECG",
    disclaimer="Research use; not a medical device; the clinician decides.",
    measurements=(
        ("heart_rate_bpm", "rate", "/min"), ("pr_ms", "PR", " ms"), ("qrs_ms", "QRS", " ms"),
        ("qtc_ms", "QTc", " ms"), ("qrs_axis_deg", "QRS axis", "°"),
    ),
)  # fmt: skip
GERMAN = Words(
    title="Frühere EKGs zum Vergleich",
    query="Ihr EKG",
    asked="Gefragt",
    measured="An Ihrem EKG gemessen",
    read="Vom Modell gelesen: eine Vermutung, die die Fälle ordnet, kein Befund",
    read_caveat="Was nicht genannt ist, ist nicht ausgeschlossen.",
    nothing="Keine Aussage.",
    verdict={"none": "Keine Antwort", "doubtful": "Zweifelhaft", "answer": "Antwort"},
    critical="Nicht zu übersehen: Hinweis, keine Diagnose",
    neighbours="Was die {n} nächsten echten Fälle haben",
    counted="{name}: {n} von {of}",
    caveat="Zahlen früherer Fälle, keine Diagnose: viele normale machen dieses EKG nicht normal, "
    "und was keiner hat, ist nicht ausgeschlossen.",
    scarce="Was diese Bibliothek kaum zeigen kann, mit der Zahl ihrer Fälle",
    earlier="Frühere EKGs derselben Person, nicht unter den ähnlichen Fällen",
    notes="Hinweise",
    hits="Ähnliche Fälle",
    hits_caveat="Frühere Fälle, die ähnlichsten zuerst. Ähnlich ist nicht gleich: lesen Sie jeden "
    "Befund, und wer ihn schrieb.",
    shared="Gemeinsam mit Ihrem EKG",
    difference="Fall minus Ihr EKG",
    disclaimer="Für die Forschung; kein Medizinprodukt; die Ärztin oder der Arzt entscheidet.",
    measurements=(
        ("heart_rate_bpm", "Frequenz", "/min"), ("pr_ms", "PQ", " ms"), ("qrs_ms", "QRS", " ms"),
        ("qtc_ms", "QTc", " ms"), ("qrs_axis_deg", "QRS-Achse", "°"),
    ),
)  # fmt: skip
WORDS = {Language.ENGLISH: ENGLISH, Language.GERMAN: GERMAN}
