"""What holds for the whole repository, whichever part of it a change touches."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LISTED = subprocess.run(
    ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
).stdout
FILES = sorted(ROOT / name for name in LISTED.split("\0") if name and (ROOT / name).is_file())
PYTHON = [path for path in FILES if path.suffix == ".py"]
TESTS = [path for path in PYTHON if path.name.startswith(("test_", "conftest"))]
# What people import or run; tests are held to their own rules.
CODE = [path for path in PYTHON if path not in TESTS and "tests" not in path.relative_to(ROOT).parts]
FOLDERS = {".ci", ".dvc", "helm", "hub", "images", "notebooks", "pipelines", "terraform", "tests"}
LONG_FUNCTION = 37  # lines; the repositories that are easiest to read stay below it in nine functions of ten
LONG_MODULE = 300


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""  # a picture, or data in another encoding on purpose


def found(pattern: str, but: tuple[str, ...] = ()) -> list[str]:
    """Where a pattern occurs in the repository's files, as file:line: text."""
    expression = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in FILES
        if path.name != "uv.lock" and path.relative_to(ROOT).as_posix() not in but
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if (match := expression.search(line))
    ]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# --- Nothing of the machine it was written on -------------------------------------------------------------------


def test_no_file_names_a_folder_of_one_machine():
    # In a user server the home is where every Jupyter image has it.
    assert found(r"/(home(?!/jovyan)|Users|root|work|private|mnt)/\w+") == []


def test_no_file_names_a_registry_of_packages():
    """Everybody's tools know theirs; only uv.lock, in uv's own format, says where each file came from."""
    hosts = r"(pypi\.org|pythonhosted\.org|npmjs\.(org|com)|artifactory|/simple/)\b"
    assert found(hosts, but=("tests/test_hygiene.py",)) == []


def test_no_file_names_a_person():
    assert found(r"(?<![\\\w])[\w.+-]+@(?!example\.)[A-Za-z][\w-]*\.(?!sha256)[a-z]{2,}\b") == []
    assert found(r"(?i)(?<!\w)(author|maintainer|created by|todo\()\s*[:=]") == []


# --- Shape ------------------------------------------------------------------------------------------------------


def test_the_top_level_has_the_folders_that_readme_explains_and_no_other():
    assert {path.relative_to(ROOT).parts[0] for path in FILES if path.parent != ROOT} <= FOLDERS


def test_nine_functions_of_ten_fit_on_a_screen():
    lengths = sorted(
        (node.end_lineno - node.lineno + 1, f"{name_of(path)}:{node.lineno} {node.name}")
        for path in CODE
        for node in ast.walk(ast.parse(text_of(path)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert len(lengths) > 100
    ninth = lengths[int(len(lengths) * 0.9)]
    assert ninth[0] < LONG_FUNCTION, lengths[-10:]


def test_every_module_says_what_it_is_for_and_is_not_long():
    silent = [name_of(path) for path in CODE if not ast.get_docstring(ast.parse(text_of(path)))]
    lengths = {name_of(path): len(text_of(path).splitlines()) for path in CODE}
    assert silent == []
    assert {name: lines for name, lines in lengths.items() if lines > LONG_MODULE} == {}


def test_pipelines_knows_nothing_of_any_one_analysis():
    modules = [path for path in CODE if path.relative_to(ROOT).parts[0] == "pipelines"]
    analyses = {path.relative_to(ROOT).parts[1] for path in FILES if path.name == "dvc.yaml"}
    assert analyses
    for path in modules:
        imports = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(text_of(path)))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert not imports & analyses, name_of(path)


# --- Tests that can be trusted ----------------------------------------------------------------------------------


def skips_without_reason(code: str) -> list[int]:
    """The lines with a skip, skipif or xfail that doesn't say why."""
    tree = ast.parse(code)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    bare = {id(node): node for node in ast.walk(tree) if is_skip(node)}
    for call in calls:
        bare.pop(id(call.func), None)
    return sorted(node.lineno for node in [*bare.values(), *(call for call in calls if lacks_reason(call))])


def is_skip(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr in {"skip", "skipif", "xfail"}
        and ast.unparse(node).startswith("pytest.")
    )


def lacks_reason(call: ast.Call) -> bool:
    if not is_skip(call.func) or any(keyword.arg == "reason" for keyword in call.keywords):
        return False
    takes_condition = ast.unparse(call.func) in {"pytest.mark.skipif", "pytest.mark.xfail"}
    return takes_condition or not call.args


def test_every_skip_says_why():
    bad = {name_of(path): lines for path in TESTS if (lines := skips_without_reason(text_of(path)))}
    assert bad == {}


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("@pytest.mark.skip\ndef test_a(): ...", True),
        ("@pytest.mark.skipif(True)\ndef test_a(): ...", True),
        ("@pytest.mark.xfail()\ndef test_a(): ...", True),
        ("pytest.skip()", True),
        ("@pytest.mark.skipif(True, reason='no chromium')\ndef test_a(): ...", False),
        ("pytest.skip('no chromium')", False),
        ("itertools.skip()", False),
    ],
)
def test_a_skip_without_a_reason_would_be_found(code, bad):
    assert bool(skips_without_reason(code)) is bad


def test_tests_are_where_pytest_finds_them():
    """Each tested module's test has its name and place: tests/pipelines/a/test_b.py for pipelines/a/b.py."""
    modules = {path.relative_to(ROOT).with_suffix("").as_posix() for path in CODE}
    folders = {Path(module).parent.as_posix() for module in modules}
    for path in TESTS:
        relative = path.relative_to(ROOT)
        if relative.parts[:2] == ("tests", "pipelines") and path.name.startswith("test_"):
            assert relative.parent.relative_to("tests").as_posix() in folders, name_of(path)


# --- Files that others read -------------------------------------------------------------------------------------


def test_text_files_end_in_one_line_end_and_have_no_windows_ones():
    for path in FILES:
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".html", ".css", ".js"} or path.name == "Makefile":
            content = path.read_bytes()
            assert b"\r" not in content, name_of(path)
            assert not content or (content.endswith(b"\n") and not content.endswith(b"\n\n")), name_of(path)


def test_no_file_is_large():
    """A clone is quick, and a notebook's outputs can be reviewed."""
    large = {name_of(path): path.stat().st_size for path in FILES if path.stat().st_size > 2_000_000}
    assert large == {}


def test_what_is_run_is_executable_and_says_by_what():
    for path in FILES:
        executable = bool(path.stat().st_mode & 0o100)
        assert executable == path.read_bytes().startswith(b"#!"), name_of(path)


def test_the_licence_is_whole():
    text = text_of(ROOT / "LICENSE")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
