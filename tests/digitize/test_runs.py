"""Tests of precord.digitize.runs.

The oracle of peaks is `scipy.signal.find_peaks`.
"""

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal
from scipy.ndimage import gaussian_filter1d

from precord.digitize.runs import find_peaks


@given(
    seed=st.integers(0, 10**6),
    size=st.integers(3, 600),
    smooth=st.floats(1.0, 16.0),
    distance=st.integers(1, 80),
    share=st.floats(0.0, 0.5),
)
def test_peaks_agree_with_oracle(
    seed: int, size: int, smooth: float, distance: int, share: float
) -> None:
    """Bumps on bare ground, near to each other and far: the same ones are peaks."""
    rough = np.maximum(np.random.default_rng(seed).normal(-5.0, 6.0, size), 0.0)
    profile = gaussian_filter1d(rough, smooth)
    prominence = share * profile.max() + 1e-9

    found = find_peaks(profile, distance, prominence=prominence)

    expected, _ = signal.find_peaks(profile, distance=distance, prominence=prominence)
    assert found.tolist() == expected.tolist()


def test_no_peaks_where_there_is_nothing() -> None:
    """A bare page has no row."""
    assert find_peaks(np.zeros(500), 70, prominence=0.1).size == 0


def test_a_page_is_read_without_the_modules_that_are_slow_to_load() -> None:
    """`scipy.signal` costs half a second of processor, a fifth of a scan's target."""
    script = "import sys, precord.digitize; print('scipy.signal' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
