"""One run or many from the command line: parse NAME=VALUE, run each combination, say how it went."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

import click

from pipelines import report, runs
from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.progress import Progress
from pipelines.record import Record, folder
from pipelines.run import run
from pipelines.workspace import check, parse_value


def parse_settings(settings: Iterable[str]) -> dict[str, Any]:
    """NAME=VALUE pairs as a mapping."""
    return {name: parse_value(value) for name, value in map(_split, settings)}


def parse_grid(assignments: Iterable[str]) -> dict[str, list[Any]]:
    """NAME=A,B pairs as a mapping of name to values."""
    grid = {name: [parse_value(value) for value in values.split(",")] for name, values in map(_split, assignments)}
    if not grid:
        raise StillhouseError(
            "--sweep needs at least one NAME=A,B, for example: --sweep metric=cosine,euclidean k=3,5,10"
        )
    return grid


def combinations(grid: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """Every combination of a grid's values, the last name changing fastest."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def run_one(analysis: Analysis, overrides: Mapping[str, Any]) -> bool:
    """One run, told on the terminal; returns whether it passed."""
    click.echo(f"{analysis.name}{': ' + report.flat(overrides) if overrides else ''}")
    record = run(analysis, Progress(), overrides=overrides)
    tell(analysis, record)
    return record.status == "passed"


def run_sweep(analysis: Analysis, fixed: Mapping[str, Any], grid: Mapping[str, list[Any]]) -> bool:
    """A run for each combination of `grid`, and a table of them all; returns whether all passed."""
    twice = sorted(set(fixed) & set(grid))
    if twice:
        raise StillhouseError(f"{', '.join(twice)}: given with -S and in the sweep. Take one of the two.")
    name = f"sweep-{secrets.token_hex(2)}"
    records = []
    trials = combinations(grid)
    for values in trials:  # all of them, before the first runs
        check(analysis.params, {**fixed, **values})
    for number, values in enumerate(trials, start=1):
        click.echo(f"{number}/{len(trials)}  {report.flat(values)}")
        records.append(run(analysis, Progress(quiet=True), overrides={**fixed, **values}, sweep=name))
    runs.print_table(records)
    return all(record.status == "passed" for record in records)


def tell(analysis: Analysis, record: Record) -> None:
    """The last lines of a run."""
    ran = sum(step.status == "ran" for step in record.steps)
    click.echo(f"{record.status} in {record.seconds:.1f} s ({ran} of {len(record.steps)} steps ran)")
    if record.metrics:
        click.echo(f"metrics: {report.flat(record.metrics)}")
    click.echo(f"report: {folder(analysis, record) / report.INDEX}")


def _split(assignment: str) -> tuple[str, str]:
    name, equals, value = assignment.partition("=")
    if not name or not equals or not value:
        raise StillhouseError(f"{assignment!r}: write it as NAME=VALUE, for example metric=cosine")
    return name, value
