"""500 people with names that occur nowhere else write, and are written about; no output may hold any of them."""

import csv
import json
import logging
import re
import traceback
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fake_tagger import FakeTagger

from textsignals import accounts, cli
from textsignals.errors import TextSignalsError
from textsignals.readers import formats, read
from textsignals.reports import notebook
from textsignals.reports.writers import WRITERS
from textsignals.tagging import tagger as tagging

N = 500
WEEKS = 1
START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def person(i):
    """Return a person of whom every trace can be told from all other text."""
    return {
        "id": f"U7QX{i:04}ZK",
        "name": f"qhandle{i:03}",
        "real_name": f"Quorra{i:03} Vexley{i:03}",
        "profile": {
            "display_name": f"Quorra{i:03} V.",
            "real_name": f"Quorra{i:03} Vexley{i:03}",
            "email": f"qmail{i:03}@vexmail.example",
        },
    }


def member(i):
    """Return what a sheet calls a person: some know a mail address only."""
    someone = person(i % N)
    return someone["profile"]["email"] if i % 2 else someone["real_name"]


CANARY = re.compile(r"quorra|vexley|qhandle|qmail|vexmail|7qx\d", re.IGNORECASE)


def slack_message(i, week, text):
    # Half of them stand in the member list, the others (guests) only in their messages.
    guest = {} if i < N // 2 else {"user_profile": person(i)["profile"]}
    stamp = START + timedelta(days=7 * week + i % 5, seconds=i)
    return {"type": "message", "user": person(i)["id"], "ts": f"{stamp.timestamp():.6f}", "text": text, **guest}


