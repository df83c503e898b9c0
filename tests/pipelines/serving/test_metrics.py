from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from pipelines.serving.metrics import BUCKETS, Metrics
from pipelines.serving.recommender import Recommender


def samples(metrics: Metrics, accept: str = "") -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = metrics.response(accept).body.decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def key(name: str, /, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def test_requests_are_counted_and_timed(recommender: Recommender) -> None:
    metrics = Metrics(recommender)
    for seconds in (0.00005, 0.0002, 99.0):
        metrics.count("GET", "/recommend", 200, seconds)
    metrics.count("GET", "/recommend", 404, 0.001)
    found = samples(metrics)
    labels = {"method": "GET", "route": "/recommend", "status": "200"}
    duration = "http_request_duration_seconds"
    assert found[key("http_requests_total", **labels)] == 3
    assert found[key("http_requests_total", **{**labels, "status": "404"})] == 1
    assert found[key(f"{duration}_count", **labels)] == 3
    assert abs(found[key(f"{duration}_sum", **labels)] - 99.00025) < 1e-9
    assert found[key(f"{duration}_bucket", le="0.0001", **labels)] == 1
    assert found[key(f"{duration}_bucket", le=str(BUCKETS[-1]), **labels)] == 2
    assert found[key(f"{duration}_bucket", le="+Inf", **labels)] == 3


def test_a_duration_on_a_buckets_end_belongs_to_it(recommender: Recommender) -> None:
    metrics = Metrics(recommender)
    metrics.count("GET", "/", 200, BUCKETS[0])
    labels = {"method": "GET", "route": "/", "status": "200", "le": str(BUCKETS[0])}
    assert samples(metrics)[key("http_request_duration_seconds_bucket", **labels)] == 1


def test_the_model_and_the_process_are_told(recommender: Recommender) -> None:
    found = samples(Metrics(recommender))
    labels = {"name": "whisky", "version": recommender.version, "metric": "euclidean"}
    assert found[key("stillhouse_model_info", **labels)] == 1
    assert found[key("process_resident_memory_bytes")] > 1e6
    assert found[key("stillhouse_model_reloads_total", result="failed")] == 0


def test_openmetrics_where_it_is_asked_for(recommender: Recommender) -> None:
    response = Metrics(recommender).response("application/openmetrics-text; version=1.0.0")
    assert response.body.endswith(b"# EOF\n")
    assert dict(response.headers)[b"content-type"].startswith(b"application/openmetrics-text")
