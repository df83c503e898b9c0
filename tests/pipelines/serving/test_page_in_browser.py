"""The page, used in a real browser as a customer would: by keyboard, on a phone, with a screen reader, in the dark.

Screenshots go to the folder named by STILLHOUSE_ARTIFACTS, where it is set.
"""

from __future__ import annotations

import os
import runpy
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.chromium import ARGUMENTS, CHROMIUM

ROOT = Path(__file__).parents[3]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}

expect.set_options(timeout=20_000)  # a hang is told from a slow machine

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing; install it: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    driver = subprocess.run([compute_driver_executable()[0], "--version"], capture_output=True, text=True)
    if driver.returncode:
        pytest.skip(f"playwright's driver can't start: {driver.stderr.strip()}; try: apt-get install libatomic1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service(run_shared_service: Callable, tmp_path_factory: pytest.TempPathFactory) -> Any:
    make = runpy.run_path(str(ROOT / "tests" / "bench" / "make_model.py"))
    return run_shared_service(make["from_table"](tmp_path_factory.mktemp("table") / "model"))


@pytest.fixture
def open_page(browser: Browser, service: Any) -> Iterator[Callable[..., Page]]:
    """Opens the page at an address and comes back once it shows something; nothing may go wrong in it."""
    contexts, errors = [], []

    def open_(target: str = "/", url: str = service.url, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": DESK, "reduced_motion": "reduce", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda told: errors.append(told.text) if "Content Security" in told.text else None)
        page.goto(url + target)
        if options.get("java_script_enabled", True):
            page.locator("#content > :not(.loading)").first.wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert errors == []


def shoot(page: Page, name: str) -> None:
    folder = os.environ.get("STILLHOUSE_ARTIFACTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"page-{name}.png", full_page=True)


def recommended(service: Any, name: str, n: int = 5) -> list[dict[str, Any]]:
    return service.get(f"/recommend?whisky={name}&n={n}").json()["neighbours"]


def cards(page: Page) -> list[str]:
    return page.locator(".cards h3").all_inner_texts()


def names(neighbours: list[dict[str, Any]]) -> list[str]:
    return [neighbour["whisky"] for neighbour in neighbours]


def test_typing_arrow_keys_and_enter_find_a_whisky(open_page: Callable[..., Page], service: Any) -> None:
    page = open_page()
    box = page.get_by_role("combobox", name="Which whisky do you like?")
    box.press_sequentially("glen g")
    options = page.locator("#options [role=option]")
    expect(options).to_have_count(3)
    assert options.all_inner_texts() == ["GlenGarioch", "GlenGrant", "Glengoyne"]
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    box.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", options.nth(1).get_attribute("id") or "none")
    shoot(page, "typing")
    box.press("Enter")
    expect(page.get_by_role("heading", name="If you like GlenGrant")).to_be_visible()
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_be_focused()
    assert page.url.endswith("/?whisky=GlenGrant")
    assert cards(page) == names(recommended(service, "GlenGrant"))


def test_the_list_wraps_round_and_escape_closes_it(open_page: Callable[..., Page]) -> None:
    page = open_page()
    box = page.get_by_role("combobox", name="Which whisky do you like?")
    box.focus()
    box.press("ArrowUp")
    options = page.locator("#options [role=option]")
    expect(options.last).to_have_attribute("aria-selected", "true")
    box.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_attribute("aria-expanded", "false")
    assert box.get_attribute("aria-activedescendant") is None
    box.fill("Oban")
    box.press("Escape")
    box.press("Escape")
    expect(box).to_have_value("")


def test_an_alias_and_accents_are_found_while_typing(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("combobox", name="Which whisky do you like?").press_sequentially("làphroaig")
    expect(page.locator("#options [role=option]")).to_have_count(1)
    page.locator("#options [role=option]").click()
    expect(page.get_by_role("heading", name="If you like Laphroig")).to_be_visible()


def test_the_cards_are_what_the_api_answers(open_page: Callable[..., Page], service: Any) -> None:
    page = open_page("/?whisky=Ardbeg")
    told = page.locator(".cards .near span:last-child").all_inner_texts()
    answer = recommended(service, "Ardbeg")
    assert cards(page) == names(answer)
    assert told == [f"distance {neighbour['distance']:.2f}" for neighbour in answer]
    assert "Ardbeg" not in cards(page)
    page.get_by_label("How many").select_option("9")
    expect(page.locator(".cards h3")).to_have_count(9)
    assert cards(page) == names(recommended(service, "Ardbeg", 9))
    assert page.url.endswith("/?whisky=Ardbeg&n=9")


def test_each_radar_has_its_numbers_as_a_table(open_page: Callable[..., Page], service: Any) -> None:
    page = open_page("/?whisky=Ardbeg&n=3")
    catalogue = service.get("/items").json()
    profiles = {item["name"]: item["profile"] for item in catalogue["items"]}
    for at, name in enumerate(cards(page)):
        rows = page.locator(".cards table").nth(at).locator("tbody tr").all_inner_texts()
        expected = zip(catalogue["features"], profiles[name], profiles["Ardbeg"], strict=True)
        assert [row.split() for row in rows] == [[feature, f"{a:g}", f"{b:g}"] for feature, a, b in expected]
        assert page.locator(".cards svg.radar").nth(at).get_attribute("aria-hidden") == "true"
        points = page.locator(".cards svg.radar .shape").nth(at).get_attribute("points") or ""
        assert len(points.split()) == len(catalogue["features"])


def test_a_screen_reader_is_told_the_result(open_page: Callable[..., Page], service: Any) -> None:
    page = open_page("/?whisky=Ardbeg")
    listed = ", ".join(names(recommended(service, "Ardbeg")))
    expect(page.get_by_role("status")).to_have_text(f"5 whiskies near Ardbeg: {listed}.")


def test_an_unknown_name_offers_what_may_be_meant(open_page: Callable[..., Page]) -> None:
    page = open_page()
    box = page.get_by_role("combobox", name="Which whisky do you like?")
    box.fill("Lagavuln")
    box.press("Enter")
    expect(page.get_by_role("heading", name="We don't know “Lagavuln”")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Did you mean one of these? Lagavulin")
    shoot(page, "unknown")
    page.locator(".chip", has_text="Lagavulin").click()
    expect(page.get_by_role("heading", name="If you like Lagavulin")).to_be_visible()


def test_an_address_can_be_shared_and_gone_back_to(open_page: Callable[..., Page]) -> None:
    page = open_page("/?whisky=the+talisker+distillery&n=3")
    expect(page.get_by_role("heading", name="If you like Talisker")).to_be_visible()
    expect(page.get_by_label("How many")).to_have_value("3")
    expect(page).to_have_title("Talisker – Find your next whisky")
    first = cards(page)[0]
    page.locator(".cards h3 a").first.click()
    expect(page.get_by_role("heading", name=f"If you like {first}")).to_be_visible()
    expect(page.locator("#results")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("heading", name="If you like Talisker")).to_be_visible()
    page.goto(page.url.split("?")[0])
    expect(page.get_by_role("heading", name="Not sure?")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(6)


def test_everything_is_reached_by_keyboard(open_page: Callable[..., Page]) -> None:
    page = open_page("/?whisky=Ardbeg&n=2")
    reached = []
    for _ in range(9):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(document.activeElement.id || document.activeElement.innerText)"))
    expected = ["Skip to the results", "name", "count", "Find", *cards(page), "API", "Data"]
    assert reached[: len(expected)] == expected


@pytest.mark.parametrize("target", ["/", "/?whisky=Laphroaig&n=8", "/?whisky=Lagavuln"])
def test_a_phone_needs_no_sideways_scrolling(open_page: Callable[..., Page], target: str) -> None:
    page = open_page(target, viewport=PHONE, has_touch=True, is_mobile=True)
    shoot(page, "phone" + "".join(char for char in target if char.isalnum()))
    page.get_by_role("button", name="All whiskies").click()
    expect(page.get_by_role("listbox")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = page.evaluate(
        "[...document.querySelectorAll('button, select, input, [role=option], .chip, .tile')]"
        ".filter((e) => e.getClientRects().length && e.getBoundingClientRect().height < 24).length"
    )
    assert small == 0, "targets too small for a finger"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_rule_is_broken(open_page: Callable[..., Page], scheme: str) -> None:
    axe = Axe()
    for name, target in (("start", "/"), ("cards", "/?whisky=Laphroaig"), ("unknown", "/?whisky=Lagavuln")):
        page = open_page(target, color_scheme=scheme)
        shoot(page, f"{name}-{scheme}")
        _assert_accessible(axe, page)
    box = page.get_by_role("combobox", name="Which whisky do you like?")
    box.fill("glen")
    box.press("ArrowDown")
    _assert_accessible(axe, page)


def _assert_accessible(axe: Axe, page: Page) -> None:
    found = axe.run(page)
    assert found.violations_count == 0, found.generate_report()


def test_nothing_is_loaded_from_elsewhere(open_page: Callable[..., Page], service: Any) -> None:
    asked: list[str] = []
    page = open_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(service.url + "/?whisky=Ardbeg")
    assert len(asked) >= 5
    assert all(url.startswith(service.url + "/") for url in asked), asked


def test_without_javascript_it_says_so(open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    expect(page.locator(".loading")).to_contain_text("/recommend?whisky=NAME")
    expect(page.locator(".loading")).to_have_css("opacity", "1")


def test_what_is_typed_before_the_names_are_there_is_kept(browser: Browser, service: Any) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        held: list[Route] = []
        page.route("**/items", lambda route: held.append(route))
        with page.expect_request("**/items"):
            page.goto(service.url)
        page.get_by_role("combobox", name="Which whisky do you like?").press_sequentially("glen g")
        held[0].continue_()
        expect(page.locator("#options [role=option]")).to_have_count(3)
        expect(page.get_by_role("combobox", name="Which whisky do you like?")).to_have_value("glen g")


def test_a_service_that_is_gone_is_told_and_can_be_tried_again(open_page: Callable[..., Page]) -> None:
    page = open_page("/?whisky=Ardbeg")

    def fail(route: Route) -> None:
        route.abort()

    page.route("**/recommend?*", fail)
    page.get_by_label("How many").select_option("2")
    expect(page.get_by_role("status")).to_contain_text("did not answer")
    page.unroute("**/recommend?*", fail)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".cards h3")).to_have_count(2)


def test_an_answer_that_comes_late_does_not_replace_a_newer_one(open_page: Callable[..., Page]) -> None:
    page = open_page()
    held: list[Route] = []
    page.route("**/recommend?whisky=Ardbeg*", lambda route: held.append(route))
    box = page.get_by_role("combobox", name="Which whisky do you like?")
    for name in ("Ardbeg", "Talisker"):
        box.fill(name)
        box.press("Enter")
    expect(page.get_by_role("heading", name="If you like Talisker")).to_be_visible()
    with page.expect_response("**/recommend?whisky=Ardbeg*"):
        held[0].continue_()
    page.evaluate("new Promise((done) => setTimeout(done))")  # whatever it does with it is done
    expect(page.get_by_role("heading", name="If you like Talisker")).to_be_visible()


def test_names_and_nouns_are_the_models_and_only_ever_text(
    open_page: Callable[..., Page], run_service: Callable, saved: Callable
) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    profiles = {hostile: [1, 2, 3, 4], "Plain": [2, 2, 2, 2], "Third & last": [0, 0, 0, 4]}
    other = run_service(saved(profiles=profiles, noun="ale", title="<b>Ales</b>", descriptions={"Plain": "<i>"}))
    page = open_page("/?ale=plain", url=other.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("<b>Ales</b>")
    expect(page.get_by_role("heading", name="If you like Plain")).to_be_visible()
    assert sorted(cards(page)) == sorted([hostile, "Third & last"])
    assert page.locator("img, b b, i:not([class]):not(.dots i)").count() == 0
    assert "whisk" not in page.content().lower()
