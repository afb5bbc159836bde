"""Tests of searches by an ECG, on real SQLite libraries with chosen vectors.

The oracle of a ranking is a slow loop over the cases, or a score worked by hand.
"""

from dataclasses import replace

import numpy as np
import pytest

from precord.errors import QueryError, SignalError
from precord.leads import LEADS, Lead
from precord.library.sqlite import SqliteLibrary
from precord.record import Acquisition, Record, Scale
from precord.report import Source
from precord.retrieve import Retriever
from precord.retrieve.abstain import Verdict
from precord.score import RERANK_DEPTH, ScoreWeights
from precord.signal.electrode import Reversal, apply_reversal
from precord.simulate import simulate
from tests.retrieve.planted import DIM, NO_VECTOR, ChosenEncoder, on, plant, planted


def test_score_is_the_weighted_sum_of_two_cosines(
    library: SqliteLibrary, noise_record: Record
) -> None:
    """Weight .75, cosines .5 and -1: .75 * .5 - .25 * 1 = .125."""
    plant(library, (planted("a"), on(60), on(180)), (planted("b"), on(0), on(90)))

    hits = Retriever(library, ChosenEncoder()).by_record(noise_record).hits

    assert [(h.rank, h.case.id) for h in hits] == [(1, "b"), (2, "a")]
    assert hits[0].score == pytest.approx(0.75)
    assert hits[1].score == pytest.approx(0.125)
    assert hits[1].ecg_score == pytest.approx(0.5)
    assert hits[1].report_score == pytest.approx(-1.0)


def test_statements_read_in_the_query_lift_the_cases_that_have_them(
    library: SqliteLibrary, noise_record: Record
) -> None:
    """With weight one half each, an overlap of 1 beats a nearer ECG without it."""
    plant(
        library,
        (planted("near", statements="SR"), on(0), on(0)),
        (planted("fibrillating", statements="AFIB"), on(60), on(60)),
    )
    weights = ScoreWeights(similarity=0.5, statements=0.5)
    encoder = ChosenEncoder(present=frozenset({"AFIB"}), score_weights=weights)

    first, second = Retriever(library, encoder).by_record(noise_record).hits

    assert first.case.id == "fibrillating"
    assert first.overlap_score == pytest.approx(1.0)
    assert first.score == pytest.approx(0.5 * 0.5 + 0.5)
    assert (second.case.id, second.overlap_score) == ("near", 0.0)


def test_the_matching_head_reorders_the_best_and_them_alone(
    library: SqliteLibrary, noise_record: Record
) -> None:
    """The last of the hundred best fits: it comes first; the next one fits too and is not seen."""
    n = RERANK_DEPTH + 2
    fits = {RERANK_DEPTH - 1, RERANK_DEPTH}
    cases = [planted(f"c{i}", text="flutter" if i in fits else "sinus") for i in range(n)]
    vectors = np.array([on(i / 2) for i in range(n)], np.float32)
    library.add(cases, vectors, vectors)
    encoder = ChosenEncoder(fitting="flutter", score_weights=ScoreWeights(matching=0.5))

    hits = Retriever(library, encoder).by_record(noise_record, k=n).hits

    last = RERANK_DEPTH - 1
    order = [f"c{last}", *(f"c{i}" for i in range(n) if i != last)]
    assert [hit.case.id for hit in hits] == order
    assert (hits[0].match_probability, hits[1].match_probability) == (1.0, 0.0)
    assert [hit.match_probability for hit in hits[-2:]] == [None, None]


def test_missing_vectors_leave_the_other_cosine(
    library: SqliteLibrary, noise_record: Record
) -> None:
    """A case with one vector is scored by it alone; a case with none is no hit."""
    plant(
        library,
        (planted("ecg only"), on(60), NO_VECTOR),
        (planted("report only"), NO_VECTOR, on(30)),
        (planted("neither"), NO_VECTOR, NO_VECTOR),
    )

    hits = Retriever(library, ChosenEncoder()).by_record(noise_record).hits

    assert [h.case.id for h in hits] == ["report only", "ecg only"]
    assert [h.score for h in hits] == pytest.approx([np.sqrt(0.75), 0.5])
    assert (hits[0].ecg_score, hits[1].report_score) == (None, None)


