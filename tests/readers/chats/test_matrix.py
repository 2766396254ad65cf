"""Matrix rooms: Element's export in its forms, edits, redactions, quotes and threads, damage."""

from __future__ import annotations

import json

import pytest
from damage import JSON, MANY, damage_never_crashes, read_anyway
from exports import read_all, write, zipped
from hypothesis import given
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import sniff

TS = 1_773_396_000_000
ANA, BO = "@ana:example.org", "@bo:example.org"
HTML = "org.matrix.custom.html"


def event(number, body="We ship today", sender=ANA, *, content=None, **fields):
    """One event; its number is its second and its id."""
    return {
        "type": "m.room.message",
        "sender": sender,
        "event_id": f"$e{number}",
        "origin_server_ts": TS + number * 1000,
        "content": {"msgtype": "m.text", "body": body} | (content or {}),
        "unsigned": {"age": 7},
        "room_id": "!r:example.org",
    } | fields


def edit(number, target, body, sender=ANA, new=None):
    content = {
        "body": f"* {body}",
        "m.new_content": {"msgtype": "m.text", "body": body} | (new or {}),
        "m.relates_to": {"rel_type": "m.replace", "event_id": f"$e{target}"},
    }
    return event(number, sender=sender, content=content)


def member(number, sender, name):
    content = {"membership": "join", "displayname": name}
    return event(number, sender=sender, type="m.room.member", state_key=sender) | {"content": content}


def export(*events, **fields):
    head = {"room_name": "Payments", "room_creator": "Ana", "topic": "", "export_date": "13.3.2026"}
    return json.dumps(head | {"exported_by": "Ana"} | fields | {"messages": list(events)}, indent=2)


VALID = {
    "matrix - Payments - Chat Export - 2026-03-13.json": export(
        member(1, ANA, "Ana"),
        event(2, content={"format": HTML, "formatted_body": "We <b>ship</b> today<![x["}),
        edit(3, 2, "We ship tomorrow"),
        event(4, "> <@ana:example.org> We ship today\n\nGood", BO, content={"m.relates_to": {"m.in_reply_to": {}}}),
        event(5, "", content={}, type="m.room.encrypted"),
    ).encode(),
}


def read_room(tmp_path, *events, name="matrix - Payments - Chat Export - 2026-03-13.json", **fields):
    return read_all(write(tmp_path / name, export(*events, **fields)), system=True)


def test_a_message_has_author_time_room_and_id(tmp_path):
    [_, found, other], report = read_room(tmp_path, member(1, ANA, "Ana"), event(2), event(3, sender=BO))
    assert (found.id, found.text, found.kind) == ("matrix:$e2", "We ship today", "message")
    assert (found.author, found.author_id, other.author) == ("Ana", ANA, BO)
    assert (str(found.timestamp), found.time_source) == ("2026-03-13 10:00:02+00:00", "record")
    assert (found.channel, found.locator) == ("Payments", "message 2")
    assert report.files[0].details == {"m.room.member": 1, "m.room.message": 2}
    assert report.assumptions == ()


