"""PDF files written by hand, as other programs than precord lay them out."""

from dataclasses import dataclass

_MM = 72 / 25.4  # points


@dataclass(frozen=True)
class Sheet:
    """One page: its content stream, its size in mm, and what its dictionary says besides.

    Attributes:
        form: content stream of a form XObject named /Fm, with its own matrix.
        more: further entries of the page's dictionary, such as "/Rotate 90".
    """

    content: str = ""
    size: tuple[float, float] = (297.0, 210.0)
    form: str = ""
    form_matrix: str = "1 0 0 1 0 0"
    more: str = ""


def write_pdf(*sheets: Sheet, trailer: str = "") -> bytes:
    """Return a PDF file of *sheets*; /F1 is Helvetica."""
    kids = " ".join(f"{4 + 3 * n} 0 R" for n in range(len(sheets)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(sheets)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for sheet in sheets:
        n = len(objects) + 1
        box = f"0 0 {sheet.size[0] * _MM:.4f} {sheet.size[1] * _MM:.4f}"
        resources = f"<< /Font << /F1 3 0 R >> /XObject << /Fm {n + 2} 0 R >> >>"
        objects += [
            (
                f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents {n + 1} 0 R "
                f"/Resources {resources} {sheet.more} >>"
            ),
            _stream(sheet.content),
            _stream(
                sheet.form,
                f"/Type /XObject /Subtype /Form /BBox [-9999 -9999 9999 9999] "
                f"/Matrix [{sheet.form_matrix}] ",
            ),
        ]
    body, places = b"%PDF-1.7\n", []
    for n, text in enumerate(objects, 1):
        places.append(len(body))
        body += f"{n} 0 obj\n{text}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{len(body)}\n%%EOF\n"
    )
    return body + end.encode("latin-1")


def _stream(content: str, entries: str = "") -> str:
    """Return a stream object's text."""
    return f"<< {entries}/Length {len(content)} >>\nstream\n{content}\nendstream"
