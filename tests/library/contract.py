"""What every case library must do: a store's tests inherit `LibraryContract`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from precord.case import Case
from precord.errors import LibraryError, QueryError
from precord.leads import LEADS
from precord.library import Library, Waveform
from precord.record import Acquisition, Measurements, Provenance, Record, Scale, Sex
from precord.report import Language, Report, Source

DIM = 16

_Floats = NDArray[np.float32]


def make_case(number: int, **changes: object) -> Case:
    """Return case "test/<number>", with a record of one second that no other case has."""
    rng = np.random.default_rng(number)
    case = Case(
        id=f"test/{number}",
        patient=None,
        statements=frozenset({"SR"}),
        report=Report(f"sinusrhythmus nummer {number}", Language.GERMAN, Source.CLINICIAN),
        record=Record((rng.integers(-500, 500, (12, 500)) / 1000).astype(np.float32), LEADS, 500.0),
        corpus="test",
    )
    return replace(case, **changes)  # type: ignore[arg-type]


def make_vectors(n: int, seed: int = 0) -> _Floats:
    """Return (n, DIM) unit rows."""
    vectors = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def add(library: Library, cases: Sequence[Case], seed: int = 0) -> tuple[_Floats, _Floats]:
    """Add *cases* with some vectors; return the vectors."""
    ecg, report = make_vectors(len(cases), seed), make_vectors(len(cases), seed + 1000)
    library.add(cases, ecg, report)
    return ecg, report


class LibraryContract:
    """Inherit, and give a fixture `library`: an empty library of width `DIM`."""

    def test_empty(self, library: Library) -> None:
        """An empty library answers everything, with nothing."""
        assert len(library) == 0
        assert library.case_ids() == set()
        assert library.vectors().ecg.shape == library.vectors().report.shape == (0, DIM)
        assert library.search_text("sinusrhythmus", 5) == []
        assert library.find_digest("0" * 64) is None
        assert library.delete_patient("nobody") == 0
        assert library.stats().cases == 0

    def test_case_comes_back_whole(self, library: Library) -> None:
        """All that is known of a case comes back as it went in; the raw patient id does not."""
        record = Record(
            np.array([[0.1, np.nan, -0.0], [np.pi, 2, 3]], np.float32),
            (LEADS[7], LEADS[1]),
            257.5,
            Scale.UNKNOWN,
            Acquisition(datetime(1984, 11, 9, 9, 17, 34), "CS-12 E", 56.5, Sex.FEMALE, "4711"),  # noqa: DTZ001
            Provenance("DICOM", "a.dcm", True, (0.5, 1.0), frozenset({LEADS[1]}), ("Ein Ü.",)),
        )
        case = Case(
            id="hospital/ü 1",
            patient="pseudo",
            statements=frozenset({"LAO/LAE", "PRC(S)", "NORM"}),
            report=Report("Vorhofflimmern,\n„möglich“", Language.GERMAN, Source.MACHINE),
            measurements=Measurements(61.0, None, 97.5, qtc_ms=float(np.float32(401.5))),
            record=record,
            corpus="hospital",
            fold=3,
            statements_are_read=True,
        )
        add(library, [case])

        found = library.case(case.id, with_record=True)

        assert found.record is not None
        assert found.record.digest() == record.digest()
        assert found.record.acquisition == replace(record.acquisition, patient_id=None)
        assert found.record.provenance == record.provenance
        assert replace(found, record=None) == replace(case, record=None)
        assert library.case(case.id) == replace(case, record=None)
        assert library.find_digest(record.digest()) == case.id

    def test_case_without_anything(self, library: Library) -> None:
        """No record, report, statement, patient, fold or vector: all None or NaN."""
        case = Case("test/bare", None, frozenset(), None)
        nothing = np.full((1, DIM), np.nan, np.float32)
        library.add([case], nothing, nothing)
        assert library.case(case.id, with_record=True) == case
        assert np.isnan(library.vectors().ecg).all()
        assert np.isnan(library.vectors().report).all()
        assert library.vectors().patients == (None,)
        assert library.vectors().folds == (None,)
        assert library.vectors().sources == (Source.STATEMENTS,)

    def test_numbers_of_numpy_are_numbers(self, library: Library) -> None:
        """A measurement of another float type is stored as the number that it is."""
        measured = Measurements(heart_rate_bpm=np.float32(61.5))  # type: ignore[arg-type]
        add(library, [make_case(1, measurements=measured)])
        assert library.case("test/1").measurements.heart_rate_bpm == 61.5

    def test_vectors_come_back_in_order(self, library: Library) -> None:
        """Rows of both matrices belong to the ids, in the order of adding; NaN is kept."""
        cases = [make_case(i, patient=f"p{i % 2}", fold=i) for i in (5, 3, 9)]
        ecg, report = make_vectors(3), make_vectors(3, seed=1)
        ecg[1] = np.nan
        library.add(cases, ecg, report)

        vectors = library.vectors()

        assert vectors.ids == ("test/5", "test/3", "test/9")
        assert vectors.patients == ("p1", "p1", "p1")
        assert vectors.folds == (5, 3, 9)
        np.testing.assert_array_equal(vectors.ecg, ecg)
        np.testing.assert_array_equal(vectors.report, report)
        assert not vectors.ecg.flags.writeable

    def test_vectors_follow_changes(self, library: Library) -> None:
        """They are read once, and again after an addition or a deletion."""
        add(library, [make_case(1, patient="a")])
        first = library.vectors()
        assert library.vectors() is first
        add(library, [make_case(2, patient="b")])
        assert library.vectors().ids == ("test/1", "test/2")
        library.delete_patient("a")
        assert library.vectors().ids == ("test/2",)

    def test_cases_in_the_order_asked_for(self, library: Library) -> None:
        """Any order, any number, twice if asked twice."""
        add(library, [make_case(i, record=None) for i in range(1200)])
        wanted = [f"test/{i}" for i in (1100, 3, 3, *range(1199, -1, -1))]
        assert [case.id for case in library.cases(wanted)] == wanted

    def test_unknown_case(self, library: Library) -> None:
        """A case that is not there is named in the error."""
        with pytest.raises(LibraryError, match="no case 'test/404'"):
            library.case("test/404")

    def test_duplicates_are_refused_whole(self, library: Library) -> None:
        """An id that is there, or stands twice in a batch: nothing of the batch is added."""
        add(library, [make_case(1)])
        for batch in ([2, 1], [3, 3]):
            with pytest.raises(LibraryError, match="already"):
                add(library, [make_case(i) for i in batch])
        assert library.case_ids() == {"test/1"}
        assert library.search_text("nummer", 9)[0][0] == "test/1"

    @pytest.mark.parametrize("shape", [(1, DIM + 1), (2, DIM), (DIM,)])
    def test_vectors_of_another_shape_are_refused(
        self, library: Library, shape: tuple[int, ...]
    ) -> None:
        """A width that is not the library's, or another number of rows."""
        good, bad = make_vectors(1), np.zeros(shape, np.float32)
        for pair in ((good, bad), (bad, good)):
            with pytest.raises(LibraryError, match="shape"):
                library.add([make_case(1)], *pair)
        assert len(library) == 0

    def test_packed_elsewhere(self, library: Library) -> None:
        """A waveform that a worker packed is stored as it is."""
        case = make_case(1)
        assert case.record is not None
        library.add([case], make_vectors(1), make_vectors(1), [Waveform.of(case.record)])
        found = library.case(case.id, with_record=True).record
        assert found is not None
        assert found.digest() == case.record.digest()

    def test_text_search(self, library: Library) -> None:
        """Reports and statements in both languages; case and diacritics do not count."""

        def report(text: str) -> Report:
            return Report(text, Language.GERMAN, Source.CLINICIAN)

        add(
            library,
            [
                make_case(1, report=report("VorhofFLIMMERN, mÖglich"), statements=frozenset()),
                make_case(2, report=None, statements=frozenset({"CLBBB"})),
                make_case(3, report=report("normales EKG. Edit: AFIB 100, vorhofflimmern")),
                make_case(4, report=report("Größe über normal, große Breite")),
            ],
        )

        def found(query: str) -> list[str]:
            return [case_id for case_id, _ in library.search_text(query, 10)]

        assert found("vorhofflimmern") == ["test/1"]  # not 3: a tail of codes is no text
        assert found("MOGLICH") == found("möglich") == found("mo\u0308glich") == ["test/1"]
        assert found("left bundle branch block") == found("Linksschenkelblock") == ["test/2"]
        assert found("LBBB") == ["test/2"]
        assert found("GROSSE") == ["test/4"]
        assert set(found("normales große")) == {"test/3", "test/4"}
        assert found("hyperkaliämie") == []

    def test_text_search_ranks_by_bm25(self, library: Library) -> None:
        """The rarer word decides; scores fall; k cuts; k may exceed the library."""

        def english(text: str) -> Report:
            return Report(text, Language.ENGLISH, Source.CLINICIAN)

        cases = [
            make_case(i, report=english("common words"), statements=frozenset()) for i in range(8)
        ]
        cases.append(make_case(8, report=english("common rare"), statements=frozenset()))
        add(library, cases)
        hits = library.search_text("common rare", 1000)
        assert len(hits) == 9
        assert hits[0][0] == "test/8"
        assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
        assert library.search_text("common rare", 3) == hits[:3]

    @pytest.mark.parametrize(
        "query",
        [
            '"',
            "a NEAR/2 b",
            "NOT",
            "report:x",
            "*",
            "sinusrhyth*",
            "(",
            "^a",
            "a AND",
            "\0",
            "{a b}: c",
        ],
    )
    def test_text_is_never_syntax(self, library: Library, query: str) -> None:
        """Operators of a query language are words or nothing."""
        add(library, [make_case(1)])
        assert library.search_text(query, 5) == []
        assert library.search_text(f"{query} sinusrhythmus", 5)[0][0] == "test/1"

    def test_text_of_nothing(self, library: Library) -> None:
        """No word, no hit."""
        add(library, [make_case(1)])
        assert library.search_text("", 5) == library.search_text(" \n.,; ", 5) == []

    def test_text_that_cannot_be_searched(self, library: Library) -> None:
        """A text of a megabyte, or no hit asked for: one line."""
        with pytest.raises(QueryError, match="1000000 characters, expected at most"):
            library.search_text("x" * 1_000_000, 5)
        with pytest.raises(QueryError, match="k is 0"):
            library.search_text("x", 0)
        add(library, [make_case(1)])
        long = " ".join(f"w{i}" for i in range(1500))
        assert library.search_text(f"sinusrhythmus {long}", 5)[0][0] == "test/1"

    def test_pseudonyms(self, library: Library) -> None:
        """The same for the same patient, unlike for others, and not the id itself."""
        one = library.pseudonym("ptb-xl:15709")
        assert one == library.pseudonym(" ptb-xl:15709 ")
        assert one != library.pseudonym("ptb-xl:15708")
        assert "15709" not in one

    def test_a_patient_is_found_by_whoever_was_added(self, library: Library) -> None:
        """Looking somebody up leaves nothing behind; many at once are as one at a time."""
        assert library.find_pseudonym("7") is None
        both = library.pseudonyms(["7", "8", " 7 "])
        assert both == [library.pseudonym("7"), library.pseudonym("8"), library.pseudonym("7")]
        assert library.find_pseudonym("7 ") == both[0]
        assert library.find_pseudonym("9") is None

    def test_an_erased_patient_who_comes_back_is_somebody_else(self, library: Library) -> None:
        """The key is destroyed, so that nothing gives the old pseudonym again."""
        old, other = library.pseudonyms(["7", "8"])
        add(library, [make_case(1, patient=old), make_case(2, patient=other)])

        assert library.erase_patient(" 7") == 1

        assert library.find_pseudonym("7") is None
        assert library.erase_patient("7") == 0
        assert library.case_ids() == {"test/2"}
        assert library.pseudonym("7") != old
        assert library.pseudonym("8") == other

    def test_delete_case(self, library: Library) -> None:
        """One case goes, of whomever it is, and the others stay."""
        add(library, [make_case(i) for i in range(3)])

        assert library.delete_case("test/1") == 1

        assert library.case_ids() == {"test/0", "test/2"}
        assert library.search_text("1", 9) == []
        assert library.delete_case("test/1") == 0

    def test_delete_patient(self, library: Library) -> None:
        """All cases of the patient are gone from everywhere, and no others."""
        cases = [make_case(i, patient="a" if i % 2 else "b") for i in range(6)]
        add(library, cases)
        assert cases[1].record is not None
        assert library.delete_patient("a") == 3
        assert library.case_ids() == {"test/0", "test/2", "test/4"}
        assert {i for i, _ in library.search_text("sinusrhythmus", 9)} == library.case_ids()
        assert library.search_text("3", 9) == []
        assert library.find_digest(cases[1].record.digest()) is None
        add(library, [make_case(1)])
        assert library.vectors().ids[-1] == "test/1"

    def test_stats(self, library: Library) -> None:
        """Cases and patients are counted, by corpus and by source."""
        machine = Report("x", Language.ENGLISH, Source.MACHINE)
        add(
            library,
            [
                make_case(1, patient="a"),
                make_case(2, patient="a", report=machine),
                make_case(3, corpus="other", report=None),
            ],
        )
        stats = library.stats()
        assert (stats.cases, stats.patients) == (3, 1)
        assert stats.by_corpus == {"test": 2, "other": 1}
        assert stats.by_source == {Source.CLINICIAN: 1, Source.MACHINE: 1, Source.STATEMENTS: 1}
