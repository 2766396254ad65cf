from __future__ import annotations

import ast
import configparser
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions

import pytest

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
)


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    """The wheel as built from a copy of the checkout, so that nothing is left behind in it."""
    place = tmp_path_factory.mktemp("packaging")
    checkout = shutil.copytree(root, place / "checkout", ignore=LEFT_OUT)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(place / "dist"),
        str(checkout),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (place / "dist").iterdir()
    with zipfile.ZipFile(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def names(wheel):
    return set(wheel.namelist())


def files_below(folder):
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize(("folder", "inside"), [("models", "models"), ("corpora", "corpora"), ("textsignals", ".")])
def test_every_file_of_a_folder_is_in_the_wheel(root, names, folder, inside):
    expected = {f"textsignals/{inside}/{name}".replace("/./", "/") for name in files_below(root / folder)}
    assert expected - names == set()


@pytest.mark.parametrize(
    "name",
    [
        "textsignals/py.typed",
        "textsignals/models/en/heads.npz",
        "textsignals/models/en/encoder.onnx",
        "textsignals/models/en/tokenizer.json",
        "textsignals/models/en/lemmas.json",
        "textsignals/models/en/patterns.jsonl",
        "textsignals/models/en/meta.json",
        "textsignals/models/en/taxonomy.toml",
        "textsignals/corpora/train.jsonl",
        "textsignals/corpora/sample/slack-export.zip",
        "textsignals/corpora/sample/routing/2026-03-13-retro.md",
        "textsignals/reports/templates/report.html",
    ],
)
def test_the_wheel_holds(names, name):
    assert name in names


def test_the_wheel_holds_nothing_else(names):
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"textsignals"}
    assert [name for name in names if "test_" in name or "/tests/" in name or "conftest" in name] == []
    assert [name for name in names if name.endswith((".pyc", ".pkl", ".pickle", ".joblib"))] == []


def test_entry_points(wheel, names):
    parser = configparser.ConfigParser()
    parser.read_string(wheel.read(next(n for n in names if n.endswith("entry_points.txt"))).decode())
    assert {section: dict(parser[section]) for section in parser.sections()} == {
        "console_scripts": {"textsignals": "textsignals.cli:main"},
        "spacy_factories": {"signal_tagger": "textsignals.component:make_signal_tagger"},
    }


def test_the_wheel_declares_every_package_that_the_code_imports(root, wheel, names):
    metadata = wheel.read(next(n for n in names if n.endswith(".dist-info/METADATA"))).decode()
    lines = re.findall(r"^Requires-Dist: ([\w.-]+)(.*)$", metadata, re.MULTILINE)
    declared = {name.lower() for name, rest in lines if "extra ==" not in rest}
    imported = set()
    for path in (root / "textsignals").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add((node.module or "").split(".")[0])
    # Jinja2 hands out what markupsafe made, so it cannot come without it.
    others = imported - set(sys.stdlib_module_names) - {"textsignals", "markupsafe"}
    known = packages_distributions()
    missing = sorted(m for m in others if not {d.lower() for d in known.get(m, [m])} & declared)
    assert missing == []


def test_the_wheel_works_by_itself(wheel, tmp_path):
    wheel.extractall(tmp_path)
    code = (
        "import textsignals as ts, textsignals.resources as r; "
        "print(r.folder('models'), r.folder('corpora')); "
        "print([t.signal for t in ts.load().tag(['We were completely blindsided.'])[0]])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    places, found = done.stdout.splitlines()
    assert places == f"{tmp_path / 'textsignals' / 'models'} {tmp_path / 'textsignals' / 'corpora'}"
    assert "blindside" in found