EVENTS = [member(1, ANA, "Ana"), event(2), edit(3, 2, "We ship tomorrow"), event(4, "Good", BO)]
FORMS = {
    "matrix - Payments - Chat Export - 2026-03-13.json": export(*EVENTS),
    # Element of old, and a room without its name.
    "matrix-Payments-export-2026-03-13.json": export(*EVENTS, room_name=""),
    "export.zip": zipped(
        {"export.json": export(*EVENTS), "images/cat.png": "x", "files/a.txt": "no words of the chat"}
    ),
    "wrapped.zip": zipped({"matrix - Payments/export.json": export(*EVENTS), "matrix - Payments/images/cat.png": "x"}),
    # The API: newest first, in pages.
    "Payments.json": json.dumps({"start": "a", "end": "b", "chunk": EVENTS[::-1]}),
    "nested/Payments.json": json.dumps({"messages": {"chunk": EVENTS[::-1], "start": "a"}}),
    "list/Payments.json": json.dumps(EVENTS),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_a_room_is_read_alike(tmp_path, name):
    path, data = tmp_path / name, FORMS[name]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    reading = ts.read(path)
    found = sorted(reading, key=lambda m: m.id)
    assert [(m.id, m.author, m.text, m.edited, m.channel) for m in found] == [
        ("matrix:$e2", "Ana", "We ship tomorrow", True, "Payments"),
        ("matrix:$e4", BO, "Good", False, "Payments"),
    ]
    assert reading.report.skipped == {"edit": 1, "join or leave": 1}
    assert reading.report.read == 4
    assert sniff(path)[0] == "matrix"
    assert sniff(path)[1] >= 0.9


def test_the_latest_edit_by_the_author_counts_wherever_it_stands(tmp_path):
    events = [
        edit(9, 1, "third"),
        event(1, "first"),
        edit(5, 1, "second"),
        edit(12, 1, "forged", BO),
        event(2, "other"),
    ]
    messages, report = read_room(tmp_path, *events)
    assert [(m.id, m.text, m.edited) for m in messages] == [
        ("matrix:$e1", "third", True),
        ("matrix:$e2", "other", False),
    ]
    assert report.skipped == {"edit": 3}


def test_an_edit_that_the_message_itself_holds_counts(tmp_path):
    inside = {"m.relations": {"m.replace": edit(7, 1, "mended")}}
    [found], _ = read_room(tmp_path, event(1, "brokn", unsigned=inside))
    assert (found.text, found.edited) == ("mended", True)


def test_an_edit_of_a_message_outside_of_the_export_is_its_message(tmp_path):
    events = [edit(8, 1, "once"), edit(9, 1, "at last"), event(2)]
    messages, report = read_room(tmp_path, *events)
    assert [(m.id, m.text, m.edited, m.locator) for m in messages] == [
        ("matrix:$e2", "We ship today", False, "message 3"),
        ("matrix:$e1", "at last", True, "message 2"),
    ]
    assert report.skipped == {"edit": 1}


def test_old_edits_repeat_the_text_behind_an_asterisk(tmp_path):
    relation = {"m.relates_to": {"rel_type": "m.replace", "event_id": "$e1"}}
    [found], _ = read_room(tmp_path, event(1, "first"), event(2, "* second", content=relation))
    assert found.text == "second"


@pytest.mark.parametrize(
    "events",
    [
        [event(1, unsigned={"redacted_because": {"type": "m.room.redaction"}})],
        [event(1) | {"content": {}}],
        [event(1), event(2, type="m.room.redaction", redacts="$e1") | {"content": {}}],
        [event(1), event(2, type="m.room.redaction") | {"content": {"redacts": "$e1"}}],
        [event(1), edit(2, 1, "other"), event(3, type="m.room.redaction", redacts="$e1") | {"content": {}}],
    ],
)
def test_what_was_deleted_is_not_read(tmp_path, events):
    messages, report = read_room(tmp_path, *events)
    assert (messages[0].skip, messages[0].text, messages[0].deleted) == ("deleted", "", True)
    assert report.read == len(events)
    assert not [m for m in messages if not m.skip]


@pytest.mark.parametrize(
    ("fields", "skip", "kind"),
    [
        ({"content": {"msgtype": "m.emote", "body": "nods"}}, None, "message"),
        ({"content": {"msgtype": "org.example.own", "body": "words"}}, None, "message"),
        ({"content": {"msgtype": "m.notice", "body": "build 7 failed"}}, "bot", "system"),
        ({"content": {"msgtype": "m.image", "body": "cat.png"}}, "media only", "message"),
        ({"content": {"msgtype": "m.image", "body": "our board", "filename": "cat.png"}}, None, "message"),
        ({"content": {"msgtype": "m.location", "body": "52,13"}}, "media only", "message"),
        ({"content": {"msgtype": "m.key.verification.request", "body": "verify"}}, "system", "system"),
        ({"content": {"msgtype": "m.bad.encrypted", "body": "** Unable to decrypt **"}}, "encrypted", "message"),
        ({"content": {"msgtype": "m.text", "body": "   "}}, "empty", "message"),
        ({"content": {"msgtype": "m.text", "body": "> their words\n> more"}}, "quote", "message"),
        ({"type": "m.room.encrypted", "content": {"algorithm": "x", "ciphertext": "y"}}, "encrypted", "message"),
        ({"type": "m.sticker", "content": {"body": "cat"}}, "media only", "message"),
        ({"type": "m.reaction", "content": {"m.relates_to": {"key": "+1"}}}, "reaction", "system"),
        ({"type": "m.room.member", "content": {"membership": "leave"}}, "join or leave", "system"),
        ({"type": "m.room.topic", "content": {"topic": "t"}}, "m.room.topic", "system"),
        ({"type": "m.call.invite", "content": {}}, "call", "system"),
        ({"type": "org.matrix.msc3381.poll.start", "content": {}}, "poll", "message"),
        ({"type": "Odd Type!", "content": {}}, "system", "system"),
    ],
)
def test_words_of_people_are_told_from_all_else(tmp_path, fields, skip, kind):
    [found, last], report = read_room(tmp_path, event(1) | fields, event(2, "last"))
    assert (found.skip, found.kind) == (skip, kind)
    assert found.is_bot == (skip == "bot")
    assert last.text == "last"
    plain = ts.read(report.input)
    assert len(list(plain)) == (2 if skip is None else 1)


def test_pictures_keep_their_name_and_their_caption(tmp_path):
    content = {"msgtype": "m.image", "body": "our board", "filename": "cat.png"}
    [found, bare], _ = read_room(
        tmp_path, event(1) | {"content": content}, event(2) | {"content": {"msgtype": "m.file", "body": "a.pdf"}}
    )
    assert (found.text, found.attachments) == ("our board", ("cat.png",))
    assert (bare.text, bare.attachments, bare.skip) == ("", ("a.pdf",), "media only")


@pytest.mark.parametrize(
    ("body", "html", "text"),
    [
        ("> <@bo:example.org> Why?\n> Really?\n\nBecause.", None, "Because."),
        (
            "> <@bo:example.org> Why?\n\nBecause.",
            '<mx-reply><blockquote><a href="https://matrix.to/#/!r/$e">In reply to</a> '
            '<a href="https://matrix.to/#/@bo:example.org">Bo</a><br>Why?</blockquote></mx-reply>Because.',
            "Because.",
        ),
        ("> they said\n\nI say", "<blockquote><p>they said</p></blockquote><p>I say</p>", "I say"),
        ("Bo: **hi**", '<a href="https://matrix.to/#/@bo:example.org">Bo</a>: <strong>hi</strong>', "@Bo: hi"),
        ("@Bo hi", '<a href="https://matrix.to/#/%40bo%3Aexample.org">@Bo</a> hi', "@Bo hi"),
        ("a &lt; b", "a &lt; b &amp; c", "a < b & c"),
        ("see [it](https://x.org)", 'see <a href="https://x.org">it</a>', "see it"),
        ("one\n\ntwo", "<p>one</p><p>two</p>", "one\ntwo"),
        (">:( no", None, ">:( no"),
        ("x", "<![odd[x", "<![odd[x"),
        ("x", "1 < 2 <b>and</b> 3 > 2 <!-- so", "1 < 2 and 3 > 2 <!-- so"),
        # Would take the parser minutes if these were tags.
        ("x", "<a " * 60_000, ("<a " * 21_846)[:65_536].strip()),
    ],
)
def test_the_text_is_the_authors_own_as_people_saw_it(tmp_path, body, html, text):
    content = {"format": HTML, "formatted_body": html} if html else {}
    [found], _ = read_room(tmp_path, event(1, body, content=content))
    assert found.text == text


def test_replies_and_threads_keep_their_roots(tmp_path):
    root = event(1, unsigned={"m.relations": {"m.thread": {"count": 2}}})
    reply = event(2, content={"m.relates_to": {"m.in_reply_to": {"event_id": "$e1"}}})
    thread = {"rel_type": "m.thread", "event_id": "$e1", "is_falling_back": True, "m.in_reply_to": {"event_id": "$e2"}}
    in_thread = event(3, content={"m.relates_to": thread})
    answer = event(
        4, content={"m.relates_to": thread | {"is_falling_back": False, "m.in_reply_to": {"event_id": "$e3"}}}
    )
    messages, _ = read_room(tmp_path, root, reply, in_thread, answer)
    assert [(m.thread_id, m.reply_to) for m in messages] == [
        ("$e1", None),
        (None, "$e1"),
        ("$e1", "$e1"),
        ("$e1", "$e3"),
    ]


def test_reactions_that_a_server_counted_are_kept(tmp_path):
    counted = {"m.relations": {"m.annotation": {"chunk": [{"type": "m.reaction", "key": "👍", "count": 3}, 7]}}}
    [found], _ = read_room(tmp_path, event(1, unsigned=counted))
    assert found.reactions == {"👍": 3}


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ("text", "is not an event of Matrix"),
        ({"body": "no type"}, "is not an event of Matrix"),
        (event(2) | {"content": "text"}, "is damaged (it has no content); export it again"),
        (event(2) | {"content": {"msgtype": "m.text"}}, "is damaged (it has no text, body); export it again"),
        (
            event(2) | {"origin_server_ts": "now"},
            "is damaged (it has no usable time, origin_server_ts); export it again",
        ),
        (event(2) | {"origin_server_ts": 12}, "the date 1970-01-01 is before 1990"),
        (event(2) | {"origin_server_ts": 32_503_680_000_000}, "the date 3000-01-01 is in the future"),
    ],
)
def test_a_damaged_event_is_quarantined_and_the_others_are_read(tmp_path, record, problem):
    messages, report = read_room(tmp_path, event(1), record, event(3))
    assert [m.id for m in messages] == ["matrix:$e1", "matrix:$e3"]
    assert [str(p) for p in report.problems] == [f"{report.input}, message 2: {problem}"]
    assert (report.read, report.quarantined) == (3, 1)


