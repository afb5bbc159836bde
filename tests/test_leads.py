"""Tests of precord.leads, record and statements."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from precord.errors import CorpusError, FormatError, SignalError, UnknownStatementError
from precord.leads import LEADS, Lead, find_lead, parse_lead
from precord.record import Record, Scale
from precord.statements import CODES, STATEMENTS, parse_statements, to_superclasses


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("AVR", Lead.AVR),
        ("aVL", Lead.AVL),
        (" v1 ", Lead.V1),
        ("Lead III", Lead.III),
        ("MDC_ECG_LEAD_V6", Lead.V6),
        ("C3", Lead.V3),
        ("lead 2", Lead.II),
        ("aV-F", Lead.AVF),
    ],
)
def test_spellings(text: str, lead: Lead) -> None:
    """Case, prefix and separator do not matter."""
    assert parse_lead(text) is lead


@pytest.mark.parametrize("text", ["", "X", "1", "ECG 2", "V7", "aV", "MLII", "V3R", "-aVR", "Resp"])
def test_other_names_are_no_leads(text: str) -> None:
    """What is none of the twelve is refused; an inverted lead is another lead."""
    assert find_lead(text) is None
    with pytest.raises(FormatError, match="unknown lead name"):
        parse_lead(text)


@pytest.mark.parametrize(
    ("signal", "leads", "rate", "words"),
    [
        (np.zeros((0, 5)), (), 500.0, "no lead"),
        (np.zeros((1, 0)), (Lead.I,), 500.0, "no lead"),
        (np.zeros((1, 5)), (Lead.I,), 0.0, "sampling rate 0"),
        (np.zeros((1, 5)), (Lead.I,), float("nan"), "sampling rate nan"),
        (np.zeros((2, 5)), (Lead.I,), 500.0, "for 1 leads"),
        (np.zeros((2, 5)), (Lead.I, Lead.I), 500.0, "twice"),
        (np.full((1, 5), np.nan), (Lead.I,), 500.0, "every sample is missing"),
        (np.full((1, 5), np.inf), (Lead.I,), 500.0, "infinite"),
    ],
)
def test_unusable_records_are_refused(
    signal: np.ndarray,
    leads: tuple[Lead, ...],
    rate: float,
    words: str,
) -> None:
    """One line that says what is wrong."""
    with pytest.raises(SignalError, match=words):
        Record(signal.astype(np.float32), leads, rate)


def test_to_standard_puts_leads_in_their_rows() -> None:
    """Absent leads are missing, never zero."""
    record = Record(np.array([[1, 2], [3, 4]], np.float32), (Lead.V6, Lead.II), 100)

    found = record.to_standard()

    assert found.leads == LEADS
    assert found.signal[1].tolist() == [3, 4]
    assert found.signal[11].tolist() == [1, 2]
    assert np.isnan(found.signal[0]).all()


def test_digest_knows_signal_rate_leads_and_scale() -> None:
    """Equal records have equal digests; each difference makes another."""
    signal = np.ones((1, 5), np.float32)
    base = Record(signal, (Lead.I,), 500).digest()

    assert Record(signal.copy(), (Lead.I,), 500).digest() == base
    others = [
        Record(signal * 2, (Lead.I,), 500),
        Record(signal, (Lead.II,), 500),
        Record(signal, (Lead.I,), 250),
        Record(signal, (Lead.I,), 500, scale=Scale.UNKNOWN),
    ]
    assert len({base, *(r.digest() for r in others)}) == 5


def test_statements_parse_or_are_refused() -> None:
    """Blanks are skipped; an unknown code is named."""
    assert parse_statements(["SR", " NORM ", ""]) == {"SR", "NORM"}
    with pytest.raises(CorpusError, match="'XYZ'"):
        parse_statements(["SR", "XYZ"])
    assert to_superclasses(["SR", "CLBBB", "AMI"]) == {"CD", "MI"}


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("AFB", ("LAFB", "AFIB")),
        ("afib", ("AFIB", "LAFB")),
        ("atrial fibrilation", ("AFIB",)),
        ("Vorhofflimern", ("AFIB", "AFLT")),
        ("flutter", ("AFLT",)),
        ("XYZ", ()),
    ],
)
def test_what_an_unknown_statement_may_mean_is_said(typed: str, nearest: tuple[str, ...]) -> None:
    """By its code, by a name in either language, or by a word of one."""
    with pytest.raises(UnknownStatementError, match=re.escape(repr(typed))) as refused:
        parse_statements(["SR", typed])
    assert refused.value.nearest[: len(nearest)] == nearest
    assert ("nearest" in str(refused.value)) == bool(nearest)


@pytest.mark.data
def test_statements_are_those_of_ptb_xl(shared_data: Path) -> None:
    """Codes, classes and kinds agree with the data set's own table."""
    with (shared_data / "ptb-xl" / "scp_statements.csv").open() as file:
        rows = {row[""]: row for row in csv.DictReader(file)}
    assert set(rows) == set(CODES)
    for code, row in rows.items():
        ours = STATEMENTS[code]
        assert (ours.superclass or "") == row["diagnostic_class"]
        assert ours.subclass == row["diagnostic_subclass"]
        kinds = [k for k in ("diagnostic", "form", "rhythm") if row[k]]
        assert ours.kinds == "".join(k[0] for k in kinds)