def test_search_is_exact(library: SqliteLibrary, noise_record: Record) -> None:
    """The ten best of 300 random cases are those that a slow loop finds."""
    rng = np.random.default_rng(5)
    ecg, report = rng.normal(size=(2, 300, DIM))
    ecg /= np.linalg.norm(ecg, axis=1, keepdims=True)
    report /= np.linalg.norm(report, axis=1, keepdims=True)
    library.add([planted(f"c{i}") for i in range(300)], ecg.astype("f4"), report.astype("f4"))
    encoder = ChosenEncoder(ecg=on(17))

    hits = Retriever(library, encoder).by_record(noise_record, k=10).hits

    query = on(17)
    scores = {}
    for i in range(300):
        to_ecg = sum(a * b for a, b in zip(query, ecg[i], strict=True))
        to_report = sum(a * b for a, b in zip(query, report[i], strict=True))
        scores[f"c{i}"] = 0.75 * to_ecg + 0.25 * to_report
    assert [h.case.id for h in hits] == sorted(scores, key=lambda i: -scores[i])[:10]


def test_equal_scores_keep_the_order_of_the_library(
    library: SqliteLibrary, noise_record: Record
) -> None:
    """Ties are cut and ordered by when a case was added, whatever k is."""
    plant(library, *((planted(f"c{i}"), on(0), on(0)) for i in range(20)))
    retriever = Retriever(library, ChosenEncoder())

    for k in (1, 7, 20):
        hits = retriever.by_record(noise_record, k=k).hits
        assert [h.case.id for h in hits] == [f"c{i}" for i in range(k)]


@pytest.mark.parametrize("how", ["argument", "record"])
def test_same_patient_is_left_out(library: SqliteLibrary, noise_record: Record, how: str) -> None:
    """Whether the caller says whose ECG it is, or the file does."""
    mine = library.pseudonym("ptb-xl:7")
    plant(
        library,
        (planted("mine", patient=mine), on(0), on(0)),
        (planted("other", patient=library.pseudonym("ptb-xl:8")), on(50), on(50)),
        (planted("unknown"), on(70), on(70)),
    )
    retriever = Retriever(library, ChosenEncoder())

    if how == "argument":
        result = retriever.by_record(noise_record, patient=mine)
    else:
        taken = Acquisition(patient_id="ptb-xl:7")
        result = retriever.by_record(replace(noise_record, acquisition=taken))

    assert [h.case.id for h in result.hits] == ["other", "unknown"]
    assert result.earlier == ("mine",)
    assert "left out: 1 of the same patient" in result.notes


def test_the_ecg_itself_gives_its_patient_away(
    library: SqliteLibrary, noise_record: Record
) -> None:
    """A query whose waveform is in the library is left out with all of its patient."""
    mine = library.pseudonym("7")
    other = replace(noise_record, signal=-noise_record.signal)
    plant(
        library,
        (planted("same", patient=mine, record=noise_record), on(0), on(0)),
        (planted("earlier", patient=mine, record=other), on(10), on(10)),
        (planted("other"), on(80), on(80)),
    )

    result = Retriever(library, ChosenEncoder()).by_record(noise_record)

    assert [h.case.id for h in result.hits] == ["other"]
    assert result.earlier == ("same", "earlier")
    assert "this very ECG is in the library as same, and left out" in result.notes


def test_an_ecg_without_a_patient_leaves_only_itself_out(
    library: SqliteLibrary, noise_record: Record
) -> None:
    """Two cases of unknown patients are not one patient."""
    plant(
        library,
        (planted("same", record=noise_record), on(0), on(0)),
        (planted("other"), on(80), on(80)),
    )

    result = Retriever(library, ChosenEncoder()).by_record(noise_record)

    assert [h.case.id for h in result.hits] == ["other"]
    assert result.earlier == ("same",)


def test_simulated_cases_stand_apart(library: SqliteLibrary, noise_record: Record) -> None:
    """Beside a real case simulated ones are left out, unless asked for."""
    plant(
        library,
        (planted("drawn", source=Source.SIMULATED), on(0), on(0)),
        (planted("real"), on(60), on(60)),
    )
    retriever = Retriever(library, ChosenEncoder())

    result = retriever.by_record(noise_record)
    both = retriever.by_record(noise_record, include_simulated=True)
    words = retriever.by_text("sinus rhythm")
    both_words = retriever.by_text("sinus rhythm", include_simulated=True)

    assert [h.case.id for h in result.hits] == ["real"]
    assert "left out: 1 simulated" in result.notes
    assert [h.case.id for h in both.hits] == ["drawn", "real"]
    assert [h.case.id for h in words.hits] == ["real"]
    assert {h.case.id for h in both_words.hits} == {"drawn", "real"}


def test_a_library_of_simulated_cases_answers(library: SqliteLibrary, noise_record: Record) -> None:
    """Where nothing is real, simulated cases are hits, and it is said."""
    plant(library, (planted("drawn", source=Source.SIMULATED), on(0), on(0)))

    result = Retriever(library, ChosenEncoder()).by_record(noise_record)

    assert [h.case.source for h in result.hits] == [Source.SIMULATED]
    assert "all cases of this library are SIMULATED" in result.notes


