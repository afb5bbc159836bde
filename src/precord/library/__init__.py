"""The case library: the protocol, and the store that keeps all of it in one SQLite file."""

from precord.library.protocol import EncoderIdentity, Library, Stats, Vectors
from precord.library.sqlite import SqliteLibrary
from precord.library.waveform import Waveform

__all__ = ["EncoderIdentity", "Library", "SqliteLibrary", "Stats", "Vectors", "Waveform"]
