from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from fake_tagger import message
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.team_file import load_teams
from textsignals.teams import Input, Pattern, Pseudonyms, assigner, public_path


def assigned(input_, file, *, team=None, given=None, channel=None, kind="note"):
    note = message("Plain.", team=team, file=file, channel=channel, kind=kind)
    return assigner(input_, given)(note).team


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        # Each line takes away what decided the line before.
        ({"given": "Asked", "team": "Own", "channel": "chat", "kind": "message"}, "Asked"),
        ({"team": "Own", "channel": "chat", "kind": "message"}, "Own"),
        ({"channel": "chat", "kind": "message"}, "chat"),
        ({}, "payments"),
        # What stands in the channel column of minutes is no team.
        ({"channel": "chat", "kind": "note"}, "payments"),
        ({"given": "", "team": ""}, "payments"),
    ],
)
def test_the_first_that_applies_decides(facts, expected):
    assert assigned("in", "in/payments/2026/minutes.md", **facts) == expected


@pytest.mark.parametrize(
    ("input_", "file", "expected"),
    [
        ("in/", "in/payments/minutes.md", "payments"),
        ("./in", "in/payments/minutes.md", "payments"),
        ("/data/in", "/data/in/payments/minutes.md", "payments"),
        (".", "payments/minutes.md", "payments"),
        ("in.zip", "in.zip!payments/minutes.md", "payments"),
        ("in", "in/payments/old.zip!notes/minutes.md", "payments"),
        ("in", "in/old.zip!payments/minutes.md", "payments"),
        ("in.zip", "in.zip!minutes.md", "in"),
        ("in.tar.gz", "in.tar.gz!minutes.md", "in"),
        ("in", "in/old.tgz!payments/minutes.md", "payments"),
    ],
)
def test_the_first_folder_below_the_input_is_the_team(input_, file, expected):
    assert assigned(input_, file) == expected


def test_without_folders_the_input_or_the_folder_that_holds_it_gives_its_name(tmp_path):
    folder = tmp_path / "billing"
    folder.mkdir()
    note = folder / "minutes.md"
    note.write_text("Plain.")
    assert assigned(folder, str(note)) == "billing"
    assert assigned(note, str(note)) == "billing"


@pytest.mark.parametrize("channel", ["mpdm-ann--ben--cem-1", "D024BE91L", "@ann"])
def test_private_conversations_are_one_team_since_their_names_are_names_of_people(channel):
    assert assigned("in.zip", "in.zip!x.json", channel=channel, kind="message") == "direct messages"


@pytest.mark.parametrize("channel", ["D2C", "DESIGN", "dev-mpdm", "D1"])
def test_channels_that_only_look_private_keep_their_names(channel):
    assert assigned("in.zip", "in.zip!x.json", channel=channel, kind="message") == channel


def test_assigning_changes_nothing_else():
    note = message("Plain.", team=None)
    changed = assigner("in", "Payments")(note)
    differ = [name for name in note._fields if getattr(note, name) != getattr(changed, name)]
    assert differ == ["team"]


# With a teams.toml


@pytest.fixture
def load(tmp_path):
    def write_and_load(text):
        (tmp_path / "teams.toml").write_text(text, encoding="utf-8")
        return load_teams(tmp_path / "teams.toml")

    return write_and_load


ORDER = """
[teams.by-author]
authors = ["ann"]
[teams.by-channel]
channels = ["chat"]
[teams.by-file]
files = ["payments/**"]
[teams.later]
files = ["payments/**"]
channels = ["chat"]
authors = ["ann"]
"""


@pytest.mark.parametrize(
    ("given_team", "facts", "expected"),
    [
        # Each line takes away what decided the line before.
        ("Asked", {"team": "Own", "file": "in/payments/a.md", "channel": "chat"}, "Asked"),
        (None, {"team": "Own", "file": "in/payments/a.md", "channel": "chat"}, "Own"),
        (None, {"file": "in/payments/a.md", "channel": "chat"}, "by-file"),
        (None, {"file": "in/a.md", "channel": "chat"}, "by-channel"),
        (None, {"file": "in/a.md"}, "by-author"),
        (None, {"file": "in/a.md", "author": "Ben"}, "unassigned"),
        # Notes and cards have channels, too, and a pattern that names one means it.
        (None, {"file": "in/a.md", "channel": "chat", "kind": "card"}, "by-channel"),
    ],
)
def test_with_a_teams_file_the_first_that_applies_decides(load, given_team, facts, expected):
    assign = assigner("in", given_team, load(ORDER))
    assert assign(message("Plain.", **{"team": None, **facts})).team == expected


