"""A PDF inside a DICOM object: Encapsulated PDF Storage.

Source: DICOM PS3.3 C.24 (Encapsulated Document Module). The document is handed to `digitize`;
what the object says of patient and time is kept as of any DICOM ECG.
"""

from dataclasses import replace

from pydicom import uid

from precord.digitize import OnStage, Options, Reading, digitize
from precord.digitize.stage import unwatched
from precord.errors import FormatError
from precord.io.dicom import parse_object, refusing_all
from precord.io.dicom_patient import parse_acquisition
from precord.record import Acquisition

_PDF = uid.EncapsulatedPDFStorage
_CLASS = str(_PDF).encode()
_HEAD = 4096  # bytes in which an object's class stands


def holds_pdf(data: bytes) -> bool:
    """Tell whether a DICOM object is an encapsulated PDF."""
    return _CLASS in data[:_HEAD]


def find_pdf(data: bytes, name: str) -> tuple[bytes, Acquisition]:
    """Return the PDF in a DICOM object called *name*, and when and of whom it is.

    Raises:
        FormatError: The object is damaged, or the document in it is no PDF.
    """
    with refusing_all(name):
        dataset = parse_object(data, {_PDF})
        document = bytes(dataset.get("EncapsulatedDocument") or b"")
        document = document[: int(dataset.get("EncapsulatedDocumentLength") or len(document))]
        if not document.startswith(b"%PDF"):
            raise FormatError("the document in the DICOM object is no PDF")
        return document, parse_acquisition(dataset)


def digitize_object(
    data: bytes, name: str, options: Options | None, on_stage: OnStage = unwatched
) -> Reading:
    """Read the PDF in a DICOM object as *options* say, and tell *on_stage* how far it is.

    Raises:
        FormatError: The object is damaged, or no ECG can be read from its PDF.
    """
    document, acquisition = find_pdf(data, name)
    reading = digitize(document, name, options, on_stage)
    origin = reading.record.provenance
    record = replace(
        reading.record,
        acquisition=acquisition,
        provenance=replace(origin, format=f"DICOM encapsulated {origin.format}"),
    )
    return replace(reading, record=record)
