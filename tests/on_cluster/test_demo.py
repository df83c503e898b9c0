"""The whole way, on a real cluster: Terraform, the hub in a browser, a push, gates, a release, answers, going back.

One test, for each part stands on the one before it. It leaves its transcript, figures and screenshots in
$STILLHOUSE_ARTIFACTS/demo, else in .stillhouse/demo; terraform/examples/local/README.md tells of it.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kr8s.objects import Pod
from playwright.sync_api import Page, expect

from tests.chromium import CHROMIUM
from tests.cluster.handle import Cluster
from tests.on_cluster import asking, demo_repository, pods
from tests.on_cluster.browser import Hub, Lab, open_page
from tests.on_cluster.demo_platform import ANALYSIS, MODELS, Platform, seconds_until
from tests.on_cluster.demo_repository import GONE, NEW, ROOT, Clone
from tests.on_cluster.story import Story

USER = "ada"
TITLE = "Find your next dram"
PUSH_TO_ANSWER = 180.0  # seconds
ROLLBACK = 10.0
ASKING = 30  # seconds in which the rollback has to fall

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing; install it: apt-get install chromium"),
    pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is missing; install it, 1.9 or newer"),
]


@pytest.fixture
def story() -> Story:
    return Story(Path(os.environ.get("STILLHOUSE_ARTIFACTS") or ROOT / ".stillhouse") / "demo")


@pytest.fixture
def platform(cluster: Cluster, story: Story) -> Iterator[Platform]:
    """The platform's place on the cluster: empty before, and after unless $STILLHOUSE_KEEP says otherwise."""
    found = Platform(cluster, ROOT / ".stillhouse" / "terraform")
    found.clear()
    yield found
    if not os.environ.get("STILLHOUSE_KEEP"):
        found.destroy()
        found.clear()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """The author's clone on this machine; in the demo people also work in one inside the cluster."""
    return demo_repository.begin(tmp_path / "demo")


def test_from_terraform_to_a_rollback(platform: Platform, clone: Clone, story: Story, namespace: str) -> None:
    bug = demo_repository.introduce_bug(clone)
    platform.push(clone)
    story.tell("a repository on the cluster's git server, with a bug in its last commit", clone.git("log", "-1"))
    with open_page(story.folder) as page:
        set_up(platform, story, page)
        work_in_the_browser(platform, story, page)
        the_model_is_released(platform, story, page, clone)
        the_bug_is_fixed(platform, story, page, clone, bug)
        a_whisky_is_added(platform, story, page, clone)
    a_whisky_is_removed(platform, story, clone)
    poisoned_data_is_stopped(platform, story, clone)
    the_release_is_taken_back(platform, story, namespace)


def set_up(platform: Platform, story: Story, page: Page) -> None:
    """(a) Terraform, the login page, a server on the CPU node, then one on the GPU node."""
    begun = time.monotonic()
    applied = platform.apply()
    story.tell("terraform apply", applied[applied.index("Apply complete!") :])
    hub = Hub(page, platform.address())
    page.goto(f"{hub.address}/hub/login")
    expect(page.get_by_label("Username")).to_be_visible()
    story.measure("terraform apply to login page", time.monotonic() - begun)
    story.shoot(page, "login")
    assert platform.settled()
    hub.log_in(USER, platform.password())
    story.shoot(page, "profiles")
    for profile in ("CPU", "GPU"):
        begun = time.monotonic()
        hub.start(profile)
        story.measure(f"{profile} server, click to JupyterLab", time.monotonic() - begun)
        pod = platform.server_of(USER)
        limits = pod["spec"]["containers"][0]["resources"]["limits"]
        assert pod["spec"]["nodeName"] == profile.lower()
        assert limits.get(pods.GPU) == {"CPU": None, "GPU": "1"}[profile]
        story.tell(f"{pod['metadata']['name']} is on the node {pod['spec']['nodeName']}", json.dumps(limits))
        story.shoot(page, f"{profile.lower()}-server")
        if profile == "CPU":
            hub.stop()


