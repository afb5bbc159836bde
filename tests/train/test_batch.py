"""Tests of precord.train.batch."""

import numpy as np

from precord.model.text import OWN_MARKS
from precord.train.batch import hide_words


def test_words_are_hidden_and_padding_never_is() -> None:
    """About the asked share of the words; what is not hidden stays."""
    rng = np.random.default_rng(0)
    ids = rng.integers(3, 400, (200, 40))
    ids[:, 25:] = OWN_MARKS.pad

    hidden = hide_words(ids, 0.3, OWN_MARKS, rng)

    changed = hidden != ids
    assert (hidden[changed] == OWN_MARKS.mask).all()
    assert not changed[:, 25:].any()
    assert abs(changed[:, :25].mean() - 0.3) < 0.02