def test_teams_that_records_name_are_spelled_as_in_the_file_and_can_be_set_aside(load):
    file = '[teams.Payments]\nchannels = ["pay"]\n[teams.routing]\nchannels = ["chat"]\n'
    for own, team, expected in [
        ("true", "PAYMENTS ", "Payments"),
        ("true", "other", "other"),
        ("false", "PAYMENTS", "routing"),
        ("false", "other", "routing"),
    ]:
        assign = assigner("in", None, load(f"own = {own}\n{file}"))
        assert assign(message("Plain.", team=team, channel="chat")).team == expected


def channel_matches(glob, channel, source="slack"):
    teams = Pattern("t", "channels", "", glob)
    return teams.matches((channel.casefold(), f"{source}:{channel}".casefold()))


@pytest.mark.parametrize(
    ("glob", "channel", "expected"),
    [
        ("payments*", "payments-standup", True),
        ("PAYMENTS*", "payments", True),
        ("payments", "Payments", True),
        ("payments", "payments-standup", False),
        ("*-alerts", "prod-alerts", True),
        ("#payments", "payments", True),
        ("slack:payments", "payments", True),
        ("slack:#payments", "payments", True),
        ("slack:*", "anything", True),
        ("teams:payments", "payments", False),
        ("team-?", "team-7", True),
        ("team-[12]", "team-2", True),
        ("team-[!12]", "team-2", False),
        ("[[]ops] alerts", "[ops] alerts", True),
        ("caf\u0065\u0301", "café", True),
        ("*", "multi\nline", True),
        ("a.c", "abc", False),
    ],
)
def test_patterns_for_channels(glob, channel, expected):
    assert channel_matches(glob, channel) is expected


@pytest.mark.parametrize(
    ("glob", "file", "expected"),
    [
        ("notes/payments/**", "in/notes/payments/2026/a.md", True),
        ("notes/payments/**", "in/old/notes/payments/a.md", True),
        ("notes/payments", "in/notes/payments/a.md", True),
        ("notes/payments/", "in/notes/payments/a.md", True),
        ("./notes/payments/*", "in/notes/payments/a.md", True),
        ("notes\\\\payments\\\\*", "in/notes/payments/a.md", True),
        ("notes/payments/**", "in/notes/payments-old/a.md", False),
        ("payments/**", "in/old-payments/a.md", False),
        ("payments", "in/Payments/deep/down/a.md", True),
        ("in/*.csv", "in/a.csv", True),
        ("in/*.csv", "in/deep/a.csv", False),
        ("in/**/*.csv", "in/very/deep/a.csv", True),
        ("in/**/*.csv", "in/a.csv", True),
        ("Parabol*_Payments_*.csv", "in/ParabolRetrospective_Payments_2026-3-1.csv", True),
        ("*.csv", "in/deep/a.csv", True),
        ("a?.md", "in/a1.md", True),
        ("a?.md", "in/a/.md", False),
        ("[!ab].md", "in/c.md", True),
        ("[!ab].md", "in/a.md", False),
        ("[^a].md", "in/^.md", True),
        ("[[]x].md", "in/[x].md", True),
        ("**", "in/a.md", True),
        ("***", "in/x/a.md", True),
        ("payments/**", "in/export.zip!payments/2026-03-02.json", True),
        ("export.zip/payments/**", "in/export.zip!payments/2026-03-02.json", True),
        ("a.b", "in/axb", False),
    ],
)
def test_patterns_for_files(load, glob, file, expected):
    assign = assigner("in", None, load(f'[teams.found]\nfiles = ["{glob}"]\n'))
    assert (assign(message("Plain.", team=None, file=file)).team == "found") is expected


def test_patterns_see_a_path_from_the_input_on_and_a_single_file_with_its_folder(tmp_path, monkeypatch):
    (tmp_path / "payments" / "in").mkdir(parents=True)
    (tmp_path / "payments" / "in" / "a.csv").write_text("x")
    monkeypatch.chdir(tmp_path / "payments")
    for input_, file, shown in [
        ("in", "in/a.csv", "in/a.csv"),
        ("in/a.csv", "in/a.csv", "in/a.csv"),
        (".", "in/a.csv", "payments/in/a.csv"),
        (tmp_path / "payments" / "in", f"{tmp_path}/payments/in/a.csv", "in/a.csv"),
    ]:
        assert Input(input_).shown(file) == shown


def test_a_pattern_with_many_stars_does_not_run_wild(load):
    teams = load(f'[teams.a]\nfiles = ["{"*a" * 12}b"]\nchannels = ["{"*a" * 40}b"]\n')
    assign = assigner("in", None, teams)
    assert assign(message("Plain.", team=None, file="in/" + "a" * 60, channel="a" * 200)).team == "unassigned"


