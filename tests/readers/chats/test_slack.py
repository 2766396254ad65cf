from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime

import pytest
from damage import damage_never_crashes
from exports import read_all, write, write_folder, write_zip
from hypothesis import given, settings
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers.chats import slack
from textsignals.readers.chats.slack import _clean
from textsignals.readers.sources import open_directory, open_file

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
        ({"user": "USLACKBOT"}, "system", "bot_message"),
        ({"subtype": "huddle_thread", "room": {"id": "R1"}}, "system", "huddle_thread"),
        ({"text": ""}, "message", "empty"),
        ({"text": "", "files": [{"name": "a.png"}]}, "message", "media only"),
        ({"text": "", "attachments": [{"is_share": True, "text": "theirs"}]}, "message", "forwarded"),
        ({"text": "", "attachments": [{"is_msg_unfurl": True, "text": "theirs"}]}, "message", "forwarded"),
        ({"text": "&gt; theirs\n&gt;more of it"}, "message", "quote"),
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
        (message(stamp="yesterday"), "it has no usable time stamp (ts)"),
        (message(stamp="nan"), "it has no usable time stamp (ts)"),
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
    [found], report = read_all(path)
    assert (found.text, found.author) == ("@U1 ping", "U1")
    assert report.assumptions == ("users.json is unusable (is not complete JSON): ids stand where names would",)


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
    stamps = [m.timestamp for m in ts.read(write_zip(tmp_path / "e.zip", members | {"users.json": "[]"}))]
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
    text = json.dumps([message("été"), message("bro!ken", "1456000001.0")], ensure_ascii=False)
    path = write(tmp_path / "general.json", text.encode().replace(b"bro!", b"bro\xff"))
    reading = ts.read(path)
    assert [m.text for m in reading] == ["été"]
    assert [str(p) for p in reading.report.problems] == [
        f"{path}, message 2: holds bytes that are not text; save the file as UTF-8"
    ]
    assert reading.report.assumptions == ("encoding: UTF-8 with broken bytes",)


# Words of others, words on files


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("&gt; theirs\nmine", "mine"),
        ("before\n&gt;theirs\nafter", "before\nafter"),
        ("mine\n&gt;&gt;&gt; theirs\nand theirs", "mine"),
        ("3 &gt; 2", "3 > 2"),
    ],
)
def test_quoted_lines_are_left_out(tmp_path, raw, text):
    assert read_one(tmp_path, message(raw))[0].text == text


LINK = "<https://x.slack.com/files/U1/F1/a.png|a.png>"


@pytest.mark.parametrize(
    ("fields", "text", "skip"),
    [
        ({"text": f"<@U1|ana> uploaded a file: {LINK}"}, "", "media only"),
        ({"text": f"<@U1|ana> shared a file: {LINK}", "upload": False}, "", "media only"),
        ({"text": f"<@U1> lud eine Datei hoch: {LINK} und kommentierte: so: ja"}, "so: ja", None),
        (
            {
                "text": f"<@U1> uploaded a file: {LINK} and commented: see: <https://x.org|x>",
                "file": {"name": "a.png", "initial_comment": {"comment": "see: <https://x.org|x>"}},
            },
            "see: x",
            None,
        ),
        # Newer exports have plain words here.
        ({"text": "look at this", "files": [{"name": "a.png"}], "file": None}, "look at this", None),
        (
            {
                "subtype": "file_comment",
                "text": f"<@U2> commented on a file {LINK}: fine",
                "comment": {"user": "U2", "comment": "fine"},
                "user": None,
            },
            "fine",
            None,
        ),
    ],
)
def test_old_exports_wrap_what_is_said_on_files(tmp_path, fields, text, skip):
    record = message(subtype="file_share", file={"name": "a.png"}, upload=True) | fields
    found, _ = read_one(tmp_path, record)
    assert (found.text, found.skip, found.attachments) == (text, skip, ("a.png",))
    assert found.author == ("Bo Berg" if record["subtype"] == "file_comment" else "Ana")


def test_pieces_of_rich_text_are_written_as_in_a_text(tmp_path):
    pieces = [
        {"type": "user", "user_id": "U1"},
        {"type": "text", "text": " sees "},
        {"type": "link", "url": "https://x.org"},
        {"type": "text", "text": " "},
        {"type": "emoji", "name": "tada"},
    ]
    quote = {"type": "rich_text_quote", "elements": [{"type": "text", "text": "theirs"}]}
    blocks = [{"type": "rich_text", "elements": [quote, {"type": "rich_text_section", "elements": pieces}]}]
    assert read_one(tmp_path, message("", blocks=blocks))[0].text == "@Ana sees https://x.org :tada:"


