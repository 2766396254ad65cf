from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

from textsignals.taxonomy import load_taxonomy

# From the ground up: a module may import from the lines above its own, and within a line only to the left.
LAYERS = [
    ["errors", "output", "records", "resources", "taxonomy"],
    [
        "readers.gzip_stream",
        "readers.sources",
        "readers.base",
        "readers.times",
        "readers.date_order",
        "readers.json_stream",
        "readers.markup",
        "readers.seen",
        "readers.copies",
        "readers.templates",
        "readers.documents",
        "readers.documents.days",
        "readers.documents.blocks",
        "readers.documents.grids",
        "readers.documents.speakers",
        "readers.documents.markdown",
        "readers.documents.tags",
        "readers.documents.hypertext",
        "readers.documents.page_files",
        "readers.documents.notes",
        "readers.documents.docx",
        "readers.documents.pdf",
        "readers.documents.web_pages",
        "readers.sheets",
        "readers.sheets.rows",
        "readers.sheets.cells",
        "readers.sheets.dates",
        "readers.sheets.columns",
        "readers.sheets.tables",
        "readers.sheets.standups",
        "readers.sheets.jira",
        "readers.documents.notion",
        "readers.transcripts",
        "readers.transcripts.recordings",
        "readers.transcripts.cues",
        "readers.transcripts.speakers",
        "readers.transcripts.turns",
        "readers.transcripts.webvtt",
        "readers.transcripts.spoken_text",
        "readers.boards",
        "readers.boards.azure",
        "readers.boards.retro_boards",
        "readers.boards.trello",
        "readers.mail",
        "readers.mail.envelopes",
        "readers.mail.replies",
        "readers.mail.mailboxes",
        "readers.chats",
        "readers.chats.bots",
        "readers.chats.markdown",
        "readers.chats.slack_text",
        "readers.chats.slack",
        "readers.chats.ms_teams_content",
        "readers.chats.ms_teams_personal",
        "readers.chats.ms_teams",
        "readers.chats.discord_tables",
        "readers.chats.discord_package",
        "readers.chats.discord",
        "readers.chats.mattermost",
        "readers.chats.zulip",
        "readers.chats.telegram",
        "readers.chats.whatsapp_dates",
        "readers.chats.whatsapp_notices",
        "readers.chats.whatsapp",
        "readers.chats.google_chat",
        "readers.chats.irc_lines",
        "readers.chats.irc_days",
        "readers.chats.irc",
        "readers.chats.matrix",
        "readers.chats.zoom_chat",
        "readers",
    ],
    ["teams", "team_file", "accounts"],
    [
        "tagging",
        "tagging.sentences",
        "tagging.encoder",
        "tagging.rules",
        "tagging.features",
        "tagging.status",
        "tagging.model",
        "tagging.tagger",
    ],
    ["component", "classifier"],
    [
        "measures",
        "measures.periods",
        "measures.scores",
        "measures.privacy",
        "measures.rates",
        "measures.position",
        "measures.slopes",
        "measures.changes",
        "measures.suppression",
        "measures.ledger",
        "measures.identifiers",
        "measures.person_names",
        "measures.redaction",
        "measures.evidence",
    ],
    ["pipeline"],
    ["names", "survey", "draft"],
    [
        "reports",
        "reports.wording",
        "reports.findings",
        "reports.basis",
        "reports.cards",
        "reports.content",
        "reports.charts",
        "reports.writers",
        "reports.notebook",
    ],
    ["evaluate"],
    ["options", "cli"],
]
RANK = {name: i for i, name in enumerate(name for layer in LAYERS for name in layer)}
HEAVY = [
    "spacy",
    "sklearn",
    "pandas",
    "numpy",
    "scipy",
    "matplotlib",
    "jinja2",
    "markdown_it",
    "webvtt",
    "onnxruntime",
    "tokenizers",
]
# Words of the field that happen to be names of signals too: scikit-learn calls the number of labels "support".
ALSO_OTHER_WORDS = {"support"}


def modules(root):
    package = root / "textsignals"
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def package_name(name, path):
    full = f"textsignals.{name}" if name else "textsignals"
    return full if path.stem == "__init__" else full.rpartition(".")[0]


