"""How often somebody may ask: a bucket of tokens each, refilled steadily.

Source: the token bucket, as in RFC 2697, section 3.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

_KEPT = 10_000  # names; beyond them the one not seen longest is forgotten


@dataclass(slots=True)
class _Bucket:
    """What is left for one name, and since when."""

    left: float
    since: float


class Limit:
    """So many requests a minute by each name, and so many at once."""

    def __init__(
        self, per_minute: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = per_minute / 60, burst, clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = Lock()

    def take(self, name: str) -> float:
        """Take one for *name*; return 0, or how many seconds it has to wait for the next."""
        with self._lock:
            bucket = self._fill(name)
            if bucket.left < 1:
                return (1 - bucket.left) / self._rate
            bucket.left -= 1
            return 0.0

    def wait(self, name: str) -> float:
        """Return how many seconds *name* has to wait; take nothing."""
        with self._lock:
            return max(0.0, 1 - self._fill(name).left) / self._rate

    def _fill(self, name: str) -> _Bucket:
        """Return the bucket of *name* as it is now."""
        now = self._clock()
        bucket = self._buckets.setdefault(name, _Bucket(float(self._burst), now))
        bucket.left = min(float(self._burst), bucket.left + (now - bucket.since) * self._rate)
        bucket.since = now
        self._buckets.move_to_end(name)
        while len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)
        return bucket
