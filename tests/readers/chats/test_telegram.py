"""Telegram: one chat, an account, old and new exports against one list; what is left out; topics; damage."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from damage import JSON, MANY, damage_never_crashes, read_anyway
from exports import read_all, write
from hypothesis import given
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers.chats import telegram
from textsignals.readers.sources import open_file

# 2 March 2026, 9:05 UTC, which is 11:05 in Riga.
EPOCH = 1772442300
STYLED = ["Look at ", {"type": "text_link", "text": "the plan", "href": "https://example.org"}, ", ", "thanks ", ""]


def message(number, text="", seconds=0, **fields):
    record = {
        "id": number,
        "type": "message",
        "date": datetime.fromtimestamp(EPOCH + seconds, tz=ZoneInfo("Europe/Riga")).strftime("%Y-%m-%dT%H:%M:%S"),
        "date_unixtime": str(EPOCH + seconds),
        "from": "Ana",
        "from_id": "user11",
        "text": text,
        "text_entities": [],
    }
    return record | fields


def service(number, action, **fields):
    record = message(number) | {"type": "service", "actor": "Ben", "actor_id": "user12", "action": action}
    del record["from"], record["from_id"]
    return record | fields


MESSAGES = [
    service(1, "create_group", title="Payments"),
    message(2, "We agreed on the plan", 5),
    message(3, [*STYLED, {"type": "mention", "text": "@ben"}], 9, reply_to_message_id=2, edited="2026-03-02T11:06:00"),
    message(4, "", 20, photo="photos/photo_1@02-03-2026.jpg", **{"from": None}),
]
EXPECTED = [
    ("telegram:77:1", "system", "", "Ben", "user12", 0, None, "join or leave"),
    ("telegram:77:2", "message", "We agreed on the plan", "Ana", "user11", 5, None, None),
    ("telegram:77:3", "message", "Look at the plan, thanks @ben", "Ana", "user11", 9, "telegram:77:2", None),
    ("telegram:77:4", "message", "", None, "user11", 20, None, "media only"),
]
FIELDS = ("id", "kind", "text", "author", "author_id", "timestamp", "reply_to", "skip")
CHAT = {"name": "Payments", "type": "private_supergroup", "id": 77, "messages": MESSAGES}
ACCOUNT = {
    "about": "Here is the data you requested. Remember: Telegram is ad free.",
    "personal_information": {"user_id": 11, "first_name": "Ana", "phone_number": "000"},
    "contacts": {"about": "contacts", "list": [{"first_name": "Ben"}]},
    "sessions": {"about": "", "list": []},
    "chats": {"about": "This page lists all chats.", "list": [CHAT]},
}
VALID = json.dumps(CHAT, indent=1).encode()


def without(record, *keys):
    return {key: value for key, value in record.items() if key not in keys}


DIALECTS = {
    "one chat": CHAT,
    "account": ACCOUNT,
    "account with chats that were left": without(ACCOUNT, "chats") | {"left_chats": {"about": "", "list": [CHAT]}},
    "only chats": {"about": "From Telegram.", "chats": {"list": [CHAT]}},
    "old, with local times and edits of 1970": CHAT
    | {
        "messages": [{"edited": "1970-01-01T02:00:00"} | without(m, "date_unixtime", "text_entities") for m in MESSAGES]
    },
}


def put(folder, data, name="result.json"):
    return write(folder / name, data if isinstance(data, bytes) else json.dumps(data, indent=1, ensure_ascii=False))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_messages(tmp_path, dialect):
    reading = ts.read(put(tmp_path, DIALECTS[dialect]), tz=ZoneInfo("Europe/Riga"), system=True)
    messages = list(reading)
    expected = [(*row[:5], datetime.fromtimestamp(EPOCH + row[5], tz=UTC), *row[6:]) for row in EXPECTED]
    assert [tuple(getattr(m, field) for field in FIELDS) for m in messages] == expected
    assert [m.edited for m in messages] == [False, False, True, False]
    assert messages[3].attachments == ("photo_1@02-03-2026.jpg",)
    assert {m.channel for m in messages} == {"Payments"}
    assert messages[1].locator == "message 2"
    report = reading.report.files[0]
    assert (report.format, report.details) == ("telegram", {"chats": 1, "service messages": 1, "messages": 3})
    old = dialect.startswith("old")
    assert report.assumptions == (("time zone: Europe/Riga for times that name none",) if old else ())
    assert {m.tz_assumed for m in messages} == {old}


def test_each_chat_of_an_account_keeps_its_own_name_and_numbers(tmp_path):
    nameless = {"type": "private_group", "id": 78, "messages": [message(2, "Hello")]}
    small = {"type": "private_group", "name": "Retro", "id": 11, "messages": [message(2, "To do")]}
    account = ACCOUNT | {"chats": {"list": [CHAT, nameless, small, {"name": "Empty", "id": 5, "messages": []}]}}
    messages = list(ts.read(put(tmp_path, account)))
    assert [(m.channel, m.id) for m in messages[2:]] == [("chat 78", "telegram:78:2"), ("Retro", "telegram:11:2")]


@pytest.mark.parametrize("kind", ["personal_chat", "bot_chat", "saved_messages"])
def test_private_chats_are_one_channel_without_names_of_people(tmp_path, kind):
    answers = [message(2, "one"), message(3, "two", reply_to_message_id=2)]
    chats = [
        {"type": kind, "name": name, "id": 78 + i, "messages": answers} for i, name in enumerate(("Ben Ode", None))
    ]
    messages = list(ts.read(put(tmp_path, ACCOUNT | {"chats": {"list": chats}})))
    assert [(m.channel, m.thread_id) for m in messages] == [
        ("direct messages", "telegram:78"),
        ("direct messages", "telegram:78:2"),
        ("direct messages", "telegram:79"),
        ("direct messages", "telegram:79:2"),
    ]


def test_what_is_no_chat_is_quarantined_and_the_next_is_read(tmp_path):
    account = ACCOUNT | {"chats": {"list": ["odd", CHAT]}}
    reading = ts.read(put(tmp_path, account))
    assert len(list(reading)) == 2
    assert [str(p) for p in reading.report.problems] == [
        f"{tmp_path}/result.json, chat 1: is no chat with a list of messages; export the chat again"
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        (["a ", {"type": "bold", "text": "b"}, {"type": "custom_emoji", "text": "👍"}], "a b👍"),
        ([{"type": "mention_name", "text": "Ben Ode", "user_id": 12}, " ok"], "@Ben Ode ok"),
        (["mine", {"type": "blockquote", "text": "theirs"}], "mine"),
        (["see", {"type": "pre", "text": "x = 1", "language": "py"}], "see"),
        ([{"type": "hashtag", "text": "#retro"}, " ", {"type": "code", "text": "ls"}], "#retro ls"),
        (["odd", 7, None, {"type": "bold"}], "odd"),
    ],
)
def test_text_is_a_string_or_a_list(tmp_path, text, shown):
    [found] = ts.read(put(tmp_path, CHAT | {"messages": [message(2, text)]}))
    assert found.text == shown


@pytest.mark.parametrize(
    ("record", "skip", "kind"),
    [
        (service(5, "invite_members", members=["Cy"]), "join or leave", "system"),
        (service(5, "join_group_by_link"), "join or leave", "system"),
        (service(5, "remove_members"), "join or leave", "system"),
        (service(5, "phone_call", discard_reason="hangup"), "call", "system"),
        (service(5, "group_call"), "call", "system"),
        (service(5, "pin_message"), "pin_message", "system"),
        (service(5, ""), "system", "system"),
        (message(5, "theirs", forwarded_from="Cy"), "forwarded", "message"),
        (message(5, "theirs", forwarded_from=None, forwarded_from_id="user13"), "forwarded", "message"),
        (message(5, "theirs", forwarded_from=None, saved_from="Cy"), "forwarded", "message"),
        (message(5, "a picture", via_bot="@gif"), "bot", "message"),
        (message(5, poll={"question": "Friday?", "answers": []}), "poll", "message"),
        (message(5, file="(File not included.)", media_type="sticker"), "media only", "message"),
        (message(5, location_information={"latitude": 1}), "media only", "message"),
        (message(5, [{"type": "blockquote", "text": "theirs"}]), "quote", "message"),
        (message(5), "empty", "message"),
        (message(5, "x") | {"type": "unsupported"}, "unsupported", "system"),
        (message(5, "caption", file="files/plan.pdf"), None, "message"),
    ],
)
def test_what_is_left_out_and_why(tmp_path, record, skip, kind):
    path = put(tmp_path, CHAT | {"messages": [record]})
    [found] = ts.read(path, system=True)
    assert (found.skip, found.kind) == (skip, kind)
    assert len(list(ts.read(path))) == (skip is None)


def test_a_chat_with_a_bot_has_only_the_members_words(tmp_path):
    bot = message(3, "Your report is ready", 3, **{"from": "Reports", "from_id": "user77"})
    chat = CHAT | {"type": "bot_chat", "messages": [message(2, "report please"), bot]}
    first, second = ts.read(put(tmp_path, chat), system=True)
    assert (first.is_bot, first.skip) == (False, None)
    assert (second.is_bot, second.skip) == (True, "bot")


def test_answers_belong_to_the_thread_of_what_they_answer(tmp_path):
    chain = [
        message(2, "one"),
        message(3, "two", reply_to_message_id=2),
        message(4, "three", reply_to_message_id=3),
        message(5, "four", reply_to_message_id=9, reply_to_peer_id="channel5"),
    ]
    messages = list(ts.read(put(tmp_path, CHAT | {"messages": chain})))
    assert [m.thread_id for m in messages] == [None, "telegram:77:2", "telegram:77:2", None]
    assert [m.reply_to for m in messages] == [None, "telegram:77:2", "telegram:77:3", None]


def test_topics_of_a_forum_are_threads_with_a_title(tmp_path):
    forum = [
        service(10, "topic_created", title="Retro"),
        message(11, "in the topic", reply_to_message_id=10),
        message(12, "answer in the topic", reply_to_message_id=11),
        service(13, "topic_edit", new_title="Retro May", reply_to_message_id=10),
        message(14, "after that", reply_to_message_id=10),
        message(15, "elsewhere"),
    ]
    messages = list(ts.read(put(tmp_path, CHAT | {"messages": forum})))
    assert [(m.section, m.thread_id, m.reply_to) for m in messages] == [
        ("Retro", "telegram:77:10", None),
        ("Retro", "telegram:77:10", "telegram:77:11"),
        ("Retro May", "telegram:77:10", None),
        (None, None, None),
    ]


def test_reactions_are_counted_by_their_sign(tmp_path):
    given_ = [
        {"type": "emoji", "count": 3, "emoji": "👍", "recent": []},
        {"type": "custom_emoji", "count": 1, "document_id": "1"},
        {"type": "paid", "count": 2},
    ]
    [found] = ts.read(put(tmp_path, CHAT | {"messages": [message(2, "ok", reactions=given_)]}))
    assert found.reactions == {"👍": 3, "custom_emoji": 1, "paid": 2}


def test_messages_that_cannot_be_are_quarantined_one_by_one(tmp_path):
    odd = [
        "not an object",
        message(3, "x", date_unixtime="12345"),
        message(4, "x", date_unixtime="soon"),
        without(message(5, "x"), "date", "date_unixtime"),
        without(message(6, "x", date="2026-02-30T10:00:00"), "date_unixtime"),
        message(7, "x", reactions=[{"emoji": "a", "count": "many"}]),
        message(8, "sound"),
    ]
    reading = ts.read(put(tmp_path, CHAT | {"messages": odd}))
    assert [m.text for m in reading] == ["sound"]
    assert [(p.place, p.problem) for p in reading.report.problems] == [
        ("message 1", "is not a message object"),
        ("message 2", "the date 1970-01-01 is before 1990"),
        ("message 3", "is damaged (ValueError)"),
        ("message 4", "it has no usable date"),
        ("message 5", "is damaged (ValueError)"),
        ("message 6", "is damaged (ValueError)"),
    ]


HTML = (
    b'<!DOCTYPE html>\n<html>\n <head>\n  <meta charset="utf-8"/>\n<title>Exported Data</title>\n'
    b'<link href="css/style.css" rel="stylesheet"/>\n</head>\n<body><div class="page_wrap">'
    b'<div class="pull_right date details" title="02.03.2026 11:05:00 UTC+02:00">11:05</div></div></body></html>'
)


def test_the_html_form_asks_for_json(tmp_path):
    path = put(tmp_path, HTML, "messages.html")
    with pytest.raises(InputError) as error:
        list(ts.read(path))
    assert str(error.value) == (
        f"{path}: is the HTML form of a Telegram export; export the chat again in Telegram Desktop and choose the "
        "format JSON, then give result.json"
    )


def test_an_export_without_messages_says_so(tmp_path):
    path = put(tmp_path, without(ACCOUNT, "chats"))
    with pytest.raises(InputError, match="holds no messages; export it again with the chats, as JSON"):
        list(ts.read(path))


def test_a_file_that_is_cut_off_gives_what_stands_before(tmp_path):
    reading = ts.read(put(tmp_path, VALID[: VALID.index(b'"id": 4')]))
    assert [m.id for m in reading] == ["telegram:77:2", "telegram:77:3"]
    [problem] = reading.report.problems
    assert problem.problem == "is not complete JSON"


def test_two_exports_that_overlap_have_the_same_ids(tmp_path):
    (tmp_path / "in").mkdir()
    put(tmp_path / "in", CHAT, "march.json")
    put(tmp_path / "in", ACCOUNT, "result.json")
    reading = ts.read(tmp_path / "in")
    assert len(list(reading)) == 2
    assert reading.report.skipped["duplicate"] == 2


@pytest.mark.parametrize(
    ("name", "data", "sure"),
    [
        *((f"{i}.json", json.dumps(data).encode(), 0.85) for i, data in enumerate(DIALECTS.values())),
        ("minimal.json", b'{"messages": [{"type": "message", "date_unixtime": "1544006350", "text": "x"}]}', 0.85),
        ("messages.html", HTML, 0.85),
        ("page.html", b"<html><head><title>Notes</title></head></html>", 0.0),
        ("discord.json", b'{"guild": {}, "messages": [{"timestamp": "2026-03-02", "content": "x"}]}', 0.0),
        ("slack.json", b'{"messages": [{"type": "message", "user": "U1", "text": "x", "ts": "1.0"}]}', 0.0),
        ("chat.json", b'{"messages": [{"creator": {}, "created_date": "x", "topic_id": "a", "text": ""}]}', 0.0),
        ("list.json", b'[{"date": "2026-03-02", "text": "x"}]', 0.0),
        ("a.txt", b"12/9/20, 23:55 - Ana: hi", 0.0),
        ("a.bin", bytes(range(256)), 0.0),
    ],
)
def test_sniff_claims_its_own(tmp_path, name, data, sure):
    found = telegram.sniff(open_file(put(tmp_path, data, name)))
    assert found >= sure if sure else found == 0


SAMPLES = {
    # File: service messages, messages, why messages are left out.
    "BIG_20A_5475M.json": (0, 5475, {}),
    "DM_2A_7M.json": (2, 6, {"join or leave": 1, "call": 1, "media only": 2}),
    "innerdvations-private_channel.json": (2, 5, {"join or leave": 1, "pin_message": 1, "poll": 2}),
    # Of the 20 messages 6 have no text: 2 polls, 2 forwarded, 1 film and 1 picture by a bot; 4 more are forwarded.
    "innerdvations-saved.json": (1, 20, {"pin_message": 1, "forwarded": 6, "media only": 2, "poll": 2}),
    "test_single_export.json": (0, 2, {}),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_read_as_counted(samples, name):
    services, messages, skipped = SAMPLES[name]
    path = samples / "telegram" / name
    read, report = read_all(path)
    details = report.files[0].details
    assert (details.get("service messages", 0), details["messages"]) == (services, messages)
    assert dict(report.skipped) == dict(sorted(skipped.items()))
    assert len(read) == report.yielded == services + messages - sum(skipped.values())
    raw = {str(m["id"]): m for m in json.loads(path.read_text("utf-8"))["messages"] if "id" in m}
    for message_ in read:
        original = raw.get(message_.id.rsplit(":", 1)[1])
        if original and isinstance(original["text"], str):
            assert (message_.text, message_.author) == (original["text"], original["from"])
    assert report.problems == ()


@pytest.mark.parametrize("data", [VALID, json.dumps(ACCOUNT).encode(), HTML], ids=["chat", "account", "html"])
def test_damaged_files_never_crash(tmp_path, data):
    damage_never_crashes(tmp_path / "result.json", data, format="telegram", system=True)


KEYS = [*message(1), "reply_to_message_id", "reactions", "edited", "photo", "file", "action", "title", "poll", "actor"]


@MANY
@given(st.dictionaries(st.sampled_from(KEYS), JSON), JSON, JSON)
def test_fields_of_any_type_never_crash(folder, fields, name, id_):
    chat = {"name": name, "id": id_, "messages": [message(2, "x") | fields, fields, message(8, "sound")]}
    path = write(folder / "result.json", ACCOUNT | {"chats": {"list": [chat]}})
    assert read_anyway(path, system=True)[-1].text == "sound"
