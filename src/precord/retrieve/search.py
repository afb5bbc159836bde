"""Retrieval: an ECG or a text in, the most similar past cases out.

An ECG is scored as `score` says, against every case: the search is exact. The hundred best
are judged by the matching head too, where the weights give it a say. The best case of each
abnormal class that is possible is shown, too (`possible`). How a text is scored, `words` says.

Never among the hits of an ECG: the ECG itself and others of the same patient. Simulated
cases are left out wherever real ones are, unless asked for.
What the nearest cases say together, `consensus` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from precord.case import Case
from precord.criteria import Criteria
from precord.encoder import QueryEncoding
from precord.errors import QueryError, SignalError
from precord.explain import explain
from precord.library.protocol import Library, Vectors
from precord.record import Record
from precord.relevance import to_class_probabilities
from precord.retrieve.abstain import doubt_leads, doubt_words, refuse
from precord.retrieve.allow import allow, find_same_patient
from precord.retrieve.calibration import Calibration
from precord.retrieve.focus import DEPTH, Focus, compare_cases, find_place, refocus
from precord.retrieve.note import describe_query, describe_shortage, list_faults
from precord.retrieve.possible import choose_rows, describe_added
from precord.retrieve.rank import best_rows
from precord.retrieve.result import SearchResult, to_hits
from precord.retrieve.steer import Aspect, stress
from precord.retrieve.where import look
from precord.retrieve.witness import Question, hear
from precord.retrieve.words import Witness, rank_text, says_otherwise
from precord.score import RERANK_DEPTH, ScoreWeights, rerank, score_cases
from precord.signal.beats import average_beats
from precord.signal.lead_note import describe_leads
from precord.signal.measure import measure
from precord.signal.quality import assess
from precord.statements import CODES
from precord.text import TextQuery, matching_text, read_query

MAX_TEXT = 10_000  # characters of a text query


class QueryEncoder(Protocol):
    """What retrieval needs of an encoder."""

    score_weights: ScoreWeights

    def encode_query(self, record: Record) -> QueryEncoding:
        """Return the vector, statement probabilities and tokens of *record*."""
        ...

    def read_towers(self, records: Sequence[Record]) -> NDArray[np.float32]:
        """Return (B, S) the statement probabilities by what looks at *records*."""
        ...

    def match(self, query: QueryEncoding, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Return (texts,) how likely each says the same as the ECG; None if it cannot tell."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, D) unit vectors."""
        ...

    def likely_statements(self, probabilities: NDArray[np.float32]) -> frozenset[str]:
        """Return the codes that *probabilities* speak for."""
        ...


