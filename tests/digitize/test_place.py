"""Tests of precord.digitize.place: where a lead's time begins, on pages drawn in panels."""

import numpy as np
import pytest
from numpy.typing import NDArray

from precord.digitize.place import Stretch, close_gaps
from precord.leads import LEADS, Lead


def _columns(
    seconds: float, apart: float
) -> tuple[list[Stretch], dict[Lead, list[NDArray[np.float64]]]]:
    """Return a row of four leads at 25 mm/s, each so long, that begin so far *apart*, s."""
    stretches, pieces = [], {}
    for k, lead in enumerate(LEADS[:4]):
        begin = 10.0 + 25.0 * apart * k
        x = begin + np.arange(0.0, 25.0 * seconds, 0.05)
        pieces[lead] = [np.stack([x, np.zeros(x.size)], 1)]
        stretches.append(Stretch(lead, 0, begin, begin + 25.0 * apart))
    return stretches, pieces


@pytest.mark.parametrize(
    ("seconds", "apart", "begin"),
    [(2.5, 2.74, 2.5), (2.45, 2.5, 2.5), (2.5, 2.5, 2.5), (2.2, 2.74, 2.74)],
    ids=["panels", "blank time", "joined", "of no usual length"],
)
def test_room_between_panels_is_no_time(seconds: float, apart: float, begin: float) -> None:
    """The second lead begins where the first one's 2.5 seconds end, if these were all drawn."""
    stretches, pieces = _columns(seconds, apart)

    found = close_gaps(stretches, pieces, 25.0)

    starts = [float(found[lead][0][0, 0]) for lead in LEADS[:4]]
    np.testing.assert_allclose(np.diff(starts), 25.0 * begin, atol=0.06)
