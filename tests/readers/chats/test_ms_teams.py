from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime

import pytest
from damage import JSON, MANY, damage_never_crashes, read_anyway
from exports import read_all, tarred, write
from hypothesis import given
from hypothesis import strategies as st

import textsignals as ts
from textsignals.readers.chats import ms_teams, slack
from textsignals.readers.chats.ms_teams_content import seen

TEAM = "11111111-aaaa-4bbb-8ccc-000000000001"
USER = "22222222-aaaa-4bbb-8ccc-000000000002"
CHANNEL = "19:abcdef@thread.tacv2"
GROUP = "19:0123456789abcdef@thread.v2"
PAIR = f"19:{USER}_{TEAM}@unq.gbl.spaces"
POST = {
    "Id": "1773396000000",
    "ReplyToId": None,
    "Subject": "",
    "Body": {"ContentType": "html", "Content": "<p>We agreed &amp; left</p>"},
    "CreatedDateTime": "2026-03-13T10:00:00.36+00:00",
    "LastEditedDateTime": None,
    "DeletedDateTime": None,
    "From": {"Application": None, "Device": None, "User": {"Id": USER, "DisplayName": "Ana Ruiz"}},
    "Mentions": [],
    "Attachments": [],
    "Reactions": [],
    "MessageType": "message",
    "ChannelIdentity": {"TeamId": TEAM, "ChannelId": CHANNEL},
    "ChatId": None,
    "EventDetail": None,
}
VALID = json.dumps([POST, POST | {"Id": "1773396000001", "ReplyToId": "1773396000000"}]).encode()
FACTS = {
    "id": f"teams:{CHANNEL}:1773396000000",
    "text": "We agreed & left",
    "author": "Ana Ruiz",
    "author_id": USER,
    "timestamp": datetime(2026, 3, 13, 10, 0, 0, 360_000, tzinfo=UTC),
    "thread_id": "1773396000000",
    "reply_to": None,
    "kind": "message",
    "skip": None,
    "tz_assumed": False,
}


def html(content, **more):
    return POST | {"Body": {"ContentType": "html", "Content": content}} | more