def test_a_file_cut_off_gives_what_stands_before_the_cut(tmp_path):
    path = tmp_path / "room.json"
    text = export(event(1), edit(2, 1, "mended"), edit(3, 9, "of another"), event(4))
    path.write_text(text[: text.index('"$e4"')])
    reading = ts.read(path)
    assert [m.text for m in reading] == ["mended", "of another"]
    [problem] = reading.report.problems
    assert problem.problem == "is not complete JSON"
    assert (reading.report.read, reading.report.yielded, reading.report.quarantined) == (4, 2, 1)


def test_a_file_without_messages_says_so(tmp_path):
    path = write(tmp_path / "a.json", '{"origin_server_ts": 1, "sender": 2, "content": 3}')
    with pytest.raises(InputError, match="holds no list of messages; export the room as JSON"):
        list(ts.read(path))


def test_an_empty_room_is_read(tmp_path):
    messages, report = read_room(tmp_path)
    assert (messages, report.read) == ([], 0)


def test_overlapping_exports_are_counted_once(tmp_path):
    (tmp_path / "a.json").write_text(export(event(1), event(2)))
    (tmp_path / "b.json").write_text(export(event(2), event(3)))
    reading = ts.read(tmp_path)
    assert [m.id for m in reading] == ["matrix:$e1", "matrix:$e2", "matrix:$e3"]
    assert reading.report.skipped == {"duplicate": 1}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("result.json", '{"name": "Ana", "type": "personal_chat", "id": 1, "messages": [{"id": 1, "from": "Ana"}]}'),
        ("day.json", '[{"type": "message", "user": "U1", "text": "hi", "ts": "1773396000.000100"}]'),
        ("d.json", '{"guild": {"id": "1"}, "channel": {"id": "2"}, "messages": [{"id": "3", "content": "hi"}]}'),
        ("z.json", '{"result": "success", "messages": [{"sender_full_name": "Ana", "content": "hi", "timestamp": 1}]}'),
        ("a.jsonl", f"{json.dumps(event(1))}\n{json.dumps(event(2))}\n"),
        ("a.md", '# "origin_server_ts", "sender", "content"\n'),
    ],
)
def test_exports_of_others_are_left_to_their_readers(tmp_path, name, text):
    assert sniff(write(tmp_path / name, text))[0] != "matrix"


