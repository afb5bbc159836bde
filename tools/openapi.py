"""Write `docs/openapi.json` from the routes themselves.

Usage: python tools/openapi.py
"""

import json
from pathlib import Path
from typing import Any, cast

from precord.api.access import Access
from precord.api.app import create_app

_PAGE = Path(__file__).parents[1] / "docs" / "openapi.json"


def main() -> None:
    """Write the file; nothing is served for it."""
    app = create_app(cast("Any", None), Access(frozenset({"127.0.0.1:1"})))
    text = json.dumps(app.openapi(), indent=1, ensure_ascii=False, sort_keys=True)
    _PAGE.write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    main()
