from datetime import date

import pytest
from fake_tagger import message

from textsignals.pipeline import Outcome, Settings
from textsignals.survey import Part, Place, literal, place_of, public_parts, review, review_lines, survey
from textsignals.team_file import load_teams
from textsignals.teams import Input


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({"channel": "payments"}, Place("channels", "payments")),
        ({"channel": "[ops] *?", "kind": "status"}, Place("channels", "[[]ops] [*][?]")),
        ({"channel": "mpdm-ann--ben-1"}, Place("channels", "direct messages")),
        ({"file": "in/mpdm-ann--ben-1/a.json"}, Place("channels", "direct messages")),
        # What stands in the channel column of minutes is no channel.
        ({"channel": "payments", "kind": "note", "file": "in/claims/a.md"}, Place("files", "claims/**")),
        ({"file": "in/notes/2026/payments/deep/a.md"}, Place("files", "notes/2026/payments/**")),
        ({"file": "in/old.zip!2026/payments/a.md"}, Place("files", "2026/payments/**")),
        ({"file": "in/notes/2026/2026-03-01.md"}, Place("files", "notes/**")),
        ({"file": "in/notes/2026-03-01-payments.md"}, Place("files", "*-payments.md")),
        ({"file": "in/2026-03-13-retro.md"}, Place("files", "*-retro.md")),
        (
            {"file": "in/ParabolRetrospective_Payments_2026-3-1.csv"},
            Place("files", "ParabolRetrospective_Payments_*.csv"),
        ),
    ],
)
def test_where_a_message_stands(facts, place):
    assert place_of(message("Plain.", **facts), Input("in")) == place


def test_signs_that_no_file_can_hold_stand_as_one_of_any():
    assert literal("a\x1bb\udc80") == "a?b?"


def test_channels_named_after_somebody_who_writes_are_private():
    parts = {
        Place("channels", "Ann Lee"): Part(3, authors={"ann lee": 2, "Ben": 1}),
        Place("channels", "team"): Part(4, authors={"Ann Lee": 4}),
    }
    assert {place.pattern: part.records for place, part in public_parts(parts).items()} == {
        "team": 4,
        "direct messages": 3,
    }


ROWS = [
    ("2026-03-02", "Ann", "pay", "", "One."),
    ("2026-03-09", "Ben", "payroll", "", "Two."),
    ("2026-03-05", "Cem", "general", "", "Three."),
    ("2026-03-05", "Dee", "random", "", "Four."),
    ("2026-03-06", "Eva", "", "", "Five."),
    ("2026-03-06", "Flo", "pay", "Sales", "Six."),
]

TEAMS = """
[teams.payments]
channels = ["pay*", "gone"]
authors = ["nobody", "Dee"]
[teams.people]
channels = ["payroll"]
authors = ["Eva"]
[ignore]
channels = ["random"]
"""


@pytest.fixture
def chat(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(",".join(row) + "\n" for row in ROWS)
    (tmp_path / "chat.csv").write_text("date,author,channel,team,text\n" + rows)
    (tmp_path / "teams.toml").write_text(TEAMS)
    return "chat.csv"


def test_a_survey_counts_places_teams_authors_and_days(chat):
    outcome = Outcome()
    found = survey([chat], Settings(), outcome)
    pay = found.places[Place("channels", "pay")]
    assert (pay.records, pay.named, dict(pay.authors)) == (2, 1, {"Ann": 1, "Flo": 1})
    assert (pay.first, pay.last) == (date(2026, 3, 2), date(2026, 3, 6))
    assert {team: part.records for team, part in found.own.items()} == {"Sales": 1}
    assert found.places[Place("files", "chat.csv")].records == 1
    assert outcome.whole.yielded == len(ROWS)


def test_a_review_shows_teams_gaps_conflicts_and_idle_patterns_and_no_person(chat):
    outcome = Outcome()
    found = review([chat], Settings(teams=load_teams("teams.toml")), outcome)
    text = "\n".join(review_lines(found))
    assert text == (
        "team        records  authors       first       last\n"
        "payments          2  fewer than 5  2026-03-02  2026-03-09\n"
        "people            1  fewer than 5  2026-03-06  2026-03-06\n"
        "Sales             1  fewer than 5  2026-03-06  2026-03-06\n"
        "unassigned        1  fewer than 5  2026-03-05  2026-03-05\n"
        '\nClaimed by no pattern, so in "unassigned":\n'
        "1  channel  general\n"
        "\nClaimed by two teams; the first wins:\n"
        '1  teams.payments.channels "pay*"  teams.people.channels "payroll"\n'
        "\nPatterns that match nothing:\n"
        '  teams.payments.channels "gone"\n'
        "  teams.payments.authors, entry 1\n"
        "\nPatterns that match and never decide, as others come first or the records name their own team:\n"
        "  teams.payments.authors, entry 2\n"
        '  teams.people.channels "payroll"'
    )
    assert outcome.whole.skipped == {"ignored channel": 1}
    assert outcome.whole.read == outcome.whole.yielded + 1 == len(ROWS)


def test_patterns_that_agree_are_no_conflict_and_not_idle(chat, tmp_path):
    (tmp_path / "teams.toml").write_text('[teams.all]\nfiles = ["chat.csv"]\nchannels = ["*"]\nauthors = ["*"]\n')
    text = "\n".join(review_lines(review([chat], Settings(teams=load_teams("teams.toml")), Outcome())))
    assert "Patterns" not in text and "Claimed" not in text


def test_that_people_write_in_channels_of_others_is_no_conflict(chat, tmp_path):
    (tmp_path / "teams.toml").write_text('[teams.a]\nchannels = ["*"]\n[teams.b]\nauthors = ["*"]\n')
    found = review([chat], Settings(teams=load_teams("teams.toml")), Outcome())
    assert not found.conflicts


def test_of_many_gaps_the_largest_are_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"Ann,c{i:02},Words {n}.\n" for i in range(25) for n in range(i + 1))
    (tmp_path / "x.csv").write_text("author,channel,text\n" + rows)
    (tmp_path / "teams.toml").write_text("[teams.a]\n")
    lines = list(review_lines(review(["x.csv"], Settings(teams=load_teams("teams.toml")), Outcome())))
    at = lines.index('\nClaimed by no pattern, so in "unassigned":')
    assert lines[at + 1] == "25  channel  c24"
    assert lines[at + 21] == "and 5 more"