@pytest.mark.parametrize("name", VALID)
def test_damaged_exports_never_crash(folder, name):
    messages, report = read_all(write(folder / name, VALID[name]), format="matrix", system=True)
    assert messages
    assert report.problems == ()
    damage_never_crashes(folder / name, VALID[name], format="matrix", system=True)


KEYS = ["type", "sender", "event_id", "origin_server_ts", "content", "unsigned", "redacts", "state_key"]
INSIDE = ["body", "msgtype", "format", "formatted_body", "filename", "m.relates_to", "m.new_content", "displayname"]


@MANY
@given(
    st.dictionaries(st.sampled_from(KEYS), JSON),
    st.dictionaries(st.sampled_from(INSIDE), JSON),
    st.dictionaries(st.sampled_from(["rel_type", "event_id", "m.in_reply_to", "is_falling_back"]), JSON),
    st.dictionaries(st.sampled_from(["m.replace", "m.annotation", "m.thread"]), JSON),
    JSON,
)
def test_fields_of_any_type_never_crash(folder, fields, content, relation, bundled, room):
    path = folder / "fields.json"
    odd = [
        event(1) | fields,
        event(2, content=content),
        event(3, content={"m.relates_to": {"rel_type": "m.replace", "event_id": "$e1"} | relation}),
        event(4, unsigned={"m.relations": bundled}),
        edit(5, 4, "x", new=content),
        fields,
        member(6, ANA, room),
        event(7, "sound", BO),
    ]
    path.write_text(export(*odd, room_name=room))
    assert read_anyway(path, format="matrix", system=True)
