from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pipelines.artifact import Model
from pipelines.serving import app as app_module
from pipelines.serving.recommender import Recommender


def test_a_recommendation(asker: Callable) -> None:
    answer = asker.get("/recommend?whisky=Ardbeg&n=2")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "whisky": "Ardbeg",
        "neighbours": [
            {"whisky": "Lagavulin", "distance": 1.414214},
            {"whisky": "Laphroaig", "distance": 1.414214},
        ],
        "model": asker.app.model.version,
    }


def test_five_where_no_number_is_asked_for(asker: Callable) -> None:
    assert len(asker.get("/recommend?whisky=Ardbeg").json()["neighbours"]) == 5


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine", "correlation"])
def test_an_item_is_never_recommended_for_itself(
    asker: Callable, make_model: Callable[..., Model], metric: str
) -> None:
    """Once a real bug of this demo: who asked for a whisky was recommended that very whisky.

    It was left out by its place at the top of the list, which is another's where two have the same profile. So
    here two have (Lagavulin and Laphroaig), and every item is asked for, for all neighbours there are, under its
    own name, in other spellings and through aliases.
    """
    asker.app.swap(Recommender(make_model(metric=metric)))
    model = asker.app.model
    most = len(model.items) - 1
    asked = {name: name for name in model.items}
    asked |= {f"the {name.upper()} distillery": name for name in model.items}
    asked |= {alias: item for alias, item in model.aliases.items() if item in model.items}
    for spelling, name in asked.items():
        answer = asker.get(f"/recommend?whisky={spelling.replace(' ', '+')}&n={most}").json()
        recommended = [neighbour["whisky"] for neighbour in answer["neighbours"]]
        assert answer["whisky"] == name
        assert name not in recommended
        assert sorted([*recommended, name]) == sorted(model.items)
    nearest = asker.get("/recommend?whisky=Laphroaig").json()["neighbours"]
    assert {"whisky": "Lagavulin", "distance": 0.0} in nearest, "its double is a fine recommendation"


def test_an_unknown_name_gets_suggestions(asker: Callable) -> None:
    answer = asker.get("/recommend?whisky=Lafroaig")
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["suggestions"][0] == "Laphroaig"
    assert "Did you mean Laphroaig?" in answer.json()["detail"]
    assert asker.get("/recommend?whisky=zzz").json()["suggestions"] == []


@pytest.mark.parametrize(
    ("query", "status", "parameter"),
    [
        ("", 422, "whisky"),
        ("whisky=", 422, "whisky"),
        ("whisky=" + "a" * 101, 422, "whisky"),
        ("whisky=Ardbeg&n=0", 422, "n"),
        ("whisky=Ardbeg&n=10", 422, "n"),
        ("whisky=Ardbeg&n=five", 422, "n"),
        ("whisky=Ardbeg&m=5", 422, "m"),
        ("whisky=Ardbeg&whisky=Ardbeg", 400, "whisky"),
    ],
)
def test_a_wrong_question_is_told_so(asker: Callable, query: str, status: int, parameter: str) -> None:
    answer = asker.get(f"/recommend?{query}")
    assert answer.status == answer.json()["status"] == status
    assert answer.json()["parameter"] == parameter


def test_the_same_question_is_answered_the_same_from_memory(asker: Callable) -> None:
    first = asker.get("/recommend?whisky=Ardbeg")
    assert asker.get("/recommend?whisky=Ardbeg").body == first.body
    assert asker("HEAD", "/recommend?whisky=Ardbeg").headers["content-length"] == str(len(first.body))
    assert asker("POST", "/recommend?whisky=Ardbeg").status == 405
    assert list(asker.app._served.answers) == [b"whisky=Ardbeg"]


def test_the_memory_is_bounded_and_holds_no_refusals(asker: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "_ANSWERS", 3)
    for extra in range(10):
        asker.get(f"/recommend?whisky=Ardbeg{'+' * extra}")
        asker.get(f"/recommend?whisky=unknown{extra}")
        assert len(asker.app._served.answers) <= 3


def test_a_swapped_model_answers_at_once(asker: Callable, make_model: Callable[..., Model]) -> None:
    before = asker.get("/recommend?whisky=Ardbeg").json()
    other = Recommender(make_model(metric="manhattan"))
    asker.app.swap(other)
    after = asker.get("/recommend?whisky=Ardbeg").json()
    assert (before["model"] == other.version, after["model"] == other.version) == (False, True)
    assert after["neighbours"] != before["neighbours"]
    assert asker.get("/v2/models/whisky").json()["versions"] == [other.version]
    assert other.version in asker.get("/metrics").body.decode()


def test_items_are_what_the_page_needs(asker: Callable) -> None:
    told = asker.get("/items").json()
    assert (told["item"], told["plural"], told["range"]) == ("whisky", "whiskies", [0, 4])
    assert told["neighbours"] == {"usual": 5, "most": 9}
    laphroaig = next(item for item in told["items"] if item["name"] == "Laphroaig")
    assert laphroaig == {
        "name": "Laphroaig",
        "description": "Islay",
        "also": ["Laphroig"],
        "profile": [4, 1, 4, 1],
    }
    assert told["steps"] == sorted(told["steps"])


