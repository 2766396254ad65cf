"""Google Chat: the whole Takeout, its folder and a single file against one list; dates; what is left out; damage."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from damage import JSON, MANY, damage_never_crashes, read_anyway
from exports import read_all, write, write_folder, write_zip
from hypothesis import given
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import Seen
from textsignals.readers.chats import google_chat
from textsignals.readers.sources import open_archive, open_file

ANA = {"name": "Ana Silva", "email": "ana@example.org", "user_type": "Human"}
BEN = {"name": "Ben Ode", "email": "ben@example.org", "user_type": "Human"}


def message(topic="T1", part=None, creator=ANA, date="Monday, March 2, 2026 at 9:05:00\u202fAM UTC", **fields):
    record = {"creator": creator, "created_date": date, "topic_id": topic, "message_id": f"S1/{topic}/{part or topic}"}
    return record | fields


MESSAGES = [
    message(text="We agreed on the plan"),
    message(part="M2", creator=BEN, date="Monday, March 2, 2026 at 08:59:30 AM UTC", text="I will ask @Ana Silva"),
    message("T2", date="Tuesday, March 3, 2026 at 12:00:01 PM UTC", text="", message_state="DELETED"),
]
EXPECTED = [
    {
        "id": "google-chat:S1/T1/T1",
        "locator": "message 1",
        "kind": "message",
        "text": "We agreed on the plan",
        "author": "Ana Silva",
        "author_id": "ana@example.org",
        "timestamp": datetime(2026, 3, 2, 9, 5, tzinfo=UTC),
        "thread_id": "google-chat:S1/T1/T1",
        "reply_to": None,
        "skip": None,
    },
    {
        "id": "google-chat:S1/T1/M2",
        "locator": "message 2",
        "kind": "message",
        "text": "I will ask @Ana Silva",
        "author": "Ben Ode",
        "author_id": "ben@example.org",
        "timestamp": datetime(2026, 3, 2, 8, 59, 30, tzinfo=UTC),
        "thread_id": "google-chat:S1/T1/T1",
        "reply_to": "google-chat:S1/T1/T1",
        "skip": None,
    },
    {
        "id": "google-chat:S1/T2/T2",
        "locator": "message 3",
        "kind": "message",
        "text": "",
        "author": "Ana Silva",
        "author_id": "ana@example.org",
        "timestamp": datetime(2026, 3, 3, 12, 0, 1, tzinfo=UTC),
        "thread_id": "google-chat:S1/T2/T2",
        "reply_to": None,
        "skip": "deleted",
    },
]
VALID = json.dumps({"messages": MESSAGES}, indent=2).encode()
TREE = {
    "Groups/Space S1/messages.json": VALID,
    "Groups/Space S1/group_info.json": json.dumps({"name": "Payments", "members": [ANA, BEN]}).encode(),
    "Groups/Space S1/File-board.png": b"\x89PNG",
    "Groups/DM D1/group_info.json": json.dumps({"members": [ANA, BEN]}).encode(),
    "Users/User 1/user_info.json": json.dumps({"user": ANA}).encode(),
}


def under(prefix, files=TREE):
    return {f"{prefix}{name}": data for name, data in files.items()}


def single(folder, *records):
    return write(folder / "messages.json", {"messages": list(records)})


def rows(messages):
    return [{key: getattr(m, key) for key in EXPECTED[0]} for m in messages]


DIALECTS = {
    "takeout zip": lambda folder: write_zip(folder / "takeout.zip", under("Takeout/Google Chat/")),
    "takeout zip with index and what a Mac adds": lambda folder: write_zip(
        folder / "takeout.zip",
        under("Takeout/Google Chat/") | {"Takeout/archive_browser.html": b"<p>", "__MACOSX/._Takeout": b"\x00"},
    ),
    "chat beside another product": lambda folder: write_folder(
        folder / "in", under("Takeout/Google Chat/") | {"Takeout/Keep/a.bin": b"\x00"}
    ),
    "google chat folder": lambda folder: write_folder(folder / "Google Chat", TREE),
    "single file": lambda folder: write_folder(folder, {"messages.json": VALID}) / "messages.json",
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_messages(tmp_path, dialect):
    messages, report = read_all(DIALECTS[dialect](tmp_path), system=True)
    assert rows(messages) == EXPECTED
    assert {m.channel for m in messages} == ({"messages"} if dialect == "single file" else {"Payments"})
    assert report.problems == ()
    [used] = [file for file in report.files if file.format == "google-chat"]
    assert used.details["messages"] == 3
    if dialect != "single file":
        assert (used.details["spaces"], used.details["attached files"]) == (1, 1)


@pytest.mark.parametrize("given_", ["", "Groups/DM D1", "Groups/DM D1/messages.json"])
@pytest.mark.parametrize("group", [{"members": [ANA, BEN]}, {"name": "Ben Ode"}])
def test_direct_messages_are_one_channel_whatever_they_are_called(tmp_path, given_, group):
    pair = {
        "Groups/DM D1/messages.json": json.dumps({"messages": [message("D", text="Well done")]}).encode(),
        "Groups/DM D1/group_info.json": json.dumps(group).encode(),
    }
    channels = {m.channel for m in ts.read(write_folder(tmp_path / "Google Chat", TREE | pair) / given_)}
    assert channels == {"direct messages"} | (set() if given_ else {"Payments"})


def test_a_broken_group_info_costs_only_the_title(tmp_path):
    files = TREE | {"Groups/Space S1/group_info.json": b'{"name": '}
    reading = ts.read(write_folder(tmp_path / "Google Chat", files))
    assert {m.channel for m in reading} == {"Space S1"}
    assert "group_info.json of some spaces is unusable" in reading.report.files[0].assumptions[0]


def test_a_broken_space_does_not_stop_the_others_and_an_empty_one_is_no_problem(tmp_path):
    files = TREE | {
        "Groups/Space A/messages.json": b'{"messages": [',
        "Groups/Space A/group_info.json": b"{}",
        "Groups/Space B/messages.json": b'{"messages": []}',
        "Groups/Space B/group_info.json": b"{}",
    }
    reading = ts.read(write_folder(tmp_path / "Google Chat", files))
    assert len(list(reading)) == 2
    [problem] = reading.report.problems
    assert problem.file.endswith("Space A/messages.json")
    assert problem.problem == "is not complete JSON"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Saturday, December 16, 2023 at 08:45:21 PM UTC", (2023, 12, 16, 20, 45, 21)),
        ("Saturday, December 16, 2023 at 8:45:21\u202fPM UTC", (2023, 12, 16, 20, 45, 21)),
        ("Saturday, December 16, 2023 at 12:45:21\xa0AM UTC", (2023, 12, 16, 0, 45, 21)),
        ("Saturday, December 16, 2023 at 12:45:21 PM UTC", (2023, 12, 16, 12, 45, 21)),
        ("Saturday, 16 December 2023 at 20:45:21 UTC", (2023, 12, 16, 20, 45, 21)),
        ("16 Dec 2023, 20:45:21 GMT", (2023, 12, 16, 20, 45, 21)),
        ("2023-12-16T20:45:21Z", (2023, 12, 16, 20, 45, 21)),
        ("Samstag, 16. Dezember 2023 um 20:45:21 UTC", (2023, 12, 16, 20, 45, 21)),
        ("samedi 16 décembre 2023 à 20:45:21 UTC", (2023, 12, 16, 20, 45, 21)),
        ("sábado, 16 de diciembre de 2023, 20:45:21 UTC", (2023, 12, 16, 20, 45, 21)),
    ],
)
def test_dates_are_prose_with_odd_blanks(written, moment):
    assert google_chat.date(written) == datetime(*moment, tzinfo=UTC)


def test_a_date_without_zone_takes_that_of_the_options(tmp_path):
    path = single(tmp_path, message(date="Monday, March 2, 2026 at 9:05:00 AM", text="Done"))
    [found], report = read_all(path, tz=ZoneInfo("Europe/Lisbon"))
    assert found.tz_assumed
    assert found.timestamp == datetime(2026, 3, 2, 9, 5, tzinfo=timezone(timedelta(0)))
    assert report.files[0].assumptions == ("time zone: Europe/Lisbon for times that name none",)


JAPANESE = "2023年12月16日土曜日 20:45:21 UTC"


def test_other_languages_are_quarantined_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(google_chat, "find_spec", lambda name: None)
    reading = ts.read(single(tmp_path, message(date=JAPANESE, text="はい"), message("T9", text="Yes")))
    assert [m.text for m in reading] == ["Yes"]
    assert [str(p) for p in reading.report.problems] == [
        f"{tmp_path}/messages.json, message 1: its date is not understood; set the language of the Google account to "
        "English and export again, or pip install 'textsignals[dates]'"
    ]


def test_other_languages_are_read_where_dateparser_is_installed(tmp_path, monkeypatch):
    class FakeParser:
        @staticmethod
        def parse(written, settings):
            assert settings["RETURN_AS_TIMEZONE_AWARE"]
            return datetime(2023, 12, 16, 20, 45, 21, tzinfo=UTC) if written == JAPANESE else None

    monkeypatch.setattr(google_chat, "find_spec", lambda name: True)
    monkeypatch.setattr(google_chat, "import_module", lambda name: FakeParser)
    path = single(tmp_path, message(date=JAPANESE, text="はい"), message("T9", date="昨日", text="いいえ"))
    reading = ts.read(path)
    assert [m.timestamp for m in reading] == [datetime(2023, 12, 16, 20, 45, 21, tzinfo=UTC)]
    assert [p.place for p in reading.report.problems] == ["message 2"]


BOT = {"name": "Build", "user_type": "Bot"}
CALL = [{"video_call_metadata": {"meeting_space": {"meeting_url": "https://example.org"}}}]
TASK = [{"gsuite_integration_metadata": {"tasks_data": {}}}]
DRIVE = [{"drive_metadata": {"id": "1", "title": "Plan.pdf"}}]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"text": "x", "deletion_metadata": {"deletion_type": "CREATOR"}}, {"skip": "deleted", "deleted": True}),
        ({"creator": BOT, "text": "Build 7 failed"}, {"skip": "bot", "is_bot": True, "author": "Build"}),
        ({"creator": BOT | {"name": "Geekbot"}, "text": "Fixed it"}, {"skip": None, "is_bot": True, "kind": "status"}),
        ({"annotations": CALL}, {"skip": "call", "kind": "system"}),
        ({"annotations": TASK}, {"skip": "system", "kind": "system"}),
        ({"annotations": DRIVE}, {"skip": "media only", "attachments": ("Plan.pdf",)}),
        (
            {"text": "see", "attached_files": [{"original_name": "a.png", "export_name": "File-a.png"}]},
            {"skip": None, "attachments": ("a.png",)},
        ),
        ({"attached_files": [{"export_name": "File-a.png"}]}, {"skip": "media only", "attachments": ("File-a.png",)}),
        ({}, {"skip": "empty"}),
        ({"text": "Done", "creator": None}, {"author": None, "author_id": None, "skip": None}),
        ({"text": "mine", "quoted_message_metadata": {"creator": BEN, "text": "theirs"}}, {"text": "mine"}),
        (
            {"text": "ok", "reactions": [{"emoji": {"unicode": "👍"}, "reactor_emails": ["a", "b"]}]},
            {"reactions": {"👍": 2}},
        ),
        (
            {"text": "ok", "reactions": [{"emoji": {"custom_emoji": {"shortcode": ":parrot:"}}}]},
            {"reactions": {":parrot:": 1}},
        ),
        ({"text": "new", "previous_message_versions": [{"text": "old"}]}, {"edited": True, "text": "new"}),
        ({"text": "same", "previous_message_versions": [{"text": "same"}]}, {"edited": False}),
        ({"text": "new", "updated_date": "Monday, March 2, 2026 at 9:06:00 AM UTC"}, {"edited": True}),
    ],
)
def test_what_a_message_is(tmp_path, fields, expected):
    [found] = ts.read(single(tmp_path, message(**fields)), system=True)
    assert {key: getattr(found, key) for key in expected} == expected


def test_the_date_may_stand_only_in_an_earlier_version(tmp_path):
    early = {"created_date": "Monday, March 2, 2026 at 9:05:00 AM UTC"}
    record = message(text="the film", previous_message_versions=[{}, early])
    record["updated_date"] = "Monday, March 2, 2026 at 9:30:00 AM UTC"
    del record["created_date"]
    [found] = ts.read(single(tmp_path, record))
    assert found.timestamp == datetime(2026, 3, 2, 9, 5, tzinfo=UTC)


def test_messages_that_cannot_be_are_quarantined_one_by_one(tmp_path):
    path = single(
        tmp_path,
        "not an object",
        message("A", text="x", date="Monday, March 2, 1970 at 9:05:00 AM UTC"),
        message("B", text="x", date="Monday, February 30, 2026 at 9:05:00 AM UTC"),
        message("C", text="x", date=None),
        message("D", text="x", creator=["Ana"]),
        message("E", text="sound"),
    )
    reading = ts.read(path)
    assert [m.text for m in reading] == ["sound"]
    assert [(p.place, p.problem) for p in reading.report.problems] == [
        ("message 1", "is not a message object"),
        ("message 2", "the date 1970-03-02 is before 1990"),
        ("message 3", "its date is not understood"),
        ("message 4", "it has no date"),
        ("message 5", "is damaged (AttributeError)"),
    ]


def test_two_exports_that_overlap_are_counted_once(tmp_path):
    write_folder(tmp_path / "a", under("Google Chat/"))
    seen = Seen()
    assert len(list(ts.read(tmp_path / "a", seen=seen))) == 2
    assert list(ts.read(write_folder(tmp_path / "b", under("Takeout/Google Chat/")), seen=seen)) == []


@pytest.mark.parametrize(
    ("name", "data", "sure"),
    [
        ("messages.json", VALID, 0.97),
        ("messages.json", b"\xef\xbb\xbf" + VALID, 0.97),
        ("result.json", b'{"messages": [{"id": 1, "type": "message", "date_unixtime": "1", "text": ""}]}', 0.0),
        ("C1.json", b'[{"type": "message", "user": "U1", "ts": "1773396000.000100"}]', 0.0),
        ("a.md", b"# Notes", 0.0),
        ("a.bin", bytes(range(256)), 0.0),
    ],
)
def test_sniff_claims_its_own(tmp_path, name, data, sure):
    assert google_chat.sniff(open_file(write(tmp_path / name, data))) == sure


def test_sniff_claims_a_folder_only_as_a_whole(tmp_path):
    whole = open_archive(open_file(write_zip(tmp_path / "a.zip", TREE)))
    more = open_archive(
        open_file(write_zip(tmp_path / "b.zip", under("Takeout/Google Chat/") | {"Takeout/a.mbox": b"x"}))
    )
    assert (google_chat.sniff(whole), google_chat.sniff(more)) == (0.97, 0.0)
    assert google_chat.sniff(more.under("Takeout/Google Chat")) == 0.97


def test_a_file_without_messages_says_so(tmp_path):
    path = write(tmp_path / "messages.json", b'{"other": 1}')
    with pytest.raises(InputError, match=r"holds no messages; give messages\.json of a Google Chat space"):
        list(ts.read(path, format="google-chat"))


def test_the_sample_is_read_as_counted(samples):
    path = samples / "google-chat" / "messages-sample.json"
    raw = json.loads(path.read_text("utf-8"))["messages"]
    messages, report = read_all(path)
    assert report.read == 26
    # Eight of the records were pasted twice when the sample was made, id, time and words alike; one has the id of
    # another person's message and is kept.
    distinct = {json.dumps(record, sort_keys=True) for record in raw}
    assert (report.yielded, dict(report.skipped)) == (len(distinct), {"duplicate": 26 - len(distinct)})
    assert len({record["creator"]["name"] for record in raw}) == len({m.author for m in messages}) == 17
    assert len({m.thread_id for m in messages}) == 17
    times = [m.timestamp for m in messages]
    assert (min(times), max(times)) == (
        datetime(2023, 12, 16, 20, 45, 21, tzinfo=UTC),
        datetime(2024, 1, 12, 6, 23, 15, tzinfo=UTC),
    )
    assert times != sorted(times)
    assert sum(bool(m.attachments) for m in messages) == 1


def test_damaged_files_never_crash(tmp_path):
    damage_never_crashes(tmp_path / "messages.json", VALID, format="google-chat", system=True)


FIELDS = ["creator", "created_date", "text", "annotations", "reactions", "attached_files", "previous_message_versions"]


@MANY
@given(st.dictionaries(st.sampled_from([*FIELDS, "message_id", "topic_id", "message_state"]), JSON), JSON)
def test_fields_of_any_type_never_crash(folder, fields, group):
    odd = [message(text="x") | fields, fields, message("LAST", text="sound")]
    space = {"Groups/Space S1/messages.json": {"messages": odd}, "Groups/Space S1/group_info.json": {"name": group}}
    assert read_anyway(write_zip(folder / "takeout.zip", space), system=True)[-1].text == "sound"
