"""Tests of precord.retrieve.critical: every entry of the list, raised by whatever can raise it."""

import numpy as np
import pytest
from rich.console import Console

from precord.cli.consensus import NO_CASE, print_critical
from precord.encoder import QueryEncoding
from precord.library.protocol import Vectors
from precord.record import Measurements
from precord.relevance import StatementTable
from precord.report import Source
from precord.retrieve import SearchResult
from precord.retrieve.calibration import Calibration
from precord.retrieve.critical import HEAD_LIMIT, LIST, VOTES, Raised, list_scarce
from precord.retrieve.witness import Heard, Question, hear
from precord.statements import CODES

CODED = [(entry.name, code) for entry in LIST for code in sorted(entry.codes)]
MEASURED = [
    (Measurements(qtc_ms=510), "long QT"),
    (Measurements(heart_rate_bpm=160, qrs_ms=150), "wide QRS tachycardia"),
    (Measurements(heart_rate_bpm=180, qrs_ms=80), "supraventricular tachycardia"),
    (Measurements(heart_rate_bpm=32), "third degree AV block"),
    (Measurements(qrs_ms=140), "left bundle branch block"),
    (Measurements(pr_ms=100, qrs_ms=130), "pre-excitation"),
]


def _ask(
    sets: list[set[str]],
    measured: Measurements,
    calibration: Calibration | None = None,
    source: Source = Source.CLINICIAN,
    /,
    **head: float,
) -> Heard:
    """Return what cases with *sets* of statements say, all of them near the query."""
    n = len(sets)
    vectors = Vectors(
        tuple(f"c{i}" for i in range(n)),
        (None,) * n,
        (1,) * n,
        (source,) * n,
        np.tile(np.array([[1.0, 0.0]], np.float32), (n, 1)),
        np.full((n, 2), np.nan, np.float32),
        StatementTable.fit([frozenset(one) for one in sets]),
    )
    read = np.array([head.get(code, 0.0) for code in CODES], np.float32)
    query = QueryEncoding(np.array([1.0, 0.0], np.float32), read)
    question = Question(query, measured, np.linspace(1, 0.5, n), np.full(n, 0.5))
    return hear(question, vectors, np.ones(n, bool), calibration)


def _named(heard: Heard, name: str) -> Raised:
    """Return the entry of that name."""
    (found,) = [raised for raised in heard.critical if raised.name == name]
    return found


def _print(heard: Heard) -> str:
    """Return what people see."""
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as shown:
        print_critical(console, SearchResult((), critical=heard.critical, scarce=heard.scarce))
    return shown.get()


@pytest.mark.parametrize(("name", "code"), CODED)
def test_a_probability_brings_a_precedent(name: str, code: str) -> None:
    """Raised from the limit on, not below it; the case that has it is shown, no other."""
    sets = [{"NORM", "SR"}, {code}, {"NORM"}]

    found = _named(_ask(sets, Measurements(), **{code: HEAD_LIMIT}), name)

    assert found.precedents == ("c1",)
    assert found.n_cases == 1
    assert not _ask(sets, Measurements(), **{code: 0.9 * HEAD_LIMIT}).critical


def test_what_the_head_hardly_ever_gives_raises_a_rare_finding() -> None:
    """From the limit of the calibration on, in words that say why so little is enough."""
    calibration = Calibration("", "", 2, raised={"pre-excitation": 0.004})
    sets = [{"NORM", "SR"}, {"WPW"}]

    found = _named(_ask(sets, Measurements(), calibration, WPW=0.0041), "pre-excitation")

    assert found.precedents == ("c1",)
    (support,) = found.support
    assert support == "the model gives it 0.004, more than 99 of 100 ECGs without it"
    assert not _ask(sets, Measurements(), calibration, WPW=0.0039).critical
    assert not _ask(sets, Measurements(), calibration, AFLT=0.0041).critical