def slack_text(i):
    other = person((i * 7 + 3) % (N // 2))
    return (
        f"A !silo between <@{other['id']}> and {other['profile']['display_name']} here. "
        f"Write to <mailto:{other['profile']['email']}|{other['profile']['email']}> about !support. "
        f"Also @{other['name']} was !blindside again."
    )


@pytest.fixture
def people(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for module in (tagging, notebook):
        monkeypatch.setattr(module, "load", lambda model="en", operating_point="balanced": FakeTagger())
    members = [person(i) for i in range(N // 2)]
    private = f"mpdm-{person(1)['name']}--{person(2)['name']}--{person(3)['name']}-1"
    with zipfile.ZipFile("export.zip", "w") as export:
        export.writestr("users.json", json.dumps(members))
        export.writestr(
            "channels.json", json.dumps([{"id": "C1", "name": "payments", "members": [m["id"] for m in members]}])
        )
        for week in range(WEEKS):
            day = f"{START + timedelta(days=7 * week):%Y-%m-%d}.json"
            export.writestr(f"payments/{day}", json.dumps([slack_message(i, week, slack_text(i)) for i in range(N)]))
            pair = [slack_message(i, week, slack_text(i)) for i in (1, 2, 3)]
            export.writestr(f"{private}/{day}", json.dumps(pair))
            export.writestr(f"D7QX0001ZK/{day}", json.dumps(pair))
        # Damage says where it is, and the place is named after people.
        export.writestr(f"{private}/2026-03-01.json", "[{")
        export.writestr(
            "payments/2026-03-01.json", json.dumps([{**slack_message(5, 8, "Plain."), "ts": "x"}, person(6)])
        )
    with Path("standups.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["date", "team", "member", "yesterday", "today"])
        for i in range(N):
            told = f"A !silo with {member(i + 1)} here."
            day = f"{START + timedelta(days=i % 28):%Y-%m-%d}"
            rows.writerow([day, "sales", member(i), told, "Asked for !support today."])
        rows.writerow(["2026-13-45", "sales", person(9)["real_name"], "Plain words here.", ""])
    return ["export.zip", "standups.csv"]


def traces(*outputs):
    """What is left of people in some outputs."""
    return CANARY.findall("\n".join(map(str, outputs)))


@pytest.mark.filterwarnings("always")
@pytest.mark.parametrize("ending", WRITERS)
def test_no_person_is_in_a_report_or_in_what_is_said_while_making_it(people, runner, tmp_path, caplog, recwarn, ending):
    caplog.set_level(logging.DEBUG)
    result = runner.invoke(cli.main, ["report", *people, "-o", f"r{ending}"])
    written = (tmp_path / f"r{ending}").read_text()
    assert (result.exit_code, result.stdout) == (1, "")
    assert "payments" in written and "sales" in written and "Error: " in result.stderr
    assert traces(written, result.stderr, caplog.text, *(w.message for w in recwarn)) == []


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("above", ["absolute", "relative", "upwards"])
def test_no_folder_above_an_input_is_in_a_report(people, runner, tmp_path, monkeypatch, above, ending):
    home = tmp_path / "home" / "quorra007"
    (home / "in" / "old").mkdir(parents=True)
    (home / "desk").mkdir()
    for name in people:
        (tmp_path / name).rename(home / "in" / name)
    (home / "in" / "old" / "broken.json").write_text("[{")
    (home / "in" / "again.csv").write_bytes((home / "in" / "standups.csv").read_bytes())
    (home / "teams.toml").write_text('[teams.payments]\nchannels = ["payments"]\n')
    where = {"absolute": (tmp_path, home), "relative": (tmp_path, "home/quorra007"), "upwards": (home / "desk", "..")}
    folder, way = where[above]
    monkeypatch.chdir(folder)
    inputs = [f"{way}/in/", f"{way}/in/../in/export.zip", f"{way}/in/missing.zip"]
    made = home / f"r{ending}"
    runner.invoke(cli.main, ["report", *inputs, "-o", str(made), "--teams", f"{way}/teams.toml", "--min-authors", "6"])
    written = made.read_text()
    assert "payments" in written and traces(written) == [] and str(tmp_path) not in written
    parts = ["report in export.zip missing.zip --output r", "in/old/broken.json", "in/export.zip!"]
    if ending in (".html", ".json"):
        assert all(part in written for part in parts)


def test_no_folder_above_an_input_is_in_the_notes_on_reading_it(people, runner, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    result = runner.invoke(cli.main, ["report", str(tmp_path / "standups.csv"), "-o", str(tmp_path / "r.html")])
    assert result.stderr.startswith("standups.csv: 1,001 read = ")


def test_no_person_is_in_what_a_notebook_shows(people):
    shown = notebook.report(*people)
    assert "payments" in shown._repr_html_() and "2 teams" in repr(shown)
    assert traces(shown, shown._repr_html_(), shown._repr_markdown_(), shown.table.to_csv(), shown.findings) == []


@pytest.mark.parametrize("command", ["report", "tag"])
@pytest.mark.parametrize("place", ["sentences", "stream"])
def test_no_person_is_in_the_traceback_of_a_defect(people, runner, monkeypatch, command, place):
    def fail(*args):
        raise RuntimeError("a defect")

    monkeypatch.setattr(FakeTagger, place, fail)
    error = runner.invoke(cli.main, [command, *people]).exception
    assert "a defect" in str(error) or command == "tag"
    assert traces(*traceback.format_exception(error)) == []


# Exports with people where something else should be.
NAMED = json.dumps(person(1), ensure_ascii=False)
DAMAGED = {
    "objects": f"[{NAMED}, {NAMED}]",
    "cut": f'[{{"type": "message", "user": {NAMED}, "ts": "{person(2)["real_name"]}", "text": ["{person(3)["name"]}"',
    "mapping": json.dumps({person(i)["real_name"]: {person(i)["id"]: [person(i)]} for i in range(9)}),
    "table": f"{person(1)['real_name']},{person(2)['name']}\n" * 3 + f'"{person(3)["real_name"]}\n\0',
    "lines": "".join(f"[2026-13-45 25:61] {person(i)['real_name']}: {person(i + 1)['name']}\n" for i in range(9)),
    "mail": f"From {person(1)['id']}\nFrom: {person(1)['profile']['email']}\nDate: {person(2)['name']}\n\nx\n",
    "bytes": f"\udcff{person(1)['real_name']}\udcfe,{person(2)['name']}\n",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_no_person_is_in_what_is_said_of_a_damaged_export(tmp_path, content):
    # What is said of a table names its columns as whoever made it did, and here its first row has only people.
    for name in sorted(set(formats()) - {"table", "standups"}):
        path = tmp_path / name.replace("/", " ")
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
        said = []
        try:
            reading = read(path, format=name)
            for _ in reading:
                pass
            said += [accounts.as_data(reading.report), *accounts.lines(reading.report, everything=True)]
        except TextSignalsError as error:
            said += traceback.format_exception(error)
        assert said and traces(*said) == [], name


def test_no_person_is_in_tags(people, runner):
    result = runner.invoke(cli.main, ["tag", *people])
    found = [json.loads(line) for line in result.stdout.splitlines()]
    # Three tags in each chat message, two in each row of the table.
    assert len(found) == 3 * WEEKS * (N + 3 + 3) + 2 * N
    assert {tag["team"] for tag in found} == {"payments", "sales", "direct messages"}
    assert CANARY.findall(result.stdout + result.stderr) == []


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_no_person_is_in_the_account_of_what_was_read(people, runner, options):
    result = runner.invoke(cli.main, ["read", *people, *options])
    assert re.search(r"\b506\b", result.stdout)
    assert CANARY.findall(result.stdout + result.stderr) == []


def test_no_person_is_in_a_draft_of_teams_unless_asked_for(people, runner):
    result = runner.invoke(cli.main, ["teams", "init", *people, "-o", "-"])
    assert "[teams.payments]" in result.stdout and "[teams.sales]" in result.stdout
    assert CANARY.findall(result.stdout + result.stderr) == []
    result = runner.invoke(cli.main, ["teams", "init", *people, "-o", "-", "--with-authors"])
    named = [line for line in result.stdout.splitlines() if CANARY.search(line)]
    assert named and all(line.startswith("#     ") for line in named)


def test_no_person_is_in_a_check_of_teams(people, runner):
    listed = ", ".join(json.dumps(person(i)["real_name"]) for i in range(3))
    windows = json.dumps(person(4)["profile"]["email"])
    teams = f'own = false\n[teams.a]\nauthors = [{listed}, "qhandle-gone*", {{name = {windows}, since = 2026-01-01}}]\n'
    teams += f'[teams.b]\nauthors = ["quorra0*", "qhandle000"]\n[ignore]\nauthors = [{windows}]\n'
    Path("teams.toml").write_text(teams)
    result = runner.invoke(cli.main, ["teams", "check", *people])
    for part in ("Claimed by no pattern", "Claimed by two teams", "Patterns that match nothing"):
        assert part in result.stdout
    assert CANARY.findall(result.stdout + result.stderr) == []


def test_no_person_is_in_a_report_or_in_tags_made_with_a_teams_file(people, runner, tmp_path):
    Path("teams.toml").write_text('own = false\n[teams.a]\nauthors = ["quorra*"]\n[aliases]\nquorra = ["qhandle001"]\n')
    tags = runner.invoke(cli.main, ["tag", *people, "--teams", "teams.toml"])
    report = runner.invoke(cli.main, ["report", *people, "--teams", "teams.toml"])
    written = (tmp_path / "report.html").read_text()
    assert tags.stdout.count('"team": "a"') > N
    assert CANARY.findall(written + report.stderr + tags.stdout + tags.stderr) == []


def test_no_person_is_in_what_is_kept_while_counting(people):
    from textsignals.pipeline import Settings, count

    counts, _ = count(people, FakeTagger(), Settings())
    assert CANARY.findall(repr(dict(counts.days))) == []
