"""The lines of a grid, tile by tile: their direction, their spacing, and their numbers.

The picture is cut into tiles. In each, the two families of lines are peaks of the spectrum;
their frequencies and phases are carried from tile to tile, which numbers the lines.
"""

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft, rfft

Array = NDArray[Any]
_LOWEST, _HIGHEST = 1 / 100, 0.42  # cycles a pixel; 2.4 px is the narrowest square
_WIDEST_ANGLE = 30.0  # degrees between a family of lines and the picture's edge
_PAD = 512  # pixels of a tile's spectrum
_KEPT = int(_HIGHEST * _PAD) + 3  # columns of it, from 0 to just above the highest frequency
_MOST_APART = 6  # rings between the two families' frequencies: 1.45 times
_STRETCHED = 1.3  # times as clear as square ones are lines that are not square


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """What the tiles show of both families of lines; the first are the vertical lines.

    Attributes:
        centres: (tiles, 2) pixels x and y: of what of the lines is in the tile, which at the
            edge of the grid is not the tile's own centre.
        waves: (tiles, 2, 2) cycles a pixel along x and y, per family; NaN where not seen.
        phases: (tiles, 2) cycles at the centre, per family.
        clarity: (tiles,) how far the weaker family stands out.
        places: (tiles, 2) row and column of the tile.
        size: of a tile, pixels.
    """

    centres: Array
    waves: Array
    phases: Array
    clarity: Array
    places: Array
    size: int

    @classmethod
    def measure(cls, lines: NDArray[np.float32]) -> "Tiles | None":
        """Measure all tiles of a picture, or return None where no period stands out."""
        height, width = lines.shape
        size = 256 if min(height, width) >= 500 else 160
        if min(height, width) < size:
            return None
        step = size // 2
        ys, xs = _starts(height, size, step), _starts(width, size, step)
        window = _window(size)
        places = np.array([(i, j) for i in range(len(ys)) for j in range(len(xs))])
        spectra = [
            _spectrum(lines[ys[i] : ys[i] + size, xs[j] : xs[j] + size] * window) for i, j in places
        ]
        powers = [s.real**2 + s.imag**2 for s in spectra]
        common = _common_frequencies(powers)
        if common is None:
            return None
        places_near = [
            np.flatnonzero(sector & (0.78 * usual < _RADIUS) & (1.28 * usual > _RADIUS))
            for sector, usual in zip(_SECTORS, common, strict=True)
        ]
        found = [_peaks(s, p, places_near, size) for s, p in zip(spectra, powers, strict=True)]
        middle = (size - 1) / 2
        corners = np.array([(xs[j] + middle, ys[i] + middle) for i, j in places])
        waves, phases, clarity, seen = (np.array(part) for part in zip(*found, strict=True))
        return cls(corners + seen, waves, phases, clarity, places, size)


