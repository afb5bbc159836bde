"""Install the bundle in an empty environment without a network, and do a real job with it.

Usage: python tools/check_bundle.py [DIR]   (dist/bundle without it)

The job: twelve simulated ECGs of three kinds into a library, and one more as the query.
Everything after the making of the environment runs in a network namespace of its own
(`unshare -rn`), which has no way out. Where the system does not allow that, a line says so,
and the rest is checked with the network at hand but no package index.
"""

import csv
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_KINDS = ("CLBBB", "AFIB", "NORM")
_EACH = 4  # ECGs of a kind
_NO_WAY_OUT = (
    "import socket, sys\n"
    "try: socket.create_connection(('192.0.2.1', 80), timeout=2)\n"  # RFC 5737: nobody's address
    "except OSError as error: sys.exit(0 if error.errno == 101 else 1)\n"  # network unreachable
    "sys.exit(1)\n"
)


def main() -> None:
    """Check sums, install, simulate, ingest, search."""
    bundle = Path(sys.argv[1] if len(sys.argv) > 1 else _ROOT / "dist" / "bundle").resolve()
    _check_sums(bundle)
    alone = _isolation()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        subprocess.run([sys.executable, "-m", "venv", str(place / "venv")], check=True)
        bin_ = place / "venv" / "bin"
        pip = [str(bin_ / "pip"), "--disable-pip-version-check", "--quiet", "install"]
        _run(alone, place, *pip, "--no-index", "--find-links", str(bundle), "precord")
        precord = str(bin_ / "precord")
        sys.stdout.write(_run(alone, place, precord, "--version"))
        _make_folder([*alone, precord], place)
        library = ("--library", "lib.db")
        sys.stdout.write(_run(alone, place, precord, "ingest", "folder", "folder", *library))
        query = ("query/simulated-00001.hea", *library, "-k", str(_EACH), "--json")
        hits = json.loads(_run(alone, place, precord, "search", *query))["hits"]
    found = [kind for hit in hits for kind in _KINDS if kind in hit["statements"]]
    if len(hits) != _EACH or found[:1] != [_KINDS[0]]:
        sys.exit(f"searched a {_KINDS[0]}, found {found}")
    sys.stdout.write(f"searched a {_KINDS[0]}, found {', '.join(found)}: the bundle works\n")


def _check_sums(bundle: Path) -> None:
    """Compare each wheel with SHA256SUMS, and the list with the folder."""
    try:
        lines = (bundle / "SHA256SUMS").read_text("ascii").splitlines()
    except FileNotFoundError:
        sys.exit(f"{bundle}: no bundle there; run `make bundle`")
    sums = {line.split()[1]: line.split()[0] for line in lines}
    found = {w.name: hashlib.sha256(w.read_bytes()).hexdigest() for w in bundle.glob("*.whl")}
    if sums != found:
        sys.exit(f"{bundle}: the wheels are not those of SHA256SUMS")


def _isolation() -> list[str]:
    """Return the words that take the network from a command; none where that cannot be."""
    alone = ["unshare", "-rn"]
    try:
        done = subprocess.run([*alone, sys.executable, "-c", _NO_WAY_OUT], check=False)
    except FileNotFoundError:
        done = None
    if done is not None and done.returncode == 0:
        return alone
    sys.stdout.write("SKIPPED: no network namespace (`unshare -rn`) here; only --no-index\n")
    return []


def _make_folder(precord: list[str], place: Path) -> None:
    """Simulate the ECGs, with a table for `precord ingest folder`, and the query."""
    rows = []
    for n, kind in enumerate(_KINDS, start=1):
        options = ("--statement", kind, "-n", str(_EACH), "--seed", str(n))
        _run(precord, place, "simulate", "-o", f"folder/{kind}", *options)
        for hea in sorted((place / "folder" / kind).glob("*.hea")):
            name = str(hea.relative_to(place / "folder"))
            rows.append([name, f"{kind}-{hea.stem}", kind, f"simulated {kind}", "simulated"])
    with (place / "folder" / "table.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "patient", "statements", "report", "source"])
        table.writerows(rows)
    _run(precord, place, "simulate", "-o", "query", "--statement", _KINDS[0], "--seed", "99")


def _run(before: list[str], place: Path, *words: str) -> str:
    """Run a command in *place*, with nothing of this environment's Python; return its output."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    env = {**kept, "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [*before, *words], cwd=place, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)}: status {done.returncode}\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
