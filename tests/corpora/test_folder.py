"""Tests of precord.corpora.folder, on tables written out by hand."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from precord.corpora import open_corpus
from precord.corpora.folder import FolderCorpus
from precord.errors import CorpusError, FormatError, LeakError, PrecordError
from precord.io import write_wfdb
from precord.record import Record, Sex
from precord.report import Language, Report, Source

HEADER = "file,patient,statements,report,source"


@pytest.fixture
def folder(tmp_path: Path, noise_record: Record) -> Path:
    """Return a folder with two records, one of them in a folder of its own."""
    folder = tmp_path / "clinic"
    (folder / "sub").mkdir(parents=True)
    write_wfdb(noise_record, folder / "a")
    write_wfdb(noise_record, folder / "sub" / "b")
    (tmp_path / "outside.hea").write_text("x")
    return folder


def write(folder: Path, *lines: str, name: str = "table.csv", encoding: str = "utf-8") -> Path:
    """Write a table of *lines*."""
    (folder / name).write_text("\n".join(lines) + "\n", encoding)
    return folder / name


def test_all_columns(folder: Path, noise_record: Record) -> None:
    """Every column arrives, whatever their order and the case of their names."""
    write(
        folder,
        "Report,file,PATIENT,statements,source,language,id,fold,age,sex,ward",
        '"Vorhofflimmern, ""neu""",a.hea,0815,AFIB; LAO/LAE ,Clinician,de,first,3,71.5,f,7b',
        ",sub/b.hea,,,,,,,,,",
    )
    one, two = FolderCorpus(folder).entries()

    assert (one.case_id, one.corpus, one.patient, one.fold) == ("clinic/first", "clinic", "0815", 3)
    assert one.statements == {"AFIB", "LAO/LAE"}
    assert one.report == Report('Vorhofflimmern, "neu"', Language.GERMAN, Source.CLINICIAN)
    assert (one.age, one.sex) == (71.5, Sex.FEMALE)
    assert (two.case_id, two.patient, two.fold, two.report) == ("clinic/sub/b", None, None, None)
    assert (two.statements, two.age, two.sex) == (frozenset(), None, None)
    record = pickle.loads(pickle.dumps(one)).load()  # noqa: S301 - our own, as workers get it
    assert record.provenance.name == "first"
    np.testing.assert_allclose(record.signal, noise_record.signal, atol=2e-4)


def test_table_by_name_with_tabs(folder: Path) -> None:
    """A TSV table, with the mark that Excel puts first, may be named instead of the folder."""
    columns = HEADER.replace(",", "\t")
    table = write(
        folder, columns, "a.hea\t1\tSR\tsinus rhythm\tmachine", name="x.tsv", encoding="utf-8-sig"
    )
    (entry,) = FolderCorpus(table).entries()
    assert entry.report == Report("sinus rhythm", Language.ENGLISH, Source.MACHINE)
    assert open_corpus("folder", folder).kind == "folder"


@pytest.mark.parametrize("header", [HEADER, "file,patient,statements,report"])
def test_an_author_that_is_not_stated_is_not_guessed(folder: Path, header: str) -> None:
    """Whether the column is empty or absent."""
    write(folder, header, "a.hea,1,SR,sinus rhythm" + ("," if header == HEADER else ""))
    (entry,) = FolderCorpus(folder).entries()

    assert entry.report is not None
    assert entry.report.source is Source.NOT_STATED


def test_folds(folder: Path) -> None:
    """Only the folds asked for; a case without one is in none."""
    write(folder, f"{HEADER},fold", "a.hea,1,SR,,,2", "sub/b.hea,2,SR,,,")
    corpus = FolderCorpus(folder)
    assert [e.case_id for e in corpus.entries([2])] == ["clinic/a"]
    assert corpus.entries([9]) == []
    assert len(corpus.entries()) == 2


def test_patient_in_two_folds(folder: Path) -> None:
    """A patient on both sides of a split is a leak, and refused."""
    write(folder, f"{HEADER},fold", "a.hea,1,SR,,,2", "sub/b.hea,1,SR,,,3")
    with pytest.raises(LeakError, match="line 3: this patient stands in another fold"):
        FolderCorpus(folder).entries([2])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a.hea,1,XYZ,,", "unknown SCP-ECG statement 'XYZ'"),
        ("gone.hea,1,SR,,", "there is no file 'gone.hea'"),
        ("../outside.hea,1,SR,,", "outside the folder"),
        ("/etc/passwd,1,SR,,", "outside the folder"),
        ("sub,1,SR,,", "there is no file 'sub'"),
        (",1,SR,,", "names no file"),
        ("a.hea,1,SR,text,doctor", "source 'doctor', expected one of clinician, machine"),
        ("a.hea,1,SR", "expected 5 cells"),
        ("a.hea,1,SR,text, with comma,machine", "expected 5 cells"),
        ("\0,1,SR,,", "no file name"),
        ("sub/../b0.hea,1,SR,,", "line 3: file .* stands in line 2 already"),
        ("b0.dat,1,SR,,", "line 3: case 'clinic/b0' stands in line 2 already"),
    ],
)
def test_bad_rows_name_their_line(folder: Path, row: str, reason: str) -> None:
    """One line says where the row is and what is wrong with it."""
    for name in ("b0.hea", "b0.dat"):
        (folder / name).write_text("x")
    write(folder, HEADER, "b0.hea,,,,", row)
    with pytest.raises(CorpusError, match=r"table\.csv: line 3: ") as info:
        FolderCorpus(folder).entries()
    assert "\n" not in str(info.value)
    with pytest.raises(CorpusError, match=reason):
        FolderCorpus(folder).entries()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("fold", "x"),
        ("fold", "-1"),
        ("fold", "1.5"),
        ("age", "old"),
        ("age", "nan"),
        ("age", "151"),
        ("sex", "x"),
        ("language", "fr"),
    ],
)
def test_bad_facts(folder: Path, column: str, value: str) -> None:
    """A value that is none of those documented is refused with its column."""
    write(folder, f"{HEADER},{column}", f"a.hea,1,SR,text,machine,{value}")
    with pytest.raises(CorpusError, match=f"line 2: {column} '{value}', expected"):
        FolderCorpus(folder).entries()


