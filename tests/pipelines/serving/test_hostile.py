"""Random and hostile requests against a running service; `tests/bench/hostile.py` sends 10,000 of them."""

from __future__ import annotations

import runpy
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

ROOT = Path(__file__).parents[3]
COUNT = 700


@pytest.fixture(scope="module")
def hostile() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "tests" / "bench" / "hostile.py"))


def test_hostile_requests_never_break_the_service(
    run_service: Callable, saved: Callable, hostile: dict[str, Any]
) -> None:
    service = run_service(saved())
    kinds: Counter[str] = Counter()
    for sent in hostile["hostile"](COUNT, seed=20):
        outcome = hostile["send"]("127.0.0.1", service.port, sent.content)
        kinds[sent.kind] += 1
        assert outcome.status is not None or not sent.whole, sent
        assert (outcome.status or 200) < 500, sent
    assert len(kinds) == len(set(hostile["KINDS"])), "every kind had its turn"
    assert service.get("/recommend?whisky=Ardbeg").status_code == 200
    for line in service.log.read_bytes().splitlines():
        assert line.startswith(b'{"time":"')
        assert line.endswith(b'"}')
    assert "Traceback" not in service.stop()


def test_the_service_does_what_its_openapi_document_says(run_service: Callable, saved: Callable) -> None:
    """Generated from the document, right and wrong requests: statuses, types, headers and bodies as documented."""
    service = run_service(saved())
    schema = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    count = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.body or len(operation.query):
            examples = 2 if "/versions/" in operation.path else 8  # the same handler a second time
            count += sum(_validate(operation, mode, examples) for mode in schemathesis.GenerationMode)
        else:  # there is nothing to get wrong
            count += _validate(operation, schemathesis.GenerationMode.POSITIVE, 1)
    assert count > 40


def _validate(operation: Any, mode: schemathesis.GenerationMode, examples: int) -> int:
    """Put generated requests to the service and check its answers; how many there were."""
    # How many values a shape asks for can't be said in a schema, nor which names there are.
    excluded = [positive_data_acceptance] if operation.path.endswith("/infer") else []
    count = 0

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples,
        phases=[Phase.generate],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def check(case: schemathesis.Case) -> None:
        nonlocal count
        count += 1
        case.call_and_validate(excluded_checks=excluded)

    check()
    return count
