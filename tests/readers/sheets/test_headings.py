"""A first row that is no heading but data, or names columns after people, is never repeated."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from fake_tagger import FakeTagger

import textsignals as ts
from textsignals import cli
from textsignals.errors import InputError
from textsignals.tagging import tagger as tagging

N = 20
NAMES = [f"Quorra{i:02} Vexley{i:02}" for i in range(N)]
CELLS = [(name, f"qmail{i:02}@vexmail.example", f"Today {name} asked me.")[i % 3] for i, name in enumerate(NAMES)]
CANARY = re.compile(r"quorra|vexley|qmail|vexmail", re.IGNORECASE)
PROSE = "A !silo stands between us and all of the others."
FIRST_ROWS = {
    "people": NAMES,
    "people, mails and texts": CELLS,
    "a column for each member": ["date", *NAMES],
    "known columns among people": ["date", "author", "team", *NAMES],
    "question among people": ["name", "date", "today", "yesterday", *CELLS],
    "boards of people": ["start", "stop", "continue", *NAMES[:2]],
    "people in two rows": [*NAMES[:2], "text"],
}
BODIES = {
    "numbers": lambda name, i: "2026-03-13" if name in ("date", "author") else str(i),
    "prose": lambda name, i: "2026-03-13" if name == "date" else f"{PROSE} {i}",
    # Rows that slipped: what stands under the date is none.
    "slipped": lambda name, i: f"{NAMES[i]} wrote {i} times on 2026-03-13",
}

ENDINGS = {"csv": ",", "tsv": "\t", "jsonl": "", "parquet": ""}


def write(path, columns, body, delimiter):
    rows = [{name: BODIES[body](name, i) for name in columns} for i in range(4)]
    if path.suffix == ".parquet":
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.table({name: [row[name] for row in rows] for name in columns}), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    else:
        with path.open("w", newline="") as stream:
            lines = csv.writer(stream, delimiter=delimiter)
            lines.writerows([columns, *([row[name] for name in columns] for row in rows)])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("headings")
    for n, columns in enumerate(FIRST_ROWS.values()):
        for body in BODIES:
            for ending, delimiter in ENDINGS.items() if body == "prose" else [("csv", ";")]:
                (folder / f"in-{n}-{body}").mkdir(exist_ok=True)
                write(folder / f"in-{n}-{body}" / f"{ending}.{ending}", columns, body, delimiter)
    return folder


@pytest.fixture
def folder(written, monkeypatch):
    monkeypatch.chdir(written)
    monkeypatch.setattr(tagging, "load", lambda model="en", operating_point="balanced": FakeTagger())
    return written


@pytest.mark.parametrize("format_", [None, "table", "standups"])
@pytest.mark.parametrize("command", [["read", "--all"], ["read", "--json"], ["report", "-o", "r.html"]])
def test_the_cells_of_a_first_row_are_nowhere(folder, runner, command, format_):
    inputs = sorted(str(path.relative_to(folder)) for path in folder.glob("in-*/*"))
    result = runner.invoke(cli.main, [*command, *inputs, *(["--format", format_] if format_ else [])])
    said = result.stdout + result.stderr
    report = Path("r.html").read_text() if command[0] == "report" else ""
    assert result.exit_code in (0, 1), said
    assert "in-0-numbers" in said
    assert CANARY.findall(said + report) == []


@pytest.mark.parametrize("format_", ["table", "standups"])
def test_the_cells_of_a_first_row_are_in_no_place_of_a_tag(folder, runner, format_):
    inputs = sorted(str(path.relative_to(folder)) for path in folder.glob("in-*-prose/*.csv"))
    result = runner.invoke(cli.main, ["tag", *inputs, "--format", format_])
    assert '"locator": "line 2, column 2"' in result.stdout
    assert CANARY.findall(result.stdout + result.stderr) == []


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        (NAMES, {}, "has no text column among its 20 columns; name it with --column text=NAME; "),
        (["date", *NAMES], {}, "has no text column among: date and 20 others; name it with"),
        (NAMES[:1], {}, "has no text column among its 1 column; name it with"),
        (["…", NAMES[0]], {}, "has no text column among its 2 columns; name it with"),
        (["date", NAMES[0]], {}, "has no text column among: date and 1 other; name it with"),
        (
            NAMES,
            {"columns": {"text": "Notiz"}},
            "has no column of the name given for text; choose among its 20 columns",
        ),
        (["id", NAMES[0]], {"columns": {"text": NAMES[1]}}, "given for text; choose among: id and 1 other"),
    ],
)
def test_an_error_lists_only_usual_names_and_counts_the_others(tmp_path, columns, options, said):
    write(tmp_path / "a.csv", columns, "numbers", ",")
    with pytest.raises(InputError) as caught:
        list(ts.read(tmp_path / "a.csv", format="table", **options))
    assert said in str(caught.value)
    assert CANARY.findall(str(caught.value)) == []


def test_columns_without_a_usual_name_can_be_found_by_their_place(tmp_path):
    columns = ["date", *NAMES[:3], "Notiz", "size"]
    write(tmp_path / "a.csv", columns, "prose", ",")
    reading = ts.read(tmp_path / "a.csv", columns={"text": NAMES[1]})
    assert {message.text[: len(PROSE)] for message in reading} == {PROSE}
    assert reading.report.assumptions[:2] == (
        "columns: text = column 3, date = date",
        "columns not used: column 2, column 4, Notiz, size",
    )


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("2026-02-30", "'2026-02-30'"),
        ("30.02.2026 10:15", "'30.02.2026 10:15'"),
        ("Quorra01 Vexley01", "the cell"),
        ("+49 170 1234567", "the cell"),
        ("2026-02-30 Vexley", "the cell"),
    ],
)
def test_only_what_has_the_shape_of_a_date_is_repeated_as_none(tmp_path, cell, said):
    (tmp_path / "a.csv").write_text(f"date,text\n{cell},We wait\n2026-03-13,We go\n")
    reading = ts.read(tmp_path / "a.csv")
    assert len(list(reading)) == 1
    assert [problem.problem for problem in reading.report.problems] == [f"{said} is not a date"]
