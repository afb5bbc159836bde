"""Tests of precord.digitize.reading: where the traces begin behind their calibration pulses."""

import numpy as np

from precord.digitize.pulse import Pulse
from precord.digitize.reading import _ends
from precord.digitize.trace import Traces


def test_rows_begin_behind_pulses_that_only_some_of_them_show() -> None:
    """Three pulses of seven could be followed; the others' rows do not begin at them either."""
    y = np.full((7, 3000), 300.0, np.float32)
    y[:, :300] = np.nan
    y[:, 400:440] = np.nan  # the room between a pulse and its trace
    traces = Traces(
        y, np.linspace(0, 1200, 7), 3.0, np.zeros((1, 3000), bool), np.zeros(7, np.intp)
    )
    pulse = Pulse(320, 370, 10.0, 5.0)

    found = _ends(traces, [pulse, pulse, None, pulse, None, None, None])

    assert found.is_sure
    assert abs(found.first - 441) <= 3

    alone = _ends(traces, [pulse, None, None, None, None, None, None])
    assert abs(alone.first - 301) <= 3
