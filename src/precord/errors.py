"""Every error that a user's file, library or request can cause.

    PrecordError
    ├── FormatError              a file breaks the format that it claims to have
    │   ├── UnsupportedFormatError   a valid file of a variant that is not read
    │   └── UnstatedError            a file of bare numbers, of which something is to be stated
    ├── SignalError              a record that cannot be used: no lead, no sample, no rate
    ├── CorpusError              a data set's folder or table is not as its kind demands
    │   ├── LeakError            a patient stands on both sides of a split
    │   └── UnknownStatementError    a code that is none of the SCP-ECG statements
    ├── FetchError               a published data set cannot be fetched, or not all of it
    │   └── FileRefusedError     a server does not have one file, or has another than expected
    ├── LibraryError             a case library that is missing, damaged or of another version
    │   └── EncoderMismatchError the library was built with another encoder or precision
    ├── ModelError               weights or a training configuration that cannot be used
    ├── DraftError               a report that cannot be drafted: a language model does not answer
    └── QueryError               a search that cannot be answered as asked

A message is one line: the file, the field, the value found, the value expected. Whatever
is not a `PrecordError` is a fault of precord.
"""


class PrecordError(Exception):
    """Base of all errors that precord raises on purpose."""


class FormatError(PrecordError):
    """A file breaks the format that it claims to have."""


class UnsupportedFormatError(FormatError):
    """A file is of a kind, or a variant of a kind, that precord does not read."""


class UnstatedError(FormatError):
    """A file of bare numbers does not say all that it takes, nor did anybody state it.

    Attributes:
        missing: what is to be stated: "rate", "unit", "lead_order".
    """

    def __init__(self, message: str, missing: tuple[str, ...]) -> None:
        super().__init__(message)
        self.missing = missing


class SignalError(PrecordError):
    """A record has no usable signal, or a signal that contradicts itself."""


class CorpusError(PrecordError):
    """A data set's folder or table is not as its kind demands."""


class LeakError(CorpusError):
    """A patient stands on both sides of a split."""


class UnknownStatementError(CorpusError):
    """A code is none of the SCP-ECG statements.

    Attributes:
        nearest: codes that may be meant, nearest first; may be empty.
    """

    def __init__(self, message: str, nearest: tuple[str, ...]) -> None:
        super().__init__(message)
        self.nearest = nearest


class FetchError(PrecordError):
    """A published data set cannot be fetched, or not all of it."""


class FileRefusedError(FetchError):
    """A server does not have one file, or has another than expected."""


class LibraryError(PrecordError):
    """A case library is missing, damaged, locked, full or of another version."""


class EncoderMismatchError(LibraryError):
    """A library's vectors were made by another encoder, or in another precision."""


class ModelError(PrecordError):
    """Weights or a training configuration cannot be used."""


class DraftError(PrecordError):
    """A report cannot be drafted: nothing to draft from, or a language model does not answer."""


class QueryError(PrecordError):
    """A search cannot be answered as it was asked."""


class GateError(PrecordError):
    """A sanity gate fails: the numbers of an evaluation cannot be believed as they stand."""
