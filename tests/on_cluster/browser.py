"""What a person does in the browser at the hub: log in, choose a profile, work in JupyterLab, commit and push."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.chromium import ARGUMENTS, CHROMIUM

SIZE = {"width": 1360, "height": 860}
SLOW = 120_000  # ms: a pod's start, a first page of a cold JupyterLab
USUAL = 30_000


@contextmanager
def open_page(shots: Path) -> Iterator[Page]:
    """A fresh browser's page; when something goes wrong, what it showed is kept in `shots`/failed.png."""
    assert CHROMIUM, "chromium is missing; install it: apt-get install chromium"
    shots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_context(viewport=SIZE, reduced_motion="reduce").new_page()  # type: ignore[arg-type]
        page.set_default_timeout(USUAL)
        expect.set_options(timeout=USUAL)
        try:
            yield page
        except BaseException:
            page.screenshot(path=shots / "failed.png")
            raise
        finally:
            browser.close()


class Hub:
    """The hub's pages."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def log_in(self, user: str, password: str) -> None:
        """Come in by the login page."""
        self.page.goto(f"{self.address}/hub/login")
        self.page.get_by_label("Username").fill(user)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.locator("#kubespawner-profiles-list").wait_for()

    def start(self, profile: str) -> Lab:
        """Choose a profile by its title, and wait for JupyterLab."""
        self.page.goto(f"{self.address}/hub/spawn")
        self.page.get_by_role("radio", name=profile).check()
        self.page.get_by_role("button", name="Start").click()
        lab = Lab(self.page)
        lab.wait()
        return lab

    def stop(self) -> None:
        """Stop the server; the home stays."""
        self.page.goto(f"{self.address}/hub/home")
        self.page.get_by_role("button", name="Stop My Server").click()
        self.page.get_by_role("button", name="Stop My Server").wait_for(state="hidden", timeout=SLOW)


class Lab:
    """JupyterLab, as the person in front of it uses it: menus, the file browser, notebooks, the Git panel."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def wait(self) -> None:
        """Until it can be worked with."""
        self.page.locator(".jp-Launcher, .jp-NotebookPanel").first.wait_for(timeout=SLOW)
        self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=SLOW)

    @property
    def notebook(self) -> Locator:
        """The notebook in front."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def choose(self, menu: str, entry: str) -> None:
        """An entry of the menu bar's menu."""
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        label = self.page.get_by_text(re.compile(rf"^{re.escape(entry)}…?$"))
        self.page.locator(".lm-Menu-item").filter(has=label).click()

    def show(self, panel: str) -> None:
        """A panel of the left side bar, by the beginning of its title."""
        tab = self.page.locator(f".jp-SideBar.jp-mod-left .lm-TabBar-tab[title^='{panel}']")
        if "lm-mod-current" not in (tab.get_attribute("class") or ""):
            tab.click()

    def clone(self, url: str) -> None:
        """Clone a repository into the folder shown, through the Git menu, and open its folder."""
        self.choose("Git", "Clone a Repository")
        self.page.locator("#input-link").fill(url)
        self.page.get_by_role("button", name="Clone", exact=True).click()
        self.page.get_by_text("Successfully cloned").wait_for(timeout=SLOW)
        self.show("File Browser")
        self.enter(url.rpartition("/")[2].removesuffix(".git"))

    def enter(self, folder: str) -> None:
        """Go into a folder of the one shown."""
        self._file(folder).dblclick()
        self.page.locator(".jp-BreadCrumbs-item", has_text=folder).wait_for()

    def open_notebook(self, name: str) -> None:
        """A notebook of the folder shown, with its kernel ready."""
        self._file(name).dblclick()
        self.notebook.locator(".jp-Cell").first.wait_for(timeout=SLOW)
        self._idle()

    def run_all(self) -> list[str]:
        """Run the open notebook from top to bottom; the errors and warnings that its cells show."""
        # What it showed when it was committed goes first, or nobody can tell that it has run.
        self.choose("Edit", "Clear Outputs of All Cells")
        prompts = self.notebook.locator(".jp-CodeCell .jp-InputPrompt")
        run = prompts.filter(has_text=re.compile(r"\[\d+\]:"))
        expect(run).to_have_count(0)
        self.choose("Run", "Run All Cells")
        expect(prompts.last).to_have_text(re.compile(r"\[\d+\]:"), timeout=SLOW)
        self._idle()
        return self.notebook.locator("[data-mime-type='application/vnd.jupyter.stderr']").all_inner_texts()

    def insert(self, code: str, after: str) -> None:
        """Write a line of code below the open notebook's first line that begins with `after`."""
        lines = self.notebook.locator(".jp-CodeCell .cm-line")
        lines.filter(has_text=re.compile(f"^{re.escape(after)}")).first.click()
        self.page.keyboard.press("End")
        self.page.keyboard.press("Enter")
        self.page.keyboard.type(code)
        expect(lines.filter(has_text=code)).to_have_count(1)

    def save(self) -> None:
        """Save the open notebook."""
        self.choose("File", "Save Notebook")
        expect(self.page.locator(".lm-DockPanel-tabBar .lm-mod-current.jp-mod-dirty")).to_have_count(0)

    def stage(self, name: str) -> None:
        """Put a changed file into the next commit, in the Git panel."""
        self.show("Git")
        self.page.get_by_title("Refresh the repository to detect local and remote changes").click()
        changed = self.page.locator(f"#jp-git-sessions [title*='{name} • ']")
        changed.hover()
        changed.get_by_title("Stage this change").click()

    def commit(self, summary: str, name: str, email: str) -> None:
        """Commit the notebook that is staged, outputs and all, under this name."""
        self.page.get_by_placeholder("Summary (Ctrl+Enter to commit)").fill(summary)
        self.page.get_by_role("button", name="Commit", exact=True).click()
        self.page.get_by_placeholder("Name", exact=True).fill(name)
        self.page.get_by_placeholder("Email", exact=True).fill(email)
        self._accept().click()
        self.page.get_by_role("button", name="Keep Outputs & Commit").click()
        self.page.get_by_text("Committed changes").wait_for()

    def push(self, user: str, password: str) -> None:
        """Push the branch; the server asks who we are."""
        self.page.get_by_title("Push committed changes").click()
        self.page.get_by_placeholder("username").fill(user)
        self.page.get_by_placeholder(re.compile("password")).fill(password)
        self._accept().click()
        self.page.get_by_text("Successfully pushed").wait_for(timeout=SLOW)

    def _accept(self) -> Locator:
        return self.page.locator(".jp-Dialog .jp-mod-accept")

    def _file(self, name: str) -> Locator:
        return self.page.locator(".jp-DirListing-item").filter(has=self.page.get_by_text(name, exact=True))

    def _idle(self) -> None:
        """Until the open notebook's kernel is there and has nothing to do."""
        self.page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=SLOW)
