from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest
from fake_tagger import FakeTagger, counted, outcome, weeks_of

import textsignals as ts
from textsignals.cli import main
from textsignals.reports import notebook
from textsignals.reports.content import build
from textsignals.reports.writers import WRITERS, table
from textsignals.tagging import tagger as tagging


@pytest.fixture
def shown():
    return notebook.Report(build(counted(weeks_of("Payments", [2] * 13 + [12] * 13)), outcome()))


@pytest.fixture
def export(tmp_path, monkeypatch):
    """A table of stand-ups, in the folder where all is run."""
    for module in (tagging, notebook):
        monkeypatch.setattr(module, "load", lambda model="en", operating_point="balanced": FakeTagger())
    monkeypatch.chdir(tmp_path)
    rows = [f"2026-0{1 + i % 4}-10,sales,person {i % 7},A !silo here. Plain words." for i in range(200)]
    Path("standups.csv").write_text("\n".join(["date,team,author,text", *rows]))
    return "standups.csv"


def test_a_report_says_in_one_line_what_it_is(shown):
    assert repr(shown) == "<textsignals report: 1 team, 2026-01-05 to 2026-07-03, 1 finding>"
    assert [finding.team for finding in shown.findings] == ["Payments"]


def test_a_floor_of_authors_is_raised_and_not_lowered(export):
    assert [team.people for team in ts.report(export, min_authors=7).content.teams] == ["7 to 11"]
    assert ts.report(export, min_authors=8).content.teams == ()
    with pytest.raises(ts.TextSignalsError, match="4 authors are too few: the floor is 5, and may only be raised"):
        ts.report(export, min_authors=4)


def test_the_table_is_that_of_the_file(shown):
    read = pd.read_csv(io.StringIO(table(shown.content)))
    assert list(read) == list(shown.table)
    assert len(read) == len(shown.table)
    assert read["rate_per_100"].dropna().tolist() == shown.table["rate_per_100"].dropna().tolist()
    assert shown.table["n_asserted"].dtype == "Int64"


@pytest.mark.parametrize("ending", WRITERS)
def test_a_report_is_the_one_of_the_command(export, runner, ending):
    made = ts.report(export, by="month", since="2026-02-01", until=date(2026, 4, 30), tz="Europe/Berlin")
    made.save(f"a{ending}")
    options = "--by month --since 2026-02-01 --until 2026-04-30 --tz Europe/Berlin".split()
    result = runner.invoke(main, ["report", export, *options, "-o", f"b{ending}"])
    assert result.exit_code == 0, result.output
    a, b = (Path(f"{name}{ending}").read_text() for name in "ab")
    # The command stands in what it made.
    words = [line for line in b.splitlines() if "textsignals report" not in line and '"command"' not in line]
    assert [line for line in words if line not in a.splitlines()] == []


def test_days_may_have_a_time(export):
    made = ts.report(export, team="x", since=datetime(2026, 3, 1, 12))
    assert (made.content.first, [team.name for team in made.content.teams]) == ("2026-03-10", ["x"])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"by": "year"}, "by='year' is no length of a period; choose week, month, quarter"),
        ({"since": "1 May"}, "'1 May' is no date; write it like 2026-03-31"),
        ({"tz": "Mars"}, "'Mars' is no time zone; write it like Europe/Berlin"),
        ({"teams": "none.toml"}, "none.toml: "),
        ({"since": "2027-01-01"}, "no message was found in any input, so there is nothing to report"),
    ],
)
def test_options_that_make_no_sense_are_refused(export, options, error):
    with pytest.raises(ts.TextSignalsError) as caught:
        ts.report(export, **options)
    assert str(caught.value).startswith(error)


def test_an_input_that_is_not_there_is_named(export):
    with pytest.raises(ts.TextSignalsError, match=r"no message was found .*; none\.csv: "):
        ts.report("none.csv")
    assert ts.report(export, "none.csv").content.outcome.problems[0].file == "none.csv"
