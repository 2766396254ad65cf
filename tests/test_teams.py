import pytest
from fake_tagger import message
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.teams import Pseudonyms, assigner, public_path


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
    differ = [name for name in note.__dataclass_fields__ if getattr(note, name) != getattr(changed, name)]
    assert differ == ["team"]


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
