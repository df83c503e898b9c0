"""Prometheus metrics: plain counting while requests run, put into metric families only when they are scraped.

The client library's own counters and histograms cost several microseconds a request, locks included; one event
loop needs no lock, and a dictionary entry for each (method, route, status) does.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from pipelines.serving.recommender import Recommender
from pipelines.serving.responses import Response

BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Upper ends of the duration buckets, in seconds; most answers take well under a millisecond."""


class Metrics(Collector):
    """Counts what the service does."""

    def __init__(self, model: Recommender) -> None:
        """Start at zero, serving `model`."""
        self.reloads = {"succeeded": 0, "failed": 0}
        self.unknown_names = 0
        self.log_lines_lost = 0
        self._buckets: dict[tuple[str, str, int], list[int]] = {}
        self._seconds: dict[tuple[str, str, int], float] = {}
        self.serve(model)
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def serve(self, model: Recommender) -> None:
        """Note that `model` is what is served from now on."""
        self._model = {"name": model.name, "version": model.version, "metric": model.metric}
        self._loaded = time.time()

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is a template, never the path a client made up."""
        key = (method, route, status)
        buckets = self._buckets.get(key)
        if buckets is None:
            buckets = self._buckets[key] = [0] * (len(BUCKETS) + 1)
            self._seconds[key] = 0.0
        buckets[bisect_left(BUCKETS, seconds)] += 1
        self._seconds[key] += seconds

    def response(self, accept: str) -> Response:
        """The metrics as text, in the format that `accept` prefers of those Prometheus knows."""
        encoder, content_type = choose_encoder(accept)
        return Response(encoder(self._registry), content_type)

    def collect(self) -> Iterable[Metric]:
        """The metric families; called by the registry."""
        yield from self._request_families()
        model = GaugeMetricFamily("stillhouse_model_info", "The model that is served.", labels=list(self._model))
        model.add_metric(list(self._model.values()), 1)
        yield model
        yield GaugeMetricFamily("stillhouse_model_loaded_timestamp_seconds", "When it was loaded.", self._loaded)
        reloads = CounterMetricFamily("stillhouse_model_reloads", "Reloads asked for by SIGHUP.", labels=["result"])
        for result, count in self.reloads.items():
            reloads.add_metric([result], count)
        yield reloads
        yield CounterMetricFamily("stillhouse_unknown_names", "Names that fitted no item.", self.unknown_names)
        yield CounterMetricFamily(
            "stillhouse_access_log_lines_lost", "Lines that could not be written.", self.log_lines_lost
        )

    def _request_families(self) -> Iterable[Metric]:
        labels = ["method", "route", "status"]
        requests = CounterMetricFamily("http_requests", "Requests answered.", labels=labels)
        durations = HistogramMetricFamily(
            "http_request_duration_seconds",
            "From the parsed header to the answer's last byte.",
            labels=labels,
        )
        for (method, route, status), buckets in self._buckets.items():
            values = [method, route, str(status)]
            upto = list(accumulate(buckets))
            ends = [str(end) for end in BUCKETS] + ["+Inf"]
            requests.add_metric(values, upto[-1])
            durations.add_metric(values, list(zip(ends, upto, strict=True)), self._seconds[method, route, status])
        yield requests
        yield durations