@pytest.mark.parametrize("path", ["/", "/items", "/recommend?whisky=Ardbeg", "/page/app.js", "/v2", "/healthz"])
def test_head_is_get_without_the_body(asker: Callable, path: str) -> None:
    head, get = asker("HEAD", path), asker("GET", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.body))


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/recommend", "GET, HEAD, OPTIONS"),
        ("DELETE", "/", "GET, HEAD, OPTIONS"),
        ("GET", "/v2/models/whisky/infer", "POST, OPTIONS"),
        ("BREW", "/healthz", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_told_the_right_one(asker: Callable, method: str, path: str, allow: str) -> None:
    answer = asker(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allow)
    assert method in next(iter(answer.json().values())) + answer.json().get("detail", "")


def test_options(asker: Callable) -> None:
    answer = asker("OPTIONS", "/recommend")
    assert (answer.status, answer.headers["allow"], answer.body) == (204, "GET, HEAD, OPTIONS", b"")
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("path", ["/nothing", "/recommend/", "//", "/../etc/passwd", "/page/", "/page/app.py", "/%00"])
def test_an_unknown_path(asker: Callable, path: str) -> None:
    answer = asker.get(path)
    assert answer.status == 404
    assert "/openapi.json" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/v2/nothing",
        "/v2/models/gin",
        "/v2/models/whisky/versions/1",
        "/v2/models/whisky/x",
        "/v2/models/whisky/versions",
    ],
)
def test_the_inference_protocols_errors_have_its_form(asker: Callable, path: str) -> None:
    answer = asker.get(path)
    assert (answer.status, list(answer.json())) == (404, ["error"])
    assert list(asker("POST", "/v2").json()) == ["error"]


def test_infer_over_http(asker: Callable) -> None:
    tensor = {"name": "whisky", "datatype": "BYTES", "shape": [1], "data": ["ardbeg"]}
    answer = asker.infer({"inputs": [tensor], "parameters": {"n": 1}})
    assert answer.json()["outputs"][0]["data"] == ["Lagavulin"]
    version = asker.app.model.version
    assert asker.infer({"inputs": [tensor]}, f"/v2/models/whisky/versions/{version}/infer").status == 200


def test_a_body_of_another_type(asker: Callable) -> None:
    path = "/v2/models/whisky/infer"
    assert asker("POST", path, {"content-type": "text/csv"}, b"a,b").status == 415
    assert asker("POST", path, {"content-type": "Application/JSON; charset=utf-8"}, b"{}").status == 400
    assert asker("POST", path, {"inference-header-content-length": "5"}, b"{}").status == 400


def test_an_address_too_long(asker: Callable) -> None:
    assert asker.get("/recommend?whisky=" + "a" * 9000).status == 414
    assert asker.get("/" + "a" * 9000).status == 414


def test_a_request_id_is_echoed_and_logged(asker: Callable) -> None:
    assert asker.get("/healthz", x_request_id="mine-7").headers["x-request-id"] == "mine-7"
    other = asker.get("/nothing?a=b", x_request_id="not mine\n").headers["x-request-id"]
    first, second = asker.logged()
    assert (first["request_id"], first["path"], first["status"]) == ("mine-7", "/healthz", 200)
    assert (second["request_id"], second["path"], second["query"]) == (other, "/nothing", "a=b")
    assert second["model"] == asker.app.model.version[:12]


def test_requests_are_counted_by_route_not_by_path(asker: Callable) -> None:
    for path in ("/nothing", "/else", "/v2/models/whisky", "/page/app.js", "/recommend?whisky=zzz"):
        asker.get(path)
    asker("BREW", "/")
    text = asker.get("/metrics").body.decode()
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert 'route="/v2/models/{model}",status="200"} 1.0' in text
    assert 'method="other",route="/",status="405"} 1.0' in text
    assert "stillhouse_unknown_names_total 1.0" in text
    assert "BREW" not in text
    assert "/nothing" not in text


def test_a_failure_of_ours_is_a_problem_and_tells_nothing(
    asker: Callable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(asker.app, "_recommendation", fail)
    answer = asker.get("/recommend?whisky=Ardbeg")
    assert (answer.status, b"secret" in answer.body) == (500, False)
    assert "a secret" in capsys.readouterr().err
    assert asker.get("/healthz").status == 200


def test_draining_says_so_and_goes_on_answering(asker: Callable) -> None:
    asker.app.draining = True
    for path in ("/readyz", "/v2/health/ready", "/v2/models/whisky/ready"):
        answer = asker.get(path)
        assert (answer.status, answer.json()["ready"]) == (503, False)
    answer = asker.get("/recommend?whisky=Ardbeg")
    assert (answer.status, answer.headers["connection"]) == (200, "close")


@pytest.mark.parametrize("path", ["/", "/page/app.js", "/recommend?whisky=Ardbeg", "/nothing"])
def test_security_headers_and_no_word_of_the_software(asker: Callable, path: str) -> None:
    headers = asker.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers
    if path in ("/", "/page/app.js"):
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_hostile_text_comes_back_as_json_only(asker: Callable) -> None:
    answer = asker.get("/recommend?whisky=%3Cscript%3E%0d%0aSet-Cookie:%20a%00")
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["status"] == 404
    assert "set-cookie" not in answer.headers
