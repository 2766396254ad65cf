import json
import os
import re
import subprocess
import sys

import click
import pytest
from fake_tagger import FakeTagger, weeks_of

from textsignals import __version__, cli
from textsignals.measures.privacy import MIN_AUTHORS
from textsignals.readers import formats
from textsignals.tagging import tagger as tagging
from textsignals.taxonomy import load_taxonomy


def commands(group, *above):
    """Every command by the words that call it, those of groups too."""
    for name, command in sorted(group.commands.items()):
        yield " ".join([*above, name]), command
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)


COMMANDS = dict(commands(cli.main))
HINT = "check the spelling"


@pytest.fixture
def fake(monkeypatch):
    """The commands get a tagger whose answers do not depend on training."""
    monkeypatch.setattr(tagging, "load", lambda model="en", operating_point="balanced": FakeTagger(operating_point))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sheet(path, messages):
    rows = [f"{m.timestamp:%Y-%m-%d},{m.author},{m.team},{m.text}" for m in messages]
    path.write_text("\n".join(["date,author,team,text", *rows]) + "\n")
    return path


@pytest.fixture
def good(here):
    return sheet(here / "good.csv", weeks_of("Payments", [3, 1, 4]))


def run(runner, *args, **more):
    return runner.invoke(cli.main, [str(arg) for arg in args], **more)


def answered(result):
    return result.exit_code, result.stdout, result.stderr


# Help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_of_itself(runner, name):
    result = run(runner, *name.split(), "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert re.search(r"Examples?:\n(?:.*\n)*? +.*textsignals " + name, result.stdout)
    assert answered(run(runner, *name.split(), "-h")) == answered(result)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name):
    for param in COMMANDS[name].params:
        if isinstance(param, click.Option):
            assert param.help and param.help[0].isupper() and len(param.help) > 15, param.name


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_in_the_help_use_options_that_exist(name):
    command = COMMANDS[name]
    known = {opt for param in command.params for opt in param.opts}
    for example in re.findall(r"textsignals .*", command.help):
        used = re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", example)
        assert set(used) <= known, example


def test_lines_of_help_are_not_wrapped_into_each_other(runner):
    for name in COMMANDS:
        assert "\b" not in run(runner, *name.split(), "--help").stdout


@pytest.mark.parametrize("name", ["read", "report", "tag"])
def test_help_lists_every_format(runner, name):
    listed = " ".join(run(runner, name, "--help").stdout.split())
    assert f"One of: {', '.join(formats())}." in listed


def test_help_of_the_group_lists_every_command_and_how_to_begin(runner):
    result = run(runner, "--help")
    assert all(re.search(rf"^  {name} ", result.stdout, re.MULTILINE) for name in cli.main.commands)
    assert "textsignals report export.zip" in result.stdout
    assert "never per person" in result.stdout


def test_version(runner):
    assert answered(run(runner, "--version")) == (0, f"textsignals, version {__version__}\n", "")