def work_in_the_browser(platform: Platform, story: Story, page: Page) -> None:
    """(b) Clone, open the analysis, run notebooks, change one, commit: everything by mouse and keyboard."""
    lab = Lab(page)
    lab.clone(platform.repository)
    lab.enter("notebooks")
    lab.enter(ANALYSIS)
    story.shoot(page, "cloned")
    lab.open_notebook("01-ingest.ipynb")
    assert lab.run_all() == []
    story.shoot(page, "first-notebook-run")
    lab.open_notebook("03-train.ipynb")
    lab.insert(f'model.signature["title"] = "{TITLE}"', after="model = training.train(")
    assert lab.run_all() == []
    lab.save()
    story.shoot(page, "training-notebook-changed-and-run")
    lab.stage("03-train.ipynb")
    lab.commit("Ask for a dram", "Ada", "ada@example.org")
    story.shoot(page, "committed")


def the_model_is_released(platform: Platform, story: Story, page: Page, clone: Clone) -> None:
    """(c) The push from the browser becomes a release, and a customer gets answers, the bug among them."""
    seconds_until(lambda: platform.recommend("Laphroaig"), "the release of the first commit")
    git = platform.cluster.info.git
    Lab(page).push(git.user, git.password)
    story.shoot(page, "pushed")
    took = seconds_until(lambda: TITLE in platform.about(), "the page with its new title")
    measure_push(story, "push from the browser to new answer", took)
    platform.pull(clone)
    tell_of_the_run(platform, story, clone, clone.head())
    story.tell("stillhouse releases --cluster", platform.stillhouse("releases", "--cluster"))
    tell_answer(platform, story, "Laphroaig")
    assert platform.recommend("Laphroaig")[0] == "Laphroaig"
    shoot_customer(platform, story, page, "customer-sees-the-bug")


def the_bug_is_fixed(platform: Platform, story: Story, page: Page, clone: Clone, bug: str) -> None:
    """(d) Code and the checks for it come back; the answer changes, and the title from the browser stays."""
    fix = demo_repository.fix_bug(clone, bug)
    platform.push(clone)
    took = seconds_until(lambda: platform.recommend("Laphroaig")[:1] != ["Laphroaig"], "the answer without the bug")
    measure_push(story, "push of the fix to new answer", took)
    tell_of_the_run(platform, story, clone, fix)
    tell_answer(platform, story, "Laphroaig")
    assert platform.recommend("Laphroaig")[0] == "Lagavulin"
    assert all(whisky not in platform.recommend(whisky, 20) for whisky in ("Laphroaig", "Ardbeg", "Macallan"))
    assert TITLE in platform.about()
    shoot_customer(platform, story, page, "customer-sees-the-fix")


def a_whisky_is_added(platform: Platform, story: Story, page: Page, clone: Clone) -> None:
    """(e) A line of data, no code: it is recommended."""
    commit = demo_repository.add_whisky(clone)
    assert clone.git("show", "--name-only", "--format=", commit).splitlines() == [str(demo_repository.DATA)]
    platform.push(clone)
    took = seconds_until(lambda: platform.recommend("Laphroaig")[:1] == [NEW], f"{NEW} recommended")
    measure_push(story, "push of data to new answer", took)
    tell_of_the_run(platform, story, clone, commit)
    tell_answer(platform, story, "Laphroaig")
    shoot_customer(platform, story, page, "customer-sees-the-new-whisky")


def a_whisky_is_removed(platform: Platform, story: Story, clone: Clone) -> None:
    """(f) An acceptance case names it: stopped, until its author mends the case; then it is gone."""
    before = platform.recommend("Auchentoshan")
    assert before[0] == GONE
    removed = demo_repository.remove_whisky(clone)
    platform.push(clone)
    told = until_told(platform, story, clone, removed)
    assert "gate-acceptance" in told
    assert "light Lowlander" in told
    assert platform.recommend("Auchentoshan") == before
    mended = demo_repository.mend_case(clone)
    platform.push(clone)
    took = seconds_until(lambda: GONE not in platform.recommend("Auchentoshan", 20), f"an answer without {GONE}")
    measure_push(story, "push of the mended case to new answer", took)
    tell_of_the_run(platform, story, clone, mended)
    tell_answer(platform, story, "Auchentoshan")
    assert platform.recommend("Auchentoshan")[0] == "Cardhu"
    assert platform.recommend(GONE) == []


