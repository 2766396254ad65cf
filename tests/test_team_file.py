import re
from datetime import date

import pytest

from textsignals.errors import InputError
from textsignals.team_file import load_teams

WHOLE = """
default = "others"
own = false

[teams.payments]
channels = ["payments*", "slack:retro-pay"]
files = ["notes/payments/**"]
authors = ["ana", {name = "@ben", since = 2026-03-01, until = 2026-06-30}]

[teams."Ops EU"]
channels = ["#ops"]

[aliases]
ana = ["Ana Silva", "ana.silva", "U0123"]

[ignore]
channels = ["random", "*-alerts"]
authors = ["*bot"]
files = ["drafts/**"]
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write_and_load(text):
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "teams.toml").write_bytes(data)
        return load_teams("teams.toml")

    return write_and_load


def test_everything_that_can_be_written(load):
    teams = load(WHOLE)
    assert teams.names == {"payments": "payments", "ops eu": "Ops EU"}
    assert (teams.default, teams.own) == ("others", False)
    assert [(p.team, p.kind, p.glob, p.place) for p in teams.patterns] == [
        ("", "files", "drafts/**", "ignore.files, entry 1"),
        ("", "channels", "random", "ignore.channels, entry 1"),
        ("", "channels", "*-alerts", "ignore.channels, entry 2"),
        ("", "authors", "*bot", "ignore.authors, entry 1"),
        ("payments", "files", "notes/payments/**", "teams.payments.files, entry 1"),
        ("payments", "channels", "payments*", "teams.payments.channels, entry 1"),
        ("payments", "channels", "slack:retro-pay", "teams.payments.channels, entry 2"),
        ("payments", "authors", "ana", "teams.payments.authors, entry 1"),
        ("payments", "authors", "@ben", "teams.payments.authors, entry 2"),
        ("Ops EU", "channels", "#ops", "teams.Ops EU.channels, entry 1"),
    ]
    assert [(p.since, p.until) for p in teams.patterns if p.since] == [(date(2026, 3, 1), date(2026, 6, 30))]
    assert teams.people == {"ana": "ana", "ana silva": "ana", "ana.silva": "ana", "u0123": "ana"}
    assert teams.written == {"ana", "Ana Silva", "ana.silva", "U0123"}


def test_the_least_that_can_be_written(load):
    teams = load("[teams.payments]")
    assert (teams.default, teams.own, teams.patterns, teams.people) == ("unassigned", True, (), {})


def test_a_mark_of_the_encoding_in_front_does_no_harm(load):
    assert load(b"\xef\xbb\xbf[teams.payments]\n").names == {"payments": "payments"}


PATTERN = 'write a name or a pattern in quotes, such as "payments*"'
DAYS = '{name = "...", since = 2026-03-01, until = 2026-06-30}, with one or both of the days'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'teams: names no team; write one: [teams.payments] and channels = ["payments*"]'),
        ("teams = 3", "teams: is a number, not a table; write [teams] on a line of its own"),
        (
            'teams.payments = "pay*"',
            "teams.payments: is a text, not a table; write [teams.payments] on a line of its own",
        ),
        ('[teams."  "]', "teams: has a team without a name; give it one: [teams.payments]"),
        (
            "[teams.Payments]\n[teams.payments]",
            "teams.payments: is there twice, as Payments and payments; put all patterns below one of them",
        ),
        (
            "[payments]\nchannels = []",
            "payments: is no key of this file; for a team of that name write [teams.payments]",
        ),
        ("[team.payments]", "team: is no key of this file; did you mean teams?"),
        ("zone = 1\n[teams.a]", "zone: is no key of this file; known are teams, default, own, aliases, ignore"),
        ('[teams.a]\nchanels = ["a"]', "teams.a.chanels: is no key of this file; did you mean channels?"),
        ('[teams.a]\nchannels = "a"', 'teams.a.channels: is a text, not a list; write a list: channels = ["..."]'),
        ("[teams.a]\nchannels = [1]", f"teams.a.channels, entry 1: is a number; {PATTERN}"),
        ('[teams.a]\nfiles = ["x", ""]', f"teams.a.files, entry 2: is no pattern; {PATTERN}"),
        ('[teams.a]\nchannels = [{name = "x"}]', f"teams.a.channels, entry 1: is a table; {PATTERN}"),
        ('[teams.a]\nchannels = ["#"]', f"teams.a.channels, entry 1: is no pattern; {PATTERN}"),
        ("[teams.a]\nauthors = [{since = 2026-03-01}]", f"teams.a.authors, entry 1: is nothing; {PATTERN}, or {DAYS}"),
        (
            '[teams.a]\nauthors = [{name = "secret", from = 2026-03-01}]',
            "teams.a.authors, entry 1.from: is no key of this file; known are name, since, until",
        ),
        (
            '[teams.a]\nauthors = [{name = "secret", since = "2026-03-01"}]',
            "teams.a.authors, entry 1, since: is a text, not a day; write since = 2026-03-01, no quotes",
        ),
        (
            '[teams.a]\nauthors = [{name = "secret", until = 2026-03-01T10:00:00}]',
            "teams.a.authors, entry 1, until: is a day or a time, not a day; write until = 2026-03-01, no quotes",
        ),
        (
            '[teams.a]\nauthors = ["x", {name = "secret", since = 2026-04-01, until = 2026-03-01}]',
            "teams.a.authors, entry 2: ends (2026-03-01) before it begins (2026-04-01); swap the two days",
        ),
        ('default = ""\n[teams.a]', 'default: is not the name of a team; write default = "unassigned"'),
        ("own = 1\n[teams.a]", "own: is neither true nor false; write own = false to set aside teams of records"),
        ("ignore = []\n[teams.a]", "ignore: is a list, not a table; write [ignore] on a line of its own"),
        (
            '[teams.a]\n[aliases]\nsecret = "secret two"',
            'aliases, entry 1: is not a list of names; write ana = ["Ana Silva", "ana.silva", "U0123"]',
        ),
        (
            '[teams.a]\n[aliases]\nx = ["secret"]\ny = ["@Secret"]',
            "aliases, entry 2: holds a name that another entry has too; leave each name below one person",
        ),
        (b"[teams.caf\xe9]", None),
    ],
)
def test_errors_name_file_key_problem_and_what_to_write_and_no_person(load, text, said):
    with pytest.raises(InputError) as caught:
        load(text)
    told = str(caught.value)
    assert told == (f"teams.toml, {said}" if said else "teams.toml: is not UTF-8 text; save it as UTF-8")
    assert "secret" not in told.lower()


@pytest.mark.parametrize(
    ("text", "place"),
    [("[teams.a]\nchannels = [payments]", "line 2, column 13"), ('[teams.a]\nchannels = ["a"', "end of the file")],
)
def test_what_is_no_toml_is_told_with_its_place(load, text, place):
    with pytest.raises(InputError) as caught:
        load(text)
    error = caught.value
    assert (error.file, error.place) == ("teams.toml", place)
    assert error.problem.startswith("is no TOML: ") and error.problem[12].islower()
    assert error.hint == "TOML wants names and patterns in quotes and lists in brackets: see docs/teams.md"


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(InputError) as caught:
        load_teams(tmp_path / "gone.toml")
    assert str(caught.value) == (
        f"{tmp_path}/gone.toml: cannot be read: No such file or directory; make one with: textsignals teams init INPUT"
    )


def test_the_example_of_the_documentation_can_be_read(load, root):
    [example] = re.findall(r"```toml\n(.*?)```", (root / "docs" / "teams.md").read_text(encoding="utf-8"), re.DOTALL)
    teams = load(example)
    assert list(teams.names.values()) == ["payments", "Ops EU"]
    assert {pattern.kind for pattern in teams.patterns} == {"files", "channels", "authors"}
