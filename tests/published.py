"""Published data sets beside PTB-XL, in their layout and with one record each."""

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

from precord.io import write_wfdb
from precord.record import Record

# kind: name and text of the table, name of the signal, and the statements that the row means
TABLES = {
    "sph": (
        "metadata.csv",
        "ECG_ID,AHA_Code,Patient_ID,Age,Sex,N,Date\nA01,22;23,S1,55,M,5000,2020-03-04\n",
        "records/A01.h5",
        {"SBRAD", "SARRH"},
    ),
    "chapman": (
        "Diagnostics.csv",
        "FileName,Rhythm,Beat,PatientAge,Gender\nMUSE_1,AFIB,RBBB TWC,85,MALE\n",
        "ECG/MUSE_1.mat",
        {"AFIB", "CRBBB", "TAB_"},
    ),
    "code-15": (
        "exams.csv",
        (
            "exam_id,age,is_male,1dAVb,RBBB,LBBB,SB,ST,AF,patient_id,normal_ecg\n"
            "7,38,True,False,False,True,False,False,False,523,False\n"
        ),
        "code_15_7.mat",
        {"CLBBB"},
    ),
}


def write_challenge(record: Record, folder: Path) -> Path:
    """Write *record* as A1 of the Challenge into *folder*; return its header."""
    folder.mkdir(parents=True)
    header = write_wfdb(record, folder / "A1")
    facts = "#Age: 67\n#Sex: Female\n#Dx: 164889003,59118001\n#Rx: Unknown\n"
    header.write_text(header.read_text() + facts)
    return header


def write_arrays(kind: str, folder: Path, signal: NDArray[np.floating]) -> None:
    """Write *signal*, (12, samples) in mV, and its table into *folder*, as *kind* is laid out."""
    table, text, name, _ = TABLES[kind]
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (folder / table).write_text(text)
    if path.suffix == ".h5":
        with h5py.File(path, "w") as store:
            store["ecg"] = signal.astype(np.float16)
        return
    rate = {"feats": signal, "curr_sample_rate": 400}
    with path.open("wb") as stream:
        savemat(stream, rate if kind == "code-15" else {"val": signal.T * 1e3})  # type: ignore[arg-type]
