"""Fixtures that all tests share."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from precord.leads import LEADS
from precord.record import Record

os.environ["HF_HUB_OFFLINE"] = "1"  # no test asks the network for a model
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")  # how long an example takes on a busy machine says nothing


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real recordings, or skip where it is absent.

    It is `data` inside PRECORD_SHARED, which defaults to `shared` beside the checkout.
    """
    default = Path(__file__).parents[2] / "shared"
    data = Path(os.environ.get("PRECORD_SHARED", default)).resolve() / "data"
    if not (data / "ptb-xl").is_dir():
        pytest.skip(f"no real recordings in {data}; set PRECORD_SHARED")
    return data


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a seeded generator."""
    return np.random.default_rng(20231210)


@pytest.fixture
def noise_record(rng: np.random.Generator) -> Record:
    """Return ten seconds of 12-lead noise at 500 Hz: valid, but no ECG."""
    return Record(rng.normal(0, 0.3, (12, 5000)).astype(np.float32), LEADS, 500.0)