def test_the_most_serious_finding_is_one_that_the_nearest_cases_have() -> None:
    """Whatever a measurement raises; two of three have one of the statements of that entry."""
    sets = [{"IMI"}, {"ILMI", "AFIB"}, {"AFIB"}]
    heard = _ask(sets, Measurements(qtc_ms=510))
    assert heard.consensus is not None
    assert heard.consensus.serious == ("inferior infarction or injury", 2)

    none = _ask([{"NORM", "SR"}] * 3, Measurements(qtc_ms=510)).consensus
    assert none is not None
    assert none.serious is None


def test_who_has_any_of_a_findings_statements_is_counted_once() -> None:
    """Five of one statement raise it; with one that has both, and two of the other, seven."""
    sets = [{"IMI"}] * (VOTES - 1) + [{"IMI", "ILMI"}] + [{"ILMI"}] * 2
    heard = _ask(sets, Measurements())
    found = _named(heard, "inferior infarction or injury")
    assert found.support == ("7 of the nearest cases",)
    assert heard.consensus is not None
    assert heard.consensus.serious == ("inferior infarction or injury", 7)


def test_simulated_cases_are_precedents_where_there_are_no_others() -> None:
    """As they are hits then; they have no vote, and what there is enough of is not called few."""
    sets = [{"CLBBB"}] * 12

    heard = _ask(sets, Measurements(), None, Source.SIMULATED, CLBBB=0.9)

    found = _named(heard, "left bundle branch block")
    assert (found.precedents, found.n_cases) == (("c0", "c1"), 12)
    assert found.support == ("the model gives it 0.90 (not calibrated)",)
    assert heard.consensus is None
    assert "CLBBB" not in dict(heard.scarce)


@pytest.mark.parametrize(("name", "code"), CODED)
def test_without_a_case_it_is_said(name: str, code: str) -> None:
    """A library of normal ECGs: no precedent, the number is 0, and people read it."""
    heard = _ask([{"NORM", "SR"}] * 3, Measurements(), **{code: 0.9})

    found = _named(heard, name)
    assert (found.precedents, found.n_cases) == ((), 0)
    assert NO_CASE in _print(heard)
    assert code in dict(heard.scarce)


@pytest.mark.parametrize(("name", "code"), CODED)
def test_the_nearest_cases_raise_it(name: str, code: str) -> None:
    """So many votes, and the two best of these cases; one vote fewer is silent."""
    some = [{code}] * VOTES
    found = _named(_ask([*some, {"SR"}], Measurements()), name)

    assert found.precedents == ("c0", "c1")
    assert not _ask([*some[1:], {"SR"}], Measurements()).critical


@pytest.mark.parametrize(("measured", "name"), MEASURED)
def test_a_measurement_raises_it_alone(measured: Measurements, name: str) -> None:
    """Without any word of the head or of the cases; a precedent is shown, or that there is none."""
    entry = next(entry for entry in LIST if entry.name == name)
    sets = [{"NORM"}, set(entry.codes) or {"SR"}]

    with_case, without = _ask(sets, measured), _ask([{"NORM"}], measured)

    assert _named(with_case, name).precedents == (("c1",) if entry.codes else ())
    assert _named(without, name).precedents == ()
    assert NO_CASE in _print(without)


def test_an_ordinary_measurement_raises_nothing() -> None:
    """A usual ECG, and one of which nothing could be measured."""
    usual = Measurements(heart_rate_bpm=70, pr_ms=160, qrs_ms=90, qt_ms=380, qtc_ms=400)

    assert _ask([{"NORM"}], usual).critical == ()
    assert _ask([{"NORM"}], Measurements()).critical == ()


def test_every_critical_statement_that_is_rare_is_listed() -> None:
    """A library of nothing lists all of them; one of plenty lists none."""
    codes = {code for _, code in CODED}

    assert {code for code, _ in list_scarce(np.zeros(len(CODES)))} == codes
    assert list_scarce(np.full(len(CODES), 10.0)) == ()
