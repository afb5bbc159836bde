"""How long a warm query, ingestion and `precord --help` take on this machine.

Usage: python benchmarks/speed.py [--cases 10000]

Everything is simulated, so that anybody can run it; times are medians and belong to the
machine named in the output, with what else it does: the load average stands beside it. Of a
query and of one ECG the processor time is told too, of one thread and of this process alone,
which is about what it takes on a machine that does nothing else.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from precord.case import Case
from precord.corpora import open_corpus
from precord.encoder import Encoder
from precord.ingest import ingest
from precord.io import read, write_wfdb
from precord.library.sqlite import SqliteLibrary
from precord.report import Language, Report, Source
from precord.retrieve import Retriever
from precord.simulate import draw_statements, simulate
from precord.statements import CODES
from precord.text import word_statements

RECORDS = 600  # written to disk and ingested for real


def main() -> None:
    """Print one line a measure: name, median, what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    n_cases = parser.parse_args().cases
    write(
        f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}; "
        f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_folder(folder / "ecgs", RECORDS)
        encoder = Encoder.load(threads=1)
        library = SqliteLibrary.create(
            folder / "library.db", encoder.fingerprint, encoder.precision, encoder.dim
        )
        with library:
            rate = measure_ingestion(folder / "ecgs", library, encoder)
            write(f"ingestion, WFDB on disk to searchable: {rate:.0f} ECGs/s (target 40)")
            fill(library, encoder, n_cases)
            retriever = Retriever(library, encoder)
            files = sorted((folder / "ecgs").glob("*.hea"))[:60]
            shipped = encoder.score_weights
            for matching, how in (
                (0.0, "as shipped (target 150)"),
                (0.05, "the 100 best judged by the matching head too"),
            ):
                encoder.score_weights = replace(shipped, matching=matching)
                wall, processor = measure_query(retriever, files)
                write(
                    f"warm query, WFDB file to ten hits, {len(library)} cases, {how}: "
                    f"{wall * 1e3:.0f} ms, of which processor {processor * 1e3:.0f} ms"
                )
            encoder.score_weights = shipped
            record = read(files[0])
            for action, how in (
                (lambda: encoder.encode_query(record), "measured and through towers and trees"),
                (lambda: encoder.read_towers([record]), "and through the towers alone"),
            ):
                wall, processor = encode_alone(action)
                write(
                    f"one ECG, prepared, {how} (target 15): "
                    f"{wall * 1e3:.1f} ms, of which processor {processor * 1e3:.1f} ms"
                )
    command = [sys.executable, "-m", "precord", "--help"]
    start_up, _ = measure_each(
        lambda _: subprocess.run(command, check=True, capture_output=True), [Path()] * 10
    )
    write(f"precord --help: {start_up:.2f} s (target 0.4)")


def make_folder(folder: Path, n: int, source: Source = Source.SIMULATED) -> None:
    """Write *n* simulated records and their table; *source* is what the table says."""
    folder.mkdir()
    names = {Source.SIMULATED: "simulated", Source.CLINICIAN: "clinician"}
    lines = ["file,patient,statements,report,source,language"]
    for number in range(n):
        rng = np.random.default_rng([7, number])
        simulated = simulate(draw_statements(rng), rng)
        write_wfdb(simulated.record, folder / f"{number:04d}")
        report = simulated.reports[Language.ENGLISH].replace('"', "")
        codes = ";".join(sorted(simulated.statements))
        lines.append(f'{number:04d}.hea,p{number},{codes},"{report}",{names[source]},en')
    (folder / "table.csv").write_text("\n".join(lines) + "\n", "utf-8")


def measure_ingestion(folder: Path, library: SqliteLibrary, encoder: Encoder) -> float:
    """Return records a second, reading and measuring in two processes."""
    entries = open_corpus("folder", folder).entries()
    start = time.perf_counter()
    report = ingest(entries, library, encoder, workers=2, on_progress=lambda _: None)
    return report.added / (time.perf_counter() - start)


def fill(
    library: SqliteLibrary, encoder: Encoder, n_cases: int, source: Source = Source.SIMULATED
) -> None:
    """Fill *library* up to *n_cases* with random vectors and reports that all differ."""
    rng = np.random.default_rng(0)
    missing = n_cases - len(library)
    for start in range(0, missing, 1000):
        n = min(1000, missing - start)
        vectors = rng.normal(size=(2, n, encoder.dim)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
        cases = []
        for number in range(start, start + n):
            text = word_statements(frozenset(rng.choice(CODES, 5).tolist()), Language.ENGLISH, rng)
            report = Report(f"{text}, {number} ms", Language.ENGLISH, source)
            cases.append(Case(f"filler/{number}", None, frozenset({"SR"}), report))
        library.add(cases, vectors[0], vectors[1])


def measure_query(retriever: Retriever, paths: list[Path]) -> tuple[float, float]:
    """Return the median seconds of a query, by the clock and of the processor."""
    return measure_each(lambda path: retriever.by_record(read(path), k=10), paths)


def encode_alone(action: Callable[[], object]) -> tuple[float, float]:
    """Return the median seconds that one ECG takes to encode, clock and processor."""
    return measure_each(lambda _: action(), [Path()] * 60)


def measure_each(action: Callable[[Path], object], paths: list[Path]) -> tuple[float, float]:
    """Return the median seconds of *action* over *paths*, after one that is not counted.

    By the clock, and of the processor.
    """
    action(paths[0])
    clock, processor = [], []
    for path in paths:
        start = time.perf_counter(), time.process_time()
        action(path)
        clock.append(time.perf_counter() - start[0])
        processor.append(time.process_time() - start[1])
    return statistics.median(clock), statistics.median(processor)


def write(line: str) -> None:
    """Print at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