def test_a_range_that_runs_backwards_matches_nothing():
    assert not Pattern("a", "channels", "", "[z-a]").matches(("a", "z", "[z-a]"))


MOVED = """
[teams.old]
authors = [{name = "ann", until = 2026-03-31}]
[teams.new]
authors = [{name = "ann", since = 2026-04-01}]
"""


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 3, 31), "old"), (date(2026, 4, 1), "new"), (date(2020, 1, 1), "old"), (None, "unassigned")],
)
def test_people_change_teams_on_a_day(load, day, expected):
    assert assigner("in", None, load(MOVED))(message("Plain.", team=None, day=day)).team == expected


def test_the_day_of_a_change_is_that_of_the_zone(load):
    late = message("Plain.", team=None)._replace(timestamp=MIDNIGHT)
    assert assigner("in", None, load(MOVED), UTC)(late).team == "old"
    assert assigner("in", None, load(MOVED), ZoneInfo("Europe/Helsinki"))(late).team == "new"


MIDNIGHT = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)

PEOPLE = """
[teams.payments]
authors = ["ana"]
[teams.other]
authors = ["u0*", "@ben"]
[aliases]
ana = ["Ana Silva", "U0123"]
"""


@pytest.mark.parametrize(
    ("author", "author_id", "team", "name"),
    [
        ("ana", None, "payments", "ana"),
        ("ANA  SILVA", "U9", "payments", "ana"),
        # A display name that nobody listed is found by its id.
        ("Ana S.", "U0123", "payments", "ana"),
        (None, "u0123", "payments", "ana"),
        ("@Ben", "U9", "other", "@Ben"),
        ("Cem", "U0777", "other", "Cem"),
        ("Anabel", "U9", "unassigned", "Anabel"),
        (None, None, "unassigned", None),
    ],
)
def test_authors_are_known_by_all_their_names(load, author, author_id, team, name):
    given = message("Plain.", team=None, author=author, author_id=author_id)
    assigned = assigner("in", None, load(PEOPLE))(given)
    assert (assigned.team, assigned.author, assigned.author_id) == (team, name, author_id)


IGNORE = """
[teams.payments]
files = ["**"]
[ignore]
channels = ["random", "direct messages"]
authors = ["*bot", "ana"]
files = ["drafts/**"]
[aliases]
ana = ["Ana Silva"]
"""


@pytest.mark.parametrize(
    ("facts", "skip"),
    [
        ({"channel": "Random"}, "ignored channel"),
        ({"channel": "mpdm-ann--ben-1"}, "ignored channel"),
        ({"author": "Deploy Bot"}, "ignored author"),
        ({"author": "Ana Silva"}, "ignored author"),
        ({"file": "in/drafts/a.md"}, "ignored file"),
        ({"channel": "payments"}, None),
    ],
)
def test_what_is_ignored_says_so_whatever_else_is_known(load, facts, skip):
    for team in (None, "Asked"):
        given = message("Plain.", **{"team": "Own", "file": "in/a.md", **facts})
        assert assigner("in", team, load(IGNORE))(given).skip == skip


# Names of people


def test_pseudonym_is_the_keyed_hash_cut_to_128_bits():
    # HMAC-SHA-256 of "ann lee" under 32 zero bytes, from: printf 'ann lee' | openssl dgst -sha256 -mac HMAC ...
    assert Pseudonyms(bytes(32))(" Ann  LEE") == "01753d232459060202f4b3c6d1c4b439"


@given(st.text())
@settings(max_examples=50, deadline=None)
def test_spelling_makes_no_difference_and_the_key_does(name):
    one, other = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)
    assert one(name) == one(f"  {name}\n")
    assert one(name) != other(name)
    assert len(one(name)) == 32


def test_each_run_draws_a_key_of_its_own():
    assert Pseudonyms()("ann") != Pseudonyms()("ann")


def test_names_with_broken_characters_have_pseudonyms_too():
    hash_ = Pseudonyms(bytes(32))
    assert hash_("ann \ud800") != hash_("ann \ud801")


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("in.zip!mpdm-ann--ben-1/2026-03-02.json", "in.zip!direct messages/2026-03-02.json"),
        ("in.zip!wrap/D024BE91L/2026-03-02.json", "in.zip!wrap/direct messages/2026-03-02.json"),
        ("in.zip!claims/2026-03-02.json", "in.zip!claims/2026-03-02.json"),
        ("in/minutes.md", "in/minutes.md"),
        ("in/mpdm-ann--ben-1/2026-03-02.json", "in/direct messages/2026-03-02.json"),
    ],
)
def test_paths_do_not_tell_who_talks_with_whom_in_private(file, shown):
    assert public_path(file) == shown
