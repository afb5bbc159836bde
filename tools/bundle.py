"""Gather every wheel that an installation without a network needs, and say how to install.

Usage: python tools/bundle.py [DIR]   (dist/bundle without it)

The wheels fit the Python version and the platform that this runs on, and no other. It needs
pip and a package index; the machine that gets the folder needs neither network nor compiler.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_INSTALL = """\
precord {version}, with everything that it needs, for Python {python} on {system} {machine}.

With this folder at hand as `bundle`, and without a network:

    python{python} -m venv precord
    precord/bin/pip install --no-index --find-links bundle precord
    precord/bin/precord --version
    precord/bin/precord demo

Whether the wheels arrived as they left: cd bundle && sha256sum --check SHA256SUMS
"""


def main() -> None:
    """Build precord's own wheel, fetch those of its dependencies, and write INSTALL."""
    bundle = Path(sys.argv[1]) if len(sys.argv) > 1 else _ROOT / "dist" / "bundle"
    shutil.rmtree(bundle, ignore_errors=True)
    bundle.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--wheel-dir", str(bundle), str(_ROOT)], check=True)
    wheels = sorted(bundle.glob("*.whl"))
    own = [wheel for wheel in wheels if wheel.name.startswith("precord-")]
    if len(own) != 1:
        sys.exit(f"{bundle}: {len(own)} wheels of precord, expected 1")
    sums = (f"{hashlib.sha256(w.read_bytes()).hexdigest()}  {w.name}\n" for w in wheels)
    (bundle / "SHA256SUMS").write_text("".join(sums), "ascii")
    text = _INSTALL.format(
        version=own[0].name.split("-")[1],
        python=".".join(platform.python_version_tuple()[:2]),
        system=platform.system(),
        machine=platform.machine(),
    )
    (bundle / "INSTALL").write_text(text, "ascii")
    size_mb = sum(wheel.stat().st_size for wheel in wheels) / 1e6
    sys.stdout.write(f"{bundle}: {len(wheels)} wheels, {size_mb:.0f} MB\n")


if __name__ == "__main__":
    main()