def poisoned_data_is_stopped(platform: Platform, story: Story, clone: Clone) -> None:
    """(g) The contract says no, the author is told why, and customers notice nothing."""
    before = platform.released()
    commit = demo_repository.poison(clone)
    platform.push(clone)
    told = until_told(platform, story, clone, commit)
    assert "gate-contract" in told
    assert "nothing is released" in told
    assert "whiskies.csv" in told
    assert platform.released() == before
    assert platform.recommend("Auchentoshan")[0] == "Cardhu"
    assert platform.recommend("Fine Port 88") == []


def the_release_is_taken_back(platform: Platform, story: Story, namespace: str) -> None:
    """(h) One command, and the release before serves again; customers who ask all the while notice only that."""
    before = platform.released()["stillhouse/model"]
    customers = ask_all_the_while(platform, namespace)
    begun = time.monotonic()
    told = platform.stillhouse("rollback", "--cluster")
    took = time.monotonic() - begun
    pods.wait(customers, ["Succeeded", "Failed"], ASKING + 60)
    counted = json.loads(list(customers.logs())[-1])
    story.tell("stillhouse rollback --cluster", told)
    story.measure("rollback", took)
    story.tell("what customers inside the cluster got meanwhile", json.dumps(counted, indent=1))
    after = platform.released()["stillhouse/model"]
    assert platform.recommend("Auchentoshan")[0] == GONE
    assert after != before
    assert counted["failure"] == {}
    assert set(counted["model"]) == {before, after}, "the rollback did not fall into the time of asking"
    assert took <= ROLLBACK
    story.tell("stillhouse releases --cluster", platform.stillhouse("releases", "--cluster"))


def measure_push(story: Story, name: str, seconds: float) -> None:
    story.measure(name, seconds)
    assert seconds <= PUSH_TO_ANSWER


def tell_answer(platform: Platform, story: Story, whisky: str) -> None:
    story.tell(f"a customer who likes {whisky} is recommended", ", ".join(platform.recommend(whisky)))


def until_told(platform: Platform, story: Story, clone: Clone, commit: str) -> str:
    """What the author is told of a commit, once it is."""
    took = seconds_until(lambda: platform.note(clone, commit), f"a note on {commit[:12]}")
    told = tell_of_the_run(platform, story, clone, commit)
    measure_push(story, f"push to note, {clone.git('log', '-1', '--format=%s', commit)!r}", took)
    return told


def tell_of_the_run(platform: Platform, story: Story, clone: Clone, commit: str) -> str:
    """Show the note on a commit as its author reads it."""
    seconds_until(lambda: platform.note(clone, commit), f"a note on {commit[:12]}")
    told = platform.note(clone, commit)
    story.tell(f"git notes --ref stillhouse show {commit[:12]} ({clone.git('log', '-1', '--format=%s', commit)})", told)
    return told


def shoot_customer(platform: Platform, story: Story, page: Page, name: str) -> None:
    """The page that a customer of the model sees."""
    there = page.context.new_page()
    with platform.page() as address:
        there.goto(f"{address}?whisky=Laphroaig")
        expect(there.get_by_role("heading", name="If you like Laphroaig")).to_be_visible()
        story.shoot(there, name)
    there.close()


def ask_all_the_while(platform: Platform, namespace: str) -> Pod:
    """A pod that asks the service, and has begun to."""
    images = json.loads((ROOT / ".stillhouse" / "images.json").read_text())
    program = Path(asking.__file__).read_text(encoding="utf-8")
    where = f"{ANALYSIS}.{MODELS}.svc '/recommend?whisky=Laphroaig' {ASKING}"
    command = f"cat > /tmp/asking.py <<'END'\n{program}END\nexec python3 /tmp/asking.py {where}"
    pod = pods.start(platform.cluster, namespace, pods.manifest(images["pipeline"], command))
    pods.wait(pod, ["Running"])
    seconds_until(lambda: "asking" in list(pod.logs()), "the customers", 30)
    return pod