# Full exports and Enterprise Grid


FULL = {
    "users.json": json.dumps(USERS),
    "channels.json": json.dumps(CHANNELS),
    "groups.json": json.dumps([{"id": "G1", "name": "hiring"}]),
    "dms.json": json.dumps([{"id": "D0123456789", "members": ["U1", "U2"]}]),
    "mpims.json": json.dumps([{"id": "G2", "name": "mpdm-ana--bo--cy-1"}]),
    "canvases.json": "[]",
    "integration_logs.json": json.dumps([{"user_id": "U1", "ts": "1"}]),
    "payments/2026-03-13.json": json.dumps([message("in <#G1>", "1773396000.000001")]),
    "payments/canvas_in_the_conversation.json": "{}",
    "hiring/2026-03-13.json": json.dumps([message("b", "1773396000.000001")]),
    "D0123456789/2026-03-13.json": json.dumps([message("c", "1773396000.000001")]),
    "mpdm-ana--bo--cy-1/2026-03-13.json": json.dumps([message("d", "1773396000.000001")]),
    "FC:F01:Plan/2026-03-13.json": json.dumps([message("e", "1773396000.000001")]),
}


def test_a_full_export_has_private_conversations_too(tmp_path):
    reading = ts.read(write_zip(tmp_path / "e.zip", FULL))
    found = {m.channel: m.text for m in reading}
    assert found == {
        "payments": "in #hiring",
        "hiring": "b",
        "D0123456789": "c",
        "mpdm-ana--bo--cy-1": "d",
        "FC:F01:Plan": "e",
    }
    [account] = reading.report.files
    # Canvases and the log of applications.
    assert account.details["other files"] == 3
    assert (account.details["users"], account.details["channels"]) == (3, 1)
    assert reading.report.problems == ()


GRID = {
    "org_users.json": json.dumps(USERS),
    "channels.json": json.dumps([{"id": "C9", "name": "all-hands"}]),
    "all-hands/2026-03-13.json": json.dumps([message("a <@U1>")]),
    "teams/emea/users.json": json.dumps(USERS[:1]),
    "teams/emea/channels.json": json.dumps([{"id": "C1", "name": "general"}]),
    "teams/emea/general/2026-03-13.json": json.dumps([message("b")]),
    "teams/emea/D0123456789/2026-03-13.json": json.dumps([message("c")]),
    "teams/apac/channels.json": json.dumps([{"id": "C2", "name": "general"}]),
    "teams/apac/general/2026-03-13.json": json.dumps([message("d <@U2> <#C1>")]),
}


@pytest.mark.parametrize("prefix", ["", "Org export/"])
def test_a_grid_keeps_channels_of_one_name_apart(tmp_path, prefix):
    members = {prefix + name: data for name, data in GRID.items()}
    reading = ts.read(write_zip(tmp_path / "e.zip", members))
    assert sorted((m.channel, m.text) for m in reading) == [
        ("D0123456789", "c"),
        ("all-hands", "a @Ana"),
        ("apac/general", "d @Bo Berg #general"),
        ("emea/general", "b"),
    ]
    [account] = reading.report.files
    assert (account.details["users"], account.details["channels"]) == (3, 3)


def test_a_grid_without_anything_above_its_workspaces_is_one_export(tmp_path):
    members = {name: data for name, data in GRID.items() if name.startswith("teams/")}
    reading = ts.read(write_zip(tmp_path / "e.zip", members))
    assert {m.channel for m in reading} == {"D0123456789", "apac/general", "emea/general"}
    assert len(reading.report.files) == 1


def test_an_export_in_which_nothing_was_said_is_an_export(tmp_path):
    users = [{"id": "U1", "team_id": "T1", "name": "ana"}]
    reading = ts.read(write_zip(tmp_path / "e.zip", {"users.json": json.dumps(users), "channels.json": "[]"}))
    assert list(reading) == []
    assert [f.format for f in reading.report.files] == ["slack"]


def test_what_macos_adds_and_hidden_files_are_no_messages(tmp_path):
    members = export(message(), prefix="Team/", more={"__MACOSX/Team/._users.json": "x", ".DS_Store": "x"})
    reading = ts.read(write_zip(tmp_path / "e.zip", members))
    assert [m.channel for m in reading] == ["payments"]
    assert reading.report.problems == ()