@pytest.mark.parametrize("args", [["--help"], ["report", "--help"], ["--version"], ["read", "notes.csv"]])
def test_nothing_heavy_is_imported_for_help_and_to_read(root, tmp_path, args):
    path = tmp_path / "notes.csv"
    path.write_text("date,author,text\n2026-03-02,Ana,We wait for legal.\n")
    args = [str(path) if arg == path.name else arg for arg in args]
    code = (
        "import sys\nfrom textsignals.cli import main\n"
        f"try:\n    main({args!r})\nexcept SystemExit as error:\n    assert not error.code\n"
        "heavy = {'spacy', 'sklearn', 'pandas', 'matplotlib', 'numpy', 'scipy', 'jinja2', 'thinc', 'onnxruntime',\n"
        "         'tokenizers'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


# Wrong usage: exit code 2, nothing on stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["report"], "Missing argument 'INPUT...'"),
        (["tag"], "Missing argument 'INPUT...'"),
        (["read"], "Missing argument 'INPUT...'"),
        (["explain"], "Missing argument 'TEXT...'"),
        (["evaluate"], "Missing argument 'FILE'"),
        (["report", "x.csv", "-o", "x.pdf"], "x.pdf does not end in .html, .md, .csv"),
        (["report", "x.csv", "--by", "day"], "'day' is not one of 'week', 'month', 'quarter'"),
        (["report", "x.csv", "--tz", "Mars/Base"], "'Mars/Base' is no time zone; write it like Europe/Berlin"),
        (["report", "x.csv", "--tz", "../../etc/passwd"], "is no time zone; write it like Europe/Berlin"),
        (["report", "x.csv", "--since", "31.3.2026"], "'31.3.2026' is no date; write it like 2026-03-31"),
        (["report", "x.csv", "--until", "2026-02-30"], "'2026-02-30' is no date; write it like 2026-03-31"),
        (["read", "x.csv", "--column", "text"], "write it as ROLE=NAME, with a role of text, author, date, team"),
        (["read", "x.csv", "--column", "mood=Notes"], "write it as ROLE=NAME, with a role of text, author, date, team"),
        (["read", "x.csv", "--nonsense"], "No such option"),
        (["read", "x.csv", "--format", "lotus"], "no such format: lotus; known are slack, "),
        (["read", "x.csv", "--date-order", "dym"], "'dym' is not one of 'dmy', 'mdy', 'ymd'"),
        (["teams"], "Usage: "),
        (["teams", "init"], "Missing argument 'INPUT...'"),
        (["teams", "check"], "Missing argument 'INPUT...'"),
        (["tag", "-", "--operating-point", "lax"], "'lax' is not one of 'balanced', 'strict'"),
        (["evaluate", "x.jsonl", "--fail-under", "2"], "2.0 is not in the range 0<=x<=1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_exits_with_2_and_says_what_is_right(runner, here, args, said):
    result = run(runner, *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.startswith("Usage: ")


# Reports


def test_report_says_on_stderr_what_was_read_and_where_the_report_is(runner, fake, good):
    result = run(runner, "report", "good.csv", "--tz", "Europe/Berlin")
    assert answered(result) == (
        0,
        "",
        "good.csv: 18 read = 18 messages + 0 skipped + 0 quarantined\n"
        "  assumed: columns: text = text, author = author, date = date, team = team\n"
        # What the fake tagger reads is made of marks, not of English.
        "Warning: most of the text is not English; only English is read, so low figures mean nothing\n"
        "Report: report.html\n",
    )
    assert "Payments" in (good.parent / "report.html").read_text()


def test_quiet_says_nothing(runner, fake, good):
    assert answered(run(runner, "report", "good.csv", "-q", "-o", "r.csv")) == (0, "", "")


def test_missing_and_good_file_together_give_the_report_and_1(runner, fake, good):
    result = run(runner, "report", "gone.zip", "good.csv", "-q", "-o", "r.csv")
    assert answered(result) == (1, "", f"Error: gone.zip: no such file or folder; {HINT}\n")
    assert "Payments,2026-W02,family,drift,6,60,5 to 9,3," in (good.parent / "r.csv").read_text()


def test_a_bad_row_is_one_line_and_1_and_the_rest_is_reported(runner, fake, good):
    with good.open("a") as stream:
        stream.write("2026-02-31,Ann,Payments,Plain.\n")
    result = run(runner, "report", "good.csv", "-q", "-o", "r.csv")
    assert answered(result) == (
        1,
        "",
        "Error: good.csv, line 20: '2026-02-31' is not a date; write dates as 2026-03-31\n",
    )
    assert (good.parent / "r.csv").exists()


def test_nothing_to_report_leaves_an_old_report_alone(runner, fake, here):
    (here / "report.html").write_text("old")
    result = run(runner, "report", "gone.csv")
    assert answered(result) == (
        1,
        "",
        "gone.csv: 1 read = 0 messages + 0 skipped + 1 quarantined\n"
        f"Error: gone.csv: no such file or folder; {HINT}\n"
        "Error: no message was found in any input, so there is nothing to report\n",
    )
    assert (here / "report.html").read_text() == "old"


def test_a_report_that_cannot_be_written_is_one_line(runner, fake, good):
    result = run(runner, "report", "good.csv", "-q", "-o", "good.csv/r.html")
    assert (result.exit_code, result.stdout) == (1, "")
    assert re.fullmatch(
        r"Error: good\.csv/r\.html: cannot be written: .+; choose another place with -o\n", result.stderr
    )


def test_more_problems_than_ten_are_counted(runner, fake, good):
    with good.open("a") as stream:
        stream.write("never,Ann,Payments,Plain.\n" * 13)
    result = run(runner, "report", "good.csv", "-q")
    lines = result.stderr.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "Error: and 3 more; see: textsignals read --all"


def test_team_window_step_and_zone_reach_the_report(runner, fake, good):
    options = ["--team", "Everyone", "--since", "2026-01-12", "--until", "2026-01-18", "--by", "month"]
    result = run(runner, "report", "good.csv", "-o", "r.csv", *options)
    assert result.exit_code == 0
    assert "12 messages lie outside the chosen dates\n" in result.stderr
    assert "Everyone,2026-01,family,drift,6,60,5 to 9,1," in (good.parent / "r.csv").read_text()


def test_the_page_tells_the_command_that_made_it(runner, fake, good):
    options = ["--team", "All of us", "--since", "2026-01-05", "--by", "week", "-q", "--column", "text=text"]
    assert run(runner, "report", "good.csv", *options).exit_code == 0
    code = re.search(r"<code>(.*?)</code>", (good.parent / "report.html").read_text()).group(1).replace("&#39;", "'")
    assert code == (
        "textsignals report good.csv --by week --team 'All of us' --since 2026-01-05 --column text=text --quiet"
    )


def test_an_event_and_the_audience_reach_the_report_and_its_command(runner, fake, good):
    options = ["--event", "2026-01-14=a <new> lead", "--audience", "organisation"]
    assert run(runner, "report", "good.csv", "-q", *options).exit_code == 0
    text = (good.parent / "report.html").read_text()
    assert "a &lt;new&gt; lead (2026-01-14)" in text and "For the organisation." in text
    assert "--audience organisation --event &#39;2026-01-14=a &lt;new&gt; lead&#39;" in text


@pytest.mark.parametrize("event", ["new lead", "2026-02-30=x", "1.3.2026=x", "2026-03-01", "2026-03-01= ", "=x"])
def test_an_event_that_is_none_is_told_how_to_write_it(runner, event):
    result = run(runner, "report", "x.csv", "--event", event)
    assert result.exit_code == 2
    assert f'{event!r} is no event; write it like 2026-03-01="new on-call rota"' in " ".join(result.stderr.split())


def test_a_raised_floor_reaches_the_report_and_its_command(runner, fake, good):
    assert run(runner, "report", "good.csv", "-q", "--min-authors", "9").exit_code == 0
    text = (good.parent / "report.html").read_text()
    assert "<code>textsignals report good.csv --min-authors 9 --quiet</code>" in text
    assert "needs 30 sentences and, where authors are recorded, 9 of them" in text and "fewer than 9 authors" in text


def test_a_floor_below_that_of_the_policy_is_an_error(runner, good):
    result = run(runner, "report", "good.csv", "--min-authors", "4")
    assert result.exit_code == 2
    told = "Invalid value for '--min-authors': 4 authors are too few: the floor is 5, and may only be raised"
    assert told in " ".join(result.stderr.split())
    (option,) = (param for param in COMMANDS["report"].params if param.name == "min_authors")
    assert option.default == MIN_AUTHORS


def test_what_a_report_shows_is_kept_and_forgotten_when_asked(runner, fake, good, state):
    assert run(runner, "report", "good.csv", "-q").exit_code == 0
    assert sorted(path.name for path in state.iterdir()) == ["key", "ledger.jsonl"]
    assert "person" not in (state / "ledger.jsonl").read_text()
    refused = runner.invoke(cli.main, ["forget"], input="n\n")
    assert refused.exit_code == 1 and len(list(state.iterdir())) == 2
    assert answered(run(runner, "forget", "--yes")) == (0, "", f"Deleted: key and ledger in {state}\n")
    assert list(state.iterdir()) == []


def test_reports_are_the_same_bytes_twice(runner, fake, good):
    for name in ("r.html", "r.md", "r.csv"):
        run(runner, "report", "good.csv", "-q", "-o", name)
        before = (good.parent / name).read_bytes()
        run(runner, "report", "good.csv", "-q", "-o", name)
        assert (good.parent / name).read_bytes() == before


def test_an_unknown_model_lists_those_there_are(runner, good):
    result = run(runner, "report", "good.csv", "-m", "xx")
    assert answered(result) == (1, "", "Error: no model 'xx': give a folder, or one of en\n")


# Tags


def test_tag_prints_a_json_line_for_each_tag_of_stdin(runner, fake):
    result = run(runner, "tag", "-", input="Plain.\nA !silo here. And !support:hypothetical there.\n")
    assert (result.exit_code, result.stderr) == (0, "")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(f["signal"], f["family"], f["status"], f["locator"], f["sentence"]) for f in found] == [
        ("silo", "drift", "asserted", "line 2", "A !silo here."),
        ("support", "aligned", "hypothetical", "line 2", "And !support:hypothetical there."),
    ]
    assert list(found[0]) == ["file", "locator", *"signal family status score start end evidence sentence".split()]


def test_tag_of_nothing_prints_nothing(runner, fake):
    assert answered(run(runner, "tag", "-", input="")) == (0, "", "")
    assert answered(run(runner, "tag", "-", input="\n\n")) == (0, "", "")


def test_tag_takes_bytes_that_are_no_text_from_stdin(runner, fake):
    result = run(runner, "tag", "-", input=b"\xff A !silo here.\n")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["sentence"] == "\ufffd A !silo here."


def test_tag_of_files_says_where_when_and_which_team_but_not_who(runner, fake, here):
    (here / "x.csv").write_text(
        "date,author,team,text\n2026-03-02,Quirina,Payments,We asked Quirina. A !silo by Quirina.\n"
    )
    result = run(runner, "tag", "x.csv", "gone.csv", "-q")
    assert (result.exit_code, result.stderr) == (1, f"Error: gone.csv: no such file or folder; {HINT}\n")
    found = json.loads(result.stdout)
    assert {
        key: found[key] for key in ("file", "locator", "team", "timestamp", "signal", "start", "end", "sentence")
    } == {
        "file": "x.csv",
        "locator": "line 2",
        "team": "Payments",
        "timestamp": "2026-03-02T00:00:00+00:00",
        "signal": "silo",
        "start": 18,
        "end": 37,
        "sentence": "A !silo by ███████.",
    }
    assert "author" not in found


def test_file_names_that_are_no_text_do_not_stop_anything(runner, fake, here):
    name = os.fsdecode(b"odd-\xff.csv")
    try:
        (here / name).write_text("text,author\nA !silo here now.,Ann\n")
    except OSError:
        pytest.skip("this file system takes only text for names")
    result = run(runner, "tag", name, "-q")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["file"] == name
    assert json.loads(run(runner, "read", name, "--json").stdout)[0]["input"] == name
    assert run(runner, "report", name, "-q").exit_code == 0
    assert "odd-·.csv" in (here / "report.html").read_text()


def test_names_of_files_and_teams_give_a_terminal_no_orders(runner, fake, here):
    name = "a\x1b[2J\nError: b.csv"
    (here / name).write_text("text,author\nPlain words here.,Ann\n")
    for args in (["read", name], ["report", name], ["tag", name], ["read", "gone\x1b[2J\nError: b.csv"]):
        result = run(runner, *args)
        assert "\x1b" not in result.output
        assert not re.search(r"^Error: b\.csv", result.output, re.MULTILINE)


# Reading


def test_read_shows_a_line_for_each_file_and_the_account(runner, here):
    (here / "in").mkdir()
    (here / "in" / "a.csv").write_text("text,author\nPlain words here.,Ann\n,Ben\nnone,Cem\nMore plain words.,Dee\n")
    (here / "in" / "b.bin").write_bytes(bytes(range(256)))
    result = run(runner, "read", "in")
    assert answered(result) == (
        0,
        "file in in/  format  read  messages  skipped  quarantined\n"
        "a.csv        table      4         2        2            0\n"
        "b.bin        -          1         0        1            0\n"
        "all                     5         2        3            0\n"
        "\n"
        "5 read = 2 messages + 3 skipped + 0 quarantined\n"
        "\n"
        "skipped\n"
        "  1  empty           holds no text\n"
        '  1  no answer       an answer such as "none" or "n/a"\n'
        "  1  unknown format  a file of no known format\n"
        "\n"
        "assumed\n"
        "  columns: text = text, author = author; in a.csv\n",
        "",
    )


def test_read_of_one_file_has_no_line_for_all(runner, good):
    lines = run(runner, "read", "good.csv").stdout.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["file", "good.csv"]
    assert lines[2:4] == ["", "18 read = 18 messages + 0 skipped + 0 quarantined"]


def test_read_shows_the_largest_of_many_files_and_all_if_asked(runner, here):
    for i in range(40):
        rows = "".join(f"Plain words {i} {n}.,Ann\n" for n in range(i + 1))
        (here / "in" / f"t{i:02}").mkdir(parents=True)
        (here / "in" / f"t{i:02}" / "a.csv").write_text("text,author\n" + rows)
    lines = run(runner, "read", "in").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:31]] == [f"t{i:02}/a.csv" for i in range(39, 9, -1)]
    assert re.fullmatch(r"and 10 more files: --all shows them +55 +55 +0 +0", lines[31])
    assert re.fullmatch(r"all +820 +820 +0 +0", lines[32])
    every = run(runner, "read", "in", "--all").stdout
    assert len(re.findall(r"^t\d\d/a\.csv ", every, re.MULTILINE)) == 40
    assert len(json.loads(run(runner, "read", "in", "--json").stdout)[0]["files"]) == 40


