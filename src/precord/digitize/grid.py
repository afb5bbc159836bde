"""The paper's grid: where each millimetre of it lies in a picture.

The picture is cut into tiles. In each, the two families of lines are peaks of the spectrum;
their frequencies and phases are carried from tile to tile, which numbers the lines. A
homography and a smooth bend fitted to the numbered crossings flatten the page, with neither
borders nor corners in view; what is left is measured as the phase of the flat grid, and
taken out too. Whether the lines are one or five millimetres apart is told by the spectrum
of the flat page, where each fifth line is thicker.

Not read: paper without a grid, and grids of which less than a quarter can be seen.
"""

import heapq
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import fftshift, rfft2

from precord.errors import UnsupportedFormatError

Array = NDArray[Any]
FLAT_PX_PER_MM = 10.0  # of the flattened page

_LOWEST, _HIGHEST = 1 / 100, 0.42  # cycles a pixel; 2.4 px is the narrowest square
_WIDEST_ANGLE = 30.0  # degrees between a family of lines and the picture's edge
_LARGEST = 2000  # pixels of the longer side in which the grid is looked for
_PAD = 512  # pixels of a tile's spectrum
_PAGE_MM, _USUAL_MM = (150.0, 450.0), 270.0  # width of a page, and what most have
_MANY_LINES = 110  # more of one kind over a page are one millimetre apart, fewer five


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A flattened page.

    Attributes:
        flat: (height, width, 3) uint8, RGB, `FLAT_PX_PER_MM` pixels to the millimetre.
        to_picture: (height, width, 2) float32: pixel of the picture under each flat pixel.
        seen: (height, width) bool: inside the picture, and on the grid.
        px_per_mm: of the picture, in its middle.
        residual_mm: median distance of the lines from where they should be.
    """

    flat: NDArray[np.uint8]
    to_picture: NDArray[np.float32]
    seen: NDArray[np.bool_]
    px_per_mm: float
    residual_mm: float


def find_grid(picture: NDArray[np.uint8], name: str) -> Grid:
    """Find the grid in an RGB *picture*, and flatten the page by it.

    Raises:
        UnsupportedFormatError: There is no grid.
    """
    small, scale = _shrink_picture(picture)
    lines = show_lines(small)
    tiles = _Tiles.measure(lines)
    if tiles is None:
        raise UnsupportedFormatError(
            f"{name}: no grid of ECG paper found; take the picture from above, sharp and evenly "
            "lit, with the whole page in view"
        )
    numbers = _number(tiles)
    kept = np.flatnonzero(np.isfinite(numbers[:, 0]))
    if len(kept) < 12:
        raise UnsupportedFormatError(
            f"{name}: the grid of the paper is seen in too small a part of the picture"
        )
    bend = _Bend.fit(numbers[kept], tiles.centres[kept])
    reach = np.median(np.hypot(*tiles.waves[kept].transpose(2, 0, 1)), axis=0) * tiles.size / 2
    n_lines = float((np.ptp(numbers[kept], axis=0) + 2 * reach).max())
    mm_per_line = _line_spacing(lines, bend, numbers[kept], n_lines)
    return _flatten(picture, lines, scale, bend, numbers[kept], reach, mm_per_line)


def _shrink_picture(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Return *picture* no larger than is needed to see the grid, and how much smaller it is."""
    longest = max(picture.shape[:2])
    if longest <= _LARGEST:
        return picture, 1.0
    scale = _LARGEST / longest
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def show_lines(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (height, width): darkness of the grid, light and trace evened out."""
    small = picture.astype(np.float32)
    dark = np.zeros(picture.shape[:2], np.float32)
    for channel in range(3):
        plane = small[..., channel]
        dark = np.maximum(dark, 1.0 - plane / background(plane))
    dark = np.clip(dark, 0.0, 1.0)
    size = max(16, min(dark.shape) // 12)
    mean = cv2.blur(dark, (size, size))
    cap = mean + 1.3 * np.sqrt(np.maximum(cv2.blur(dark**2, (size, size)) - mean**2, 1e-6))
    dark = np.minimum(dark, cap)  # a trace is darker than any line
    dark = dark - cv2.blur(dark, (size, size))
    spread = np.sqrt(np.maximum(cv2.blur(dark**2, (size, size)), 0.0)) + 0.004
    return np.asarray(dark / spread, np.float32)


def background(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the brightness of the bare paper around each pixel of one colour."""
    height, width = plane.shape
    factor = max(1, round(max(height, width) / 600))
    small = cv2.resize(
        plane, (max(1, width // factor), max(1, height // factor)), interpolation=cv2.INTER_AREA
    )
    bright = cv2.dilate(small, np.ones((9, 9), np.uint8))
    bright = cv2.GaussianBlur(bright, (0, 0), 7)
    full = cv2.resize(bright, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.maximum(np.asarray(full, np.float32), 8.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Tiles:
    """What the tiles show of both families of lines; the first are the vertical lines.

    Attributes:
        centres: (tiles, 2) pixels x and y.
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
    def measure(cls, lines: NDArray[np.float32]) -> "_Tiles | None":
        """Measure all tiles of a picture, or return None where no period stands out."""
        height, width = lines.shape
        size = 256 if min(height, width) >= 500 else 160
        if min(height, width) < size:
            return None
        step = size // 2
        ys, xs = _starts(height, size, step), _starts(width, size, step)
        window = np.outer(np.hanning(size), np.hanning(size)).astype(np.float32)
        places = np.array([(i, j) for i in range(len(ys)) for j in range(len(xs))])
        spectra = [
            _spectrum(lines[ys[i] : ys[i] + size, xs[j] : xs[j] + size] * window) for i, j in places
        ]
        common = _common_frequency([np.abs(s) ** 2 for s in spectra])
        if common is None:
            return None
        found = [_peaks(s, common, size) for s in spectra]
        middle = (size - 1) / 2
        centres = np.array([(xs[j] + middle, ys[i] + middle) for i, j in places])
        waves = np.array([f[0] for f in found])
        phases = np.array([f[1] for f in found])
        clarity = np.array([f[2] for f in found])
        return cls(centres, waves, phases, clarity, places, size)


def _starts(length: int, size: int, step: int) -> list[int]:
    """Return where tiles begin that cover a side of the picture to its last pixel."""
    n = -(-(length - size) // step) + 1
    return [round(v) for v in np.linspace(0, length - size, n)]


def _spectrum(tile: NDArray[np.float32]) -> Array:
    """Return (`_PAD`, `_PAD` // 2 + 1): half the spectrum of a tile; the rest mirrors it."""
    size = tile.shape[0]
    padded = np.zeros((_PAD, _PAD), np.float32)
    padded[:size, :size] = tile
    return np.asarray(fftshift(rfft2(padded), axes=0), np.complex64)


_ROWS, _COLUMNS = np.fft.fftshift(np.fft.fftfreq(_PAD)), np.fft.rfftfreq(_PAD)
_FX, _FY = np.meshgrid(_COLUMNS, _ROWS)
_RADIUS = np.hypot(_FX, _FY)


def _sectors() -> tuple[Array, Array]:
    """Return where the waves of vertical and of horizontal lines may lie."""
    slope = np.tan(np.deg2rad(_WIDEST_ANGLE))
    within = (_RADIUS > _LOWEST) & (_RADIUS < _HIGHEST)
    return within & (np.abs(_FY) < slope * _FX), within & (slope * np.abs(_FY) > _FX)


_SECTORS = _sectors()


def _common_frequency(powers: list[Array]) -> float | None:
    """Return the frequency, cycles a pixel, at which most tiles have lines both ways."""
    edges = np.geomspace(_LOWEST, _HIGHEST, 61)
    rings = np.digitize(_RADIUS, edges) - 1
    total = np.zeros((2, 60))
    for power in powers:
        for family, sector in enumerate(_SECTORS):
            inside = power * sector
            best = np.zeros(62)
            np.maximum.at(best, rings[sector].clip(0, 60), inside[sector])
            level = np.median(power[sector]) + 1e-9
            total[family] += np.log1p(best[:60] / (60 * level))
    total /= len(powers)
    votes = np.minimum(total[0], total[1])
    votes = np.convolve(votes, [0.25, 0.5, 0.25], "same")
    at = int(np.argmax(votes))
    if votes[at] < 0.5:
        return None
    return float(np.sqrt(edges[at] * edges[at + 1]))


def _peaks(spectrum: Array, common: float, size: int) -> tuple[Array, Array, float]:
    """Return waves (2, 2), phases (2,) and clarity of a tile near a known frequency."""
    power = np.abs(spectrum) ** 2
    near = (0.78 * common < _RADIUS) & (1.28 * common > _RADIUS)
    waves, phases, clarity = np.full((2, 2), np.nan), np.full(2, np.nan), np.inf
    for family, sector in enumerate(_SECTORS):
        allowed = np.where(near & sector, power, 0.0)
        row, column = np.unravel_index(int(np.argmax(allowed)), allowed.shape)
        peak = allowed[row, column]
        level = np.mean(power[sector]) + 1e-9
        clarity = min(clarity, float(peak / level))
        dy = _vertex(power[row - 1 : row + 2, column]) if 0 < row < _PAD - 1 else 0.0
        dx = _vertex(power[row, column - 1 : column + 2]) if 0 < column < _PAD // 2 else 0.0
        at = np.array([_COLUMNS[column], _ROWS[row]])
        sign = -1.0 if family and at[1] < 0 else 1.0  # the mirrored half
        # a symmetric window has its own phase at the tile's centre, whatever the wave is
        turn = float(np.angle(spectrum[row, column])) / (2 * np.pi)
        waves[family] = sign * (at + np.array([dx, dy]) / _PAD)
        phases[family] = sign * (turn + at.sum() * (size - 1) / 2)
    return waves, phases, clarity


def _vertex(three: Array) -> float:
    """Return where the parabola through three values peaks, from -0.5 to 0.5."""
    a, b, c = np.log(three + 1e-9)
    below = a - 2 * b + c
    return float(np.clip(0.5 * (a - c) / below, -0.5, 0.5)) if below < 0 else 0.0


def _number(tiles: _Tiles) -> Array:
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


@dataclass(frozen=True, slots=True, eq=False)
class _Bend:
    """From line numbers to pixels: a homography, and a smooth polynomial on top of it."""

    homography: Array
    weights: Array
    middle: Array
    size: Array
    degree: int

    @classmethod
    def fit(cls, numbers: Array, pixels: Array) -> "_Bend":
        """Fit to (points, 2) numbers and pixels; points that do not fit are left out."""
        homography, inlier = cv2.findHomography(
            numbers.astype(np.float32), pixels.astype(np.float32), cv2.RANSAC, 12.0
        )
        if homography is None:
            homography = np.eye(3)
        kept = inlier.ravel() > 0 if inlier is not None else np.ones(len(numbers), bool)
        middle, size = numbers.mean(0), np.ptp(numbers, axis=0) / 2 + 1e-6
        degree = 3 if kept.sum() > 40 else 1
        bend = cls(homography, np.zeros((_terms(degree), 2)), middle, size, degree)
        flat = bend.to_pixels(numbers)
        basis = _basis((numbers - middle) / size, degree)
        for _ in range(4):
            left = pixels - flat
            ridge = 1e-3 * kept.sum() * np.eye(basis.shape[1])
            weights = np.linalg.solve(
                basis[kept].T @ basis[kept] + ridge, basis[kept].T @ left[kept]
            )
            errors = np.hypot(*(left - basis @ weights).T)
            kept = errors < max(1.5, 3.0 * float(np.median(errors)))
        return cls(homography, weights, middle, size, degree)

    def to_pixels(self, numbers: Array) -> Array:
        """Return (..., 2) pixels of (..., 2) line numbers."""
        shape = numbers.shape
        points = numbers.reshape(-1, 2)
        h = self.homography
        w = points @ h[2, :2] + h[2, 2]
        flat = (points @ h[:2, :2].T + h[:2, 2]) / w[:, None]
        around = np.clip((points - self.middle) / self.size, -1.15, 1.15)
        return np.asarray((flat + _basis(around, self.degree) @ self.weights).reshape(shape))


def _terms(degree: int) -> int:
    """Return how many terms a polynomial of two variables has."""
    return (degree + 1) * (degree + 2) // 2


def _basis(points: Array, degree: int) -> Array:
    """Return (points, terms): the powers of two variables up to *degree* together."""
    u, v = points[:, 0], points[:, 1]
    return np.stack([u**i * v**j for i in range(degree + 1) for j in range(degree + 1 - i)], 1)


def _line_spacing(lines: NDArray[np.float32], bend: _Bend, numbers: Array, n_lines: float) -> float:
    """Return how many mm apart the numbered lines are.

    On the flat page the thick lines are exactly periodic: their spectrum says of which of
    their harmonics the numbers are. Only what makes a page of a possible size is believed.
    """
    possible = [k for k in (1, 2, 3, 4, 5) if _PAGE_MM[0] < n_lines * 5 / k < _PAGE_MM[1]]
    if not possible:
        return 1.0 if n_lines > _MANY_LINES else 5.0
    low, high = numbers.min(0), numbers.max(0)
    per_line = 16
    us = np.arange(low[0], high[0], 1 / per_line)
    vs = np.arange(low[1], high[1], 1 / per_line)
    usual = min(
        possible, key=lambda k: abs(np.log(n_lines * 5 / k / _USUAL_MM)) + 0.4 * (k in (3, 4))
    )
    if us.size > 6000 or vs.size > 6000 or min(us.size, vs.size) < 8 * per_line:
        return 5.0 / usual
    scores = []
    for axis, (along, across) in enumerate(((us, vs), (vs, us))):
        picks = across[:: max(1, across.size // 400)]
        first, second = np.meshgrid(along, picks)
        points = np.stack([first, second] if axis == 0 else [second, first], -1)
        pixels = bend.to_pixels(points).astype(np.float32)
        flat = cv2.remap(lines, pixels, None, cv2.INTER_LINEAR)
        scores.append(_harmonics(flat.mean(0), per_line))
    score = {f: float(np.mean([np.log(s[f] + 0.1) for s in scores])) for f in scores[0]}
    lower = {
        n: float(np.mean([score[round(k / n, 4)] for k in range(1, n)])) for n in possible if n > 1
    }
    order = max(lower, key=lambda n: lower[n]) if lower else usual
    return 5.0 / (order if lower.get(order, 0.0) > 1.4 else usual)


def _harmonics(profile: Array, per_line: int) -> dict[float, float]:
    """Return how far each fraction and multiple of the lines' frequency stands out."""
    profile = (profile - profile.mean()) * np.hanning(profile.size)
    power = np.abs(np.fft.rfft(profile, 8 * profile.size))
    frequency = np.fft.rfftfreq(8 * profile.size) * per_line
    wide = 3.0 * per_line / profile.size

    def height(f: float) -> float:
        """Return the peak at *f* over the median beside it."""
        near = np.abs(frequency - f)
        peak = power[near < wide / 3].max(initial=0.0)
        beside = power[(near > wide) & (near < max(0.09, 2.5 * wide))]
        return float(peak / (np.median(beside) + 1e-9)) if beside.size else 0.0

    fractions = {round(k / order, 4) for order in (2, 3, 4, 5) for k in range(1, order)}
    return {f: height(f) for f in (*fractions, 4.0, 5.0, 6.0)}


def _flatten(
    picture: NDArray[np.uint8],
    lines: NDArray[np.float32],
    scale: float,
    bend: _Bend,
    numbers: Array,
    reach: Array,
    mm_per_line: float,
) -> Grid:
    """Return the flat page.

    The grid is seen at *numbers*, the middles of tiles that reach (2,) lines to either side.
    """
    margin = np.abs(reach) + 3.0 / mm_per_line
    low, high = numbers.min(0) - margin, numbers.max(0) + margin
    low, high = _shrink(low, high, bend, lines.shape)
    step = 1.0 / (mm_per_line * FLAT_PX_PER_MM)
    us, vs = np.arange(low[0], high[0], step), np.arange(low[1], high[1], step)
    if us.size * vs.size > 4.5e7:
        raise UnsupportedFormatError("the grid is finer than that of any ECG paper")
    every = 20  # the map is smooth: its points between are interpolated
    size = us.size // every * every, vs.size // every * every
    coarse_u = low[0] + (np.arange(size[0] // every) * every + (every - 1) / 2) * step
    coarse_v = low[1] + (np.arange(size[1] // every) * every + (every - 1) / 2) * step
    first, second = np.meshgrid(coarse_u, coarse_v)
    coarse = np.stack([first, second], -1)
    pixels = bend.to_pixels(coarse)
    residual = np.inf
    for period in (5.0, 5.0, 1.0, 1.0):
        shift, left = _leftover(lines, pixels, period, size)
        if shift is None:
            continue  # thin lines that cannot be seen
        residual = left
        pixels = bend.to_pixels(coarse := coarse + shift / mm_per_line)
    pixels = (pixels + 0.5) / scale - 0.5
    to_picture = _enlarge(pixels.astype(np.float32), size)
    flat = cv2.remap(
        picture, to_picture, None, cv2.INTER_CUBIC, None, cv2.BORDER_CONSTANT, (255, 255, 255)
    )
    height, width = picture.shape[:2]
    x, y = to_picture[..., 0], to_picture[..., 1]
    seen = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    middle = to_picture[to_picture.shape[0] // 2, to_picture.shape[1] // 2 :][:2]
    px_per_mm = float(np.hypot(*(middle[1] - middle[0]))) * FLAT_PX_PER_MM
    return Grid(flat, to_picture, seen, px_per_mm, residual)


def _shrink(low: Array, high: Array, bend: _Bend, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Return the box of line numbers, no larger than what the picture shows of it."""
    us, vs = np.linspace(low[0], high[0], 60), np.linspace(low[1], high[1], 60)
    first, second = np.meshgrid(us, vs)
    pixels = bend.to_pixels(np.stack([first, second], -1))
    inside = (pixels >= 0).all(-1) & (pixels < np.array([shape[1], shape[0]])).all(-1)
    if not inside.any():
        return low, high
    columns = np.flatnonzero(np.any(inside, axis=0))
    rows = np.flatnonzero(np.any(inside, axis=1))
    return (
        np.array([us[max(columns[0] - 1, 0)], vs[max(rows[0] - 1, 0)]]),
        np.array([us[min(columns[-1] + 1, 59)], vs[min(rows[-1] + 1, 59)]]),
    )


def _enlarge(coarse: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return (height, width, 2): a map of which each block's centre is known, interpolated."""
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _leftover(
    lines: NDArray[np.float32], pixels: Array, period_mm: float, size: tuple[int, int]
) -> tuple[Array | None, float]:
    """Return by how many mm the flat grid is off at each coarse point, and the median of it.

    The flat grid is multiplied by a wave of its own period; what remains after smoothing is
    the phase by which it is off. None where the wave is not seen.
    """
    flat = cv2.remap(lines, _enlarge(pixels.astype(np.float32), size), None, cv2.INTER_LINEAR)
    period = period_mm * FLAT_PX_PER_MM
    rows, columns = pixels.shape[:2]
    spread = 13 * FLAT_PX_PER_MM * columns / size[0]  # paper bends over centimetres
    shift = np.zeros(pixels.shape)
    sizes = []
    for axis in (0, 1):
        wave = np.exp(-2j * np.pi * np.arange(size[axis]) / period)
        product = flat * (wave[None, :] if axis == 0 else wave[:, None])
        parts = [
            cv2.resize(
                np.ascontiguousarray(part, np.float32),
                (columns, rows),
                interpolation=cv2.INTER_AREA,
            )
            for part in (product.real, product.imag)
        ]
        rough = np.hypot(*parts).mean()
        real, imaginary = (cv2.GaussianBlur(part, (0, 0), spread) for part in parts)
        strength = np.hypot(real, imaginary)
        if strength.mean() < 0.25 * rough:
            return None, np.inf
        offset = np.angle(real.sum() + 1j * imaginary.sum())
        phase = np.angle((real + 1j * imaginary) * np.exp(-1j * offset)) / (2 * np.pi)
        trusted = np.clip(strength / (0.4 * np.quantile(strength, 0.9) + 1e-9), 0.0, 1.0)
        usable = np.clip(-phase, -0.35, 0.35) * trusted
        shift[..., axis] = usable * period_mm
        good = trusted > 0.5
        sizes.append(float(np.median(np.abs(usable[good]))) if good.any() else 1.0)
    return shift, max(sizes) * period_mm