def imports(name, path, known):
    """The modules of ours that a module imports anywhere: at its top, inside of functions, for types only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package_name(name, path).split(".")
                base = ".".join([*above[: len(above) - node.level + 1], *filter(None, [node.module])])
            # `from package import module` imports the module, not only the package.
            inner = [f"{base}.{alias.name}" for alias in node.names]
            modules_inside = [target for target in inner if target.removeprefix("textsignals.") in known]
            targets = modules_inside or [base]
        else:
            continue
        for target in targets:
            if target == "textsignals" or target.startswith("textsignals."):
                yield target.removeprefix("textsignals").removeprefix("."), node.lineno


def test_every_module_has_its_place(root):
    assert {name for name, _ in modules(root)} - {""} == set(RANK), "give a new module its place in LAYERS"


def test_imports_go_one_way(root):
    known, wrong = set(RANK), []
    for name, path in modules(root):
        if name:
            for target, line in imports(name, path, known):
                # "" is the package itself, which looks its names up on first use and holds the version.
                if target and RANK[target] >= RANK[name]:
                    wrong.append(f"{name}, line {line}: imports {target}")
    assert wrong == []


def test_only_the_command_line_imports_the_package_itself(root):
    users = {name for name, path in modules(root) for target, _ in imports(name, path, set(RANK)) if not target}
    assert users <= {"cli", "__main__"}


def docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield id(first.value)


def spelled(tree):
    """Every name and every word of a string in a module's code; docstrings may show examples."""
    shown = set(docstrings(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in shown:
            yield from ((word, node.lineno) for word in re.findall(r"\w+", node.value))
        for field in ("id", "attr", "arg", "name"):
            if isinstance(value := getattr(node, field, None), str):
                yield value, getattr(node, "lineno", 0)


def test_no_python_file_spells_the_name_of_a_signal(root):
    signals = set(load_taxonomy().signals) - ALSO_OTHER_WORDS
    found = [
        f"{name or 'textsignals'}, line {line}: {word}"
        for name, path in modules(root)
        for word, line in spelled(ast.parse(path.read_text(encoding="utf-8")))
        if word.lower() in signals
    ]
    assert found == []


def test_no_string_is_the_name_of_a_signal_that_is_another_word_too(root):
    found = [
        f"{name}, line {node.lineno}"
        for name, path in modules(root)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in ALSO_OTHER_WORDS
    ]
    assert found == []


def test_modules_and_functions_say_what_they_are(root):
    missing = []
    for name, path in modules(root):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        public = [n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef) and not n.name.startswith("_")]
        missing += [f"{name}.{getattr(n, 'name', '')}" for n in (tree, *public) if not ast.get_docstring(n)]
    assert missing == []


def test_nothing_in_the_package_prints_or_configures_logging(root):
    wrong = [
        f"{name}, line {node.lineno}"
        for name, path in modules(root)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "logging.basicConfig")
    ]
    assert wrong == []


@pytest.mark.parametrize("module", ["textsignals", "textsignals.cli"])
def test_import_stays_light(root, module):
    code = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
    assert done.stderr == ""


@pytest.mark.parametrize("module", ["textsignals.classifier", "textsignals.evaluate", "textsignals.tagging.tagger"])
def test_import_of_a_module_does_not_start_what_runs_the_encoder(root, module):
    code = f"import sys, {module}; print(*sorted({{'onnxruntime', 'tokenizers'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_trains_is_not_needed_to_run(root):
    training = {"torch", "transformers", "onnx", "onnxscript"}
    wrong = [
        f"{name}, line {node.lineno}"
        for name, path in modules(root)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and training & {n.split(".")[0] for n in (getattr(node, "module", None) or "", *(a.name for a in node.names))}
    ]
    assert wrong == []


def test_the_package_opens_no_connection_by_itself(root):
    network = {"socket", "requests", "httpx", "aiohttp", "ftplib", "smtplib"}
    wrong = []
    for name, path in modules(root):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            odd = [n for n in names if n.split(".")[0] in network or n in ("urllib.request", "http.client")]
            wrong += [f"{name}: {n}" for n in odd]
    assert wrong == []