def test_read_shows_all_problems_if_asked(runner, good):
    with good.open("a") as stream:
        stream.write("never,Ann,Payments,Plain.\n" * 13)
    assert len(run(runner, "read", "good.csv").stderr.splitlines()) == 11
    assert len(run(runner, "read", "good.csv", "--all").stderr.splitlines()) == 13


def test_date_order_reaches_the_readers(runner, here, monkeypatch):
    from textsignals import pipeline

    asked = []
    real = pipeline.read
    monkeypatch.setattr(pipeline, "read", lambda *args, **more: asked.append(more["date_order"]) or real(*args, **more))
    (here / "x.csv").write_text("text,author\nPlain words here.,Ann\n")
    for order in ("dmy", "mdy", "ymd"):
        assert run(runner, "read", "x.csv", "--date-order", order).exit_code == 0
    assert asked == ["dmy", "mdy", "ymd"]


def test_read_as_json_is_one_valid_document_whose_sums_are_right(runner, good):
    with good.open("a") as stream:
        stream.write("2026-02-31,Ann,Payments,Plain.\n")
    result = run(runner, "read", "good.csv", "gone.csv", "--json")
    assert result.exit_code == 1
    account, gone = json.loads(result.stdout)
    assert (gone["input"], gone["read"], gone["quarantined"]) == ("gone.csv", 1, 1)
    assert list(account) == ["input", "read", "yielded", "skipped", "quarantined", "files", "problems"]
    assert account["read"] == account["yielded"] + sum(account["skipped"].values()) + account["quarantined"] == 19
    [file] = account["files"]
    assert list(file)[:5] == ["file", "format", "sure", "read", "yielded"]
    assert (file["format"], 0.5 < file["sure"] < 0.95) == ("table", True)
    assert account["problems"] == [
        {
            "file": "good.csv",
            "place": "line 20",
            "problem": "'2026-02-31' is not a date",
            "hint": "write dates as 2026-03-31",
        }
    ]
    assert result.stderr.splitlines() == [
        "Error: good.csv, line 20: '2026-02-31' is not a date; write dates as 2026-03-31",
        f"Error: gone.csv: no such file or folder; {HINT}",
    ]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.csv", b"", "empty.csv: is empty; export it again"),
        ("noise.xyz", bytes(range(256)) * 4, "noise.xyz: is of no known format; see `textsignals read --help` for "),
        ("cut.zip", b"PK\x03\x04rest is gone", "cut.zip: is not a complete zip file ("),
        (
            "numbers.csv",
            b"a,b\n1,2\n3,4\n",
            "numbers.csv: has no text column among its 2 columns; name it with --column text=NAME; "
            "the first row must hold the names of the columns",
        ),
    ],
)
def test_unusable_input_is_one_line_on_stderr_and_1(runner, here, name, data, said):
    (here / name).write_bytes(data)
    result = run(runner, "read", name)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {said}")
    # A table of nothing would only hide that line.
    assert result.stdout == ""


