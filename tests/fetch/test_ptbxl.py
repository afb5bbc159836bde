"""Tests of fetching PTB-XL's official layout; the truth is the folder that is served."""

import hashlib
from pathlib import Path

import httpx
import numpy as np
import pytest
import wfdb

from precord.corpora.ptbxl import PtbXl
from precord.errors import FetchError
from precord.fetch import Fetched, Rates, fetch_all, list_ptbxl
from tests.contracts import is_one_line
from tests.fetch.conftest import CODES, QUICK, Server, seal

TEXTS = {"RECORDS", "LICENSE.txt", "ptbxl_database.csv", "scp_statements.csv"}


def _fetch(
    client: httpx.Client,
    server: Server,
    dest: Path,
    rates: Rates = Rates.HIGH,
    connections: int = 4,
) -> Fetched:
    """Fetch all, as the command does."""
    files = list_ptbxl(client, dest, rates, base_url=server.url, patience=QUICK)
    return fetch_all(
        client, files, connections=connections, patience=QUICK, on_progress=lambda _: None
    )


def _files(folder: Path) -> dict[str, bytes]:
    """Return what lies in a folder, by name."""
    paths = (p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


@pytest.mark.parametrize("rates", Rates)
def test_what_was_asked_for_comes(
    client: httpx.Client, server: Server, official: Path, tmp_path: Path, rates: Rates
) -> None:
    """The tables, the licence, and the records of the chosen rate; no program of others."""
    done = _fetch(client, server, tmp_path / "dest", rates)

    served, fetched = _files(official), _files(tmp_path / "dest")
    chosen = {"500": ("records500",), "100": ("records100",)}.get(
        rates, ("records100", "records500")
    )
    expected = {n for n in served if n.startswith(chosen)} | TEXTS | {"SHA256SUMS.txt"}
    assert fetched == {name: served[name] for name in expected}
    assert done == Fetched(len(expected) - 2, 1)  # the sums are no goal, RECORDS came first


@pytest.mark.parametrize("rates", [Rates.HIGH, Rates.LOW])
def test_fetched_folder_is_a_corpus(
    client: httpx.Client, server: Server, official: Path, tmp_path: Path, rates: Rates
) -> None:
    """`PtbXl` reads what was fetched, and each signal is what the `wfdb` package reads."""
    _fetch(client, server, tmp_path / "dest", rates)

    entries = PtbXl(tmp_path / "dest").entries()

    assert {e.case_id: e.statements for e in entries} == {
        f"ptb-xl/{ecg_id}": frozenset({code}) for ecg_id, code in CODES.items()
    }
    for ecg_id, entry in zip(CODES, entries, strict=True):
        record = entry.source()
        assert record.rate == float(rates)
        copy = "hr" if rates is Rates.HIGH else "lr"
        oracle = wfdb.rdrecord(str(official / f"records{rates}/00000/{ecg_id:05d}_{copy}"))
        np.testing.assert_allclose(record.signal, oracle.p_signal.T, atol=1e-6)


def test_second_run_asks_for_nothing(
    client: httpx.Client, server: Server, official: Path, tmp_path: Path
) -> None:
    """Where all is there, no network is needed."""
    _fetch(client, server, tmp_path / "dest")
    server.asked.clear()

    done = _fetch(client, server, tmp_path / "dest")

    assert done == Fetched(0, len(CODES) * 2 + len(TEXTS))
    assert not server.asked
    assert official.is_dir()


def test_second_run_does_what_is_missing(
    client: httpx.Client, server: Server, official: Path, tmp_path: Path
) -> None:
    """A file that is gone, and one of which the half is here; and 100 Hz beside 500 Hz."""
    _fetch(client, server, tmp_path / "dest")
    gone, half = "records500/00000/00001_hr.dat", "records500/00000/00002_hr.dat"
    (tmp_path / "dest" / gone).unlink()
    whole = (tmp_path / "dest" / half).read_bytes()
    (tmp_path / "dest" / f"{half}.part").write_bytes(whole[:1000])
    (tmp_path / "dest" / half).unlink()
    server.asked.clear()

    _fetch(client, server, tmp_path / "dest")

    assert sorted(server.asked) == [(gone, None), (half, "bytes=1000-")]
    assert _fetch(client, server, tmp_path / "dest", Rates.BOTH).fetched == len(CODES) * 2
    assert all((official / name).read_bytes() == b for name, b in _files(tmp_path / "dest").items())


def test_one_missing_file_does_not_stop_the_others(
    client: httpx.Client, server: Server, official: Path, tmp_path: Path
) -> None:
    """All the others come; the message counts, and names the file and its status."""
    name = "records500/00000/00001_hr.dat"
    (official / name).unlink()

    with pytest.raises(FetchError, match=rf"9 of 10 files are there.*{name}: HTTP 404") as caught:
        _fetch(client, server, tmp_path / "dest", connections=1)

    assert is_one_line(caught.value)
    assert len(_files(tmp_path / "dest")) == 10  # nine, and the sums


def test_many_missing_files_stop_the_run(
    client: httpx.Client, server: Server, official: Path, tmp_path: Path
) -> None:
    """Ten refusals are enough."""
    for path in (official / "records500").rglob("*_hr.*"):
        path.unlink()
    for path in (official / "records100").rglob("*_lr.*"):
        path.unlink()

    with pytest.raises(FetchError, match="4 of 16 files are there, 10 were refused"):
        _fetch(client, server, tmp_path / "dest", Rates.BOTH, connections=1)


def test_unreachable_server_stops_the_run(
    client: httpx.Client, server: Server, official: Path, tmp_path: Path
) -> None:
    """After the patience for one file, not for each; what came before stays."""
    name = "records500/00000/00001_hr.dat"
    server.faults[name] = [503] * 100

    with pytest.raises(FetchError, match=f"{name}: given up, 3 tries: HTTP 503"):
        _fetch(client, server, tmp_path / "dest", connections=1)

    assert server.counts()[name] == QUICK.attempts
    assert set(_files(tmp_path / "dest")) >= TEXTS
    assert official.is_dir()


SUM = hashlib.sha256(b"").hexdigest()
BAD_SUMS = [
    ("<html>Please sign in</html>\n", "line 1: '<html>Please sign in</html>', expected a SHA-256"),
    ("", "names no RECORDS"),
    (f"{SUM} RECORDS\n", "names no ptbxl_database.csv"),
    ("gr\u00fc\u00dfe\n", "not a readable list"),
]


@pytest.mark.parametrize(("text", "message"), BAD_SUMS)
def test_other_sums_are_refused_and_not_kept(
    client: httpx.Client, server: Server, official: Path, tmp_path: Path, text: str, message: str
) -> None:
    """Such as a guest network's page: named, and asked for anew the next time."""
    (official / "SHA256SUMS.txt").write_text(text, encoding="utf-8")

    with pytest.raises(FetchError, match=message) as caught:
        _fetch(client, server, tmp_path / "dest")

    assert is_one_line(caught.value)
    assert not _files(tmp_path / "dest")


def test_list_of_sums_that_is_not_whole_is_refused(
    client: httpx.Client, server: Server, official: Path, tmp_path: Path
) -> None:
    """A record of RECORDS without a sum: half a list would pass for the whole data set."""
    sums = official / "SHA256SUMS.txt"
    lines = sums.read_text().splitlines()
    sums.write_text("\n".join(line for line in lines if "00002_hr.dat" not in line))

    with pytest.raises(FetchError, match=r"names records500/00000/00002_hr\.dat, of which"):
        _fetch(client, server, tmp_path / "dest")


def test_no_record_of_the_rate_is_refused(
    client: httpx.Client, server: Server, official: Path, tmp_path: Path
) -> None:
    """A mirror of the 100 Hz copies alone."""
    for path in (official / "records500").rglob("*_hr.*"):
        path.unlink()
    (official / "RECORDS").write_text("records100/00000/00001_lr\n")
    seal(official)

    with pytest.raises(FetchError, match="names no record at 500 Hz"):
        _fetch(client, server, tmp_path / "dest")

    assert _fetch(client, server, tmp_path / "dest", Rates.LOW).fetched


def test_sums_cannot_name_a_path_outside(
    client: httpx.Client, server: Server, official: Path, tmp_path: Path
) -> None:
    """Only plain names at the top, and names of records, are fetched."""
    names = ["../out.txt", "/out.txt", "a/out.txt", ".out.txt", "records500/../out/00001_hr.dat"]
    with (official / "SHA256SUMS.txt").open("a") as file:
        file.writelines(f"{SUM} {name}\n" for name in names)

    _fetch(client, server, tmp_path / "dest")

    assert not [name for name, _ in server.asked if "out" in name]