def test_names_in_a_zip_without_the_utf8_flag(tmp_path):
    path = write_zip(tmp_path / "e.zip", export(message()) | {"café/2026-03-13.json": json.dumps([message()])})
    data = path.read_bytes()
    # The same bytes of the name, said to be cp437 as old tools do.
    flagged = zipfile.ZipFile(path).getinfo("café/2026-03-13.json")
    assert flagged.flag_bits & 0x800
    path.write_bytes(data.replace(b"\x00\x08\x00\x00", b"\x00\x00\x00\x00"))
    assert "café" in {m.channel for m in ts.read(path)}


def test_overlapping_exports_count_a_message_once(tmp_path):
    write_zip(tmp_path / "a.zip", export(message("once"), message("a", "1773396001.000000")))
    write_zip(tmp_path / "b.zip", export(message("once"), message("b", "1773396002.000000")))
    reading = ts.read(tmp_path)
    assert [m.text for m in reading] == ["once", "a", "b"]
    assert reading.report.skipped == {"duplicate": 1}


# Dumps


REPLY = message("reply", "1773396005.000000", thread_ts=TS)
DUMPS = {
    "api page": {"ok": True, "messages": [message()], "has_more": False, "response_metadata": {"next_cursor": ""}},
    "list": [message()],
    "slackdump": {"channel_id": "C1", "name": "payments", "messages": [message()]},
    "slackdump, name last": {"messages": [message()], "channel_id": "C1", "name": "payments"},
    "script": {"channel_info": {"id": "C1", "name": "payments"}, "messages": [message()]},
    "number": [message() | {"ts": 1773396000.0001}],
    "single": message(),
}


@pytest.mark.parametrize("dump", DUMPS)
def test_every_dump_gives_the_message_of_the_export(tmp_path, dump):
    path = write(tmp_path / "payments.json", json.dumps(DUMPS[dump]))
    if "name" in dump:
        path = path.rename(tmp_path / "other.json")
    [found] = ts.read(path)
    exported, _ = read_one(tmp_path, message())
    assert (found.id, found.text, found.channel, found.timestamp) == (
        exported.id,
        exported.text,
        exported.channel,
        exported.timestamp,
    )


def test_replies_that_slackdump_nests_are_read_after_their_root(tmp_path):
    root = message("root", thread_ts=TS, replies=[{"user": "U1", "ts": "1"}], slackdump_thread_replies=[REPLY])
    path = tmp_path / "C1.json"
    path.write_text(
        json.dumps({"channel_id": "C1", "name": "payments", "messages": [root, message("b", "1773396009.0")]})
    )
    reading = ts.read(path)
    assert [(m.locator, m.text, m.reply_to) for m in reading] == [
        ("message 1", "root", None),
        ("message 1, reply 1", "reply", TS),
        ("message 2", "b", None),
    ]
    assert reading.report.read == 3


def test_dumps_beside_a_list_of_users_have_their_names(tmp_path):
    dump = {"channel_id": "C1", "name": "payments", "messages": [message("<@U2> ping")]}
    write_folder(tmp_path / "dump", {"users.json": json.dumps(USERS), "C1.json": json.dumps(dump), "C2.json": '{"a'})
    reading = ts.read(tmp_path / "dump")
    assert [(m.channel, m.author, m.text) for m in reading] == [("payments", "Ana", "@Bo Berg ping")]


def test_days_without_lists_are_named_after_their_folder(tmp_path):
    write_folder(tmp_path / "export/payments", {"2026-03-13.json": json.dumps([message()])})
    for path in (tmp_path / "export", tmp_path / "export/payments", tmp_path / "export/payments/2026-03-13.json"):
        assert [m.channel for m in ts.read(path)] == ["payments"]


def test_a_dump_that_breaks_off_is_read_as_far_as_it_goes(tmp_path):
    path = write(tmp_path / "payments.json", json.dumps([message(), message("b", "1773396009.0")], indent=1)[:-30])
    reading = ts.read(path)
    assert [m.text for m in reading] == ["We agreed on it."]
    [problem] = reading.report.problems
    assert problem.problem == "is not complete JSON"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ('{"ok": false, "error": "not_in_channel"}', "holds no list of messages; give a Slack export"),
        ('{"messages": []', "is not complete JSON; export it again"),
    ],
)
def test_a_file_without_messages_says_so(tmp_path, data, problem):
    path = write(tmp_path / "payments.json", data)
    with pytest.raises(InputError) as error:
        list(ts.read(path, format="slack"))
    assert str(error.value).endswith(problem)