# Teams


TEAMS = """
[teams.payments]
authors = ["person 0", "person 1", "person 2"]
[teams.routing]
authors = ["person *"]
"""


@pytest.fixture
def mixed(here):
    """A sheet whose rows name no team, and a teams.toml."""
    (here / "teams.toml").write_text(TEAMS)
    return sheet(here / "mixed.csv", weeks_of("", [3, 1, 4]))


def test_report_takes_the_teams_from_a_teams_file(runner, fake, mixed):
    result = run(runner, "report", "mixed.csv", "-o", "r.csv", "--teams", "teams.toml")
    assert result.exit_code == 0
    text = (mixed.parent / "r.csv").read_text()
    assert "payments,2026-W02" in text and "routing,2026-W02" in text


def test_tag_takes_the_teams_from_a_teams_file_and_blots_out_those_whom_it_ignores(runner, fake, here):
    (here / "x.csv").write_text(
        "date,author,text\n2026-03-02,Quirina,A !silo by Quirina and Rolf.\n2026-03-02,Rolf,A !silo by Rolf here.\n"
    )
    (here / "teams.toml").write_text(
        '[teams.payments]\nauthors = ["q"]\n[ignore]\nauthors = ["rolf"]\n[aliases]\nq = ["quirina"]\n'
    )
    result = run(runner, "tag", "x.csv", "--teams", "teams.toml")
    [found] = map(json.loads, result.stdout.splitlines())
    assert (found["team"], found["sentence"]) == ("payments", "A !silo by ███████ and ████.")
    assert "x.csv: 2 read = 1 message + 1 skipped (1 ignored author) + 0 quarantined\n" in result.stderr


