"""Tests of precord.text.family, against PTB-XL's own table and the fixed list of queries."""

import csv
from pathlib import Path

import pytest

from precord.evaluate.textsearch import read_queries
from precord.statements import STATEMENTS
from precord.text.family import FAMILIES, widen, widen_all
from precord.text.term import read_terms


@pytest.mark.data
def test_infarcts_and_hypertrophies_are_those_of_ptb_xl(shared_data: Path) -> None:
    """By `scp_statements.csv`: the MI subclasses without injuries; LVH, RVH and septal."""
    with (shared_data / "ptb-xl" / "scp_statements.csv").open(encoding="utf-8") as file:
        rows = {row[""]: row for row in csv.DictReader(file)}
    infarcts = {
        code
        for code, row in rows.items()
        if row["diagnostic_class"] == "MI" and "injury" not in row["description"]
    }
    injuries = {code for code, row in rows.items() if "injury" in row["description"]}
    hypertrophies = {
        code for code, row in rows.items() if row["diagnostic_subclass"] in {"LVH", "RVH", "SEHYP"}
    }

    assert len(infarcts) == 9
    assert infarcts == FAMILIES["-MI"]
    assert injuries == FAMILIES["-INJ"]
    assert hypertrophies | {"VCLVH"} == FAMILIES["-VH"]


@pytest.mark.parametrize(
    ("family", "codes"),
    [
        ("-BBB", "CLBBB CRBBB ILBBB IRBBB"),
        ("-HEMI", "LAFB LPFB"),
        ("-AVB", "1AVB 2AVB 3AVB"),
        ("-BLOCK", "CLBBB CRBBB ILBBB IRBBB LAFB LPFB 1AVB 2AVB 3AVB IVCD"),
    ],
)
def test_blocks_by_hand(family: str, codes: str) -> None:
    """Preexcitation and a long PR interval are no block."""
    assert widen(family) == set(codes.split())


@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("AFIB", "AFIB"),
        ("CLBBB", "CLBBB"),
        ("LVH", "LVH VCLVH"),
        ("IMI", "IMI ILMI IPMI IPLMI"),
        ("ASMI", "ASMI"),
        ("PRC(S)", "PRC(S) PVC PAC"),
    ],
)
def test_a_code_means_itself_and_what_is_finer(word: str, codes: str) -> None:
    """A wall holds the walls that name it among others; not the other way round."""
    assert widen(word) == set(codes.split())


def test_every_code_means_at_least_itself_and_only_codes() -> None:
    """Else a query would look for something that no case can have."""
    for code in STATEMENTS:
        assert code in widen(code)
        assert widen(code) <= STATEMENTS.keys()
    assert all(codes and codes <= STATEMENTS.keys() for codes in FAMILIES.values())


def test_the_words_name_families_that_there_are() -> None:
    """A misspelt family in `terms.csv` would silently mean nothing; every family has a word."""
    named = {term.statement for term in read_terms()} - STATEMENTS.keys() - {"-"}

    assert named == FAMILIES.keys()


def test_the_fixed_queries_mean_the_same_families() -> None:
    """Written down before there was a parser: "infarct" and "bundle branch block" there."""
    groups = {q.text: (*q.wanted, q.unwanted) for q in read_queries()}

    assert widen("-MI") in groups["Infarkt ohne Schenkelblock"]
    assert widen("-BBB") in groups["Infarkt ohne Schenkelblock"]
    assert widen("-HEMI") in groups["AV-Block I° ohne Hemiblock"]
    assert widen("ISC_") in groups["LVH without ischaemia"]
    assert widen("IMI") in groups["inferior infarction without anterior infarction"]
    assert widen("AMI") in groups["inferior infarction without anterior infarction"]


def test_several_are_joined() -> None:
    """Each widened, then all together; of nothing, nothing."""
    assert widen_all(["LVH", "-HEMI"]) == {"LVH", "VCLVH", "LAFB", "LPFB"}
    assert widen_all([]) == frozenset()
