"""Pictures of ECGs on paper to records: scans, photos, PDF.

`digitize` reads a file's content, `digitize_file` a file. What cannot be read well enough
is refused, with a reason; nothing about scale or speed is assumed.
"""

from precord.digitize.overlay import draw_overlay
from precord.digitize.reading import Options, Reading, read_picture
from precord.digitize.source import cut, decode, is_picture
from precord.errors import PrecordError, UnsupportedFormatError

__all__ = ["Options", "Reading", "digitize", "draw_overlay", "is_picture"]


def digitize(data: bytes, name: str, options: Options | None = None) -> Reading:
    """Read the ECG in the content *data* of a picture or PDF called *name*.

    Raises:
        PrecordError: There is none, or it cannot be read well enough; the message says why,
            and which option helps.
    """
    options = options or Options()
    picture, kind = decode(data, name, options.page)
    if options.corners is not None:
        picture = cut(picture, options.corners, name)
    if options.rotate:
        picture = picture.swapaxes(0, 1)[:, ::-1] if options.rotate == 90 else picture
        picture = picture[::-1, ::-1] if options.rotate == 180 else picture
        picture = picture.swapaxes(0, 1)[::-1] if options.rotate == 270 else picture
        picture = picture.copy()
    try:
        return read_picture(picture, name, f"{kind} picture", options)
    except PrecordError:
        raise
    except (ValueError, IndexError, ArithmeticError, MemoryError) as error:
        raise UnsupportedFormatError(f"{name}: no ECG could be read from the picture") from error