@pytest.mark.parametrize("args", [["report"], ["tag"], ["teams", "check"]])
def test_a_teams_file_that_cannot_be_used_is_one_line_and_1(runner, fake, good, args):
    said = "Error: gone.toml: cannot be read: No such file or directory; make one with: textsignals teams init INPUT\n"
    assert answered(run(runner, *args, "good.csv", "--teams", "gone.toml")) == (1, "", said)


def test_teams_init_writes_a_draft_that_teams_check_takes(runner, here):
    (here / "in" / "payments").mkdir(parents=True)
    sheet(here / "in" / "payments" / "a.csv", weeks_of("", [3, 1, 4]))
    assert answered(run(runner, "teams", "init", "in", "-q")) == (0, "", "")
    text = (here / "teams.toml").read_text()
    assert '[teams.payments]\nfiles = [\n    "payments/**",  # 18 records, authors: 6, 2026-01-05 to' in text
    result = run(runner, "teams", "check", "in")
    assert (result.exit_code, result.stdout) == (
        0,
        "team      records  authors  first       last\npayments       18  6        2026-01-05  2026-01-23\n",
    )
    assert result.stderr.startswith("in: 18 read = 18 messages + 0 skipped + 0 quarantined\n")


def test_teams_init_writes_over_a_file_only_if_forced(runner, good):
    (good.parent / "teams.toml").write_text("mine")
    result = run(runner, "teams", "init", "good.csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "teams.toml is there already; choose another name, or --force" in result.stderr
    assert (good.parent / "teams.toml").read_text() == "mine"
    result = run(runner, "teams", "init", "good.csv", "--force")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (0, "Draft: teams.toml")
    assert (good.parent / "teams.toml").read_text() != "mine"


def test_teams_init_to_stdout_gives_the_file_and_nothing_else(runner, good):
    result = run(runner, "teams", "init", "good.csv", "-o", "-", "-q")
    run(runner, "teams", "init", "good.csv", "-q")
    assert answered(result) == (0, (good.parent / "teams.toml").read_text(), "")


def test_teams_init_without_any_message_writes_nothing(runner, here):
    result = run(runner, "teams", "init", "gone.csv", "-q")
    assert answered(result) == (
        1,
        "",
        f"Error: gone.csv: no such file or folder; {HINT}\n"
        "Error: no message was found in any input, so there is nothing to draft from\n",
    )
    assert not (here / "teams.toml").exists()


def test_teams_commands_name_what_could_not_be_read_and_go_on(runner, good):
    for args in (["teams", "init", "-o", "-"], ["teams", "check"]):
        (good.parent / "teams.toml").write_text(TEAMS)
        result = run(runner, *args, "good.csv", "gone.csv", "-q")
        assert (result.exit_code, result.stderr) == (1, f"Error: gone.csv: no such file or folder; {HINT}\n")
        assert "payments" in result.stdout.lower()


# Taxonomy


def test_signals_lists_every_signal_under_its_family(runner):
    result = run(runner, "signals")
    taxonomy = load_taxonomy()
    assert (result.exit_code, result.stderr) == (0, "")
    listed = re.findall(r"^  (\w+) +\S", result.stdout, re.MULTILINE)
    assert listed == [s.name for family in taxonomy.families for s in taxonomy.of_family(family)]
    assert re.findall(r"^(\w+): ", result.stdout, re.MULTILINE) == list(taxonomy.families)


@pytest.mark.parametrize("name", list(load_taxonomy().signals))
def test_signals_shows_definition_examples_and_question_of_one(runner, name):
    signal = load_taxonomy().signals[name]
    result = run(runner, "signals", name)
    assert result.exit_code == 0
    for text in (
        signal.definition,
        signal.question,
        *signal.examples,
        *(f"{t}  [{why}]" for t, why in signal.counter_examples),
    ):
        assert f"{text}\n" in result.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("blindsided", "Error: no signal 'blindsided'; did you mean blindside?\n"),
        ("zzz", f"Error: no signal 'zzz'; known are {', '.join(load_taxonomy().signals)}\n"),
    ],
)
def test_an_unknown_signal_suggests_the_nearest(runner, name, said):
    assert answered(run(runner, "signals", name)) == (1, "", said)