def _starts(length: int, size: int, step: int) -> list[int]:
    """Return where tiles begin that cover a side of the picture to its last pixel."""
    n = -(-(length - size) // step) + 1
    return [round(v) for v in np.linspace(0, length - size, n)]


def _window(size: int) -> NDArray[np.float32]:
    """Return the (size, size) weights of a tile's pixels.

    Each second row is negative: the spectrum then begins with the lowest frequency down the page.
    """
    bell = np.hanning(size)
    return np.outer(bell * (-1.0) ** np.arange(size), bell).astype(np.float32)


def _spectrum(tile: NDArray[np.float32]) -> Array:
    """Return (`_PAD`, `_KEPT`): half the spectrum of a tile; the rest mirrors it."""
    across = rfft(tile, _PAD, axis=1)[:, :_KEPT]
    return np.asarray(fft(across, _PAD, axis=0), np.complex64)


_ROWS, _COLUMNS = np.fft.fftshift(np.fft.fftfreq(_PAD)), np.fft.rfftfreq(_PAD)[:_KEPT]
_FX, _FY = np.meshgrid(_COLUMNS, _ROWS)
_RADIUS = np.hypot(_FX, _FY)


def _sectors() -> tuple[Array, Array]:
    """Return where the waves of vertical and of horizontal lines may lie."""
    slope = np.tan(np.deg2rad(_WIDEST_ANGLE))
    within = (_RADIUS > _LOWEST) & (_RADIUS < _HIGHEST)
    return within & (np.abs(_FY) < slope * _FX), within & (slope * np.abs(_FY) > _FX)


_SECTORS = _sectors()


_EDGES = np.geomspace(_LOWEST, _HIGHEST, 61)


def _ring_order(sector: Array) -> tuple[Array, Array, Array]:
    """Return a sector's places from ring to ring, where each ring begins, and its number."""
    places = np.flatnonzero(sector)
    rings = (np.digitize(_RADIUS.ravel()[places], _EDGES) - 1).clip(0, 59)
    order = np.argsort(rings, kind="stable")
    numbers, starts = np.unique(rings[order], return_index=True)
    return places[order], starts, numbers


_RINGS = tuple(_ring_order(sector) for sector in _SECTORS)


def _common_frequencies(powers: list[Array]) -> Array | None:
    """Return (2,) frequencies, cycles a pixel, at which most tiles have lines of each family.

    They are one, but for a picture that was stretched one way, or drawn so: there both families
    together stand out far more at two that are not far apart.
    """
    total = np.zeros((2, 60))
    for power in powers:
        for family, (places, starts, numbers) in enumerate(_RINGS):
            inside = power.ravel()[places]
            best = np.maximum.reduceat(inside, starts)
            level = np.median(inside[::7]) + 1e-9
            total[family, numbers] += np.log1p(best / (60 * level))
    total /= len(powers)
    votes = np.minimum(total[0], total[1])
    votes = np.convolve(votes, [0.25, 0.5, 0.25], "same")
    at = np.array([int(np.argmax(votes))] * 2)
    smooth = [np.convolve(one, [0.25, 0.5, 0.25], "same") for one in total]
    square = float(np.minimum(*smooth).max())
    for apart in (k for k in range(-_MOST_APART, _MOST_APART + 1) if abs(k) > 1):
        first, second = max(0, -apart), max(0, apart)
        n = total.shape[1] - abs(apart)
        both = np.minimum(smooth[0][first : first + n], smooth[1][second : second + n])
        ring = int(np.argmax(both))
        if both[ring] > _STRETCHED * square:
            square = float(both[ring]) / _STRETCHED
            at = np.array([first + ring, second + ring])
    if max(float(votes.max()), square) < 0.5:
        return None
    return np.asarray(np.sqrt(_EDGES[at] * _EDGES[at + 1]))


def _peaks(
    spectrum: Array, power: Array, near: list[NDArray[np.intp]], size: int
) -> tuple[Array, Array, float, Array]:
    """Return waves (2, 2), phases (2,) and clarity of a tile *near* known frequencies.

    And where the lines' own centre is, (2,) pixels from the tile's: the phases hold there.
    """
    waves, phases, clarity = np.full((2, 2), np.nan), np.full(2, np.nan), np.inf
    centres = np.zeros((2, 2))
    for family, (places, _, _) in enumerate(_RINGS):
        highest = int(near[family][np.argmax(power.ravel()[near[family]])])
        row, column = divmod(highest, _KEPT)
        peak = power[row, column]
        level = np.mean(power.ravel()[places]) + 1e-9
        clarity = min(clarity, float(peak / level))
        dy = _vertex(power[row - 1 : row + 2, column]) if 0 < row < _PAD - 1 else 0.0
        dx = _vertex(power[row, column - 1 : column + 2]) if 0 < column < _KEPT - 1 else 0.0
        at = np.array([_COLUMNS[column], _ROWS[row]])
        sign = -1.0 if family and at[1] < 0 else 1.0  # the mirrored half
        centres[family] = _centre(spectrum, row, column, size)
        turn = float(np.angle(spectrum[row, column])) / (2 * np.pi)
        waves[family] = sign * (at + np.array([dx, dy]) / _PAD)
        phases[family] = sign * (turn + at @ (centres[family] + (size - 1) / 2))
    centre = centres.mean(axis=0)
    phases += (waves * (centre - centres)).sum(axis=1)
    return waves, phases, clarity, centre


def _centre(spectrum: Array, row: int, column: int, size: int) -> Array:
    """Return (2,) x and y from a tile's middle to the middle of a wave: its group delay."""
    found = []
    for down, across in ((0, 1), (1, 0)):
        both = _bin(spectrum, row + down, column + across) * np.conj(
            _bin(spectrum, row - down, column - across)
        )
        turn = float(np.angle(both)) / (2 * np.pi) + (size - 1) / _PAD
        found.append(-(turn - np.rint(turn)) * _PAD / 2)
    return np.asarray(np.clip(found, -size / 3, size / 3))


def _bin(spectrum: Array, row: int, column: int) -> complex:
    """Return the spectrum at a bin, of the half that is not stored too."""
    if column < 0:
        return complex(np.conj(spectrum[(_PAD - row) % _PAD, -column]))
    return complex(spectrum[row % _PAD, min(column, _KEPT - 1)])


def _vertex(three: Array) -> float:
    """Return where the parabola through three values peaks, from -0.5 to 0.5."""
    a, b, c = np.log(three + 1e-9)
    below = a - 2 * b + c
    return float(np.clip(0.5 * (a - c) / below, -0.5, 0.5)) if below < 0 else 0.0


def number_lines(tiles: Tiles) -> Array:
    """Return (tiles, 2): the number, with fraction, of the line at each centre; or NaN.

    Begins at the clearest tile near the middle, and carries the count to the clearest
    neighbour first.
    """
    n = len(tiles.centres)
    numbers = np.full((n, 2), np.nan)
    clear = tiles.clarity > max(8.0, 0.12 * float(np.quantile(tiles.clarity, 0.9)))
    where = {tuple(place): k for k, place in enumerate(tiles.places)}
    middle = np.median(tiles.centres[clear], axis=0) if clear.any() else tiles.centres.mean(0)
    far = np.hypot(*(tiles.centres - middle).T) / (np.ptp(tiles.centres) + 1)
    start = int(np.argmax(np.where(clear, tiles.clarity * (1 - far) ** 2, -1.0)))
    numbers[start] = tiles.phases[start]
    queue = [(-tiles.clarity[start], start)]
    while queue:
        _, k = heapq.heappop(queue)
        i, j = tiles.places[k]
        for place in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
            other = where.get(place)
            if other is None or not clear[other] or np.isfinite(numbers[other, 0]):
                continue
            waves = (tiles.waves[k] + tiles.waves[other]) / 2
            change = np.abs(tiles.waves[k] - tiles.waves[other]).max()
            if change > 0.12 * np.hypot(*tiles.waves[k, 0]):
                continue
            expected = numbers[k] + waves @ (tiles.centres[other] - tiles.centres[k])
            numbers[other] = tiles.phases[other] + np.rint(expected - tiles.phases[other])
            heapq.heappush(queue, (-tiles.clarity[other], other))
    return numbers
