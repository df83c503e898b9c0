"""A small analysis that is not about whisky at all: it proves that `pipelines` knows nothing of one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import nbformat

from pipelines.analysis import Analysis

DVC_YAML = """
stages:
  gate-input:
    cmd: stillhouse gate input
    deps: [data/flowers.csv, gates/input]
    outs: [build/gates/input.json]
  prepare:
    cmd: stillhouse step 01-prepare.ipynb
    deps: [01-prepare.ipynb, data/flowers.csv, build/gates/input.json]
    outs: [build/flowers.json]
  train:
    cmd: stillhouse step 02-train.ipynb -p factor ${factor}
    deps: [02-train.ipynb, build/flowers.json]
    outs: [model, build/metrics.json, build/summary.json]
  gate-quality:
    cmd: stillhouse gate quality
    deps: [gates/quality, build/metrics.json, params.yaml]
    outs: [build/gates/quality.json]
"""
PREPARE = [
    "import json, pathlib",
    "rows = [line.split(',') for line in pathlib.Path('data/flowers.csv').read_text().split()[1:]]\n"
    "pathlib.Path('build/flowers.json').write_text(json.dumps({n: [float(a), float(b)] for n, a, b in rows}))",
    "print(len(rows), 'flowers')",
]
TRAIN = [
    "import json, pathlib\nimport numpy as np\nfrom pipelines.artifact import Model, save",
    "flowers = json.loads(pathlib.Path('build/flowers.json').read_text())\n"
    "vectors = np.array(list(flowers.values())) * factor",
    "signature = {'item': 'flower', 'title': 'Flowers', 'items': list(flowers), 'features': ['petal', 'sepal'],\n"
    "             'range': [0, 10], 'aliases': {}}\n"
    "arrays = {'profiles': vectors, 'vectors': vectors, 'centre': np.zeros(2), 'spread': np.ones(2)}\n"
    "params = {'metric': 'euclidean', 'scaling': 'none'}\n"
    "save(Model('flowers', 'nearest-neighbours', signature, params, arrays), pathlib.Path('model'))",
    "pathlib.Path('build/metrics.json').write_text(json.dumps({'size': float(vectors.mean()) / 1}))\n"
    "pathlib.Path('build/summary.json').write_text(json.dumps({'rows': len(flowers)}))",
]
INPUT_GATE = """
from pathlib import Path
from pipelines.findings import Finding, stop_if

FILE = Path(__file__).parents[2] / "data" / "flowers.csv"

def test_no_negative_size():
    rows = FILE.read_text().split()[1:]
    stop_if(
        Finding(f"flowers.csv, row {i}", f"a size of {row.split(',')[1]}", "Measure it again.")
        for i, row in enumerate(rows, 1) if float(row.split(",")[1]) < 0
    )
"""
QUALITY_GATE = """
import json
from pathlib import Path

FOLDER = Path(__file__).parents[2]

def test_size():
    assert json.loads((FOLDER / "build" / "metrics.json").read_text())["size"] < 50
"""


def notebook(cells: list[str], parameters: str | None = None) -> str:
    """The text of a notebook with these code cells."""
    made = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}}
    )
    if parameters:
        made.cells.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    made.cells += [nbformat.v4.new_code_cell(source) for source in cells]
    return nbformat.writes(made)


def make_checkout(root: Path) -> Analysis:
    """A git checkout with the flowers analysis, in a folder with a space."""
    folder = root / "notebooks" / "flowers"
    files = {
        "dvc.yaml": DVC_YAML,
        "params.yaml": "factor: 2 # what sizes are multiplied by\n",
        "data/flowers.csv": "name,petal,sepal\nrose,1,2\ntulip,2,3\niris,5,8\n",
        "released.json": json.dumps({"rows": 3}),
        "01-prepare.ipynb": notebook(PREPARE),
        "02-train.ipynb": notebook(TRAIN, parameters="factor = 1"),
        "gates/input/test_input.py": INPUT_GATE,
        "gates/quality/test_quality.py": QUALITY_GATE,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "build").mkdir()
    (folder / "build" / ".gitignore").write_text("*\n")
    (root / ".gitignore").write_text(".stillhouse/\n")
    (root / ".dvcignore").write_text(".stillhouse\n__pycache__\n")
    (root / ".dvc").mkdir()
    (root / ".dvc" / "config").write_text("[core]\n    analytics = false\n")
    (root / ".dvc" / ".gitignore").write_text("/cache\n/tmp\n")
    (root / "uv.lock").write_text("locked = 1\n")
    identity = ["-c", "user.name=tester", "-c", "user.email=tester@example.invalid"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "Start"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return Analysis(root, folder)