def camel(value):
    """The same message as the API writes it."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: camel(inner) for key, inner in value.items()}
    return [camel(inner) for inner in value] if isinstance(value, list) else value


def read_everything(path):
    return read_all(path, system=True)


def read_one(tmp_path, record):
    [found], _ = read_everything(write(tmp_path / "messages.json", [record]))
    return found


def dump(tmp_path, **chats):
    """A dump by PowerShell with one team, one channel and what two members see of their chats."""
    write(tmp_path / "teams/teamsList.json", [{"Name": "Payments", "GroupsId": TEAM}])
    write(tmp_path / f"teams/{TEAM}/channels_{TEAM}.json", [{"Id": CHANNEL, "DisplayName": "Releases"}])
    write(tmp_path / f"teams/{TEAM}/teamMembers_{TEAM}.json", [{"UserId": USER}])
    write(tmp_path / f"teams/{TEAM}/messages_{TEAM}.json", [POST])
    write(tmp_path / "users/usersList.json", [{"Id": USER, "DisplayName": "Ana Ruiz", "Mail": None}])
    for user in (USER, "33333333-aaaa-4bbb-8ccc-000000000003"):
        for name, records in {"messages": [], **chats}.items():
            write(tmp_path / f"users/{user}/{name}_{user}.json", records)
    return tmp_path


DIALECTS = {
    "powershell": json.dumps([POST]).encode(),
    "powershell 5": "\ufeff".encode("utf-16-le") + json.dumps([POST]).encode("utf-16-le"),
    "powershell counts": json.dumps({"value": [POST], "Count": 1}).encode(),
    "bom": b"\xef\xbb\xbf" + json.dumps([POST], indent=2).encode(),
    "api": json.dumps({"@odata.context": "x", "@odata.count": 1, "value": [camel(POST)]}).encode(),
    "script": json.dumps({"exported": "today", "messages": [camel(POST)]}).encode(),
    "single": json.dumps(camel(POST)).encode(),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_message(tmp_path, dialect):
    [found], report = read_everything(write(tmp_path / "messages.json", DIALECTS[dialect]))
    assert {key: getattr(found, key) for key in FACTS} == FACTS
    assert report.files[0].format == "teams"
    assert report.files[0].details["messages"] == 1


@pytest.mark.parametrize(
    ("content", "mentions", "text"),
    [
        ("<p>one</p>\n<p>&nbsp;</p>\n<p>two&nbsp;three</p>", [], "one\ntwo three"),
        ("<div>a<br>b</div><ul><li>c</li></ul>", [], "a\nb\nc"),
        ('<p><at id="0">Ana</at>&nbsp;<at id="1">Ruiz</at>&nbsp;asks</p>', [USER, USER], "@Ana Ruiz asks"),
        ('<p><at id="0">Ana</at>&nbsp;<at id="1">Bo</at> ask</p>', [USER, TEAM], "@Ana @Bo ask"),
        ('<p><at id="0">Ana</at> and <at id="1">Ruiz</at></p>', [USER, USER], "@Ana and @Ruiz"),
        ('<p><at id="0">Ana</at> <at id="1">Bo</at></p>', [], "@Ana @Bo"),
        ('<span itemtype="http://schema.skype.com/Mention" itemid="0">Ana</span> said', [USER], "@Ana said"),
        ('<p>fine <emoji id="smile" alt="🙂" title="Smile"></emoji></p>', [], "fine 🙂"),
        ('<p>see <img alt="image" src="https://x"></p>', [], "see"),
        ('<img itemtype="http://schema.skype.com/Emoji" alt="👍">', [], "👍"),
        ('see <a href="https://example.org/long">the plan</a>', [], "see the plan"),
        ('<blockquote itemtype="http://schema.skype.com/Reply"><p>theirs</p></blockquote><p>mine</p>', [], "mine"),
        ('<attachment id="1"></attachment><p>mine</p>', [], "mine"),
        ("1 &lt; 2 &amp; so on", [], "1 < 2 & so on"),
    ],
)
def test_bodies_become_what_people_saw(tmp_path, content, mentions, text):
    listed = [
        {"Id": i, "Mentioned": {"User": {"Id": who, "DisplayName": "x"}, "Application": None}}
        for i, who in enumerate(mentions)
    ]
    assert read_one(tmp_path, html(content, Mentions=listed)).text == text


def test_a_plain_body_is_left_as_it_is(tmp_path):
    record = POST | {"Body": {"ContentType": "text", "Content": "if a < b: <p>"}}
    assert read_one(tmp_path, record).text == "if a < b: <p>"


def test_subject_and_headline_of_an_announcement_are_part_of_the_message(tmp_path):
    card = {"ContentType": "application/vnd.microsoft.card.announcement", "Content": '{"title": "Big news"}'}
    assert read_one(tmp_path, POST | {"Subject": "Cut-over"}).text == "Cut-over\nWe agreed & left"
    assert read_one(tmp_path, POST | {"Attachments": [card]}).text == "Big news\nWe agreed & left"


QUOTE = {
    "Id": "1773390000000",
    "ContentType": "messageReference",
    "Content": json.dumps({"messageId": "1773390000000", "messagePreview": "their words"}),
}
FORWARD = {"Id": "9", "ContentType": "forwardedMessageReference", "Content": '{"originalMessageContent": "theirs"}'}
FILE = {"Id": "8", "ContentType": "reference", "Name": "plan.docx", "ContentUrl": "https://x"}
BOT = {"Application": {"Id": "app", "DisplayName": "Deployer"}, "User": None}


@pytest.mark.parametrize(
    ("record", "kind", "skip"),
    [
        (POST, "message", None),
        (POST | {"MessageType": "systemEventMessage"}, "system", "system"),
        (POST | {"MessageType": "unknownFutureValue", "From": None}, "system", "system"),
        (POST | {"EventDetail": {"@odata.type": "#microsoft.graph.callEndedEventMessageDetail"}}, "system", "call"),
        (
            POST | {"EventDetail": {"@odata.type": "#microsoft.graph.membersAddedEventMessageDetail"}},
            "system",
            "join or leave",
        ),
        (POST | {"DeletedDateTime": "2026-03-14T10:00:00Z", "Body": {"Content": ""}}, "system", "deleted"),
        (POST | {"From": BOT}, "system", "bot"),
        (POST | {"From": {"Application": {"DisplayName": "Geekbot"}}}, "status", None),
        (html(""), "message", "empty"),
        (html("<p>&nbsp;</p>", Attachments=[FILE]), "message", "media only"),
        (html('<p><img alt="image" src="x"></p>'), "message", "media only"),
        (html('<attachment id="1"></attachment>', Attachments=[QUOTE]), "message", "quote"),
        (html("<blockquote>theirs</blockquote>"), "message", "quote"),
        (html('<attachment id="9"></attachment>', Attachments=[FORWARD]), "message", "forwarded"),
        (html("look", Attachments=[FORWARD]), "message", None),
    ],
)
def test_software_and_words_of_others_are_told_from_people(tmp_path, record, kind, skip):
    found = read_one(tmp_path, record)
    assert (found.kind, found.skip) == (kind, skip)
    assert "their" not in found.text
    plain = ts.read(tmp_path / "messages.json")
    assert len(list(plain)) == (skip is None)
    assert plain.report.skipped == ({skip: 1} if skip else {})


def test_a_message_keeps_reply_reactions_files_and_edits(tmp_path):
    reactions = [{"ReactionType": "like"}, {"ReactionType": "like"}, {"ReactionType": "😮"}]
    found = read_one(
        tmp_path,
        POST
        | {
            "ReplyToId": "1773390000000",
            "Reactions": reactions,
            "Attachments": [FILE, QUOTE],
            "LastEditedDateTime": "2026-03-13T11:00:00Z",
        },
    )
    assert (found.thread_id, found.reply_to) == ("1773390000000",) * 2
    assert (found.reactions, found.attachments, found.edited) == ({"like": 2, "😮": 1}, ("plan.docx",), True)
    assert found.id == f"teams:{CHANNEL}:1773390000000:1773396000000"


def test_a_quote_in_a_chat_is_what_it_replies_to(tmp_path):
    found = read_one(tmp_path, POST | {"ChatId": GROUP, "ChannelIdentity": None, "Attachments": [QUOTE]})
    assert (found.reply_to, found.thread_id, found.channel) == ("1773390000000", None, GROUP)


@pytest.mark.parametrize("sender", [None, {}, {"User": None}, {"User": {"Id": None, "DisplayName": None}}, "@{User=}"])
def test_a_deleted_account_leaves_its_words_without_a_name(tmp_path, sender):
    found = read_one(tmp_path, POST | {"From": sender})
    assert (found.text, found.author, found.skip) == ("We agreed & left", None, None)


@pytest.mark.parametrize(
    ("written", "microsecond"),
    [
        ("2026-03-13T10:00:00+00:00", 0),
        ("2026-03-13T10:00:00Z", 0),
        ("2026-03-13T10:00:00.3Z", 300_000),
        ("2026-03-13T10:00:00.36+00:00", 360_000),
        ("2026-03-13T12:00:00.969+02:00", 969_000),
        ("2026-03-13T10:00:00.7449137+00:00", 744_913),
        ("/Date(1773396000360)/", 360_000),
        ({"value": "/Date(1773396000360)/", "DisplayHint": 2}, 360_000),
    ],
)
def test_times_as_the_tools_write_them(tmp_path, written, microsecond):
    found = read_one(tmp_path, POST | {"CreatedDateTime": written})
    assert found.timestamp == datetime(2026, 3, 13, 10, 0, 0, microsecond, tzinfo=UTC)
    assert not found.tz_assumed


def test_a_time_without_a_zone_is_assumed_to_be_in_that_of_the_options(tmp_path):
    found = read_one(tmp_path, POST | {"CreatedDateTime": "2026-03-13T10:00:00"})
    assert found.tz_assumed


def test_a_dump_knows_teams_and_channels_and_counts_a_chat_once(tmp_path):
    chat = POST | {"ChatId": GROUP, "ChannelIdentity": None}
    pair = POST | {"ChatId": PAIR, "ChannelIdentity": None, "From": {"User": {"Id": USER, "DisplayName": None}}}
    path = dump(tmp_path, messages=[chat, pair], meetings=[{"Id": "x", "Subject": "Sync"}])
    reading = ts.read(path)
    found = [(m.team, m.channel, m.author) for m in reading]
    assert found == [
        ("Payments", "Releases", "Ana Ruiz"),
        (None, GROUP, "Ana Ruiz"),
        # The sign makes it a private conversation, which is no team.
        (None, f"@{PAIR}", "Ana Ruiz"),
    ]
    assert reading.report.skipped == {"duplicate": 2}
    [account] = reading.report.files
    expected = {"messages": 5, "edited": 0, "replies": 0, "teams": 1, "authors": 1, "other files": 3}
    assert account.details == expected


def test_folder_wrapper_and_zip_give_the_same_messages(tmp_path):
    path = dump(tmp_path / "in/TeamsData")
    with zipfile.ZipFile(tmp_path / "dump.zip", "w") as archive:
        for file in path.rglob("*.json"):
            archive.write(file, file.relative_to(path.parent).as_posix())
    found = [[(m.id, m.team, m.channel) for m in ts.read(p)] for p in (path, path.parent, tmp_path / "dump.zip")]
    assert found == [[(FACTS["id"], "Payments", "Releases")]] * 3


def test_a_dump_beside_notes_does_not_hide_them(tmp_path):
    dump(tmp_path / "TeamsData")
    (tmp_path / "retro.md").write_text("# Retro, 13 March 2026\n\n- We agreed on the date.\n- Legal was late.\n")
    reading = ts.read(tmp_path)
    assert "teams" in {m.source for m in reading}
    assert any("retro.md" in f.file for f in reading.report.files)


def test_a_broken_list_and_a_broken_dump_do_not_stop_the_others(tmp_path):
    path = dump(tmp_path, messages=[POST | {"ChatId": GROUP, "ChannelIdentity": None}])
    write(path / "teams/teamsList.json", b"[{")
    write(path / f"users/{USER}/messages_{USER}.json", b'[{"Id": ')
    reading = ts.read(path)
    assert [m.channel for m in reading] == ["Releases", GROUP]
    assert reading.report.assumptions == (
        "teams/teamsList.json is unusable (is not complete JSON): ids stand where names would",
    )
    [problem] = reading.report.problems
    assert problem.problem == "is not complete JSON"


def test_replies_that_graph_nests_are_read(tmp_path):
    reply = camel(POST) | {"id": "1773396000001", "replyToId": POST["Id"]}
    messages, report = read_everything(
        write(tmp_path / "general.json", {"value": [camel(POST) | {"replies": [reply]}]})
    )
    assert [(m.locator, m.reply_to, m.channel) for m in messages] == [
        ("message 1", None, "general"),
        ("message 1, reply 1", POST["Id"], "general"),
    ]
    assert report.files[0].details["replies"] == 1


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ("just a string", "is damaged (TypeError)"),
        ({}, "is damaged (TypeError)"),
        (POST | {"CreatedDateTime": None}, "it has no usable time (createdDateTime)"),
        (POST | {"CreatedDateTime": "Ana Ruiz"}, "it has no usable time (createdDateTime)"),
        (POST | {"CreatedDateTime": "0001-01-01T00:00:00Z"}, "the date 1-01-01 is before 1990"),
        (POST | {"CreatedDateTime": "3000-01-01T00:00:00Z"}, "the date 3000-01-01 is in the future"),
    ],
)
def test_a_damaged_record_is_quarantined_with_its_place(tmp_path, record, problem):
    path = write(tmp_path / "messages.json", [POST, record, POST | {"Id": "5"}])
    messages, report = read_everything(path)
    assert [m.locator for m in messages] == ["message 1", "message 3"]
    [found] = report.problems
    assert str(found) == f"{path}, message 2: {problem}"


# The export of one person


def personal(*messages, **more):
    chat = {"id": GROUP, "displayName": None, "threadProperties": {"topic": "Release crew"}, "MessageList": messages}
    return {"userId": "8:live:bo", "exportDate": "2026-03-14T10:00", "conversations": [chat | more]}


SAID = {
    "id": "1773396000000",
    "displayName": "Ana",
    "originalarrivaltime": "2026-03-13T10:00:00.000Z",
    "messagetype": "RichText/Html",
    "content": "<p>We agreed</p>",
    "conversationid": GROUP,
    "from": "8:live:ana",
    "properties": None,
}


def test_a_personal_export_is_read_from_tar_folder_and_file(tmp_path):
    data = json.dumps(personal(SAID)).encode()
    members = {"messages.json": data, "endpoints.json": b"[]", "media/a.1.jpg": b"x"}
    tar = write(tmp_path / "8_live_bo_export.tar", tarred(members, "w"))
    for name, inner in members.items():
        write(tmp_path / "folder" / name, inner)
    for path in (tar, tmp_path / "folder", tmp_path / "folder/messages.json"):
        [found], report = read_everything(path)
        assert (found.id, found.text, found.author) == (f"teams:{GROUP}:1773396000000", "We agreed", "Ana")
        assert (found.channel, found.timestamp) == ("Release crew", datetime(2026, 3, 13, 10, tzinfo=UTC))
        assert report.files[0].format == "teams"
        assert report.files[0].details["conversations"] == 1


@pytest.mark.parametrize(
    ("fields", "skip"),
    [
        ({}, None),
        ({"messagetype": "RichText"}, None),
        ({"messagetype": "Text", "content": "We agreed"}, None),
        ({"messagetype": "Event/Call"}, "call"),
        ({"messagetype": "ThreadActivity/AddMember"}, "join or leave"),
        ({"messagetype": "ThreadActivity/TopicUpdate"}, "system"),
        ({"messagetype": "RichText/UriObject"}, "media only"),
        ({"messagetype": "RichText/Media_GenericFile"}, "media only"),
        ({"messagetype": "Poll"}, "poll"),
        ({"messagetype": "EndToEndEncryption/EncryptedText"}, "encrypted"),
        ({"content": ""}, "empty"),
        ({"content": "", "properties": {"deletetime": "1773396001000"}}, "deleted"),
        ({"content": '<quote author="bo"><legacyquote>[1] </legacyquote>theirs</quote>'}, "quote"),
        ({"from": "28:geek"}, "bot"),
    ],
)
def test_a_personal_export_tells_software_from_people(tmp_path, fields, skip):
    [found], _ = read_everything(write(tmp_path / "messages.json", personal(SAID | fields)))
    assert found.skip == skip
    assert skip is not None or found.text == "We agreed"
    assert "theirs" not in found.text


def test_a_personal_export_keeps_edits_reactions_and_mentions(tmp_path):
    edit = {
        "content": 'Edited previous message: <at id="8:bo">Bo</at> agreed<e_m ts="1" a="x" t="61"/>',
        "properties": {"emotions": [{"key": "like", "users": [{"mri": "8:bo"}]}]},
    }
    split = {
        "id": "2",
        "content": '<at id="0">Ana</at>&nbsp;<at id="1">Ruiz</at> asks',
        "properties": {"mentions": '[{"itemid": "0", "mri": "8:ana"}, {"itemid": 1, "mri": "8:ana"}]'},
    }
    data = personal(SAID | edit, SAID | split, id="8:live:ana", threadProperties=None, displayName="Ana")
    messages, _ = read_everything(write(tmp_path / "messages.json", data))
    assert [m.text for m in messages] == ["@Bo agreed", "@Ana Ruiz asks"]
    assert (messages[0].edited, messages[0].reactions) == (True, {"like": 1})


def test_a_conversation_of_two_is_marked_as_private(tmp_path):
    pair = SAID | {"conversationid": "8:live:ana"}
    data = personal(pair, id="8:live:ana", threadProperties=None, displayName="Ana")
    [found], _ = read_everything(write(tmp_path / "messages.json", data))
    assert found.channel == "@Ana"


# True counts, neighbours, damage


def test_the_samples_are_read_as_counted(samples):
    messages, report = read_everything(samples / "teams-json/TeamsData_excerpt")
    [account] = report.files
    assert account.details == {"teams": 6, "messages": 8, "replies": 1, "edited": 1, "authors": 2, "other files": 0}
    assert (report.read, report.yielded, report.quarantined, report.skipped) == (8, 8, 0, {})
    channel = [m.timestamp.isoformat(timespec="milliseconds") for m in messages if m.team == "Contributors"]
    assert (min(channel), max(channel)) == ("2025-08-12T13:03:39.181+00:00", "2025-08-12T13:08:12.843+00:00")
    chat = [m.timestamp.isoformat(timespec="milliseconds") for m in messages if m.team is None]
    assert (min(chat), max(chat)) == ("2025-08-05T13:14:17.360+00:00", "2025-08-05T13:14:50.969+00:00")
    assert [m.text for m in messages if m.team is None][1:] == ["@Cordelia Lear's Daughter", "@Everyone"]
    assert not any("<" in m.text or "&nbsp" in m.text for m in messages)


SLACK_DAY = json.dumps([{"type": "message", "user": "U1", "text": "Yes", "ts": "1773396000.000100"}]).encode()


@pytest.mark.parametrize(
    ("data", "is_ours"),
    [
        (VALID, True),
        *((data, True) for data in DIALECTS.values()),
        (json.dumps(personal(SAID)).encode(), True),
        (SLACK_DAY, False),
        (b'{"guild": {}, "messages": [{"id": "1", "author": {}, "content": "x"}]}', False),
        (b'[{"Name": "Payments", "GroupsId": "1"}]', False),
        (b"date,from,body\n", False),
        (b"", False),
        (b"\xff\xfe\x00", False),
    ],
)
def test_sniff_claims_its_own_and_leaves_the_neighbours(tmp_path, data, is_ours):
    from textsignals.readers.sources import open_file

    source = open_file(write(tmp_path / "a.json", data))
    assert (ms_teams.sniff(source) >= 0.8) == is_ours
    assert not (is_ours and slack.sniff(source))


@MANY
@given(st.dictionaries(st.sampled_from(list(POST)), JSON, min_size=1), JSON)
def test_fields_of_any_type_never_crash(folder, some, other):
    read_anyway(write(folder / "a.json", [POST | some, other, POST]), format="teams", system=True)


@MANY
@given(st.dictionaries(st.sampled_from(list(SAID)), JSON, min_size=1), JSON, JSON)
def test_personal_fields_of_any_type_never_crash(folder, some, properties, other):
    data = personal(SAID | some, SAID | {"properties": properties}, other)
    read_anyway(write(folder / "a.json", data), format="teams", system=True)


def test_damaged_bytes_never_crash(folder):
    damage_never_crashes(folder / "a.json", VALID, format="teams", system=True)


@MANY
@given(st.text(alphabet='<>at/ id="0&;![-b', max_size=60))
def test_damaged_html_never_crashes(content):
    try:
        seen(content, lambda id_: "")
    except ValueError as error:
        assert str(error) == "its HTML is damaged"


@pytest.mark.parametrize(
    "piece",
    ["<at ", "<at>a", "<", "<span ", "<img ", "<!--", "<blockquote>", "</at>", "<span schema.skype.com/Mention>"],
)
def test_html_made_to_take_long_does_not(piece):
    assert len(seen(piece * 5_000, lambda id_: "")) <= len(piece) * 5_000


def test_a_sign_that_opens_no_tag_is_kept():
    assert seen("<p>if a < b or b <c</p>", lambda id_: "") == "if a < b or b <c"
