"""Tests of precord.library.patient and precord.library.key: what erasing a patient means.

The oracle of the old pseudonyms is RFC 2104 by the standard library, as version 2 made them.
"""

import hashlib
import hmac
import secrets
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from precord.errors import LibraryError
from precord.library import SqliteLibrary
from precord.library.backup import back_up, restore
from precord.library.check import verify
from precord.library.key import copy_keys, key_path, read_key, sign_key
from tests.fakes import DIM
from tests.library.contract import make_case, make_vectors

OLD_KEY = bytes(range(32))
IDS = ("p0", "p0", "p1", "p2")


def _old_pseudonym(patient: str) -> str:
    """Return what version 2 made of an id."""
    return hmac.new(OLD_KEY, patient.encode(), hashlib.sha256).hexdigest()


def _create(path: Path) -> Path:
    """Create a library of four cases of three patients."""
    with SqliteLibrary.create(path, "fake-encoder", "fp32", DIM) as library:
        cases = [make_case(i, patient=library.pseudonym(p)) for i, p in enumerate(IDS)]
        library.add(cases, make_vectors(4), make_vectors(4, 1))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a library."""
    return _create(tmp_path / "lib.db")


@pytest.fixture
def old(path: Path) -> Path:
    """Return the library as version 2 had it, with its key file."""
    with SqliteLibrary.open(path) as library:
        patients = library.vectors().patients
    with closing(sqlite3.connect(path)) as db:
        for new, patient in zip(patients, IDS, strict=True):
            db.execute(
                "UPDATE cases SET patient = ? WHERE patient = ?", (_old_pseudonym(patient), new)
            )
        db.execute("UPDATE meta SET value = ? WHERE name = 'key_check'", (sign_key(OLD_KEY),))
        db.execute("PRAGMA user_version = 2")
        db.commit()
    key_path(path).unlink()
    key_path(path).write_text(f"{OLD_KEY.hex()}\n")
    return path


def _is_linked(pseudonym: str, patient: str, secret: bytes) -> bool:
    """Tell whether *secret* holds a key under which *patient* gives *pseudonym*, by anything here.

    All 32 bytes that stand anywhere in it are tried, on the id, its tag and the constants.
    """
    texts = [patient.encode(), b"precord patient", b"precord pseudonym key"]
    keys = {secret[i : i + 32] for i in range(len(secret) - 31)}
    return any(hmac.digest(key, t, "sha256").hex() == pseudonym for key in keys for t in texts)


def test_after_erasure_id_key_and_backup_lead_nowhere(path: Path) -> None:
    """With the id, the key file and an old copy: no key of 32 bytes gives the pseudonym."""
    back_up(path, path.with_name("copy.db"))
    with SqliteLibrary.open(path) as library:
        pseudonym = library.pseudonym("p0")
        assert _is_linked(pseudonym, "p0", key_path(path).read_bytes())
        assert pseudonym.encode() in path.with_name("copy.db").read_bytes()

        library.erase_patient("p0")

    left = key_path(path).read_bytes()
    assert not _is_linked(pseudonym, "p0", left)
    assert not _is_linked(pseudonym, "p0", path.with_name("copy.db").read_bytes())
    tag = hmac.digest(read_key(path), b"p0", "sha256")
    assert tag not in left
    assert bytes.fromhex(pseudonym) not in left
    assert not list(path.parent.glob("*-journal"))


def test_a_copy_that_is_put_back_loses_the_erased(path: Path) -> None:
    """Whose key was destroyed is erased again from an older copy, and nobody else."""
    copy, new = path.with_name("copy.db"), path.with_name("new.db")
    back_up(path, copy)
    with SqliteLibrary.open(path) as library:
        library.erase_patient("p0")
    copy_keys(path, key_path(new))

    assert restore(copy, new)

    with SqliteLibrary.open(new) as library:
        assert library.case_ids() == {"test/2", "test/3"}
        assert library.pseudonym("p1") == library.vectors().patients[0]
        verify(library)


def test_a_copy_with_erased_patients_says_so(path: Path) -> None:
    """Where the key came back later, nothing is added before they are erased again."""
    back_up(path, path.with_name("copy.db"))
    with SqliteLibrary.open(path) as library:
        library.erase_patient("p0")
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    path.with_name("copy.db").rename(path)
    with SqliteLibrary.open(path) as library:
        assert library.find_pseudonym("p0") is None
        with pytest.raises(LibraryError, match=r"1 patients who were erased.*erase-again"):
            library.pseudonym("new")
        with pytest.raises(LibraryError, match="erase-again"):
            verify(library)

        assert library.erase_again() == 2

        assert library.case_ids() == {"test/2", "test/3"}
        assert library.erase_again() == 0
        assert library.pseudonym("new")


def test_keys_older_than_the_library_are_refused(path: Path) -> None:
    """Otherwise patients who came later would get a second pseudonym: their own precedents."""
    copy_keys(path, path.with_name("old.key"))
    with SqliteLibrary.open(path) as library:
        late = library.pseudonym("late")
        library.add([make_case(9, patient=late)], make_vectors(1), make_vectors(1))
    path.with_name("old.key").rename(key_path(path))
    with SqliteLibrary.open(path) as library:
        assert library.find_pseudonym("p1") is not None
        with pytest.raises(LibraryError, match="older than the library: holds no key for 1 "):
            library.pseudonym("late")


def test_a_library_of_version_2_gets_keys_without_ids(old: Path) -> None:
    """The same patients, other pseudonyms; read as it was until a patient is to change."""
    with SqliteLibrary.open(old) as library:
        assert library.find_pseudonym("p0") == _old_pseudonym("p0")
        assert not library.has_keys()
        assert library.vectors().patients == tuple(map(_old_pseudonym, IDS))

        new = library.pseudonyms(IDS)

        assert library.has_keys()
        assert library.vectors().patients == tuple(new)
        assert (new[0], len(set(new))) == (new[1], 3)
        assert not set(new) & set(map(_old_pseudonym, IDS))
        assert library.find_pseudonym("p0") == new[0]
        verify(library)
    assert _old_pseudonym("p0").encode() not in old.read_bytes()
    assert read_key(old) == OLD_KEY
    assert stat.S_IMODE(key_path(old).stat().st_mode) == 0o600
    with SqliteLibrary.open(old) as library:
        assert library.pseudonyms(IDS) == new


def test_a_process_that_has_an_old_library_open_follows(old: Path) -> None:
    """Another process gives it keys: the patient is found by the new pseudonym at once."""
    with SqliteLibrary.open(old) as library, SqliteLibrary.open(old) as other:
        assert library.find_pseudonym("p1") == _old_pseudonym("p1")
        new = other.pseudonym("p1")
        assert library.find_pseudonym("p1") == new
        assert library.vectors().patients[2] == new


def test_an_upgrade_that_was_stopped_goes_on(old: Path) -> None:
    """The keys are there, the library is not changed yet: the second run gives the same keys."""
    with closing(sqlite3.connect(old)) as db:
        db.execute(
            "CREATE TRIGGER stop BEFORE UPDATE ON cases WHEN old.id = 'test/3' "
            "BEGIN SELECT RAISE (ABORT, 'no'); END"
        )
        db.commit()
    with SqliteLibrary.open(old) as library:
        with pytest.raises(sqlite3.IntegrityError):
            library.pseudonym("p0")
        assert library.vectors().patients == tuple(map(_old_pseudonym, IDS))
        assert library.find_pseudonym("p2") == _old_pseudonym("p2")
    with closing(sqlite3.connect(old)) as db:
        db.execute("DROP TRIGGER stop")
        db.commit()
    with SqliteLibrary.open(old) as library:
        new = library.pseudonyms(IDS)
        assert library.vectors().patients == tuple(new)
        verify(library)


def test_an_old_library_without_its_key_stays_as_it_is(old: Path) -> None:
    """It can be read; whoever would change patients is told."""
    key_path(old).unlink()
    with SqliteLibrary.open(old) as library:
        assert len(library.vectors().ids) == 4
        with pytest.raises(LibraryError, match="missing"):
            library.pseudonym("p0")
        with pytest.raises(LibraryError, match="missing"):
            library.erase_patient("p0")
        assert not library.has_keys()


def test_the_key_file_of_version_2_does_not_serve_version_3(old: Path, tmp_path: Path) -> None:
    """It has no patients: putting it back must not give everybody a second pseudonym."""
    shutil.copy(key_path(old), tmp_path / "kept.key")
    with SqliteLibrary.open(old) as library:
        library.pseudonym("p0")
    shutil.copy(tmp_path / "kept.key", key_path(old))
    with SqliteLibrary.open(old) as library, pytest.raises(LibraryError, match="before each"):
        library.find_pseudonym("p0")


def test_keys_are_copied_whole_and_never_over_anything(path: Path, tmp_path: Path) -> None:
    """The copy serves the library, is its owner's alone, and overwrites nothing."""
    to = tmp_path / "kept.key"
    copy_keys(path, to)
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    with SqliteLibrary.open(path) as library:
        one = library.pseudonym("p1")
    to.replace(key_path(path))
    with SqliteLibrary.open(path) as library:
        assert library.pseudonym("p1") == one
    with pytest.raises(LibraryError, match="exists already"):
        copy_keys(path, path)
    with pytest.raises(LibraryError, match="missing"):
        copy_keys(tmp_path / "none.db", tmp_path / "none.key")
    assert not (tmp_path / "none.key").exists()


def test_two_processes_give_a_patient_one_key(path: Path) -> None:
    """Two open libraries, the same new patients in another order."""
    names = [secrets.token_hex(4) for _ in range(20)]
    with SqliteLibrary.open(path) as one, SqliteLibrary.open(path) as other:
        first = one.pseudonyms(names[:12])
        second = other.pseudonyms(names[::-1])
        assert second[::-1][:12] == first
        assert one.pseudonyms(names) == second[::-1]