# Texts


def test_a_text_of_slackdump_is_read_turn_by_turn(tmp_path):
    path = tmp_path / "payments.txt"
    path.write_text(
        "\n> Ana Ruiz [U1] @ 13/03/2026 10:00:00 Z:\nWe agreed\nand left\n"
        "|   \n|   > Bo [U2] @ 13/03/2026 11:05:00 +0100:\n|   fine\n\n> Cy [U3] @ 31/12/3000 10:00:00 Z:\nlate\n"
    )
    reading = ts.read(path)
    found = [(m.author, m.author_id, m.text, m.timestamp) for m in reading]
    assert found == [
        ("Ana Ruiz", "U1", "We agreed\nand left", datetime(2026, 3, 13, 10, tzinfo=UTC)),
        ("Bo", "U2", "fine", datetime(2026, 3, 13, 10, 5, tzinfo=UTC)),
    ]
    assert [str(p) for p in reading.report.problems] == [f"{path}, line 9: the date 3000-12-31 is in the future"]


TXT = {
    "channels/payments.txt": "payments\n[2026-03-13 10:00:00 UTC] Ana: We agreed\non it\n2026-03-13 10:01 - Bo: fine\n",
    "dms/Ana.txt": "[2026-03-13T10:02:00Z] <Ana> see you\n",
    "files/files.txt": "https://x.slack.com/files/a.png\n",
}


def test_the_txt_export_of_one_user(tmp_path):
    reading = ts.read(write_zip(tmp_path / "e.zip", TXT))
    found = [(m.channel, m.author, m.text, m.tz_assumed) for m in reading]
    assert found == [
        ("payments", "Ana", "We agreed\non it", False),
        ("payments", "Bo", "fine", True),
        ("@Ana", "Ana", "see you", False),
    ]
    assert reading.report.skipped == {"heading": 1, "list of files": 1}


def test_a_txt_export_of_another_shape_is_told_not_lost(tmp_path):
    reading = ts.read(write_zip(tmp_path / "e.zip", TXT | {"channels/ops.txt": "who knows\nwhat this is\n"}))
    assert len(list(reading)) == 3
    [problem] = reading.report.problems
    assert (problem.problem, problem.hint) == (
        "holds no line that begins with a day, a time and a name",
        "choose JSON when exporting",
    )


@pytest.mark.parametrize(
    ("name", "data", "is_ours"),
    [
        ("a.json", json.dumps([message()]), True),
        ("a.json", json.dumps(DUMPS["api page"]), True),
        ("a.txt", "> Ana [U1] @ 13/03/2026 10:00:00 Z:\nhi\n", True),
        ("a.txt", "> somebody said [once]\n", False),
        ("a.jsonl", json.dumps(message()) + "\n", False),
        ("a.json", '[{"Id": "1", "Body": {}, "CreatedDateTime": "2026-03-13"}]', False),
        ("a.json", '{"guild": {}, "messages": [{"id": "1", "content": "x"}]}', False),
        ("a.json", "", False),
    ],
)
def test_sniff_claims_its_own_and_leaves_the_neighbours(tmp_path, name, data, is_ours):
    assert (slack.sniff(open_file(write(tmp_path / name, data))) >= 0.8) == is_ours


def test_other_folders_are_not_claimed(tmp_path):
    write_folder(tmp_path, {"users.json": "[]", "notes.md": "- We agreed\n", "channels/plan.txt": "We agreed\n"})
    assert slack.sniff(open_directory(tmp_path)) == 0.0


VALID = json.dumps({"channel_id": "C1", "name": "payments", "messages": [message(), REPLY]}).encode()


def test_damaged_dumps_never_crash(tmp_path):
    damage_never_crashes(tmp_path / "a.json", VALID, format="slack", system=True)


def test_a_folder_of_days_that_cannot_be_read_is_told(tmp_path):
    path = write_zip(tmp_path / "e.zip", {"payments/2026-03-13.json": [message()]}, zipfile.ZIP_STORED)
    data = path.read_bytes()
    start = data.index(b"We agreed")
    path.write_bytes(data[:start] + b"XX" + data[start + 2 :])
    reading = ts.read(path)
    assert list(reading) == []
    assert [p.problem for p in reading.report.problems] == [
        "cannot be read: Bad CRC-32 for file 'payments/2026-03-13.json'"
    ]
