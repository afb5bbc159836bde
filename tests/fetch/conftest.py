"""A tiny PTB-XL of simulated ECGs, and a server of it that misbehaves as it is told."""

import csv
import hashlib
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import numpy as np
import pytest
import wfdb

from precord.fetch import Patience, open_client
from precord.simulate import simulate

QUICK = Patience(attempts=3, wait=0.01, timeout=60.0)
CODES = {1: "SR", 2: "AFIB", 3: "CLBBB"}  # by ecg_id
COLUMNS = [
    "ecg_id",
    "patient_id",
    "age",
    "sex",
    "recording_date",
    "device",
    "report",
    "scp_codes",
    "strat_fold",
    "validated_by_human",
    "filename_lr",
    "filename_hr",
]


@dataclass
class Server:
    """Serves a folder; *faults* holds what to do wrong, by file, one for each request.

    A fault is a status to answer with, "drop" (half of what is left, then the line is cut),
    "wrong" (bytes turned over), "html" (a page in place of the file) or "shift" (another
    range than was asked for).
    """

    root: Path
    has_ranges: bool = True
    faults: dict[str, list[int | str]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""

    def counts(self) -> Counter[str]:
        """Return how often each file was asked for."""
        return Counter(name for name, _ in self.asked)

    def ranges(self, name: str) -> list[str | None]:
        """Return the Range headers of the requests for *name*."""
        return [span for asked, span in self.asked if asked == name]


class _Handler(BaseHTTPRequestHandler):
    """Answers GET, with or without ranges; keeps connections open, as real servers do."""

    protocol_version = "HTTP/1.1"
    told: Server

    def do_GET(self) -> None:
        """Answer as told."""
        name, span = self.path.lstrip("/"), self.headers.get("Range")
        self.told.asked.append((name, span))
        faults = self.told.faults.get(name, [])
        fault = faults.pop(0) if faults else None
        path = self.told.root / name
        if isinstance(fault, int) or not path.is_file():
            self._answer(fault if isinstance(fault, int) else 404, b"no\n", {"Retry-After": "0"})
            return
        body, headers, status = path.read_bytes(), {}, 200
        if fault == "html":
            body = b"<html>Please sign in to the guest network.</html>\n"
        if span and self.told.has_ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", span)[1])  # type: ignore[index]
            if start >= len(body):
                self._answer(416, b"", {"Content-Range": f"bytes */{len(body)}"})
                return
            start += 7 * (fault == "shift")
            headers = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
            body, status = body[start:], 206
        if fault == "wrong":
            body = bytes(byte ^ 0xFF for byte in body)
        self._answer(status, body, headers, is_cut=fault == "drop")

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str], *, is_cut: bool = False
    ) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if is_cut else body)
        self.close_connection = is_cut

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Http(ThreadingHTTPServer):
    """A server that takes a client's hanging up calmly."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a server, on this machine alone, of the folder `official`."""
    told = Server(tmp_path / "official")
    handler = type("Handler", (_Handler,), {"told": told})
    with _Http(("127.0.0.1", 0), handler) as http:
        told.url = f"http://127.0.0.1:{http.server_port}/"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield told
        http.shutdown()
        thread.join()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """Return a client as the command uses it."""
    with open_client(4, QUICK) as made:
        yield made


@pytest.fixture(scope="session")
def official_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return PTB-XL's layout with three simulated ECGs at 500 and 100 Hz."""
    root = tmp_path_factory.mktemp("once") / "official"
    rows, records = [], []
    for ecg_id, code in CODES.items():
        row = {
            **dict.fromkeys(COLUMNS, ""),
            "ecg_id": f"{ecg_id}",
            "patient_id": f"{100 + ecg_id}.0",
            "age": "63.0",
            "sex": "1",
            "recording_date": "1990-01-02 03:04:05",
            "device": "simulated",
            "report": f"simulated {code}",
            "scp_codes": f"{{'{code}': 100.0}}",
            "strat_fold": f"{ecg_id}",
            "validated_by_human": "True",
        }
        for column, folder, rate in (("lr", "100", 100.0), ("hr", "500", 500.0)):
            name = f"records{folder}/00000/{ecg_id:05d}_{column}"
            row[f"filename_{column}"] = name
            records.append(name)
            _write(root / name, code, rate)
        rows.append(row)
    with (root / "ptbxl_database.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(rows)
    (root / "scp_statements.csv").write_text(",description\nSR,sinus rhythm\n")
    (root / "LICENSE.txt").write_text("simulated; no licence needed\n")
    (root / "example_physionet.py").write_text("raise SystemExit('not needed')\n")
    (root / "RECORDS").write_text("".join(f"{name}\n" for name in sorted(records)))
    seal(root)
    return root


@pytest.fixture
def official(official_once: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder, which a test may change; it is what the server serves."""
    root = tmp_path / "official"
    for path in official_once.rglob("*"):
        if path.is_file():
            copy = root / path.relative_to(official_once)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    return root


def seal(root: Path) -> None:
    """Write SHA256SUMS.txt anew."""
    sums = root / "SHA256SUMS.txt"
    paths = sorted(p for p in root.rglob("*") if p.is_file() and p != sums)
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()} {p.relative_to(root)}" for p in paths]
    sums.write_text("\n".join(lines) + "\n")


def _write(stem: Path, code: str, rate: float) -> None:
    """Write one simulated ECG with the `wfdb` package, as PTB-XL's authors did."""
    record = simulate((code,), np.random.default_rng(1), rate=rate).record
    stem.parent.mkdir(parents=True, exist_ok=True)
    wfdb.wrsamp(
        stem.name,
        fs=int(rate),
        units=["mV"] * 12,
        sig_name=[str(lead) for lead in record.leads],
        p_signal=record.signal.T.astype(np.float64),
        fmt=["16"] * 12,
        adc_gain=[1000.0] * 12,
        baseline=[0] * 12,
        write_dir=str(stem.parent),
    )
