"""Text-prompt classification: does the name of a statement find the ECGs that have it?

The score of an ECG is its cosine with the mean vector of the statement's wordings, in German
and English. Within the training's own kind of data, so not to be compared with what is
published as zero-shot. Beside it the AUROC of the statement head, which was trained on the
statements directly. Trivial answer: .5.
"""

import numpy as np
from numpy.typing import NDArray

from precord.evaluate.material import Material
from precord.metrics import Estimate, Resamples, auroc
from precord.relevance import to_class_probabilities, to_multi_hot, to_superclass_hot
from precord.report import Language
from precord.retrieve import QueryEncoder
from precord.statements import CODES, STATEMENTS, SUPERCLASSES
from precord.text.case_text import mean_vectors
from precord.text.wording import WORDS

MIN_POSITIVES = 5
_RESAMPLES = 200  # of patients; each needs every AUROC anew

# How clinicians name the superclasses; they have no wording of their own.
_SUPERCLASS_WORDS = {
    "NORM": ("normal ecg", "normales ekg"),
    "MI": ("myocardial infarction", "myokardinfarkt"),
    "STTC": ("st and t changes", "st-t-veränderungen"),
    "CD": ("conduction disturbance", "leitungsstörung"),
    "HYP": ("hypertrophy", "hypertrophie"),
}


def prompt_aurocs(material: Material, encoder: QueryEncoder) -> dict[str, Estimate]:
    """Return AUROCs by text prompt and by statement head, per superclass and per statement.

    Statements of fewer than five positives or negatives are left out; the number behind a
    value counts the positives. Macro means stand first.
    """
    ecg = np.stack([q.vector for q in material.encoded])
    head = np.stack([q.statements for q in material.encoded])
    resamples = Resamples.draw(material.patients, _RESAMPLES)
    sets = [e.statements for e in material.entries]
    superclasses = _prompts([_SUPERCLASS_WORDS[c] for c in SUPERCLASSES], encoder)
    statements = _prompts([_wordings(code) for code in CODES], encoder)
    rhythm = [i for i, code in enumerate(CODES) if "r" in STATEMENTS[code].kinds]
    classes, hot = to_superclass_hot(sets), to_multi_hot(sets)
    found: dict[str, Estimate] = {}
    for name, truth, scores, columns in (
        ("superclass, prompt", classes, ecg @ superclasses.T, range(len(SUPERCLASSES))),
        ("superclass, head", classes, to_class_probabilities(head), range(len(SUPERCLASSES))),
        ("rhythm, prompt", hot, ecg @ statements.T, rhythm),
        ("rhythm, head", hot, head, rhythm),
        ("statement, prompt", hot, ecg @ statements.T, range(len(CODES))),
        ("statement, head", hot, head, range(len(CODES))),
    ):
        kept = [i for i in columns if MIN_POSITIVES <= truth[:, i].sum() <= len(truth) - 5]
        found[f"{name}, macro of {len(kept)}"] = _macro(truth, scores, kept, resamples)
    for i, code in enumerate(CODES):
        if MIN_POSITIVES <= hot[:, i].sum() <= len(hot) - MIN_POSITIVES:
            found[f"{code}, prompt"] = _macro(hot, ecg @ statements.T, [i], resamples)
            found[f"{code}, head"] = _macro(hot, head, [i], resamples)
    return found


def _wordings(code: str) -> tuple[str, ...]:
    """Return the words for a statement in both languages."""
    words = (*WORDS[code, Language.ENGLISH], *WORDS[code, Language.GERMAN])
    return tuple(dict.fromkeys(word.casefold() for word in words))


def _prompts(texts: list[tuple[str, ...]], encoder: QueryEncoder) -> NDArray[np.float32]:
    """Return (prompts, D) the mean unit vector of each prompt's texts."""
    vectors = encoder.encode_texts([text for group in texts for text in group])
    return mean_vectors(vectors, [len(group) for group in texts])


def _macro(
    truth: NDArray[np.float64],
    scores: NDArray[np.floating],
    columns: list[int],
    resamples: Resamples,
) -> Estimate:
    """Return the mean AUROC of *columns*, with its interval; n is the number of positives."""
    if not columns:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    wide = scores.astype(np.float64)
    value = float(np.mean([auroc(truth[:, i] > 0, wide[:, i]) for i in columns]))
    drawn: list[float] = []
    for weights in resamples.weights:
        rows = np.repeat(np.arange(len(truth)), weights.astype(np.intp))
        each = np.array([auroc(truth[rows, i] > 0, wide[rows, i]) for i in columns])
        drawn.append(float(np.nanmean(each)) if not np.isnan(each).all() else np.nan)
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Estimate(value, float(low), float(high), int(truth[:, columns].sum()))
