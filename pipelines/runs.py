"""Records on the terminal: the table of all runs, one in full, two compared, a metric plotted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.record import Record, find, folder, load_all, records_folder
from pipelines.report import INDEX, flat, short

WIDE = 110  # columns of a terminal that has room for everything
MOST = 3


def show_list(analysis: Analysis, metrics: Sequence[str] = ()) -> None:
    """Print all runs, oldest first, so that the latest is next to the prompt; `metrics` names the columns to show."""
    records = load_all(analysis)
    if not records:
        raise StillhouseError("no runs yet. Make one: stillhouse run")
    print_table(records, metrics)
    _console().print(f"pages: {records_folder(analysis) / INDEX}", soft_wrap=True, highlight=False)


def print_table(records: Sequence[Record], metrics: Sequence[str] = ()) -> None:
    """Print records as a table: a line each, as far as the terminal is wide enough."""
    console = _console()
    names = list(metrics) or telling_metrics(records)
    wide = console.width >= WIDE
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("run", no_wrap=True, min_width=20)
    table.add_column("status", no_wrap=True, min_width=6)
    table.add_column("s", no_wrap=True, justify="right")
    table.add_column("set for it", overflow="fold")
    for name in names:
        table.add_column(name, overflow="fold", justify="right")
    for title in ("model", "commit") if wide else ():
        table.add_column(title, no_wrap=True)
    for one in records:
        values = [short(one.metrics.get(name, "")) for name in names]
        origin = ((one.model or "")[:8], (one.commit or "")[:8] + ("+" if one.dirty else "")) if wide else ()
        cells = (one.id, _coloured(one.status), f"{one.seconds:.1f}", escape(flat(one.overrides)), *values, *origin)
        table.add_row(*cells)
    console.print(table)


def telling_metrics(records: Sequence[Record]) -> list[str]:
    """The metrics that tell runs apart, `MOST` at the most; where none does, any. Chief metrics have short names."""
    settings = {name for one in records for name in one.params}
    names = sorted({name for one in records for name in one.metrics} - settings, key=lambda name: (len(name), name))
    differ = [name for name in names if len({one.metrics[name] for one in records if name in one.metrics}) > 1]
    return (differ or names)[:MOST]


def show_one(analysis: Analysis, name: str) -> None:
    """Print one run."""
    one = find(analysis, name)
    console = _console()
    facts = {
        "run": one.id,
        "status": one.status,
        "started": one.started,
        "seconds": f"{one.seconds:.1f}",
        "by": f"{one.who} on {one.where.get('host')}, Python {one.where.get('python')}",
        "commit": f"{one.commit or 'none'}{' + uncommitted changes (diff.patch)' if one.dirty else ''}",
        "model": one.model or "none",
        "parameters": flat({**one.params, **one.overrides}),
        "metrics": flat(one.metrics),
        "data": " ".join(f"{path}@{digest[:8]}" for path, digest in one.data.items()),
        "environment": one.environment[:16],
        "report": str(folder(analysis, one) / INDEX),
    }
    for key, value in facts.items():
        console.print(f"{key:<12} {escape(value)}", soft_wrap=True, highlight=False)
    for step in one.steps:
        console.print(f"  {step.name:<18} {_coloured(step.status)} {step.seconds:5.1f} s", highlight=False)
        if step.status == "failed":
            console.print("\n".join(f"    {line}" for line in escape(step.message).splitlines()), soft_wrap=True)


def show_diff(analysis: Analysis, a: str, b: str) -> None:
    """Print how two runs differ."""
    first, second = find(analysis, a), find(analysis, b)
    console = _console()
    console.print(f"{first.id} → {second.id}", highlight=False)
    differences = compare(first, second)
    if not differences:
        console.print("no difference in parameters, metrics, data, code or environment")
    for kind, changes in differences.items():
        console.print(f"\n[bold]{kind}[/bold]")
        for name, (old, new) in changes.items():
            console.print(f"  {escape(name)}: {escape(old)} → {escape(new)}", soft_wrap=True, highlight=False)
    if first.commit and second.commit and first.commit != second.commit:
        console.print(f"\nthe code in full: git diff {first.commit[:12]} {second.commit[:12]}", highlight=False)


def compare(first: Record, second: Record) -> dict[str, dict[str, tuple[str, str]]]:
    """What differs, by kind and name, as (old, new); an absent value is a dash, a file its hash's beginning."""
    kinds: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
        "parameters": (first.params, second.params),
        "metrics": (first.metrics, second.metrics),
        "data": (_shortened(first.data), _shortened(second.data)),
        "code": (_shortened(first.code), _shortened(second.code)),
        "environment": ({"uv.lock": first.environment[:12]}, {"uv.lock": second.environment[:12]}),
        "results": (
            {"status": first.status, "model": first.model or "—"},
            {"status": second.status, "model": second.model or "—"},
        ),
        "gates": ({n: _passed(g) for n, g in first.gates.items()}, {n: _passed(g) for n, g in second.gates.items()}),
    }
    return {kind: changes for kind, (old, new) in kinds.items() if (changes := _changes(old, new))}


def plot(analysis: Analysis, metric: str, out: Path | None) -> Path:
    """Draw `metric` over all runs that have it, in the order they were made; returns the file."""
    points = [one for one in load_all(analysis) if metric in one.metrics]
    if not points:
        known = sorted({name for one in load_all(analysis) for name in one.metrics})
        raise StillhouseError(f"no run has the metric {metric!r}. There are: {', '.join(known) or 'none'}")
    if out and out.suffix not in (".png", ".svg"):
        raise StillhouseError(f"{out}: a plot is a .png or a .svg. Name it so.")
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
    axes.plot(range(len(points)), [one.metrics[metric] for one in points], color="#8c510a", marker="o")
    for index, one in enumerate(points):
        if one.status != "passed":
            axes.plot(index, one.metrics[metric], marker="x", color="#cf222e", markersize=11)
    axes.set(title=f"{metric} over {len(points)} runs of {analysis.name} (× did not pass)", ylabel=metric)
    axes.set_xticks(range(len(points)), [_tick(one) for one in points], rotation=45, ha="right", fontsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    target = out or records_folder(analysis) / f"{metric}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=120)
    pyplot.close(figure)
    return target


def _tick(one: Record) -> str:
    return flat(one.overrides) or one.id[4:15]


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    names = [*old, *(name for name in new if name not in old)]
    return {
        name: (short(old.get(name, "—")), short(new.get(name, "—"))) for name in names if old.get(name) != new.get(name)
    }


def _shortened(files: Mapping[str, str]) -> dict[str, str]:
    return {name: digest[:12] for name, digest in files.items()}


def _passed(gate: Mapping[str, Any]) -> str:
    return "passed" if gate.get("passed") else str(gate.get("status"))


def _coloured(status: str) -> str:
    colour = {"passed": "green", "failed": "red", "blocked": "yellow", "interrupted": "yellow"}.get(status)
    return f"[{colour}]{status}[/{colour}]" if colour else status


def _console() -> Console:
    return Console()