def test_explanation_uses_the_statements_read(library: SqliteLibrary, noise_record: Record) -> None:
    """The model's statements are compared with the case's, and marked as read."""
    plant(library, (planted("a", statements="SR LVH"), on(0), on(0)))
    encoder = ChosenEncoder(present=frozenset({"SR", "AFIB"}))

    result = Retriever(library, encoder).by_record(noise_record)
    given = Retriever(library, encoder).by_record(noise_record, statements=frozenset({"LVH"}))

    why = result.hits[0].explanation
    assert why is not None
    assert (why.shared, why.query_only, why.case_only) == (("SR",), ("AFIB",), ("LVH",))
    assert why.query_statements_are_read
    assert result.query_statements == {"SR", "AFIB"}
    why = given.hits[0].explanation
    assert why is not None
    assert (why.shared, why.query_statements_are_read) == (("LVH",), False)


def test_more_asked_than_there_is(library: SqliteLibrary, noise_record: Record) -> None:
    """All cases come, and the shortage is said."""
    plant(library, (planted("a"), on(0), on(0)), (planted("b"), on(10), on(0)))
    retriever = Retriever(library, ChosenEncoder())

    for result in (retriever.by_record(noise_record, k=99), retriever.by_text("sinus", k=99)):
        assert len(result.hits) == 2
        assert "99 cases asked for, 2 found" in result.notes


def test_few_leads_and_their_faults_are_said(library: SqliteLibrary, noise_record: Record) -> None:
    """Three leads are accepted; that nine are missing and one is flat is in the notes."""
    plant(library, (planted("a"), on(0), on(0)))
    signal = noise_record.signal[[0, 1, 6]].copy()
    signal[2] = 0.25
    record = Record(signal, (Lead.I, Lead.II, Lead.V1), 500.0, scale=Scale.UNKNOWN)

    notes = Retriever(library, ChosenEncoder()).by_record(record).notes

    assert "3 of 12 leads (I, II, V1); the others are masked" in notes
    assert any(note.startswith("quality:") and "V1" in note for note in notes)
    assert "scale unknown: amplitudes are not compared" in notes


@pytest.mark.parametrize(("n_leads", "is_doubted"), [(2, True), (3, True), (4, False), (12, False)])
def test_an_answer_to_a_monitors_leads_is_doubted(
    library: SqliteLibrary, n_leads: int, is_doubted: bool
) -> None:
    """The model card says that it is not meant for three leads as if they were twelve."""
    plant(library, (planted("a"), on(0), on(0)))
    heart = simulate(("NORM",), np.random.default_rng(1)).record
    record = Record(heart.signal[:n_leads], heart.leads[:n_leads], heart.rate)

    trust = Retriever(library, ChosenEncoder()).by_record(record).trust

    assert (trust.verdict is Verdict.DOUBTFUL) == is_doubted
    assert any("leads usable" in reason for reason in trust.reasons) == is_doubted


def test_doubts_of_the_leads_are_said(library: SqliteLibrary) -> None:
    """Arm electrodes exchanged are noted, and the search goes on with what was recorded."""
    record = simulate(("NORM",), np.random.default_rng(1)).record
    plant(library, (planted("a"), on(0), on(0)))
    retriever = Retriever(library, ChosenEncoder())

    sound = retriever.by_record(record, k=1)
    exchanged = retriever.by_record(apply_reversal(record, Reversal.RA_LA), k=1)

    assert not any(note.startswith("leads:") for note in sound.notes)
    (note,) = (note for note in exchanged.notes if note.startswith("leads:"))
    assert "(RA-LA)" in note
    assert [hit.case.id for hit in exchanged.hits] == ["a"]


def test_no_usable_lead_is_refused(library: SqliteLibrary) -> None:
    """Twelve flat lines are no ECG."""
    plant(library, (planted("a"), on(0), on(0)))
    flat = Record(np.zeros((12, 5000), np.float32), LEADS, 500.0)

    with pytest.raises(SignalError, match=r"no usable lead: .*I, II, III"):
        Retriever(library, ChosenEncoder()).by_record(flat)


def test_empty_library_is_refused(library: SqliteLibrary, noise_record: Record) -> None:
    """Nothing in it: the message says how to fill it."""
    retriever = Retriever(library, ChosenEncoder())

    with pytest.raises(QueryError, match="precord ingest"):
        retriever.by_record(noise_record)
    with pytest.raises(QueryError, match="precord ingest"):
        retriever.by_text("sinus rhythm")
