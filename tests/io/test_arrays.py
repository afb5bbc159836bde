"""Tests of the readers of bare numbers: MATLAB, NumPy, HDF5, CSV and Parquet.

Files are written by the formats' own libraries. One signal of two leads stands in all of
them, so that what is read does not depend on the format.
"""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from scipy.io import savemat

from precord.errors import FormatError, PrecordError, UnsupportedFormatError
from precord.io import Stated, read
from precord.io.hdf5 import read_hdf5
from precord.io.matlab import read_matlab
from precord.io.numpy_file import read_numpy
from precord.io.stated import Unit, parse_leads, parse_unit
from precord.leads import LEADS, Lead
from precord.record import Record, Scale
from tests.contracts import ReaderContract, is_one_line

TWO = (Lead.II, Lead.V5)
SIGNAL = np.array([[0.1, 0.2, 0.3], [-1.0, 0.5, np.nan]])  # mV
ALL = Stated(500.0, Unit.MILLIVOLT, TWO)


def save_npy(path: Path, signal: np.ndarray, **_facts: object) -> None:
    """Write a .npy file, which has no room for facts."""
    with path.open("wb") as file:
        np.save(file, signal)


def save_npz(path: Path, signal: np.ndarray, **facts: object) -> None:
    """Write a .npz file."""
    with path.open("wb") as file:
        np.savez(file, signal=signal, allow_pickle=False, **_arrays(facts))


def _arrays(values: dict[str, object]) -> dict[str, Any]:
    """Return each value as an array."""
    return {name: np.asarray(value) for name, value in values.items()}


def save_mat(path: Path, signal: np.ndarray, level: str = "5", **facts: object) -> None:
    """Write a MATLAB file."""
    with path.open("wb") as file:
        savemat(file, {**facts, "signal": signal}, format=level)  # type: ignore[arg-type]


def save_mat4(path: Path, signal: np.ndarray, **facts: object) -> None:
    """Write a MATLAB file of level 4."""
    save_mat(path, signal, level="4", **facts)


def save_hdf5(path: Path, signal: np.ndarray, **facts: object) -> None:
    """Write an HDF5 file with facts as attributes."""
    with h5py.File(path, "w") as file:
        file["signal"] = signal
        file.attrs.update(facts)


def save_csv(path: Path, signal: np.ndarray, **_facts: object) -> None:
    """Write a CSV file without a header."""
    np.savetxt(path, signal.T, delimiter=",", fmt="%.17g")


def save_parquet(path: Path, signal: np.ndarray, **_facts: object) -> None:
    """Write a Parquet file whose columns name no lead."""
    parquet.write_table(pa.table({f"x{i}": row for i, row in enumerate(signal)}), path)


BARE = {
    "NumPy": save_npy,
    "npz": save_npz,
    "MATLAB": save_mat,
    "MATLAB 4": save_mat4,
    "HDF5": save_hdf5,
    "CSV": save_csv,
    "Parquet": save_parquet,
}
NAMED = {"npz": save_npz, "MATLAB": save_mat, "MATLAB 4": save_mat4, "HDF5": save_hdf5}
Save = Callable[..., None]


@pytest.fixture(params=list(BARE.values()), ids=list(BARE))
def bare(request: pytest.FixtureRequest) -> Save:
    """Return each writer."""
    return request.param  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("unit", "factor"), [(Unit.MILLIVOLT, 1.0), (Unit.MICROVOLT, 1e3), (Unit.VOLT, 1e-3)]
)
def test_stated_facts_make_the_record(
    tmp_path: Path, bare: Save, unit: Unit, factor: float
) -> None:
    """Whatever the format and the unit, the same millivolts come out, and a note says how."""
    bare(tmp_path / "x", SIGNAL * factor)
    record = read(tmp_path / "x", Stated(500.0, unit, TWO))
    assert (record.leads, record.rate, record.scale) == (TWO, 500.0, Scale.MILLIVOLT)
    np.testing.assert_allclose(record.signal, SIGNAL, rtol=1e-6)
    assert record.provenance.notes == ("Stated, not read from the file: rate, unit, leads.",)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        (Stated(), r"its sampling rate \(--rate 500\), unit \(--unit mV\), order of the leads"),
        (Stated(500.0, Unit.VOLT), "does not say its order of the leads"),
        (Stated(500.0, None, TWO), "does not say its unit"),
        (Stated(0.0, Unit.VOLT, TWO), "sampling rate 0 Hz"),
        (Stated(float("nan"), Unit.VOLT, TWO), "sampling rate nan Hz"),
        (Stated(500.0, Unit.VOLT, LEADS), "for 12 leads"),
        (Stated(500.0, Unit.VOLT, (Lead.II, Lead.II)), "a lead stands twice"),
    ],
)
def test_nothing_is_guessed(tmp_path: Path, bare: Save, stated: Stated, message: str) -> None:
    """What neither file nor user says is asked for, and an impossible fact is refused."""
    bare(tmp_path / "x", SIGNAL)
    with pytest.raises(PrecordError, match=message) as caught:
        read(tmp_path / "x", stated)
    assert is_one_line(caught.value)


