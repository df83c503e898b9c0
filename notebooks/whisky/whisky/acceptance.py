"""What a customer has to see in the running service. Each function judges one thing and gives findings."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from pipelines.artifact import Model
from pipelines.findings import Finding
from whisky import names, training
from whisky.cases import FILE, Case

Fetch = Callable[[str, Mapping[str, str]], tuple[int, dict[str, Any]]]

SERVICE = "The service and the model disagree: mend pipelines/serving, or whisky/"
NEAR = 1e-5  # the service rounds distances to six decimals


def fetch_from(url: str) -> Fetch:
    """A function that asks the service at `url`: (path, query) to (status, JSON body)."""

    def fetch(path: str, query: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        address = f"{url}{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 (the service's own address)
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    return fetch


def stale_findings(cases: dict[str, list[Case]], model: Model) -> list[Finding]:
    """Cases that name a whisky the data no longer have: no fault of the model's, but the case has to be mended."""
    return [
        Finding(
            f"{FILE}, line {case['line']}, case {case['name']!r}, {field}, value {case[field]!r}",
            "this whisky is no longer in the data",
            f"Nothing is wrong with the model: mend or delete this case in {FILE}, or bring the whisky back",
        )
        for case in [*cases["recommends"], *cases["suggests"]]
        for field in _named(case)
        if find(case[field], model) is None
    ]


def case_findings(cases: dict[str, list[Case]], model: Model, fetch: Fetch) -> list[Finding]:
    """Cases whose expected whisky is not among the first that the service gives; stale cases are left out."""
    findings = []
    for case in cases["recommends"]:
        asked, expected = find(case["whisky"], model), find(case["expect"], model)
        if asked is None or expected is None:
            continue
        status, body = fetch("/recommend", {"whisky": case["whisky"], "n": str(case["among"])})
        near = [neighbour["whisky"] for neighbour in body.get("neighbours", [])]
        if expected not in near:
            where = f"{FILE}, line {case['line']}, case {case['name']!r}, whisky {case['whisky']!r}"
            got = ", ".join(near) if status == 200 else f"status {status}: {body.get('detail')}"
            what = f"{expected} is not among the first {case['among']}; the service gave {got}"
            findings.append(Finding(where, what, "Mend the data or the model; or the case, if it asks too much"))
    return findings


def suggestion_findings(cases: dict[str, list[Case]], model: Model, fetch: Fetch) -> list[Finding]:
    """Unknown names that are not answered by 404 with the expected name among the suggestions."""
    findings = []
    for case in cases["suggests"]:
        expected = find(case["suggest"], model)
        if expected is None:
            continue
        status, body = fetch("/recommend", {"whisky": case["whisky"]})
        if status != 404 or expected not in body.get("suggestions", []):
            where = f"{FILE}, line {case['line']}, case {case['name']!r}, whisky {case['whisky']!r}"
            what = f"expected 404 with {expected} suggested, got {status} with {body.get('suggestions')}"
            findings.append(Finding(where, what, SERVICE))
    return findings


def neighbour_findings(model: Model, fetch: Fetch, n: int = 5) -> list[Finding]:
    """Whiskies for which the service gives other neighbours than whisky/ does, or the whisky itself."""
    findings = []
    for whisky in model.signature["items"]:
        expected = training.recommend(model, whisky, n)
        status, body = fetch("/recommend", {"whisky": whisky, "n": str(n)})
        given = [(neighbour["whisky"], neighbour["distance"]) for neighbour in body.get("neighbours", [])]
        where = f"service, /recommend, whisky {whisky!r}"
        if status != 200:
            findings.append(Finding(where, f"status {status}: {body.get('detail')}", SERVICE))
        elif whisky in dict(given):
            findings.append(Finding(where, "it recommends the whisky that was asked for", SERVICE))
        elif not _same(expected, given):
            findings.append(Finding(where, f"it gives {given}, and the model's are {expected}", SERVICE))
    return findings


def feature_findings(model: Model, fetch: Fetch) -> list[Finding]:
    """Flavours or scores that the service shows otherwise than the model has them."""
    status, body = fetch("/items", {})
    features = model.signature["features"]
    if status != 200 or body.get("features") != features:
        return [
            Finding("service, /items, features", f"got {status} with {body.get('features')}, not {features}", SERVICE)
        ]
    shown = {item["name"]: item["profile"] for item in body["items"]}
    rows = zip(model.signature["items"], model.arrays["profiles"].tolist(), strict=True)
    return [
        Finding(f"service, /items, whisky {name!r}", f"its scores are {shown.get(name)}, not {profile}", SERVICE)
        for name, profile in rows
        if shown.get(name) != profile
    ]


def version_findings(model: Model, fetch: Fetch) -> list[Finding]:
    """A service that serves another model than the candidate."""
    _, body = fetch("/recommend", {"whisky": model.signature["items"][0]})
    if body.get("model") == model.version:
        return []
    what = f"it serves model {body.get('model')}, not {model.version}"
    return [Finding("service, /recommend, model", what, "Start the service on the model of this run")]


def find(name: str, model: Model) -> str | None:
    """The model's whisky of this name, however it is spelt; None if it has none."""
    keys = {names.squash(other): item for other, item in model.signature["aliases"].items()}
    keys |= {names.squash(item): item for item in model.signature["items"]}
    return keys.get(names.squash(name))


def _named(case: Case) -> list[str]:
    """The fields of a case that have to be whiskies of the model."""
    return ["suggest"] if "suggest" in case else ["whisky", "expect"]


def _same(expected: list[tuple[str, float]], given: list[tuple[str, float]]) -> bool:
    """Same names in the same order at the same distances, as far as the service shows them."""
    return [name for name, _ in expected] == [name for name, _ in given] and all(
        abs(one - other) < NEAR for (_, one), (_, other) in zip(expected, given, strict=True)
    )
