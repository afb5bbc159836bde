"""Tests of precord.evaluate.gates and perturb: gates that can fail, on an archive of our own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from precord.corpora import open_corpus
from precord.encoder import QueryEncoding
from precord.evaluate.gates import N_STEPS, Gate, check_gates, probe_auroc, to_markdown
from precord.evaluate.material import Material, read_material
from precord.evaluate.perturb import flipped, one_beat, without_scale
from precord.ingest import ingest
from precord.io import write_wfdb
from precord.leads import LEADS, Lead
from precord.library.sqlite import SqliteLibrary
from precord.record import Record, Scale
from tests.cli.conftest import beating
from tests.fakes import FakeEncoder


def make_archive(folder: Path) -> Path:
    """Write twenty ECGs of as many patients: eight in fold 9, twelve in fold 1, half reported."""
    folder.mkdir()
    lines = ["file,patient,statements,report,fold,source"]
    for n in range(20):
        write_wfdb(beating(n), folder / f"e{n}")
        codes = ("SR;NORM", "AFIB;LVH", "SR;NORM", "SR;LAFB")[n % 4]
        report = f"rhythm {n % 4}" if n % 3 else ""
        lines.append(f"e{n}.hea,p{n},{codes},{report},{9 if n < 8 else 1},clinician")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return folder


class BlindEncoder(FakeEncoder):
    """Sees only the size of a signal: neither polarity nor rhythm, and not without its scale."""

    def encode_query(self, record: Record) -> QueryEncoding:
        """Return a vector that depends on magnitudes alone."""
        same = replace(record, signal=np.abs(record.signal))
        return super().encode_query(same)


def _gates(tmp_path: Path, encoder: FakeEncoder) -> dict[str, Gate]:
    """Return the gates of the archive, by name."""
    archive = make_archive(tmp_path / "archive")
    path = tmp_path / "lib.db"
    steps: list[int] = []
    with SqliteLibrary.create(path, encoder.fingerprint, "fp32", encoder.dim) as library:
        ingest(open_corpus("folder", archive).entries([1]), library, encoder, workers=1)
        material = _with_own_vectors(
            read_material([("folder", archive)], [9], library, encoder, lambda *_: lambda _: None),
            encoder,
        )
        found = check_gates(material, encoder, steps.append)
    assert sum(steps) == N_STEPS
    return {gate.name: gate for gate in found}


def _with_own_vectors(material: Material, encoder: FakeEncoder) -> Material:
    """Return *material* with the gallery encoded as queries are; stored signals are rounded."""
    records = material.gallery_records(range(len(material.cases)), lambda _: None)
    ecg: NDArray[np.float32] = np.stack([encoder.encode_query(r).vector for r in records])
    return replace(material, vectors=replace(material.vectors, ecg=ecg))


def test_gates_tell_a_sound_encoder_from_a_blind_one(tmp_path: Path) -> None:
    """One that sees every sample passes the polarity gates, one that sees none of it fails."""
    for kind, encoder in (("sound", FakeEncoder()), ("blind", BlindEncoder())):
        (tmp_path / kind).mkdir()
        gates = _gates(tmp_path / kind, encoder)
        is_sound = kind == "sound"
        assert gates["a record finds itself first"].holds
        assert gates["the same with lead II turned over: drop"].holds is is_sound
        assert gates["the same with all leads turned over: drop"].holds is is_sound
        assert gates["planted ECGs of the query's patient that were returned"].value == 0
        assert not gates["a record without its scale finds itself first"].holds
        (perfect,) = (g for name, g in gates.items() if "ranked by what is true" in name)
        assert perfect.bound is None
        assert perfect.value == pytest.approx(0), "there is one source"


def test_a_gate_holds_on_its_own_side_of_the_bound() -> None:
    """At least, at most; what does not exist holds nothing."""
    assert Gate("x", 0.5, 0.5, is_least=True).holds
    assert not Gate("x", 0.4, 0.5, is_least=True).holds
    assert Gate("x", 0.5, 0.5, is_least=False).holds
    assert not Gate("x", 0.6, 0.5, is_least=False).holds
    assert not Gate("x", float("nan"), 0.5, is_least=True).holds
    assert not Gate("x", float("nan"), 0.5, is_least=False).holds
    assert "| x | 0.600 | <= 0.5 | **FAILS** |" in to_markdown([Gate("x", 0.6, 0.5, False)])
    spread = Gate("x", 0.6, 0.5, is_least=False, interval=(0.4, 0.8))
    assert "| x | 0.600 [0.400, 0.800] | <= 0.5 | **FAILS** |" in to_markdown([spread])


def test_probe_finds_what_is_there_and_nothing_else(rng: np.random.Generator) -> None:
    """A direction that tells is found; noise is not, though a fit on all of it would be."""
    x = rng.normal(size=(400, 64))
    told = x[:, 3] + 0.5 * rng.normal(size=400) > 0

    assert probe_auroc(x, told) > 0.8
    assert 0.4 < probe_auroc(x, rng.random(400) > 0.5) < 0.6


def test_perturbations() -> None:
    """Each does what its name says and nothing else."""
    record = beating(1)
    turned = flipped(record, [Lead.II])
    shape = without_scale(record)
    beat = one_beat(record)

    assert np.array_equal(turned.signal[1], -record.signal[1])
    assert np.array_equal(np.delete(turned.signal, 1, 0), np.delete(record.signal, 1, 0))
    assert np.array_equal(flipped(turned, LEADS[1:2]).signal, record.signal)
    assert shape.scale is Scale.UNKNOWN
    np.testing.assert_allclose(shape.signal.std(axis=1), 1, rtol=1e-4)
    kept = ~np.isnan(beat.signal[0])
    assert kept.sum() == 500
    assert np.array_equal(beat.signal[:, kept], record.signal[:, kept])