@pytest.mark.parametrize("save", NAMED.values(), ids=NAMED.keys())
def test_facts_in_the_file(tmp_path: Path, save: Save) -> None:
    """Rate, unit and leads that a file states need no statement, and outrank none silently."""
    save(tmp_path / "x", SIGNAL * 1e3, fs=250, unit="uV", leads="II,V5")
    record = read(tmp_path / "x")
    assert (record.leads, record.rate) == (TWO, 250.0)
    np.testing.assert_allclose(record.signal, SIGNAL, rtol=1e-6)
    assert record.provenance.notes == ()
    with pytest.raises(FormatError, match=r"the file says rate 250\.0, not 500"):
        read(tmp_path / "x", Stated(rate=500.0))
    with pytest.raises(FormatError, match="the file says unit uV, not mV"):
        read(tmp_path / "x", Stated(unit=Unit.MILLIVOLT))
    with pytest.raises(FormatError, match="the file says leads II V5, not I II"):
        read(tmp_path / "x", Stated(leads=(Lead.I, Lead.II)))


def test_a_complete_format_takes_no_statement(tmp_path: Path, noise_record: Record) -> None:
    """WFDB says all itself; a rate beside it would be a contradiction or idle."""
    from precord.io import write_wfdb

    write_wfdb(noise_record, tmp_path / "r")
    with pytest.raises(FormatError, match="state none of them"):
        read(tmp_path / "r.hea", Stated(rate=500.0))


def test_unknown_unit_is_unknown_scale(tmp_path: Path) -> None:
    """A unit stated to be unknown gives each lead in its own standard deviations."""
    save_npy(tmp_path / "x", SIGNAL)
    record = read(tmp_path / "x", Stated(500.0, Unit.UNKNOWN, TWO))
    assert record.scale is Scale.UNKNOWN
    np.testing.assert_allclose(record.signal[0], np.array([-1, 0, 1]) * 1.5**0.5, atol=1e-6)
    assert np.isnan(record.signal[1, 2])
    np.testing.assert_allclose(record.signal[1, :2], [-1, 1], rtol=1e-6)


@pytest.mark.parametrize("transposed", [False, True])
def test_orientation_is_told_by_the_leads(tmp_path: Path, *, transposed: bool) -> None:
    """Samples may run down or across; a square says nothing, and is refused."""
    save_npy(tmp_path / "x", SIGNAL.T if transposed else SIGNAL)
    np.testing.assert_allclose(read(tmp_path / "x", ALL).signal, SIGNAL, rtol=1e-6)
    save_npy(tmp_path / "y", np.eye(2))
    with pytest.raises(FormatError, match="which axis is time"):
        read(tmp_path / "y", ALL)


def test_a_dash_skips_a_row(tmp_path: Path) -> None:
    """A row that is no lead is named by a dash and left out."""
    save_npy(tmp_path / "x", np.vstack([SIGNAL, np.arange(3.0)]).T[:2])
    stated = Stated(500.0, Unit.MILLIVOLT, parse_leads("II, V5 -"))
    np.testing.assert_allclose(read(tmp_path / "x", stated).signal, SIGNAL[:, :2], rtol=1e-6)


def test_words_of_the_options() -> None:
    """Units and leads in the spellings that people type."""
    assert [parse_unit(t) for t in ("mV", "UV", "\u00b5V", "\u03bcv", " v ", "unknown")] == [
        Unit.MILLIVOLT,
        *[Unit.MICROVOLT] * 3,
        Unit.VOLT,
        Unit.UNKNOWN,
    ]
    assert parse_leads("Standard") == LEADS
    for bad, parse in (("V/s", parse_unit), ("I,V9", parse_leads)):
        with pytest.raises(FormatError):
            parse(bad)


