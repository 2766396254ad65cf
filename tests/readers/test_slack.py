from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textsignals as ts
from textsignals.readers.slack import _clean

TS = "1773396000.000100"
USERS = [
    {"id": "U1", "name": "ana", "profile": {"display_name": "Ana", "real_name": "Ana Ruiz"}},
    {"id": "U2", "name": "bo", "real_name": "Bo Berg", "profile": {"display_name": "", "real_name": ""}},
    {"id": "U3", "name": "cy", "profile": "not an object"},
    {"name": "without an id"},
]
CHANNELS = [{"id": "C1", "name": "payments"}]


def export(*records, users=USERS, prefix="", more=()):
    """Return the members of an export with one channel and one day."""
    return {
        f"{prefix}users.json": json.dumps(users),
        f"{prefix}channels.json": json.dumps(CHANNELS),
        f"{prefix}payments/2026-03-13.json": json.dumps(records),
        **dict(more),
    }


def message(text="We agreed on it.", stamp=TS, **fields):
    return {"type": "message", "user": "U1", "text": text, "ts": stamp, **fields}


def write_zip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def write_folder(path, members):
    for name, data in members.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(data, "utf-8")
    return path


def facts(messages):
    """Everything but where the file lies."""
    return [(m.id, m.text, m.author, m.channel, m.timestamp, m.thread_id, m.skip) for m in messages]


def read_one(tmp_path, record):
    reading = ts.read(write_zip(tmp_path / "e.zip", export(record)), system=True)
    return next(iter(reading), None), reading


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<@U1> ping", "@Ana ping"),
        ("<@U2> ping", "@Bo Berg ping"),
        ("<@U3> ping", "@cy ping"),
        ("<@U9|zoe> ping", "@zoe ping"),
        ("<@U9> ping", "@U9 ping"),
        ("<#C1> or <#C2|ops>", "#payments or #ops"),
        ("<!here> <!everyone> <!channel|channel>", "@here @everyone @channel"),
        ("<!subteam^S1|@leads> please", "@leads please"),
        ("due <!date^1773396000^{date}|13 March>", "due 13 March"),
        ("<https://example.org|the page> and <https://example.org/x>", "the page and https://example.org/x"),
        ("<mailto:a@example.org|a@example.org>", "a@example.org"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        # Undone last, so that an escaped mention stays what its author typed.
        ("&lt;@U1&gt; and &amp;lt;", "<@U1> and &lt;"),
    ],
)
def test_markup_becomes_what_people_saw(tmp_path, raw, text):
    found, _ = read_one(tmp_path, message(raw))
    assert found.text == text


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_characters="<>&", exclude_categories=["Cs"])))
def test_text_without_markup_is_left_alone(text):
    assert _clean(text, {}) == text


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["<@U1>", "<#C1|ops>", "<https://x.org|here>", "plain", "<!here>", "&amp;"])))
def test_no_bracket_of_markup_survives_and_plain_words_do(parts):
    shown = _clean(" ".join(parts), {"U1": "Ana"})
    assert "<" not in shown
    assert ">" not in shown
    assert len(shown.split()) == len(parts)
    assert shown.count("plain") == parts.count("plain")


@pytest.mark.parametrize(
    ("fields", "kind", "skip"),
    [
        ({}, "message", None),
        ({"subtype": "thread_broadcast"}, "message", None),
        ({"subtype": "me_message"}, "message", None),
        ({"subtype": "channel_join"}, "system", "channel_join"),
        ({"subtype": "a_subtype_of_tomorrow"}, "system", "a_subtype_of_tomorrow"),
        ({"subtype": "tombstone"}, "system", "deleted"),
        ({"bot_id": "B1"}, "system", "bot_message"),
        ({"subtype": "bot_message", "username": "Deployer"}, "system", "bot_message"),
        # Stand-up applications post what members answered.
        ({"bot_id": "B1", "username": "Geekbot"}, "status", None),
        ({"text": ""}, "message", "empty"),
    ],
)
def test_software_is_told_from_people(tmp_path, fields, kind, skip):
    found, reading = read_one(tmp_path, message() | fields)
    assert (found.kind, found.skip) == (kind, skip)
    plain = ts.read(reading.report.input)
    assert len(list(plain)) == (skip is None)
    assert plain.report.skipped == ({skip: 1} if skip else {})


def test_a_standup_post_holds_the_answers_of_its_attachments(tmp_path):
    answers = [{"text": "Shipped the form"}, {"text": "Nothing blocks <@U1>"}, {"title": "no text"}]
    found, _ = read_one(tmp_path, message("", bot_id="B1", username="geekbot", attachments=answers))
    assert found.text == "Shipped the form\nNothing blocks @Ana"


def test_text_is_taken_from_blocks_where_it_is_empty(tmp_path):
    rich = [{"type": "rich_text", "elements": [{"elements": [{"type": "text", "text": "only "}, {"text": "here"}]}]}]
    found, _ = read_one(tmp_path, message("", blocks=rich))
    assert found.text == "only here"


def test_a_message_keeps_time_thread_reactions_files_and_edits(tmp_path):
    record = message(
        thread_ts="1773390000.000000",
        edited={"ts": TS},
        reactions=[{"name": "+1", "count": 3}],
        files=[{"name": "plan.pdf"}],
    )
    found, reading = read_one(tmp_path, record)
    assert found.timestamp == datetime(2026, 3, 13, 10, 0, 0, 100, tzinfo=UTC)
    assert (found.thread_id, found.reply_to) == ("1773390000.000000",) * 2
    assert (found.reactions, found.attachments, found.edited) == ({"+1": 3}, ("plan.pdf",), True)
    assert (found.author, found.author_id, found.channel) == ("Ana", "U1", "payments")
    assert found.locator == "message 1"
    assert reading.report.files[0].details["thread replies"] == 1


