"""Tests of PDFs inside DICOM objects; the objects are made with pydicom."""

import io
from pathlib import Path

import numpy as np
import pytest
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite

from precord.errors import FormatError
from precord.image.paper import save_record
from precord.io import read
from precord.leads import LEADS
from precord.record import Sex
from precord.simulate import simulate


def _object(document: bytes, **values: object) -> bytes:
    """Return an Encapsulated PDF object that holds *document*."""
    made = Dataset()
    made.SOPClassUID = uid.EncapsulatedPDFStorage
    made.SOPInstanceUID = uid.UID("1.2.3")
    made.PatientID, made.PatientSex, made.PatientAge = "4711", "F", "056Y"
    made.AcquisitionDateTime = "20200304101112"
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    for keyword, value in values.items():
        setattr(made, keyword, value)
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = uid.EncapsulatedPDFStorage
    made.file_meta.MediaStorageSOPInstanceUID = uid.UID("1.2.3")
    made.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    file = io.BytesIO()
    dcmwrite(file, made, enforce_file_format=True)
    return file.getvalue()


def test_the_pdf_is_read_and_the_patient_kept(tmp_path: Path) -> None:
    """The ECG is that of the PDF; age, sex and time are those of the DICOM object."""
    page, path = tmp_path / "page.pdf", tmp_path / "object.dcm"
    save_record(simulate(("SR",), np.random.default_rng(3)).record, page)
    path.write_bytes(_object(page.read_bytes()))

    record = read(path)

    assert record.leads == LEADS
    assert record.rate == 500.0
    assert record.provenance.format == "DICOM encapsulated PDF"
    assert record.provenance.is_digitised
    assert (record.acquisition.age, record.acquisition.sex) == (56.0, Sex.FEMALE)
    assert record.acquisition.patient_id == "4711"
    assert record.acquisition.time is not None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_object(b"no document of Adobe's"), "object.dcm: the document in the DICOM object is no"),
        (_object(b""), "is no PDF"),
        (_object(b"%PDF-1.7 torn"), "object.dcm: the PDF is damaged"),
        (_object(b"%PDF-1.7 " + b"x" * 500)[:400], "object.dcm: "),
    ],
)
def test_damage_is_one_line(tmp_path: Path, data: bytes, message: str) -> None:
    """Another document, none, a torn one and a torn object are refused by name."""
    path = tmp_path / "object.dcm"
    path.write_bytes(data)

    with pytest.raises(FormatError, match=message) as refusal:
        read(path)
    assert "\n" not in str(refusal.value)
