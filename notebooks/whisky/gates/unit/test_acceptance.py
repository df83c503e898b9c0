"""whisky/acceptance.py, against services that are not quite right."""

import pytest

from whisky import acceptance, mock, table, training


@pytest.fixture(scope="module")
def model():
    return training.train(table.clean(*mock.delivery(whiskies=40, seed=3))[0], "euclidean", "none")


@pytest.fixture
def whisky(model):
    return model.signature["items"][5]


def service(model, **changes):
    """What a right service answers, but for `changes`: path to a function that changes the answer."""

    def fetch(path, query):
        if path == "/items":
            rows = zip(model.signature["items"], model.arrays["profiles"].tolist(), strict=True)
            items = [{"name": name, "profile": profile} for name, profile in rows]
            answer = 200, {"features": model.signature["features"], "items": items}
        elif (name := acceptance.find(query["whisky"], model)) is None:
            answer = 404, {"suggestions": model.signature["items"][:3], "detail": "unknown"}
        else:
            near = training.recommend(model, name, int(query.get("n", 5)))
            neighbours = [{"whisky": other, "distance": round(distance, 6)} for other, distance in near]
            answer = 200, {"whisky": name, "neighbours": neighbours, "model": model.version}
        return changes.get(path.strip("/"), lambda status, body: (status, body))(*answer)

    return fetch


def test_a_right_service_passes(model, whisky):
    fetch, items = service(model), model.signature["items"]
    near = training.recommend(model, whisky, 3)[2][0]
    cases = {
        "recommends": [{"name": "a", "whisky": whisky.lower(), "expect": near, "among": 3, "line": 1}],
        "suggests": [{"name": "b", "whisky": "nothing", "suggest": items[1], "line": 2}],
    }
    assert acceptance.stale_findings(cases, model) == []
    assert acceptance.case_findings(cases, model, fetch) == []
    assert acceptance.suggestion_findings(cases, model, fetch) == []
    assert acceptance.neighbour_findings(model, fetch) == []
    assert acceptance.feature_findings(model, fetch) == []
    assert acceptance.version_findings(model, fetch) == []


def test_a_wrong_answer_and_a_stale_case_are_told_apart(model, whisky):
    last = training.recommend(model, whisky, 39)[-1][0]
    wrong = {"name": "wrong", "whisky": whisky, "expect": last, "among": 3, "line": 7}
    stale = {"name": "stale", "whisky": "Port Ellen", "expect": whisky, "among": 3, "line": 8}
    cases = {"recommends": [wrong, stale], "suggests": []}
    (finding,) = acceptance.case_findings(cases, model, service(model))
    assert str(finding).startswith(f"acceptance.yaml, line 7, case 'wrong', whisky {whisky!r}: {last} is not among")
    (finding,) = acceptance.stale_findings(cases, model)
    assert str(finding).startswith(
        "acceptance.yaml, line 8, case 'stale', whisky, value 'Port Ellen': this whisky is no"
    )
    assert "mend or delete this case" in finding.mend


def test_a_service_in_trouble_is_told(model, whisky):
    fetch = service(model, recommend=lambda *_: (500, {"detail": "out of order"}))
    cases = {"recommends": [{"name": "a", "whisky": whisky, "expect": whisky, "among": 3, "line": 1}], "suggests": []}
    assert "status 500: out of order" in str(acceptance.case_findings(cases, model, fetch)[0])
    assert len(acceptance.neighbour_findings(model, fetch)) == 40


def test_unknown_names_want_suggestions(model):
    cases = {
        "recommends": [],
        "suggests": [{"name": "a", "whisky": "x", "suggest": model.signature["items"][0], "line": 1}],
    }
    for answer in ((200, {"suggestions": None}), (404, {"suggestions": []})):
        fetch = service(model, recommend=lambda *_, answer=answer: answer)
        assert len(acceptance.suggestion_findings(cases, model, fetch)) == 1


def change_neighbours(change):
    return lambda status, body: (status, {**body, "neighbours": change(body["whisky"], body["neighbours"])})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda whisky, near: [{"whisky": whisky, "distance": 0.0}, *near[:-1]],
            "recommends the whisky that was asked",
        ),
        (lambda _, near: near[::-1], "and the model's are"),
        (lambda _, near: near[:-1], "and the model's are"),
        (lambda _, near: [{**one, "distance": one["distance"] + 0.01} for one in near], "and the model's are"),
    ],
)
def test_other_neighbours_than_the_models_are_found(model, change, said):
    findings = acceptance.neighbour_findings(model, service(model, recommend=change_neighbours(change)))
    assert len(findings) == 40
    assert said in str(findings[0])


def test_missing_flavours_and_wrong_scores_are_found(model):
    fetch = service(model, items=lambda status, body: (status, {**body, "features": body["features"][:11]}))
    assert len(acceptance.feature_findings(model, fetch)) == 1
    fetch = service(model, items=lambda status, body: (status, {**body, "items": body["items"][1:]}))
    (finding,) = acceptance.feature_findings(model, fetch)
    assert "its scores are None, not [" in str(finding)


def test_another_model_is_found(model):
    fetch = service(model, recommend=lambda status, body: (status, {**body, "model": "another"}))
    assert "it serves model another, not " in str(acceptance.version_findings(model, fetch)[0])
