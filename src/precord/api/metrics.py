"""Counters for a monitor, in Prometheus' text format.

What is counted names routes, never what was asked; nothing here is sent anywhere.
"""

import time
from collections.abc import Iterator
from typing import cast

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from precord.api.state import Service

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Meter:
    """What a monitor is told of one service."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Counts(service))
        self.seconds = Histogram(
            "precord_request_seconds",
            "Seconds that requests took, by route.",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self.registry,
        )

    def text(self) -> str:
        """Return all of it."""
        return generate_latest(self.registry).decode()


class Timing:
    """The middleware that tells *meter* how long each request took."""

    def __init__(self, app: ASGIApp, meter: Meter) -> None:
        self.app, self.meter = app, meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and count."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def sender(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, sender)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope.get("route") else "any"
            took = time.perf_counter() - started
            self.meter.seconds.labels(method, route, str(status)).observe(took)


class _Counts(Collector):
    """What the service counts by itself."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Yield cases and deeds."""
        yield GaugeMetricFamily(
            "precord_cases", "Cases in the library.", value=len(self._service.library)
        )
        done = CounterMetricFamily("precord_done", "What was done.", labels=["what"])
        for what, count in sorted(self._service.counts.items()):
            done.add_metric([what], count)
        yield cast("Metric", done)
