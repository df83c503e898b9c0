"""Turn a run's record and executed notebooks into pages: one a notebook, one a run, one of all runs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from pipelines.analysis import Analysis
from pipelines.files import write_text
from pipelines.record import Record, folder, load_all, records_folder

INDEX = "index.html"


def add_notebook(executed: Path, target: Path, name: str) -> tuple[str, str]:
    """Copy an executed notebook into a run's folder as `name` and render it; returns the names of notebook and page.

    The rendered page is kept beside the executed notebook, so that a cached step is not rendered again.
    """
    rendered = executed.with_suffix(".html")
    if not rendered.exists() or rendered.stat().st_mtime < executed.stat().st_mtime:
        write_text(rendered, render(executed, name))
    _link(executed, target / f"{name}.ipynb")
    _link(rendered, target / f"{name}.html")
    return f"{name}.ipynb", f"{name}.html"


def _link(source: Path, target: Path) -> None:
    """A second name for the same file (they are never changed in place), so that a run with nothing to do is small."""
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def render(notebook: Path, title: str) -> str:
    """An executed notebook as one HTML page that needs nothing from elsewhere."""
    import nbformat
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        mathjax_url="", require_js_url="", mermaid_js_url="", embed_images=True
    )
    content = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    body: str = exporter.from_notebook_node(content, resources={"metadata": {"name": title}})[0]
    return body


def write_run_page(analysis: Analysis, record: Record) -> Path:
    """Write the index page of one run."""
    page = folder(analysis, record) / INDEX
    write_text(page, _template("run.html").render(record=record, logs=_logs(page.parent), short=short))
    return page


def write_index(analysis: Analysis) -> Path:
    """Write the page that lists all runs, latest first."""
    page = records_folder(analysis) / INDEX
    records = load_all(analysis)[::-1]
    write_text(page, _template("runs.html").render(analysis=analysis.name, records=records, short=short))
    return page


def short(value: Any) -> str:
    """A value as people want to read it in a table."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def flat(values: Mapping[str, Any]) -> str:
    """Values as `name=value` in one line."""
    return " ".join(f"{name}={short(value)}" for name, value in values.items())


def _logs(run: Path) -> dict[str, str]:
    return {path.stem: path.read_text(errors="replace") for path in sorted(run.glob("logs/*.log"))}


def _template(name: str) -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined).get_template(name)
