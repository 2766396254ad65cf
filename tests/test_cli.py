import json
import os
import re
import subprocess
import sys

import click
import pytest
from fake_tagger import FakeTagger, weeks_of

from textsignals import __version__, cli
from textsignals.tagging import tagger as tagging
from textsignals.taxonomy import load_taxonomy

COMMANDS = sorted(cli.main.commands)
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
    result = run(runner, name, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert re.search(r"Examples?:\n(?:.*\n)*? +.*textsignals " + name, result.stdout)
    assert answered(run(runner, name, "-h")) == answered(result)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name):
    for param in cli.main.commands[name].params:
        if isinstance(param, click.Option):
            assert param.help and param.help[0].isupper() and len(param.help) > 15, param.name


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_in_the_help_use_options_that_exist(name):
    command = cli.main.commands[name]
    known = {opt for param in command.params for opt in param.opts}
    for example in re.findall(r"textsignals .*", command.help):
        used = re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", example)
        assert set(used) <= known, example


def test_lines_of_help_are_not_wrapped_into_each_other(runner):
    for name in COMMANDS:
        assert "\b" not in run(runner, name, "--help").stdout


def test_help_of_the_group_lists_every_command_and_how_to_begin(runner):
    result = run(runner, "--help")
    assert all(re.search(rf"^  {name} ", result.stdout, re.MULTILINE) for name in COMMANDS)
    assert "textsignals report export.zip" in result.stdout
    assert "never per person" in result.stdout


def test_version(runner):
    assert answered(run(runner, "--version")) == (0, f"textsignals, version {__version__}\n", "")


@pytest.mark.parametrize("args", [["--help"], ["report", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(args):
    code = (
        "import sys\nfrom textsignals.cli import main\n"
        f"try:\n    main({args!r})\nexcept SystemExit as error:\n    assert not error.code\n"
        "heavy = {'spacy', 'sklearn', 'pandas', 'matplotlib', 'numpy', 'scipy', 'jinja2', 'thinc', 'onnxruntime',\n"
        "         'tokenizers'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
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
        (["read", "x.csv", "--format", "lotus"], "no such format: lotus; known are slack, webvtt, table, notes"),
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
    assert "Payments,2026-W02,family,drift,6,60,6,3," in (good.parent / "r.csv").read_text()


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
    assert lines[-1] == "Error: and 3 more; see: textsignals read --json"


def test_team_window_step_and_zone_reach_the_report(runner, fake, good):
    options = ["--team", "Everyone", "--since", "2026-01-12", "--until", "2026-01-18", "--by", "month"]
    result = run(runner, "report", "good.csv", "-o", "r.csv", *options)
    assert result.exit_code == 0
    assert "12 messages lie outside the chosen dates\n" in result.stderr
    assert "Everyone,2026-01,family,drift,6,60,6,1," in (good.parent / "r.csv").read_text()


def test_the_page_tells_the_command_that_made_it(runner, fake, good):
    options = ["--team", "All of us", "--since", "2026-01-05", "--by", "week", "-q", "--column", "text=text"]
    assert run(runner, "report", "good.csv", *options).exit_code == 0
    code = re.search(r"<code>(.*?)</code>", (good.parent / "report.html").read_text()).group(1).replace("&#39;", "'")
    assert code == (
        "textsignals report good.csv --by week --team 'All of us' --since 2026-01-05 --column text=text --quiet"
    )


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
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].split() == ["file", "format", "read", "messages", "skipped", "quarantined"]
    assert lines[1].split() == ["in/a.csv", "table", "4", "2", "2", "0"]
    assert lines[2].split() == ["in/b.bin", "-", "1", "0", "1", "0"]
    assert lines[3] == "5 read = 2 messages + 3 skipped (1 empty, 1 no answer, 1 unknown format) + 0 quarantined"
    assert result.stderr == ""


def test_read_as_json_is_one_valid_document_whose_sums_are_right(runner, good):
    with good.open("a") as stream:
        stream.write("2026-02-31,Ann,Payments,Plain.\n")
    result = run(runner, "read", "good.csv", "gone.csv", "--json")
    assert result.exit_code == 1
    account, gone = json.loads(result.stdout)
    assert (gone["input"], gone["read"], gone["quarantined"]) == ("gone.csv", 1, 1)
    assert list(account) == ["input", "read", "yielded", "skipped", "quarantined", "files", "problems"]
    assert account["read"] == account["yielded"] + sum(account["skipped"].values()) + account["quarantined"] == 19
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
        ("noise.xyz", bytes(range(256)) * 4, "noise.xyz: is of no known format (slack, webvtt, table, notes); "),
        ("cut.zip", b"PK\x03\x04rest is gone", "cut.zip: is not a complete zip file ("),
        (
            "numbers.csv",
            b"a,b\n1,2\n3,4\n",
            "numbers.csv: has no text column among: a, b; name it with --column text=NAME",
        ),
    ],
)
def test_unusable_input_is_one_line_on_stderr_and_1(runner, here, name, data, said):
    (here / name).write_bytes(data)
    result = run(runner, "read", name)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {said}")


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
