"""What every case library can do, whatever it stores its cases in.

Shapes: N cases, D width of a vector.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from precord.case import Case
from precord.criteria import Criteria
from precord.library.waveform import Waveform
from precord.relevance import StatementTable
from precord.report import Source


class EncoderIdentity(Protocol):
    """What a library must know of the encoder that makes its vectors."""

    @property
    def fingerprint(self) -> str:
        """Return the hash over weights, configuration and preprocessing."""
        ...

    @property
    def precision(self) -> str:
        """Return the arithmetic, such as "fp32"."""
        ...

    @property
    def dim(self) -> int:
        """Return the width of a vector."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """The vectors of all cases, in the order in which the cases were added.

    Attributes:
        ids: N case ids; row i of each matrix belongs to ids[i].
        patients: N pseudonyms; None where the patient is unknown.
        folds: N folds of the data sets; None where there is none.
        sources: N sources of the reports.
        ecg: (N, D) float32 unit rows, read-only; NaN where a case has no ECG vector.
        report: (N, D) float32 unit rows, read-only; NaN where it has no report vector.
        statements: of all cases.
        row_of: the row of each case id.
        rows_of: the rows of each patient's cases.
        is_simulated: (N,).
    """

    ids: tuple[str, ...]
    patients: tuple[str | None, ...]
    folds: tuple[int | None, ...]
    sources: tuple[Source, ...]
    ecg: NDArray[np.float32]
    report: NDArray[np.float32]
    statements: StatementTable
    row_of: Mapping[str, int] = field(init=False, repr=False)
    rows_of: Mapping[str, Sequence[int]] = field(init=False, repr=False)
    is_simulated: NDArray[np.bool_] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Look up once what every search asks."""
        rows_of: dict[str, list[int]] = {}
        for row, patient in enumerate(self.patients):
            if patient is not None:
                rows_of.setdefault(patient, []).append(row)
        is_simulated = np.array([s is Source.SIMULATED for s in self.sources], np.bool_)
        object.__setattr__(self, "row_of", {case_id: i for i, case_id in enumerate(self.ids)})
        object.__setattr__(self, "rows_of", rows_of)
        object.__setattr__(self, "is_simulated", is_simulated)


@dataclass(frozen=True, slots=True)
class Stats:
    """How many cases a library holds, and where they come from.

    Attributes:
        patients: number of different pseudonyms; cases of unknown patients do not count.
        by_corpus, by_source: number of cases; what does not occur is left out.
    """

    cases: int
    patients: int
    by_corpus: Mapping[str, int]
    by_source: Mapping[Source, int]


class Library(Protocol):
    """Cases and their vectors.

    Every method raises a LibraryError where the store is damaged, locked or full.
    """

    def __len__(self) -> int:
        """Return the number of cases."""
        ...

    def add(
        self,
        cases: Sequence[Case],
        ecg_vectors: NDArray[np.float32],
        report_vectors: NDArray[np.float32],
        waveforms: Sequence[Waveform | None] | None = None,
    ) -> None:
        """Add *cases*, all or none.

        Args:
            cases: N cases, whose patients are pseudonyms already.
            ecg_vectors: (N, D) unit rows; a row of NaN where there is none.
            report_vectors: the same for the reports.
            waveforms: the packed signals, where they were packed elsewhere; otherwise
                the record of each case is packed here.
        """
        ...

    def case_ids(self) -> set[str]:
        """Return the ids of all cases."""
        ...

    def case(self, case_id: str, *, with_record: bool = False) -> Case:
        """Return one case, with its record if asked for."""
        ...

    def cases(self, case_ids: Sequence[str], *, with_record: bool = False) -> list[Case]:
        """Return the cases of *case_ids*, in that order."""
        ...

    def vectors(self) -> Vectors:
        """Return the vectors of all cases."""
        ...

    def select(self, criteria: Criteria) -> set[str]:
        """Return the ids of the cases that meet *criteria*."""
        ...

    def search_text(self, query: str, k: int) -> list[tuple[str, float]]:
        """Return at most *k* case ids with their BM25 score, best (highest) first."""
        ...

    def pseudonym(self, patient: str) -> str:
        """Return the pseudonym of a raw patient id, as `pseudonyms` does."""
        ...

    def pseudonyms(self, patients: Sequence[str]) -> list[str]:
        """Return the pseudonyms of raw patient ids; who is new gets a key of their own."""
        ...

    def find_pseudonym(self, patient: str) -> str | None:
        """Return the pseudonym of a raw patient id, or None for one who was never added."""
        ...

    def find_digest(self, digest: str) -> str | None:
        """Return the id of the first case whose record has this digest, or None."""
        ...

    def erase_patient(self, patient: str) -> int:
        """Erase whom the raw id *patient* names; return how many cases there were."""
        ...

    def delete_patient(self, pseudonym: str) -> int:
        """Erase all cases of a patient and destroy the key; return how many cases there were."""
        ...

    def delete_case(self, case_id: str) -> int:
        """Erase one case without a trace, whoever's it is; return 1, or 0 if there is none."""
        ...

    def stats(self) -> Stats:
        """Return how many cases there are, by corpus and by source."""
        ...