# Evaluation


LABELLED = [
    ("A !silo here", [("silo", "asserted")]),
    ("A !silo there", [("silo", "asserted")]),
    ("A silo missed", [("silo", "asserted")]),
    ("False !support", []),
    ("A !silo:negated one", [("silo", "negated")]),
    ("Plain", []),
]


@pytest.fixture
def labelled(here):
    rows = [{"text": t, "labels": [{"signal": s, "status": st} for s, st in labels]} for t, labels in LABELLED]
    (here / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "x.jsonl"


def test_evaluate_counts_what_is_right(runner, fake, labelled):
    result = run(runner, "evaluate", labelled)
    assert (result.exit_code, result.stderr) == (0, "")
    rows = {line.split("  ")[0]: line.split() for line in result.stdout.splitlines() if "  " in line}
    # Two of three labels found, nothing else tagged as such.
    assert bare(rows["silo"][1:]) == ["1.00", "0.67", "0.80", "3", "2"]
    assert bare(rows["support"][1:]) == ["0.00", "-", "0.00", "0", "1"]
    assert rows["blindside"][1:] == ["-", "-", "-", "0", "0"]
    assert re.search(r"^micro-F1 0\.667 \(0\.\d{3}-1\.000\)$", result.stdout, re.MULTILINE)
    assert "\nmacro-F1 over signals with 5 labels or more -\n" in result.stdout
    assert "\nmacro-F1 over families with 5 labels or more -\n" in result.stdout
    assert "\nstatus right on 3 of 3 mentions: 1.00 (0.44-1.00)\n" in result.stdout
    # Poisson: 1 (0.0253 to 5.572) of two ordinary sentences
    assert "\nfalse tags per 1,000 ordinary sentences 500.0 (12.7-2785.8), on 2 of them\n" in result.stdout


def bare(cells):
    """The cells of a row without the intervals behind the figures."""
    assert all(re.fullmatch(r"\(\d\.\d\d-\d\.\d\d\)", cell) for cell in cells if cell[0] == "(")
    return [cell for cell in cells if cell[0] != "("]


def test_evaluate_prints_a_table_whose_columns_stand_below_their_heads(runner, fake, labelled):
    lines = run(runner, "evaluate", labelled).stdout.splitlines()
    assert lines[:3] == [
        "6 sentences, operating point balanced; asserted tags only",
        "in brackets: 95 % intervals",
        "",
    ]
    heads, rows = lines[3], lines[4 : lines.index("", 4)]
    taxonomy = load_taxonomy()
    names = [*taxonomy.signals, *taxonomy.families, "all signals", "mentioned in any status"]
    assert [row[:24].rstrip() for row in rows] == names
    for head in ("precision", "recall", "F1"):
        at = heads.index(head)
        assert all(re.match(r"-|\d\.\d\d \(\d\.\d\d-\d\.\d\d\)", row[at:]) for row in rows)
        assert all(row[at - 1] == " " for row in rows)
    assert {len(row) for row in rows} == {len(heads)}


@pytest.mark.parametrize(("limit", "code"), [("0.6", 0), ("0.67", 1), ("0", 0), ("1", 1)])
def test_fail_under_decides_about_the_exit_code_and_nothing_else(runner, fake, labelled, limit, code):
    result = run(runner, "evaluate", labelled, "--fail-under", limit)
    assert answered(result) == (code, run(runner, "evaluate", labelled).stdout, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "x.jsonl: holds no labelled sentence"),
        ('{"text": "A", "labels": []}\n{"text": "B"}\n', "x.jsonl, line 2: is not a labelled sentence; write {"),
        ("not json\n", "x.jsonl, line 1: is not a labelled sentence; write {"),
        (
            '{"text": "A", "labels": [{"signal": "moodiness", "status": "asserted"}]}\n',
            "x.jsonl, line 1: names what the taxonomy does not hold: moodiness; see: textsignals signals",
        ),
    ],
)
def test_a_bad_labelled_file_is_named_with_its_line(runner, fake, here, text, said):
    (here / "x.jsonl").write_text(text)
    result = run(runner, "evaluate", "x.jsonl")
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {said}")