def test_the_first_message_of_a_thread_replies_to_nothing(tmp_path):
    found, reading = read_one(tmp_path, message(thread_ts=TS))
    assert (found.thread_id, found.reply_to) == (TS, None)
    assert reading.report.files[0].details["thread replies"] == 0


def test_a_guest_is_named_by_the_profile_in_the_message(tmp_path):
    found, _ = read_one(tmp_path, message(user="U77", user_profile={"display_name": "Gina"}))
    assert found.author == "Gina"


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ("just a string", "is not a message object"),
        ({"type": "message", "text": "when?"}, "it has no usable time stamp (ts)"),
        (message(stamp="yesterday"), "is damaged (could not convert string to float: 'yesterday')"),
        (message(stamp="nan"), "is damaged ("),
        (message(stamp="12.0"), "the date 1970-01-01 is before 1990"),
        (message(stamp="32503680000.0"), "the date 3000-01-01 is in the future"),
        (message(reactions=[3]), "is damaged (argument of type 'int' is not "),
    ],
)
def test_a_damaged_record_is_quarantined_with_its_place_and_the_others_are_read(tmp_path, record, problem):
    path = write_zip(tmp_path / "e.zip", export(message(), record, message(stamp="1773396001.0")))
    reading = ts.read(path)
    assert [m.locator for m in reading] == ["message 1", "message 3"]
    [found] = reading.report.problems
    assert str(found).startswith(f"{path}!payments/2026-03-13.json, message 2: {problem}")
    assert (reading.report.read, reading.report.quarantined) == (3, 1)


def test_a_broken_day_does_not_stop_the_other_days(tmp_path):
    broken = {
        "payments/2026-03-14.json": '[\n{"ts": "1',
        "payments/2026-03-15.json": json.dumps([message(stamp="1773568800.0")]),
    }
    path = write_zip(tmp_path / "e.zip", export(message(), more=broken))
    reading = ts.read(path)
    assert len(list(reading)) == 2
    assert [str(p) for p in reading.report.problems] == [
        f"{path}!payments/2026-03-14.json, line 2: is not complete JSON; export it again"
    ]
    assert (reading.report.read, reading.report.yielded, reading.report.quarantined) == (3, 2, 1)


def test_a_broken_list_of_users_leaves_ids_and_says_so(tmp_path):
    path = write_zip(tmp_path / "e.zip", export(message("<@U1> ping")) | {"users.json": "[{"})
    reading = ts.read(path)
    [found] = reading
    assert (found.text, found.author) == ("@U1 ping", "U1")
    assert reading.report.assumptions == ("users.json is unusable (is not complete JSON): ids stand where names would",)


def test_zip_and_unzipped_folder_and_a_wrapper_folder_give_the_same_messages(tmp_path):
    records = [message(f"No {n}", stamp=f"{1773396000 + n}.0") for n in range(3)]
    zipped = list(ts.read(write_zip(tmp_path / "e.zip", export(*records))))
    folder = list(ts.read(write_folder(tmp_path / "unzipped", export(*records))))
    wrapped = list(ts.read(write_zip(tmp_path / "w.zip", export(*records, prefix="Team export/"))))
    assert len(zipped) == 3
    assert facts(zipped) == facts(folder) == facts(wrapped)


def test_a_real_export_unzipped_equals_its_zip(samples, tmp_path):
    path = samples / "slack/slack-export-viewer-testarchive.zip"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    zipped, folder = ts.read(path, system=True), ts.read(tmp_path, system=True)
    assert facts(zipped) == facts(folder)
    assert zipped.report.read == folder.report.read == 158


def test_days_come_in_order_whatever_the_order_in_the_zip(tmp_path):
    members = {f"payments/2026-03-{day}.json": json.dumps([message(stamp=f"17734{day}000.0")]) for day in (15, 13, 14)}
    path = write_zip(tmp_path / "e.zip", members | {"users.json": "[]"})
    stamps = [m.timestamp for m in ts.read(path)]
    assert len(stamps) == 3
    assert stamps == sorted(stamps)


@pytest.mark.parametrize("fields", [{}, {"subtype": "bot_message"}])
def test_a_standup_bot_that_posts_under_the_name_of_the_member_is_known_by_its_profile(tmp_path, fields):
    record = message("Waiting for legal", bot_id="B1", username="Ana", bot_profile={"name": "Geekbot"}, **fields)
    found, _ = read_one(tmp_path, record)
    assert (found.kind, found.author, found.text) == ("status", "Ana", "Waiting for legal")


def test_items_of_a_list_in_blocks_stand_on_lines_of_their_own(tmp_path):
    items = [{"elements": [{"type": "text", "text": text}]} for text in ("one", "two")]
    blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": items}]}]
    found, _ = read_one(tmp_path, message("", blocks=blocks))
    assert found.text == "one\ntwo"


def test_bytes_that_are_not_text_are_told(tmp_path):
    path = tmp_path / "general.json"
    path.write_bytes(json.dumps([message("été"), message("bro!ken", "1456000001.0")], ensure_ascii=False).encode())
    path.write_bytes(path.read_bytes().replace(b"bro!", b"bro\xff"))
    reading = ts.read(path)
    assert [m.text for m in reading] == ["été"]
    assert [str(p) for p in reading.report.problems] == [
        f"{path}, message 2: holds bytes that are not text; save the file as UTF-8"
    ]
    assert reading.report.assumptions == ("encoding: UTF-8 with broken bytes",)
