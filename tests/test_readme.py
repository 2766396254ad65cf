import re
import subprocess
import sys

import click
import pytest

from textsignals.cli import main
from textsignals.evaluate import evaluate, read_units
from textsignals.readers import formats


def blocks(text, language):
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def every_command(group):
    for command in group.commands.values():
        yield command
        if isinstance(command, click.Group):
            yield from every_command(command)


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text(encoding="utf-8")


def test_the_python_of_the_readme_runs(readme, root):
    [code] = blocks(readme, "python")
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("blindside asserted 0 44")


def test_every_command_and_option_the_documents_name_exists(root):
    written = ("README.md", "CONTRIBUTING.md", "models/en/README.md", "corpora/README.md")
    documents = [*(root / name for name in written), *(root / "docs").rglob("*.md")]
    text = "\n".join(document.read_text(encoding="utf-8") for document in documents)
    named = set(re.findall(r"(?:`|\$ |^ {4,})textsignals ([a-z]+)\b", text, re.MULTILINE))
    assert named <= set(main.commands)
    shown = re.findall(r"`textsignals[^`]*`|`--[^`]*`|^ {4,}textsignals.*", text, re.MULTILINE)
    options = set(re.findall(r"(--[a-z][a-z-]+)", " ".join(shown)))
    known = {name for command in every_command(main) for p in command.params for name in p.opts}
    assert options <= known


def test_links_and_scripts_of_the_documents_are_there(root):
    for document in (root / "README.md", root / "CONTRIBUTING.md", root / "CHANGELOG.md"):
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text) + re.findall(r"\b(scripts/[a-z-]+)\b", text):
            assert (root / target).exists(), f"{document.name} names {target}"


def test_links_of_the_pages_are_there(root):
    for document in (root / "docs").rglob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} names {target}"


def test_every_page_on_an_export_has_the_same_sections(root):
    sections = ["How to export", "What is read", "What is left out", "Options", "Limits"]
    pages = list((root / "docs" / "export-from").glob("*.md"))
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith("# Export from ")
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == sections, page.name


def test_every_page_and_every_format_stands_in_the_list_of_documents(root):
    text = (root / "docs" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[.*\]\((.*)\) \| (.*) \|$", text, re.MULTILINE)
    pages = {str(page.relative_to(root / "docs")) for page in (root / "docs").glob("export-from/*.md")}
    assert {target for target, _ in rows} == pages
    assert {name for _, names in rows for name in re.findall(r"`(.+?)`", names)} == set(formats())


@pytest.mark.parametrize("point", ["balanced", "strict"])
def test_the_figures_of_the_model_card_are_those_that_evaluate_prints(root, gold, point):
    import textsignals as ts

    tagger = ts.load(operating_point=point)
    taxonomy = tagger.model.taxonomy
    result = evaluate(list(read_units(gold / "dev.jsonl", taxonomy.signals, taxonomy.statuses)), tagger)
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", (root / "models/en/README.md").read_text(), re.MULTILINE)
    column = 1 if point == "balanced" else 2
    told = {row[0]: row[column] for row in rows}
    assert told["micro-F1, asserted"] == f"{result.overall.f1.value:.3f}"
    assert told["macro-F1, asserted, signals with 5 labels or more"] == f"{result.macro_f1.value:.3f}"
    assert told["precision, asserted"] == f"{result.overall.precision.value:.2f}"
    assert told["false tags per 1,000 ordinary sentences"] == f"{result.false_per_1000.value:.1f}"
    assert told["status right, where the signal is"] == f"{result.status_right} of {result.n_status}"
    assert told["expected calibration error"] == f"{result.calibration_error.value:.3f}"
