"""Tests of precord.retrieve on real SQLite libraries with chosen vectors.

The oracle of a ranking is a slow loop over the cases, or a score worked by hand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from precord.case import Case
from precord.criteria import Criteria, Range
from precord.encoder import QueryEncoding
from precord.errors import QueryError, SignalError
from precord.leads import LEADS, Lead
from precord.library.sqlite import SqliteLibrary
from precord.record import Acquisition, Measurements, Record, Scale
from precord.report import Language, Report, Source
from precord.retrieve import MAX_TEXT, Retriever
from precord.score import RERANK_DEPTH, ScoreWeights
from precord.signal.electrode import Reversal, apply_reversal
from precord.simulate import simulate
from precord.statements import CODES

DIM = 4
NO_VECTOR = [np.nan] * DIM


@dataclass
class ChosenEncoder:
    """Every record gets one vector, every text another, as the test chose them."""

    ecg: Sequence[float] = (1.0, 0.0, 0.0, 0.0)
    text: Sequence[float] = (0.0, 1.0, 0.0, 0.0)
    present: frozenset[str] = frozenset()
    score_weights: ScoreWeights = field(default_factory=lambda: ScoreWeights(ecg=0.75))
    fitting: str = ""
    fingerprint: str = "chosen"
    precision: str = "fp32"
    dim: int = DIM
    texts: list[str] = field(default_factory=list)

    def encode_query(self, record: Record) -> QueryEncoding:
        """Return the chosen vector and statements, whatever the record."""
        del record
        present = np.array([float(code in self.present) for code in CODES], np.float32)
        return QueryEncoding(np.array(self.ecg, np.float32), present)

    def match(self, query: QueryEncoding, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Return 1 for texts that hold the fitting word, else 0; None without such a word."""
        del query
        if not self.fitting:
            return None
        return np.array([float(self.fitting in text) for text in texts], np.float32)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the chosen vector for each text, and remember the texts."""
        self.texts += texts
        return np.tile(np.array(self.text, np.float32), (len(texts), 1))

    def likely_statements(self, probabilities: NDArray[np.float32]) -> frozenset[str]:
        """Return the codes above one half."""
        return frozenset(c for c, p in zip(CODES, probabilities, strict=True) if p > 0.5)


@pytest.fixture
def noise_record() -> Record:
    """Return an ECG; what bears this name elsewhere is refused by a search."""
    return simulate(("NORM",), np.random.default_rng(0)).record


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    """Return an empty library for vectors of width four."""
    with SqliteLibrary.create(tmp_path / "lib.db", "chosen", "fp32", DIM) as library:
        yield library


def _case(
    case_id: str,
    *,
    text: str | None = "sinus rhythm",
    source: Source = Source.CLINICIAN,
    patient: str | None = None,
    statements: str = "SR",
    record: Record | None = None,
    measurements: Measurements | None = None,
) -> Case:
    """Return a case."""
    return Case(
        id=case_id,
        patient=patient,
        statements=frozenset(statements.split()),
        report=Report(text, Language.ENGLISH, source) if text is not None else None,
        record=record,
        measurements=measurements or Measurements(),
    )


def _add(library: SqliteLibrary, *rows: tuple[Case, list[float], list[float]]) -> None:
    """Add cases with their ECG and report vectors."""
    cases, ecg, report = zip(*rows, strict=True)
    library.add(cases, np.array(ecg, np.float32), np.array(report, np.float32))


def _on(angle: float, plane: tuple[int, int] = (0, 1)) -> list[float]:
    """Return the unit vector at *angle* degrees in a plane."""
    vector = np.zeros(DIM)
    vector[plane[0]], vector[plane[1]] = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return [float(x) for x in vector]


def test_score_is_the_weighted_sum_of_two_cosines(
    library: SqliteLibrary, noise_record: Record
) -> None:
    """Weight .75, cosines .5 and -1: .75 * .5 - .25 * 1 = .125."""
    _add(library, (_case("a"), _on(60), _on(180)), (_case("b"), _on(0), _on(90)))

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
    _add(
        library,
        (_case("near", statements="SR"), _on(0), _on(0)),
        (_case("fibrillating", statements="AFIB"), _on(60), _on(60)),
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
    cases = [_case(f"c{i}", text="flutter" if i in fits else "sinus") for i in range(n)]
    vectors = np.array([_on(i / 2) for i in range(n)], np.float32)
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
    _add(
        library,
        (_case("ecg only"), _on(60), NO_VECTOR),
        (_case("report only"), NO_VECTOR, _on(30)),
        (_case("neither"), NO_VECTOR, NO_VECTOR),
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
    library.add([_case(f"c{i}") for i in range(300)], ecg.astype("f4"), report.astype("f4"))
    encoder = ChosenEncoder(ecg=_on(17))

    hits = Retriever(library, encoder).by_record(noise_record, k=10).hits

    query = _on(17)
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
    _add(library, *((_case(f"c{i}"), _on(0), _on(0)) for i in range(20)))
    retriever = Retriever(library, ChosenEncoder())

    for k in (1, 7, 20):
        hits = retriever.by_record(noise_record, k=k).hits
        assert [h.case.id for h in hits] == [f"c{i}" for i in range(k)]


@pytest.mark.parametrize("how", ["argument", "record"])
def test_same_patient_is_left_out(library: SqliteLibrary, noise_record: Record, how: str) -> None:
    """Whether the caller says whose ECG it is, or the file does."""
    mine = library.pseudonym("ptb-xl:7")
    _add(
        library,
        (_case("mine", patient=mine), _on(0), _on(0)),
        (_case("other", patient=library.pseudonym("ptb-xl:8")), _on(50), _on(50)),
        (_case("unknown"), _on(70), _on(70)),
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
    _add(
        library,
        (_case("same", patient=mine, record=noise_record), _on(0), _on(0)),
        (_case("earlier", patient=mine, record=other), _on(10), _on(10)),
        (_case("other"), _on(80), _on(80)),
    )

    result = Retriever(library, ChosenEncoder()).by_record(noise_record)

    assert [h.case.id for h in result.hits] == ["other"]
    assert result.earlier == ("same", "earlier")
    assert "this very ECG is in the library as same, and left out" in result.notes


def test_an_ecg_without_a_patient_leaves_only_itself_out(
    library: SqliteLibrary, noise_record: Record
) -> None:
    """Two cases of unknown patients are not one patient."""
    _add(
        library,
        (_case("same", record=noise_record), _on(0), _on(0)),
        (_case("other"), _on(80), _on(80)),
    )

    result = Retriever(library, ChosenEncoder()).by_record(noise_record)

    assert [h.case.id for h in result.hits] == ["other"]
    assert result.earlier == ("same",)


def test_simulated_cases_stand_apart(library: SqliteLibrary, noise_record: Record) -> None:
    """Beside a real case simulated ones are left out, unless asked for."""
    _add(
        library,
        (_case("drawn", source=Source.SIMULATED), _on(0), _on(0)),
        (_case("real"), _on(60), _on(60)),
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
    _add(library, (_case("drawn", source=Source.SIMULATED), _on(0), _on(0)))

    result = Retriever(library, ChosenEncoder()).by_record(noise_record)

    assert [h.case.source for h in result.hits] == [Source.SIMULATED]
    assert "all cases of this library are SIMULATED" in result.notes


def test_explanation_uses_the_statements_read(library: SqliteLibrary, noise_record: Record) -> None:
    """The model's statements are compared with the case's, and marked as read."""
    _add(library, (_case("a", statements="SR LVH"), _on(0), _on(0)))
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
    _add(library, (_case("a"), _on(0), _on(0)), (_case("b"), _on(10), _on(0)))
    retriever = Retriever(library, ChosenEncoder())

    for result in (retriever.by_record(noise_record, k=99), retriever.by_text("sinus", k=99)):
        assert len(result.hits) == 2
        assert "99 cases asked for, 2 found" in result.notes


def test_few_leads_and_their_faults_are_said(library: SqliteLibrary, noise_record: Record) -> None:
    """Three leads are accepted; that nine are missing and one is flat is in the notes."""
    _add(library, (_case("a"), _on(0), _on(0)))
    signal = noise_record.signal[[0, 1, 6]].copy()
    signal[2] = 0.25
    record = Record(signal, (Lead.I, Lead.II, Lead.V1), 500.0, scale=Scale.UNKNOWN)

    notes = Retriever(library, ChosenEncoder()).by_record(record).notes

    assert "3 of 12 leads (I, II, V1); the others are masked" in notes
    assert any(note.startswith("quality:") and "V1" in note for note in notes)
    assert "scale unknown: amplitudes are not compared" in notes


def test_doubts_of_the_leads_are_said(library: SqliteLibrary) -> None:
    """Arm electrodes exchanged are noted, and the search goes on with what was recorded."""
    record = simulate(("NORM",), np.random.default_rng(1)).record
    _add(library, (_case("a"), _on(0), _on(0)))
    retriever = Retriever(library, ChosenEncoder())

    sound = retriever.by_record(record, k=1)
    exchanged = retriever.by_record(apply_reversal(record, Reversal.RA_LA), k=1)

    assert not any(note.startswith("leads:") for note in sound.notes)
    (note,) = (note for note in exchanged.notes if note.startswith("leads:"))
    assert "(RA-LA)" in note
    assert [hit.case.id for hit in exchanged.hits] == ["a"]


def test_no_usable_lead_is_refused(library: SqliteLibrary) -> None:
    """Twelve flat lines are no ECG."""
    _add(library, (_case("a"), _on(0), _on(0)))
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


@pytest.mark.parametrize(
    ("text", "k", "message"),
    [
        ("", 5, "the text is empty"),
        (" \n ", 5, "the text is empty"),
        ("x" * (MAX_TEXT + 1), 5, "10001 characters, at most 10000"),
        ("sinus", 0, "at least 1"),
    ],
)
def test_bad_texts_are_refused(library: SqliteLibrary, text: str, k: int, message: str) -> None:
    """An empty text, an endless one, and no hit asked for."""
    _add(library, (_case("a"), _on(0), _on(0)))

    with pytest.raises(QueryError, match=message):
        Retriever(library, ChosenEncoder()).by_text(text, k=k)


def test_text_fuses_two_rankings_by_reciprocal_rank(library: SqliteLibrary) -> None:
    """Ranks 2 and 1 give 1/62 + 1/61; ranks 1 and none give 1/61; worked by hand."""
    _add(
        library,
        (_case("near", text="sinus rhythm"), _on(90), _on(90)),
        (_case("both", text="atrial flutter", statements=""), _on(90), _on(30)),
        (_case("far", text="normal"), _on(-90), _on(-90)),
    )

    hits = Retriever(library, ChosenEncoder()).by_text("Flutter!").hits

    assert [h.case.id for h in hits] == ["both", "near", "far"]
    assert [h.score for h in hits] == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 63])
    assert (hits[0].ecg_score, hits[0].report_score) == pytest.approx((1.0, 0.5))
    assert hits[0].explanation is None


def test_text_without_known_words_is_ranked_by_vectors(library: SqliteLibrary) -> None:
    """BM25 finds nothing; the joint space still answers. A case without vectors needs words."""
    _add(
        library,
        (_case("far"), _on(0), _on(0)),
        (_case("near"), NO_VECTOR, _on(80)),
        (_case("blind", text="sinustachycardia"), NO_VECTOR, NO_VECTOR),
    )
    retriever = Retriever(library, ChosenEncoder())

    assert [h.case.id for h in retriever.by_text("zzz").hits] == ["near", "far"]
    assert "blind" in [h.case.id for h in retriever.by_text("sinustachycardia").hits]


def test_text_is_cleaned_before_it_is_encoded(library: SqliteLibrary) -> None:
    """The encoder sees a query as it saw the reports: folded, one line, no edit tail."""
    _add(library, (_case("a"), _on(0), _on(0)))
    encoder = ChosenEncoder()

    Retriever(library, encoder).by_text("  SINUS\n Rhythmus edit: ASMI 100")

    assert encoder.texts == ["sinus rhythmus"]


def test_criteria_come_before_the_ranking(library: SqliteLibrary, noise_record: Record) -> None:
    """As many hits as asked for, if so many cases meet them, however far down they stand."""
    rows = [
        (_case(f"a/{i}", statements="LVH" if i % 10 == 9 else "SR"), _on(i), _on(i))
        for i in range(60)
    ]
    _add(library, *rows)
    retriever = Retriever(library, ChosenEncoder())
    criteria = Criteria(has=frozenset({"LVH"}))
    wanted = [f"a/{i}" for i in range(9, 60, 10)]

    by_ecg = retriever.by_record(noise_record, k=6, criteria=criteria)
    by_text = retriever.by_text("sinus rhythm", k=6, criteria=criteria)

    assert [hit.case.id for hit in by_ecg.hits] == wanted
    assert sorted(hit.case.id for hit in by_text.hits) == sorted(wanted)
    for result in (by_ecg, by_text):
        assert "6 of 60 cases meet the criteria" in result.notes
        assert not any("asked for" in note for note in result.notes)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_filters_always_return_k_if_k_exist(
    tmp_path: Path, noise_record: Record, data: st.DataObject
) -> None:
    """Whatever the library, the criteria and k: a slow loop counts those that may come."""
    words = st.sampled_from(["", "SR", "LVH", "AFIB", "SR LVH"])
    sources = st.sampled_from([Source.CLINICIAN, Source.MACHINE, Source.SIMULATED])
    drawn = data.draw(st.lists(st.tuples(words, sources, st.floats(60, 180)), min_size=1))
    codes = st.frozensets(st.sampled_from(["SR", "LVH", "AFIB"]), max_size=1)
    has = data.draw(codes)
    criteria = Criteria(
        has=has,
        lacks=data.draw(codes) - has,
        sources=data.draw(st.frozensets(sources, max_size=2)),
        measured=data.draw(st.sampled_from([{}, {"qrs_ms": Range(least=120)}])),
    )
    k = data.draw(st.integers(1, 12))
    path = tmp_path / f"{uuid4()}.db"
    with SqliteLibrary.create(path, "chosen", "fp32", DIM) as library:
        rows = [
            _case(f"a/{i}", statements=held, source=who, measurements=Measurements(qrs_ms=qrs))
            for i, (held, who, qrs) in enumerate(drawn)
        ]
        _add(library, *((case, _on(3 * i), _on(5 * i)) for i, case in enumerate(rows)))
        retriever = Retriever(library, ChosenEncoder(fitting="sinus"))
        may_come = {case.id for case in rows if _may_come(case, criteria, rows)}
        for result in (
            retriever.by_record(noise_record, k=k, criteria=criteria),
            retriever.by_text("tremor", k=k, criteria=criteria),
        ):
            hits = [hit.case.id for hit in result.hits]
            assert len(hits) == len(set(hits)) == min(k, len(may_come))
            assert set(hits) <= may_come


def _may_come(case: Case, criteria: Criteria, cases: Sequence[Case]) -> bool:
    """Tell the same, one condition after the other."""
    qrs = criteria.measured.get("qrs_ms", Range())
    simulated = Source.SIMULATED
    return (
        criteria.has <= case.statements
        and not criteria.lacks & case.statements
        and (not criteria.sources or case.source in criteria.sources)
        and qrs.least <= (case.measurements.qrs_ms or 0) <= qrs.most
        and (
            case.source is not simulated
            or simulated in criteria.sources
            or all(other.source is simulated for other in cases)
        )
    )


def test_simulated_cases_that_are_asked_for_by_source(library: SqliteLibrary) -> None:
    """Asking for the source is asking for them."""
    _add(
        library,
        (_case("a/1"), _on(0), _on(0)),
        (_case("a/2", source=Source.SIMULATED), _on(0), _on(0)),
    )
    retriever = Retriever(library, ChosenEncoder())

    found = retriever.by_text("x", criteria=Criteria(sources=frozenset({Source.SIMULATED})))

    assert [hit.case.id for hit in found.hits] == ["a/2"]
