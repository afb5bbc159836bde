"""Files to pixels: PNG, JPEG, TIFF, BMP, WebP, HEIC and pages of PDF, within limits.

A picture's size is read before its pixels are; a JPEG above the limit is decoded at half
its size or less. Turned pictures are set upright as their file says; the file's other
metadata, such as where and when a photo was taken, is not kept.
"""

import io
import warnings

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from precord.digitize.document import open_page, open_pdf, page_index, render_for_reading
from precord.errors import FormatError, UnsupportedFormatError

MAX_PIXELS = 64_000_000
MIN_SIDE = 250  # pixels
_NAMES = {
    "PNG": "PNG", "JPEG": "JPEG", "MPO": "JPEG", "TIFF": "TIFF", "BMP": "BMP", "WEBP": "WebP",
    "HEIF": "HEIC",
}  # fmt: skip
_STARTS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM")


def is_picture(data: bytes) -> bool:
    """Tell from its first bytes whether a file is a picture or a PDF."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return True
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        return True
    return data.startswith(_STARTS)


def decode(data: bytes, name: str, page: int | None) -> tuple[NDArray[np.uint8], str]:
    """Return (height, width, 3) RGB pixels of a file's content, and the name of its format.

    Raises:
        FormatError: It is damaged, too large, too small or animated, has a password, or has
            several pages and none is chosen.
    """
    if data.startswith(b"%PDF"):
        return render_for_reading(open_page(open_pdf(data, name), name, page)[0]), "PDF"
    pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of what is refused here
            with Image.open(io.BytesIO(data)) as picture:
                kind = _NAMES.get(picture.format or "")
                if kind is None:
                    raise UnsupportedFormatError(
                        f"{name}: pictures as {picture.format} are not read"
                    )
                _choose_frame(picture, name, kind, page)
                _check_size(picture, name, kind)
                upright = ImageOps.exif_transpose(picture)
                pixels = np.asarray(_on_white(upright))
    except UnidentifiedImageError as error:  # its words name an object of Python's
        raise FormatError(f"{name}: the picture is damaged") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise FormatError(f"{name}: the picture is damaged: {str(error)[:80]}") from error
    except Image.DecompressionBombError as error:
        raise FormatError(f"{name}: larger than {MAX_PIXELS // 10**6} million pixels") from error
    return pixels, kind


def _choose_frame(picture: Image.Image, name: str, kind: str, page: int | None) -> None:
    """Go to the chosen page of a picture with several."""
    n = int(getattr(picture, "n_frames", 1))
    if n > 1 and kind not in ("TIFF", "JPEG"):
        raise UnsupportedFormatError(f"{name}: an animated picture; save one frame of it")
    if kind == "TIFF":
        picture.seek(page_index(n, name, page))


def _check_size(picture: Image.Image, name: str, kind: str) -> None:
    """Refuse what is too small to read or too large to hold."""
    width, height = picture.size
    if width * height > MAX_PIXELS and kind == "JPEG" and width * height < 16 * MAX_PIXELS:
        picture.draft("RGB", (width // 4, height // 4))
        width, height = picture.size
    if width * height > MAX_PIXELS:
        raise FormatError(
            f"{name}: {width} x {height} pixels, at most {MAX_PIXELS // 10**6} million"
        )
    if min(width, height) < MIN_SIDE:
        raise UnsupportedFormatError(
            f"{name}: {width} x {height} pixels are too few to read an ECG; at least {MIN_SIDE} "
            "each way"
        )


def _on_white(picture: Image.Image) -> Image.Image:
    """Return *picture* in RGB, what is transparent white."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        sheet = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(sheet, layer).convert("RGB")
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB")
    return picture.convert("RGB")


def cut(
    picture: NDArray[np.uint8], corners: tuple[tuple[float, float], ...], name: str
) -> NDArray[np.uint8]:
    """Return the part between four corners, clockwise from the top left, made a rectangle."""
    points = np.array(corners, np.float32)
    if points.shape != (4, 2) or cv2.contourArea(points) < MIN_SIDE**2:
        raise FormatError(f"{name}: --corners needs four points x,y around the ECG, in pixels")
    sides = np.hypot(*(np.roll(points, -1, 0) - points).T)
    width, height = round(float(max(sides[0], sides[2]))), round(float(max(sides[1], sides[3])))
    if width * height > MAX_PIXELS:
        raise FormatError(f"{name}: --corners span more than {MAX_PIXELS // 10**6} million pixels")
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(points, target)
    return np.asarray(cv2.warpPerspective(picture, matrix, (width, height)), np.uint8)
