"""Signals that are no ECG, and ECGs that are not as they should be, to see what is refused.

Far from any ECG: noise of three colours, a sine, a square wave, muscle, an EEG made up or
from a file, the rows of a picture, a small animal's rate. Near: the leads in another order,
upside down, backwards, a piece cut out. All last ten seconds unless said otherwise.
Shapes: L = 12 leads, T samples.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample

from precord.leads import LEADS
from precord.record import Provenance, Record

RATE = 500.0  # Hz
SECONDS = 10.0
_T = int(RATE * SECONDS)

Floats = NDArray[np.float64]
Make = Callable[[np.random.Generator], Record]


def to_record(signal: NDArray[np.floating], name: str, rate: float = RATE) -> Record:
    """Return *signal* (L, T) in millivolts as a 12-lead record."""
    return Record(signal.astype(np.float32), LEADS, rate, provenance=Provenance("test", name))


def white(rng: np.random.Generator) -> Record:
    """Return independent noise of an ECG's size in each lead."""
    return to_record(rng.normal(0, 0.2, (12, _T)), "white noise")


def pink(rng: np.random.Generator) -> Record:
    """Return noise whose power falls as 1 / f."""
    return to_record(_coloured(rng, 0.5, 12), "pink noise")


def brown(rng: np.random.Generator) -> Record:
    """Return noise whose power falls as 1 / f²: drift alone."""
    return to_record(_coloured(rng, 1.0, 12), "brown noise")


def mixed_noise(rng: np.random.Generator) -> Record:
    """Return noise with the lead's dependence of an ECG: three sources, twelve leads."""
    return to_record(rng.normal(size=(12, 3)) @ _coloured(rng, 0.5, 3), "noise of three sources")


def sine(rng: np.random.Generator) -> Record:
    """Return a sine of 0.8 to 12 Hz, its size and phase drawn for each lead."""
    at = np.arange(_T) / RATE
    phase, size = rng.uniform(0, 2 * np.pi, (12, 1)), rng.uniform(0.2, 1, (12, 1))
    return to_record(size * np.sin(2 * np.pi * rng.uniform(0.8, 12) * at + phase), "sine")


def square(rng: np.random.Generator) -> Record:
    """Return a square wave of 0.8 to 4 Hz, a calibration signal, in all leads."""
    at = np.arange(_T) / RATE
    size = rng.uniform(0.5, 1.5, (12, 1))
    wave = np.sign(np.sin(2 * np.pi * rng.uniform(0.8, 4) * at))
    return to_record(size * wave + rng.normal(0, 0.01, (12, _T)), "square wave")


def muscle(rng: np.random.Generator) -> Record:
    """Return bursts of broad-band noise, as an EMG has."""
    at = np.arange(_T) / RATE
    gate = np.sin(2 * np.pi * rng.uniform(0.3, 1.2) * at + rng.uniform(0, 6, (12, 1))) > 0.3
    return to_record(rng.normal(0, 0.4, (12, _T)) * (0.1 + gate), "muscle")


def made_up_eeg(rng: np.random.Generator) -> Record:
    """Return pink noise with a waxing and waning rhythm of 8 to 12 Hz, as at closed eyes."""
    at = np.arange(_T) / RATE
    alpha = np.sin(2 * np.pi * rng.uniform(8, 12) * at) * (1 + np.sin(0.8 * at + 6 * rng.random()))
    leads = _coloured(rng, 0.5, 12) * 0.03 + rng.uniform(0.01, 0.04, (12, 1)) * alpha
    return to_record(leads, "made-up EEG")


def small_animal(record: Record, rng: np.random.Generator) -> Record:
    """Return a human ECG played four times as fast: a guinea pig's rate and intervals."""
    del rng
    signal = np.nan_to_num(record.to_standard().signal)
    fast = resample(signal, max(signal.shape[1] // 4, 1), axis=1)
    return replace(record, signal=np.tile(fast, 4).astype(np.float32), leads=LEADS)


def picture(rng: np.random.Generator, image: Floats) -> Record:
    """Return twelve rows of a picture (height, width), stretched to ten seconds."""
    rows = image[np.sort(rng.choice(len(image), 12, replace=False))]
    shown = np.stack([np.interp(np.linspace(0, 1, _T), np.linspace(0, 1, len(r)), r) for r in rows])
    return to_record(shown / 255.0, "rows of a picture")


def eeg(rng: np.random.Generator, channels: Floats, rate: float) -> Record:
    """Return a real EEG (channels, T, microvolt or any unit) spread over twelve leads."""
    order = rng.permutation(np.arange(12) % len(channels))
    shifts = rng.integers(0, channels.shape[1], 12)
    rows = np.stack([np.roll(channels[c], s) for c, s in zip(order, shifts, strict=True)])
    return to_record(rows / max(float(rows.std()), 1e-9) * 0.05, "EEG", rate)


def shuffle_leads(record: Record, rng: np.random.Generator) -> Record:
    """Return *record* with its leads in another order, under the old names."""
    standard = record.to_standard()
    return replace(standard, signal=standard.signal[rng.permutation(12)])


def turn_over(record: Record, rng: np.random.Generator) -> Record:
    """Return *record* upside down."""
    del rng
    return replace(record, signal=-record.signal)


def reverse_time(record: Record, rng: np.random.Generator) -> Record:
    """Return *record* backwards."""
    del rng
    return replace(record, signal=np.ascontiguousarray(record.signal[:, ::-1]))


def add_noise(record: Record, rng: np.random.Generator) -> Record:
    """Return *record* under white noise twice as large as each lead."""
    size = 2 * np.nanstd(record.signal, axis=1, keepdims=True)
    noise = rng.normal(size=record.signal.shape) * size
    return replace(record, signal=(record.signal + noise).astype(np.float32))


FAR: dict[str, Make] = {
    "white noise": white,
    "pink noise": pink,
    "brown noise": brown,
    "noise of three sources": mixed_noise,
    "sine": sine,
    "square wave": square,
    "muscle": muscle,
    "made-up EEG": made_up_eeg,
}
NEAR: dict[str, Callable[[Record, np.random.Generator], Record]] = {
    "leads shuffled": shuffle_leads,
    "upside down": turn_over,
    "backwards": reverse_time,
    "under noise twice its size": add_noise,
}


def _coloured(rng: np.random.Generator, power: float, n: int) -> Floats:
    """Return (n, T) noise of unit size, amplitude falling as 1 / f to the *power*."""
    at = np.fft.rfftfreq(_T, 1 / RATE)
    spectrum = rng.normal(size=(n, len(at))) + 1j * rng.normal(size=(n, len(at)))
    spectrum *= np.where(at > 0.1, at, np.inf) ** -power
    noise = np.fft.irfft(spectrum, _T)
    return np.asarray(noise / noise.std(axis=1, keepdims=True), np.float64)