@dataclass(frozen=True, slots=True)
class Retriever:
    """A library and the encoder that its vectors come from.

    Attributes:
        calibration: of this encoder's answers; without it, a consensus only counts.
    """

    library: Library
    encoder: QueryEncoder
    calibration: Calibration | None = None

    def by_record(  # noqa: PLR0913 - one argument per way to narrow or steer a search
        self,
        record: Record,
        *,
        k: int = 10,
        patient: str | None = None,
        statements: frozenset[str] | None = None,
        criteria: Criteria | None = None,
        include_simulated: bool = False,
        anyway: bool = False,
        like: Aspect | Focus | None = None,
    ) -> SearchResult:
        """Return the *k* cases most like *record*.

        Args:
            record: the query, of any of the twelve leads.
            k: at most so many hits.
            patient: pseudonym of the patient, whose cases are left out; without it, the
                record's own patient id and its waveform say whose it is.
            statements: SCP-ECG codes of the query where they are known.
            criteria: what a case must be.
            include_simulated: whether simulated cases may stand among real ones; those of
                which *criteria* ask for the source may anyway.
            anyway: whether to search with what does not look like an ECG.
            like: which aspect or place of the ECG the order of the hits is to stress.

        Raises:
            QueryError: *k* is not positive, the library is empty, or the place that *like*
                names is none of this record.
            SignalError: No lead is usable, or too little of the record is left.
        """
        vectors = self._vectors(k)
        quality = assess(record)
        if not any(lead.is_usable for lead in quality):
            name = record.provenance.name or "record"
            raise SignalError(f"{name}: no usable lead: {list_faults(quality)}")
        beats = average_beats(record)
        refused = refuse(record, beats)
        if refused and not anyway:
            notes = tuple(describe_query(record, quality))
            return SearchResult((), query_quality=quality, notes=notes, trust=refused)
        encoding = self.encoder.encode_query(record)
        scores = score_cases(
            encoding.vector[None],
            encoding.statements[None],
            (vectors.ecg, vectors.report, vectors.statements),
            self.encoder.score_weights,
        )
        is_same, own_notes = find_same_patient(self.library, vectors, record, patient)
        is_allowed, source_notes = allow(
            self.library, vectors, criteria, include_simulated=include_simulated
        )
        total = np.where(is_allowed & ~is_same, scores.total[0], np.nan)
        matches = np.full(total.shape, np.nan)
        if like is None:
            total, matches = self._rerank(encoding, vectors, total)
        elif isinstance(like, Focus):
            total = self._refocus(record, like, vectors, total)
        else:
            total = stress(total[None], encoding.statements[None], vectors.statements, like)[0]
        if like is not None:
            source_notes.append(f"the order stresses {like}")
        nearest = best = best_rows(total, k)
        if like is None:
            classes = to_class_probabilities(encoding.statements[None])[0]
            best = choose_rows(total, vectors.statements.classes, classes, k)
            source_notes += describe_added(best, nearest, vectors.statements.classes, classes)

        measurements = measure(record, beats)
        are_read = statements is None
        if statements is None:
            statements = self.encoder.likely_statements(encoding.statements)
        cases = self.library.cases([vectors.ids[i] for i in best])
        reasons = [explain(statements, are_read, measurements, case) for case in cases]
        leads = describe_leads(record, measurements, quality, beats)
        notes = (*describe_query(record, quality), *leads, *own_notes, *source_notes)
        question = Question(encoding, measurements, scores.total[0], scores.overlap[0, nearest])
        heard = hear(question, vectors, ~is_same, self.calibration)
        return SearchResult(
            hits=to_hits(
                cases,
                reasons,
                score=total[best],
                ecg_score=scores.ecg[0, best],
                report_score=scores.report[0, best],
                overlap_score=scores.overlap[0, best],
                match_probability=matches[best],
            ),
            earlier=tuple(vectors.ids[i] for i in np.flatnonzero(is_same)),
            query_quality=quality,
            query_measurements=measurements,
            query_statements=statements,
            query_statements_are_read=are_read,
            notes=(*notes, *describe_shortage(len(best), k)),
            consensus=heard.consensus,
            trust=refused or doubt_leads(heard.trust, sum(one.is_usable for one in quality)),
            critical=heard.critical,
            scarce=heard.scarce,
        )

    def locate(self, record: Record, result: SearchResult) -> SearchResult:
        """Return the *result* of a search by *record* with the regions that made each match.

        They are those of the statements that both share: without one, there is no region.

        Raises:
            SignalError: As `by_record` does.
        """
        if not result.hits:
            return result
        evidence = look(record, self.encoder)
        weights = self._vectors(1).statements.weights
        hits = []
        for hit in result.hits:
            why = hit.explanation
            if why is not None:
                why = replace(why, regions=evidence.regions(why.shared, weights))
            hits.append(replace(hit, explanation=why))
        return replace(result, hits=tuple(hits))

    def by_text(
        self,
        text: str | TextQuery,
        *,
        k: int = 10,
        criteria: Criteria | None = None,
        include_simulated: bool = False,
        witness: Witness = Witness.ALL,
    ) -> SearchResult:
        """Return the *k* cases that *text* describes best; *criteria* as in `by_record`.

        What the text rules out ("no AF") is a condition: cases that have it are left out. So
        are those whose report denies what the text asks for. The score of a hit is the fused
        one; its cosines are those of the text.

        Args:
            text: as typed, or read already by `text.read_query`.
            k: at most so many hits.
            criteria: what a case must be.
            include_simulated: whether simulated cases may stand among real ones.
            witness: what finds: words, the joint space, findings, or all of them.

        Raises:
            QueryError: *text* is empty or longer than `MAX_TEXT`, *k* is not positive, or
                the library is empty.
        """
        query = _read_text(text) if isinstance(text, str) else text
        vectors = self._vectors(k)
        is_allowed, notes = allow(
            self.library, vectors, criteria, include_simulated=include_simulated
        )
        if query.unwanted:
            columns = [CODES.index(code) for code in query.unwanted]
            has_it = vectors.statements.present[:, columns].any(axis=1)
            notes.append(f"left out: {(is_allowed & has_it).sum()} that have what is ruled out")
            is_allowed &= ~has_it
        ranked = rank_text(self.library, self.encoder, vectors, query, is_allowed, witness)
        cases = self._take_consistent(query, vectors, ranked.score, k)
        best = [vectors.row_of[case.id] for case in cases]
        return SearchResult(
            hits=to_hits(
                cases,
                [None] * len(cases),
                score=ranked.score[best],
                ecg_score=ranked.ecg[best],
                report_score=ranked.report[best],
            ),
            notes=(*notes, *describe_shortage(len(best), k)),
            trust=doubt_words(is_known=ranked.is_known),
        )

    def _take_consistent(
        self, query: TextQuery, vectors: Vectors, score: NDArray[np.floating], k: int
    ) -> list[Case]:
        """Return the first *k* cases whose reports do not say otherwise than *query*."""
        order = best_rows(score, len(vectors.ids))
        cases: list[Case] = []
        for start in range(0, len(order), 2 * k):
            ids = [vectors.ids[i] for i in order[start : start + 2 * k]]
            cases += [case for case in self.library.cases(ids) if not says_otherwise(case, query)]
            if len(cases) >= k:
                break
        return cases[:k]

    def _vectors(self, k: int) -> Vectors:
        """Return the library's vectors; refuse what cannot be searched."""
        if k < 1:
            raise QueryError(f"{k} cases asked for, expected at least 1")
        vectors = self.library.vectors()
        if not vectors.ids:
            raise QueryError("the library is empty; fill it with `precord ingest`")
        return vectors

    def _rerank(
        self, query: QueryEncoding, vectors: Vectors, total: NDArray[np.floating]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Return scores (N,) in which the best cases are judged by the matching head too.

        Beside them its probabilities (N,), NaN where it did not judge. What it judged stays
        before all others.
        """
        matches = np.full(total.shape, np.nan)
        weight = self.encoder.score_weights.matching
        top = best_rows(total, RERANK_DEPTH) if weight else np.array([], np.intp)
        if not top.size:
            return total, matches
        cases = self.library.cases([vectors.ids[i] for i in top])
        found = self.encoder.match(query, [matching_text(case) for case in cases])
        if found is None:
            return total, matches
        matches[top] = found
        return rerank(total, top, found, weight), matches

    def _refocus(
        self, record: Record, focus: Focus, vectors: Vectors, total: NDArray[np.floating]
    ) -> NDArray[np.floating]:
        """Return scores (N,) in which the best cases are judged by one place of *record*.

        A case of which the library holds no signal, or not these leads, is the last of them.
        """
        place, top = find_place(record, focus), best_rows(total, DEPTH)
        cases = (self.library.case(vectors.ids[row], with_record=True) for row in top)
        return refocus(total, top, compare_cases(place, focus.leads, (c.record for c in cases)))


def _read_text(text: str) -> TextQuery:
    """Return what *text* asks for; refuse what cannot be searched."""
    if len(text) > MAX_TEXT:
        raise QueryError(f"the text has {len(text)} characters, at most {MAX_TEXT}")
    query = read_query(text)
    if not query.text:
        raise QueryError("the text is empty, expected words such as 'atrial fibrillation'")
    return query
