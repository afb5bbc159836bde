"""What the API answers of the service itself: who asks, jobs, backups, the map of a library."""

from typing import Literal

from precord.api.schemas import Answer, Shape


class MeOut(Answer):
    """Who asks, and what that account may do; `admin` includes `ingest`, which includes `read`.

    Attributes:
        can_pair: whether it may let a phone in, and one could reach this service.
    """

    name: str
    scope: Literal["read", "ingest", "admin"]
    can_log_out: bool
    can_pair: bool


class PairingOut(Answer):
    """What lets one phone of the same network in, once.

    Attributes:
        qr: *url* as a QR code: the address of an SVG that is in it as a whole (`data:`).
        certificate: the SHA-256 of the certificate that the phone may warn of.
    """

    url: str
    qr: str
    certificate: str


class JobOut(Answer):
    """A long job.

    Attributes:
        of, done: steps that there are, and that are over; *of* is 0 while nobody knows.
        facts: what came of it, such as {"added": 12}.
        why: why it failed; empty otherwise.
    """

    id: str
    kind: Literal["ingest", "backup", "check", "reindex"]
    state: Literal["waiting", "running", "done", "failed"]
    of: int
    done: int
    facts: dict[str, str | int | list[str]]
    why: str


class PointOut(Shape):
    """One case on the map."""

    id: str
    x: float
    y: float
    superclass: str | None
    label: str


class MapOut(Answer):
    """Cases on the plane of the two principal components of their vectors.

    Attributes:
        share: of the spread of the vectors that the plane holds.
        of: cases of the library that have a vector.
    """

    points: list[PointOut]
    share: float
    of: int


class ModelCardOut(Answer):
    """What the weights are, for people to read.

    Attributes:
        markdown: of the weights that ship; empty where others serve.
        html: the same for a page, without links, pictures and attributes.
    """

    encoder: str
    markdown: str
    html: str
