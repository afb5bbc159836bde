"""Text-prompt classification: does the name of a statement find the ECGs that have it?

A prompt is the mean vector of a statement's wordings, in German and English. An ECG is asked
which of two prompts it is nearer to, as Tiu et al. 2022 (doi:10.1038/s41551-022-00936-9) ask
for a finding and for its absence: a rhythm against the mean of the other rhythms, every other
finding against "normal ECG", and that against the nearest diagnosis. A superclass is the
nearest of its statements. This form was chosen on fold 8. Beside it stand the cosine alone, as
first measured, and the AUROC of the statement head, which was trained on the statements
directly. Trivial answer: .5. Within the training's own kind of data, so not to be compared
with what is published as zero-shot.

`zero_shot` is the true one, and apart: other weights, of a training from which some statements
were withheld (`TrainConfig.withheld`), are asked for those by name.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from precord.encoder import Encoder
from precord.evaluate.material import Material
from precord.metrics import Estimate, Resamples, auroc
from precord.relevance import to_class_probabilities, to_multi_hot, to_superclass_hot
from precord.report import Language
from precord.retrieve import QueryEncoder
from precord.statements import CODES, STATEMENTS, SUPERCLASSES
from precord.text.case_text import mean_vectors
from precord.text.wording import WORDS

MIN_POSITIVES = MIN_NEGATIVES = 5
_RESAMPLES = 200  # of patients; each needs every AUROC anew
_NORM = CODES.index("NORM")
_RHYTHMS = [i for i, code in enumerate(CODES) if "r" in STATEMENTS[code].kinds]
_DIAGNOSES = [i for i, c in enumerate(CODES) if STATEMENTS[c].superclass and c != "NORM"]

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
    alone = _cosines(ecg, encoder)  # (N, S)
    head = np.stack([q.statements for q in material.encoded])
    resamples = Resamples.draw(material.patients, _RESAMPLES)
    sets = [e.statements for e in material.entries]
    words = ecg @ _prompts([_SUPERCLASS_WORDS[c] for c in SUPERCLASSES], encoder).T  # (N, 5)
    pairs = _against_other(alone)
    classes, hot = to_superclass_hot(sets), to_multi_hot(sets)
    found: dict[str, Estimate] = {}
    for name, truth, scores, columns in (
        ("superclass, prompt", classes, _nearest(pairs), range(len(SUPERCLASSES))),
        ("superclass, its name's cosine alone", classes, words, range(len(SUPERCLASSES))),
        ("superclass, head", classes, to_class_probabilities(head), range(len(SUPERCLASSES))),
        ("rhythm, prompt", hot, pairs, _RHYTHMS),
        ("rhythm, cosine alone", hot, alone, _RHYTHMS),
        ("rhythm, head", hot, head, _RHYTHMS),
        ("statement, prompt", hot, pairs, range(len(CODES))),
        ("statement, cosine alone", hot, alone, range(len(CODES))),
        ("statement, head", hot, head, range(len(CODES))),
    ):
        kept = [i for i in columns if _is_counted(truth[:, i])]
        found[f"{name}, macro of {len(kept)}"] = mean_auroc(truth, scores, kept, resamples)
    for i, code in enumerate(CODES):
        if _is_counted(hot[:, i]):
            found[f"{code}, prompt"] = mean_auroc(hot, pairs, [i], resamples)
            found[f"{code}, head"] = mean_auroc(hot, head, [i], resamples)
    return found


def zero_shot(material: Material, encoder: Encoder) -> dict[str, Estimate]:
    """Return AUROCs by text prompt of the statements that *encoder*'s training did not know.

    Left out and counted as in `prompt_aurocs`. A statement is never held against another that
    was withheld.
    """
    resamples = Resamples.draw(material.patients, _RESAMPLES)
    truth = to_multi_hot([e.statements for e in material.entries])
    vectors = encoder.embed_records(material.records)
    pairs = _against_other(_cosines(vectors, encoder), encoder.withheld)
    asked = (i for i, code in enumerate(CODES) if code in encoder.withheld)
    kept = [i for i in asked if _is_counted(truth[:, i])]
    found = {f"macro of {len(kept)}": mean_auroc(truth, pairs, kept, resamples)}
    return found | {CODES[i]: mean_auroc(truth, pairs, [i], resamples) for i in kept}


def _is_counted(truth: NDArray[np.float64]) -> bool:
    """Tell whether (N,) has enough positives and negatives for an AUROC."""
    return bool(MIN_POSITIVES <= truth.sum() <= len(truth) - MIN_NEGATIVES)


def _cosines(ecg: NDArray[np.float32], encoder: QueryEncoder) -> NDArray[np.float32]:
    """Return (N, S) how near ECGs (N, D) are to the prompt of each statement."""
    return ecg @ _prompts([_wordings(code) for code in CODES], encoder).T


def _against_other(
    cosines: NDArray[np.float32], withheld: frozenset[str] = frozenset()
) -> NDArray[np.float32]:
    """Return (N, S) how much nearer each ECG is to a statement than to what it is held against.

    Nothing is held against rhythms and diagnoses that are *withheld*.
    """
    pairs = cosines - cosines[:, [_NORM]]
    for i in _RHYTHMS:
        others = [k for k in _RHYTHMS if k != i and CODES[k] not in withheld]
        pairs[:, i] = cosines[:, i] - cosines[:, others].mean(axis=1)
    known = [i for i in _DIAGNOSES if CODES[i] not in withheld]
    pairs[:, _NORM] = cosines[:, _NORM] - cosines[:, known].max(axis=1)
    return pairs


def _nearest(pairs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (N, 5) of each superclass the statement that is nearest."""
    columns = [
        [i for i, code in enumerate(CODES) if STATEMENTS[code].superclass is superclass]
        for superclass in SUPERCLASSES
    ]
    return np.stack([pairs[:, own].max(axis=1) for own in columns], axis=1)


def _wordings(code: str) -> tuple[str, ...]:
    """Return the words for a statement in both languages."""
    words = (*WORDS[code, Language.ENGLISH], *WORDS[code, Language.GERMAN])
    return tuple(dict.fromkeys(word.casefold() for word in words))


def _prompts(texts: list[tuple[str, ...]], encoder: QueryEncoder) -> NDArray[np.float32]:
    """Return (prompts, D) the mean unit vector of each prompt's texts."""
    vectors = encoder.encode_texts([text for group in texts for text in group])
    return mean_vectors(vectors, [len(group) for group in texts])


def mean_auroc(
    truth: NDArray[np.float64],
    scores: NDArray[np.floating],
    columns: Sequence[int],
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
