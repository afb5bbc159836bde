"""Records of the PhysioNet/CinC Challenges 2020 and 2021: `.hea` beside `.mat`, SNOMED CT codes.

Source: Reyna et al. 2021, doi:10.23919/CinC53138.2021.9662687. Headers may lie in folders
below; `#Dx:` holds the codes, which `mapping.csv` turns into SCP-ECG statements. The data
name no patients and no folds, and carry no reports.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from precord.corpora.entry import Entry
from precord.corpora.mapping import System, to_scp
from precord.errors import CorpusError, PrecordError
from precord.io import read_wfdb
from precord.io.file import read_bytes
from precord.io.wfdb_header import MAX_HEADER_BYTES, parse_header
from precord.record import Record

_DX = re.compile(rb"^#\s*Dx\s*:(.*)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A folder of Challenge records, such as `training/georgia`."""

    directory: Path
    kind: str = field(default="challenge", init=False)

    def entries(self, folds: Collection[int] | None = None) -> list[Entry]:
        """Return all entries by file name; none where *folds* are asked for, as there are none.

        Raises:
            CorpusError: There is no header, or one of them cannot be used; the message names it.
        """
        headers = sorted(self.directory.rglob("*.hea"))
        if not headers:
            raise CorpusError(f"{self.directory}: no .hea file; expected the Challenge's records")
        return [] if folds is not None else [self._entry(header) for header in headers]

    def _entry(self, header: Path) -> Entry:
        """Return the entry of one header."""
        data = read_bytes(header, MAX_HEADER_BYTES)
        match = _DX.search(data)
        if match is None:
            raise CorpusError(f"{header}: no line '#Dx:'; expected a record of the Challenge")
        try:
            facts = parse_header(data, header.name).acquisition
            codes = match[1].decode("ascii", errors="replace").split(",")
            statements = to_scp(codes, System.SNOMED)
        except PrecordError as error:
            raise CorpusError(f"{header}: {error}") from error
        name = header.relative_to(self.directory).with_suffix("").as_posix()
        return Entry(
            case_id=f"{self.kind}/{name}",
            corpus=self.kind,
            patient=None,
            fold=None,
            statements=statements,
            report=None,
            source=_HeaderSource(header),
            age=facts.age,
            sex=facts.sex,
        )


@dataclass(frozen=True, slots=True)
class _HeaderSource:
    """Reads one record by its header."""

    header: Path

    def __call__(self) -> Record:
        """Return the record."""
        return read_wfdb(self.header)