@pytest.mark.parametrize("missing", ["file", "patient", "statements", "report"])
def test_missing_columns(folder: Path, missing: str) -> None:
    """Each needed column is asked for by name."""
    write(folder, ",".join(c for c in HEADER.split(",") if c != missing), "a,b,c,d")
    with pytest.raises(CorpusError, match=f"no column '{missing}' in its header; found"):
        FolderCorpus(folder).entries()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such table; expected one with columns file, patient, statements, report"),
        (b"", "no column 'file'"),
        (f"{HEADER}\n".encode(), "no row below its header"),
        (f"{HEADER},file\na,b,c,d,e,f\n".encode(), "'file' stands twice"),
        (f"{HEADER}\na.hea,1,SR,\xe4\n".encode("latin-1"), "not UTF-8 text; save it as UTF-8"),
        (HEADER.replace(",", ";").encode(), "separated by semicolons; save it with commas"),
        (HEADER.replace(",", "\t").encode(), "separated by tabs; save it with commas"),
        (f'{HEADER}\na.hea,1,SR,"open\n'.encode(), "not a readable UTF-8 table"),
        (f"{HEADER}\na.hea,1,SR,{'x' * 200_000}\n".encode(), "not a readable UTF-8 table"),
    ],
)
def test_bad_tables(folder: Path, content: bytes | None, reason: str) -> None:
    """A table that is none: one line with what was expected."""
    if content is not None:
        (folder / "table.csv").write_bytes(content)
    with pytest.raises(CorpusError, match=reason):
        FolderCorpus(folder).entries()


def test_link_out_of_the_folder(folder: Path) -> None:
    """A symbolic link does not lead outside."""
    (folder / "link.hea").symlink_to(folder.parent / "outside.hea")
    write(folder, HEADER, "link.hea,1,SR,,")
    with pytest.raises(CorpusError, match="outside the folder"):
        FolderCorpus(folder).entries()


def test_broken_file_is_found_at_loading(folder: Path) -> None:
    """The table is read without the signals; a broken file says so when it is loaded."""
    (folder / "broken.hea").write_text("nothing")
    write(folder, HEADER, "broken.hea,1,SR,,")
    (entry,) = FolderCorpus(folder).entries()
    with pytest.raises(PrecordError):
        entry.load()


def test_files_of_bare_numbers(folder: Path, noise_record: Record) -> None:
    """Rate, unit and leads may stand in the table; what is none of them is named with its line."""
    np.save(folder / "c.npy", noise_record.signal * 1e3)
    header = "file,patient,statements,report,rate,unit,leads"
    leads = " ".join(noise_record.leads)
    write(folder, header, f"c.npy,,,,{noise_record.rate:g},uV,{leads}")
    record = FolderCorpus(folder).entries()[0].load()
    assert record.leads == noise_record.leads
    np.testing.assert_allclose(record.signal, noise_record.signal, rtol=1e-6)
    write(folder, header, "c.npy,,,,500,,")
    with pytest.raises(FormatError, match=r"c.npy: .*state in the table: unit, leads$"):
        FolderCorpus(folder).entries()[0].load()
    for cells, message in (("fast,uV,II", "rate 'fast'"), ("5,x,II", "unit 'x'"), ("5,V,X9", "X9")):
        write(folder, header, f"c.npy,,,,{cells}")
        with pytest.raises(CorpusError, match=f"line 2: .*{message}"):
            FolderCorpus(folder).entries()


def test_statements_are_read_where_nobody_coded_them(folder: Path) -> None:
    """An empty cell beside a report takes what the report says is present, and is marked."""
    write(
        folder,
        HEADER,
        "a.hea,1,,vorhofflimmern. kein hinweis auf linksschenkelblock. hinterwandinfarkt möglich,",
        "sub/b.hea,2,CLBBB,vorhofflimmern,",
    )
    read, coded = FolderCorpus(folder).entries()
    assert read.statements == {"AFIB"}
    assert coded.statements == {"CLBBB"}
    assert [e.statements_are_read for e in (read, coded)] == [True, False]
