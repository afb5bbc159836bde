"""Write `docs/cli.md` from the commands themselves, or check that it is up to date.

Usage: python tools/reference.py [--check]
"""

import subprocess
import sys
from pathlib import Path

_COMMAND = ("-m", "typer", "precord.cli", "utils", "docs", "--name", "precord")
_PAGE = Path(__file__).parents[1] / "docs" / "cli.md"


def main() -> None:
    """Generate the page; write it, or compare it with the one on disk."""
    page = subprocess.run(
        [sys.executable, *_COMMAND], check=True, capture_output=True, text=True
    ).stdout
    page = "\n".join(line.rstrip() for line in page.strip().splitlines()) + "\n"
    if "--check" not in sys.argv:
        _PAGE.write_text(page, "utf-8")
    elif not _PAGE.is_file() or _PAGE.read_text("utf-8") != page:
        sys.exit("docs/cli.md is not what the commands say; run `make docs`")


if __name__ == "__main__":
    main()