@pytest.mark.parametrize(
    ("header", "rate", "unit"),
    [
        ("time [s],II [mV],V5 [mV],note", 250.0, None),
        ("t_ms,II_uV,V5_uV,x", 250.0, None),
        ("sample,lead II,ECG V5,x", None, Unit.MILLIVOLT),
    ],
)
def test_headers_of_tables(
    tmp_path: Path, header: str, rate: float | None, unit: Unit | None
) -> None:
    """A header names leads, units and times; other columns are left out."""
    times = {"time [s]": 0.004, "t_ms": 4.0}.get(header.partition(",")[0], 1.0) * np.arange(3)
    scale = 1e3 if "uV" in header else 1.0
    rows = [
        ",".join(["" if np.isnan(v) else repr(float(v)) for v in (t, a * scale, b * scale)] + ["7"])
        for t, a, b in zip(times, *SIGNAL, strict=True)
    ]
    (tmp_path / "x.csv").write_text("\n".join([header, *rows, ""]))
    record = read(tmp_path / "x.csv", Stated(None if rate else 100.0, unit))
    assert (record.leads, record.rate) == (TWO, rate or 100.0)
    np.testing.assert_allclose(record.signal, SIGNAL, rtol=1e-6)
    (tmp_path / "x.tsv").write_text("\n".join([header, *rows]).replace(",", "\t"))
    again = read(tmp_path / "x.tsv", Stated(None if rate else 100.0, unit))
    assert again.digest() == record.digest()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("II,V5\n1,2\n1\n", "row 3 has 1 cells, expected 2"),
        ("II,V5\n1,2\n1,x\n", "row 3: 'x' is no number"),
        ("II,V5\n", "no row of numbers"),
        ("II [mV],V5 [uV]\n1,2\n", "differ in their unit"),
        ("II [ohm],V5\n1,2\n", "differ in their unit|unit 'ohm'"),
        ("time [s],II\n0,1\n1,1\n1.1,1\n", "does not rise in equal steps"),
        ("II,V5\n1,2\n,\n1;2,3\n", "is no number"),
        ("1,2\n3,4\n5,6\n", "does not say"),
    ],
)
def test_bad_tables(tmp_path: Path, text: str, message: str) -> None:
    """What a table gets wrong is named with its row."""
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(FormatError, match=message) as caught:
        read(tmp_path / "x.csv")
    assert is_one_line(caught.value)


def test_parquet_with_named_leads(tmp_path: Path) -> None:
    """Columns of text are left out; those of leads name leads and units."""
    table = pa.table({"V5 [mV]": SIGNAL[1], "who": ["a", "b", "c"], "II [mV]": SIGNAL[0]})
    parquet.write_table(table, tmp_path / "x")
    record = read(tmp_path / "x", Stated(rate=500.0))
    assert record.leads == (Lead.V5, Lead.II)
    np.testing.assert_allclose(record.signal, SIGNAL[::-1], rtol=1e-6)


def test_pickles_and_bombs_are_refused(tmp_path: Path) -> None:
    """An array of objects is never unpickled, and an archive that swells is not unpacked."""
    buffer = io.BytesIO()
    np.save(buffer, np.array([[{"a": 1}, 2], [3, 4]], dtype=object), allow_pickle=True)
    (tmp_path / "x.npy").write_bytes(buffer.getvalue())
    with pytest.raises(FormatError):
        read(tmp_path / "x.npy", ALL)
    with zipfile.ZipFile(tmp_path / "y.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("signal.npy", "b.npy", "c.npy"):
            with archive.open(name, "w") as file:
                for _ in range(300):
                    file.write(bytes(2**20))
    with pytest.raises(FormatError, match="unpacks to more than"):
        read(tmp_path / "y.npz", ALL)


def test_hdf5_reads_no_other_file(tmp_path: Path) -> None:
    """A link, or numbers kept elsewhere, would let an upload read the server's files."""
    save_hdf5(tmp_path / "secret", SIGNAL)
    with h5py.File(tmp_path / "link", "w") as file:
        file["signal"] = h5py.ExternalLink(str(tmp_path / "secret"), "/signal")
    with h5py.File(tmp_path / "raw", "w") as file:
        outside = [(str(tmp_path / "secret"), 0, 48)]
        file.create_dataset("signal", (2, 3), "<f8", external=outside)
    with h5py.File(tmp_path / "virtual", "w") as file:
        layout = h5py.VirtualLayout((2, 3), "<f8")
        layout[...] = h5py.VirtualSource(str(tmp_path / "secret"), "signal", (2, 3))
        file.create_virtual_dataset("signal", layout)
    for name, message in (("link", "link"), ("raw", "other files"), ("virtual", "other files")):
        with pytest.raises(FormatError, match=message):
            read(tmp_path / name, ALL)


@pytest.mark.parametrize(("save", "package"), [(save_hdf5, "h5py"), (save_parquet, "pyarrow")])
def test_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save: Save, package: str
) -> None:
    """Without the extra, the message says what to install."""
    save(tmp_path / "x", SIGNAL)
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(UnsupportedFormatError, match=r"pip install 'precord\[formats\]'"):
        read(tmp_path / "x", ALL)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"rate": [250.0]}, r"found rate \(1,\)"),
        ({"signal": ["a", "b"]}, "found no array of numbers"),
        ({"a": np.ones((2, 3)), "b": np.ones((2, 4))}, "expected one array"),
        ({"signal": np.ones((2, 3)) * 1j}, "complex|real numbers"),
        ({"signal": np.ones((2, 3)), "fs": [250.0], "rate": [500.0]}, "several rates"),
        ({"signal": np.ones((2, 3)), "fs": [1.0, 2.0]}, "fs is not one number"),
        ({"signal": np.ones((2, 3)), "unit": ["mV", "uV"]}, "different units"),
        ({"signal": np.ones((2, 3)), "unit": ["furlong"]}, "unit 'furlong'"),
    ],
)
def test_bad_variables(tmp_path: Path, variables: dict[str, object], message: str) -> None:
    """A file whose variables say too little or too much is refused."""
    with (tmp_path / "x").open("wb") as file:
        np.savez(file, allow_pickle=False, **_arrays(variables))
    stated = Stated(None, None, TWO) if "fs" in variables else ALL
    with pytest.raises(FormatError, match=message):
        read(tmp_path / "x", Stated(leads=TWO) if "unit" in variables else stated)


