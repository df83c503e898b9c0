"""Judge copies of the whisky analysis as the pipeline would, one after the other, without importing pandas each time.

Started once by a test process. It reads a request a line (JSON: folder, gates, steps, serve), forks, and in the fork
runs the gates of that folder by the very function that `stillhouse gate` calls, in the order of the pipeline, up to the
first that stops. Between the contract and the others it does what the notebooks do. It answers a line (JSON) each.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # one thread, so that forking is safe

import numpy as np  # noqa: F401 (imported here once for all forks)
import pandas as pd
import pandera.pandas as pa
import pyproj  # noqa: F401
from ruamel.yaml import YAML  # noqa: F401

from pipelines import artifact
from pipelines.gate import GateError, run_gate


def judge(request: dict[str, Any]) -> dict[str, Any]:
    """Which gate stopped (None if none did), what it said, and what the gates passed."""
    folder = Path(request["folder"])
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    passed: dict[str, list[str]] = {}
    for gate in request["gates"]:
        if gate == "quality" and request["steps"]:
            take_steps()
        serve = Path(request["serve"]) if request["serve"] and gate == "acceptance" else None
        try:
            passed[gate] = run_gate(folder, gate, serve=serve).passed
        except GateError as error:
            return {"stopped_by": gate, "message": str(error), "passed": passed}
    return {"stopped_by": None, "message": "", "passed": passed}


def take_steps() -> None:
    """What the notebooks ingest, train and evaluate do, with the settings of params.yaml."""
    from whisky import settings, summary, table, training

    given = settings.read_settings(Path())
    clean, repairs = table.clean(
        table.read_raw(Path("data/whiskies.csv")), table.read_raw(Path("data/wishart_classes.csv"))
    )
    table.write_csv(clean, Path("build/clean.csv"))
    table.write_csv(repairs, Path("build/repairs.csv"))
    clean = table.read_clean(Path("build/clean.csv"))
    model = training.train(clean, str(given["metric"]), str(given["scaling"]))
    artifact.save(model, Path("model"))
    figures = summary.metrics(clean, model, int(given["k"]))
    summary.write_json(figures, Path("build/metrics.json"))
    summary.write_json(summary.summary(clean, model, figures), Path("build/summary.json"))


def main() -> None:
    """Answer requests until there are no more."""
    sys.dont_write_bytecode = False  # copies carry it along, so that each fork need not compile again
    pa.DataFrameSchema({"warm": pa.Column(int)}).validate(pd.DataFrame({"warm": [1]}))
    gc.collect()
    gc.freeze()  # forks need not look through, and so copy, what is loaded here
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # pytest may say what it likes; only answers go to stdout
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                answer = judge(json.loads(line))
            except BaseException as error:
                answer = {"stopped_by": "an error", "message": repr(error), "passed": {}}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
