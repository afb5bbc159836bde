"""What keys of their own for all patients cost: making, finding, checking, erasing.

Usage: python benchmarks/pseudonyms.py [--patients 100000] [--records 200]

Ids are handed over in batches of 64, as ingestion does; each batch is on the disk before the
next. Simulated ECGs are ingested with a patient each and without any. Times belong to
the machine named in the output.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from speed import make_folder

from precord.corpora import open_corpus
from precord.encoder import Encoder
from precord.ingest import ingest
from precord.library.key import key_path
from precord.library.sqlite import SqliteLibrary

BATCH = 64


def main() -> None:
    """Print one line a measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--records", type=int, default=200)
    asked = parser.parse_args()
    n = asked.patients
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    say(f"{machine}; load average {os.getloadavg()[0]:.1f}; {n} patients")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # /tmp may be memory
        path = Path(folder) / "library.db"
        with SqliteLibrary.create(path, "benchmark", "fp32", 1) as library:
            for what in ("new keys", "the same again"):
                started = time.perf_counter()
                for first in range(0, n, BATCH):
                    last = min(first + BATCH, n)
                    library.pseudonyms([f"ptb-xl:{i}" for i in range(first, last)])
                took = time.perf_counter() - started
                say(f"{what}: {took:.1f} s, {took / n * 1e6:.0f} us a patient")
            started = time.perf_counter()
            library.find_pseudonym("ptb-xl:7")
            say(f"one found, as for a search: {(time.perf_counter() - started) * 1e6:.0f} us")
        with SqliteLibrary.open(path) as library:
            started = time.perf_counter()
            library.check_keys()
            say(f"all keys checked, once before the first new patient: {since(started)}")
            started = time.perf_counter()
            library.erase_patient("ptb-xl:7")
            say(f"one destroyed, in a library without cases: {since(started)}")
        say(f"key file: {key_path(path).stat().st_size / 1e6:.0f} MB")
        make_folder(Path(folder) / "ecgs", asked.records)
        compare_ingestion(Path(folder))


def compare_ingestion(folder: Path) -> None:
    """Print what an ECG costs with a patient and without, in one process, twice each."""
    entries = open_corpus("folder", folder / "ecgs").entries()
    encoder = Encoder.load(threads=1)
    nobody = [replace(entry, patient=None) for entry in entries]
    for number in range(2):
        for what, given in (("a patient each", entries), ("no patients", nobody)):
            path = folder / f"{what}-{number}.db"
            facts = (encoder.fingerprint, encoder.precision, encoder.dim)
            with SqliteLibrary.create(path, *facts) as library:
                wall, processor = time.perf_counter(), time.process_time()
                ingest(given, library, encoder)
                wall, processor = time.perf_counter() - wall, time.process_time() - processor
            each = f"{wall / len(given) * 1e3:.1f} ms, processor {processor / len(given) * 1e3:.1f}"
            say(f"ingestion, {what}: {each} ms an ECG")


def since(started: float) -> str:
    """Return how long it took."""
    return f"{time.perf_counter() - started:.1f} s"


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
