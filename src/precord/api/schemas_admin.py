"""What the API answers of the service itself: who asks, jobs, backups, the map of a library."""

from typing import Literal

from precord.api.schemas import Answer


class MeOut(Answer):
    """Who asks, and what that account may do; `admin` includes `ingest`, which includes `read`."""

    name: str
    scope: Literal["read", "ingest", "admin"]
    can_log_out: bool