class TestNumpy(ReaderContract):
    """The reader contract, on an archive that states all facts."""

    format = "NumPy"

    def call(self, path: Path) -> Record:
        """Call read_numpy."""
        return read_numpy(path, Stated())

    def write_smallest(self, folder: Path) -> Path:
        """Write x.npz."""
        save_npz(folder / "x.npz", SIGNAL, rate=500, unit="mV", leads=["II", "V5"])
        return folder / "x.npz"

    def signal_file(self, path: Path) -> Path:
        """Return the archive."""
        return path


class TestMatlab(ReaderContract):
    """The reader contract, on a file that states all facts."""

    format = "MATLAB"

    def call(self, path: Path) -> Record:
        """Call read_matlab."""
        return read_matlab(path, Stated())

    def write_smallest(self, folder: Path) -> Path:
        """Write x.mat; the signal last, so that no shorter file holds it."""
        with (folder / "x.mat").open("wb") as file:
            facts = {"rate": 500.0, "unit": "mV", "leads": ["II", "V5"]}
            savemat(file, {**facts, "signal": SIGNAL})  # type: ignore[arg-type]
        return folder / "x.mat"

    def signal_file(self, path: Path) -> Path:
        """Return the file."""
        return path


class TestHdf5(ReaderContract):
    """The reader contract, on a file that states all facts."""

    format = "HDF5"

    def call(self, path: Path) -> Record:
        """Call read_hdf5."""
        return read_hdf5(path, Stated())

    def write_smallest(self, folder: Path) -> Path:
        """Write x.h5."""
        save_hdf5(folder / "x.h5", SIGNAL, rate=500, unit="mV", leads="II V5")
        return folder / "x.h5"

    def signal_file(self, path: Path) -> Path:
        """Return the file."""
        return path


@pytest.mark.data
def test_real_files(shared_data: Path) -> None:
    """Every signal in formats/ is read, by its header or by what its publisher states."""
    stated = {
        "sph-h5": Stated(500.0, Unit.MILLIVOLT, LEADS),
        "chapman-mat": Stated(500.0, Unit.MICROVOLT, LEADS),
        "code15-mat": Stated(None, Unit.UNKNOWN, LEADS),
    }
    count = 0
    for path in sorted((shared_data / "formats").rglob("*")):
        if path.suffix in {".mat", ".h5"}:
            record = read(path, stated.get(path.parent.name))
            assert record.leads == LEADS
            if record.is_calibrated:  # Einthoven holds in millivolts, and heights are a heart's
                error = record.signal[1] - record.signal[0] - record.signal[2]
                assert float(np.nanmedian(np.abs(error))) < 0.05, path.name  # Chapman's: denoised
                assert 0.2 < float(np.ptp(record.signal, axis=1).max()) < 20, path.name
            count += 1
    assert count == 37