def test_a_missing_labelled_file_is_named(runner, fake, here):
    result = run(runner, "evaluate", "gone.jsonl")
    assert answered(result) == (1, "", f"Error: gone.jsonl: cannot be read: No such file or directory; {HINT}\n")


# With the model as it is


def test_explain_names_rule_and_threshold_for_a_plain_case(runner):
    result = run(runner, "explain", "Stop", "micromanaging us.")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Stop micromanaging us.\n  micromanagement: ")
    assert re.search(r"score \d\.\d\d, threshold \d\.\d\d\n    evidence  .*micromanaging", result.stdout)


def test_explain_prints_what_the_tagger_says(runner, tagger):
    text = "We were completely blindsided by the announcement."
    lines = run(runner, "explain", text).stdout.splitlines()
    expected = [text]
    for reason in tagger.explain(text):
        tagged = reason.score >= reason.threshold
        sign = f"{reason.signal}: {reason.status}" if tagged else f"not {reason.signal}"
        expected.append(f"  {sign}  score {reason.score:.2f}, threshold {reason.threshold:.2f}")
        if tagged:
            rules = [tagger.model.features.rules.by_id[id_] for id_ in reason.rules]
            fired = [f"{rule.id} (right on {rule.right} of {rule.fired} real sentences)" for rule in rules]
            expected += [
                f"    evidence  {', '.join(repr(text[a:b]) for a, b in reason.tag.evidence)}",
                f"    rules     {', '.join(fired) or '-'}",
                f"    cues      {', '.join(reason.cues) or '-'}",
                f"    words     {', '.join(f'{word} {points:+.2f}' for word, points in reason.words)}",
            ]
    assert lines == expected
    assert re.search(r"    rules     .*blindside\.[a-z0-9-]+ \(right on \d+ of \d+ real sentences\)", "\n".join(lines))


def test_explain_of_nothing_to_tag_prints_nothing(runner):
    assert answered(run(runner, "explain", "...")) == (0, "", "")


def test_the_sample_company_gives_a_report_on_four_teams(runner, root, here):
    result = run(runner, "report", root / "corpora" / "sample", "-o", "r.md")
    assert result.exit_code == 0
    account = re.search(
        r"([\d,]+) read = ([\d,]+) messages \+ ([\d,]+) skipped \(.*\) \+ ([\d,]+) quarantined", result.stderr
    )
    read, *parts = (int(figure.replace(",", "")) for figure in account.groups())
    assert read == sum(parts) > 4000
    text = (here / "r.md").read_text()
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE)[:4] == ["claims", "depots", "routing", "storefront"]
