from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from damage import JSON, MANY, damage_never_crashes, read_anyway
from exports import read_all, write, write_folder, write_zip
from hypothesis import given
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import sniff

ANA = {"id": "311", "name": "ana.s", "discriminator": "0000", "nickname": "Ana", "isBot": False}
BO = {"id": "322", "name": "bo", "discriminator": "0000", "nickname": None, "isBot": False}
GUILD = {"id": "9", "name": "Depots", "iconUrl": "x"}
GENERAL = {"id": "700", "type": "GuildTextChat", "categoryId": "600", "category": "Text", "name": "payments"}


def message(id_="800", content="We ship on Monday.", **fields):
    return {
        "id": id_,
        "type": "Default",
        "timestamp": "2026-03-13T10:00:00.25+01:00",
        "timestampEdited": None,
        "isPinned": False,
        "content": content,
        "author": ANA,
        "attachments": [],
        "embeds": [],
        "stickers": [],
        "reactions": [],
        "mentions": [],
        **fields,
    }


def export(*messages, channel=GENERAL, **more):
    return {"guild": GUILD, "channel": channel, "dateRange": {"after": None, "before": None}, **more} | {
        "messages": list(messages),
        "messageCount": 99,
    }


VALID = {
    "discord.json": json.dumps(
        export(
            message(reactions=[{"emoji": {"id": "", "name": "👍"}, "count": 2}], mentions=[BO]),
            message("801", "> they\n[mine](https://example.org)", type="Reply", reference={"messageId": "800"}),
            message("802", "Joined the server.", type="GuildMemberJoin"),
        ),
        indent=2,
    ).encode(),
    "discord.csv": (
        "AuthorID,Author,Date,Content,Attachments,Reactions\n"
        '"311","ana.s","13-Mar-26 10:00 AM","We ship, ""really""\non Monday.","","👍 (2),ok (1)"\n'
        '"322","bo","13-Mar-26 10:01 AM","","https://cdn.example/1/plan.pdf?ex=1",""\n'
    ).encode(),
    "messages.json": json.dumps(
        [{"ID": 801, "Timestamp": "2026-03-13 09:00:00", "Contents": "We ship.", "Attachments": ""}]
    ).encode(),
    "messages.csv": b"ID,Timestamp,Contents,Attachments\n801,2026-03-13 09:00:00.123000+00:00,We ship.,\n",
}


def read(tmp_path, data, name="a.json", **options):
    return read_all(write(tmp_path / name, data), **options)


def csv_text(*rows):
    head = "AuthorID,Author,Date,Content,Attachments,Reactions"
    return "\n".join([head, *(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)]) + "\n"


# ---- real exports ----


@pytest.mark.parametrize(
    ("file", "types", "edited", "references", "empty", "skipped", "yielded"),
    [
        (
            "Example guild - Text Channels - general [1012224565567721552].json",
            {"Default": 31, "GuildMemberJoin": 3, "ThreadCreated": 1},
            *(1, 3, 3),
            # The three without content are two pictures and a sticker.
            {"GuildMemberJoin": 3, "ThreadCreated": 1, "media only": 3},
            28,
        ),
        (
            "Example guild - general - Thomas is Thomas [1060927310439657577].json",
            {"Default": 3, "Reply": 2},
            *(0, 2, 0),
            {},
            5,
        ),
        (
            "GC_3A_5M.json",
            {"Default": 3, "Call": 1, "ChannelIconChange": 1, "ChannelNameChange": 1},
            *(0, 1, 0),
            {"Call": 1, "ChannelIconChange": 1, "ChannelNameChange": 1},
            3,
        ),
        # The same message stands there twice, with one id.
        ("SV_5A_5M.json", {"Default": 5}, *(2, 0, 0), {"duplicate": 1}, 4),
    ],
)
def test_real_channels_have_their_true_counts(samples, file, types, edited, references, empty, skipped, yielded):
    raw = json.loads((samples / "discord" / file).read_text("utf-8"))["messages"]
    messages, report = read_all(samples / "discord" / file)
    [account] = report.files
    assert account.format == "discord"
    assert account.details == {f"type {name}": n for name, n in types.items()} | {
        "by bots": 0,
        "edited": edited,
        "with reference": references,
        "with empty content": empty,
    }
    assert (account.read, account.yielded, account.skipped) == (len(raw), yielded, skipped)
    by_id = {m["id"]: m for m in raw}
    for m in messages:
        source = by_id[m.id.removeprefix("discord:")]
        assert m.timestamp == datetime.fromisoformat(source["timestamp"])
        assert m.author_id == source["author"]["id"]
        # No sample holds a quote or a link with a label, so all is as it was.
        assert m.text == source["content"].strip()
        assert sum(m.reactions.values()) == sum(r["count"] for r in source["reactions"])


def test_a_real_thread_belongs_to_its_channel(samples):
    name = "Example guild - general - Thomas is Thomas [1060927310439657577].json"
    messages = list(ts.read(samples / "discord" / name))
    assert {(m.channel, m.section, m.thread_id) for m in messages} == {
        ("general", "Thomas is Thomas", "1060927310439657577")
    }
    assert [m.reply_to for m in messages] == [None, None, None, "1060927520008065176", "1060927555093413928"]


# ---- JSON ----


@pytest.mark.parametrize(
    "data",
    [
        export(message()),
        json.dumps(export(message(), exportedAt="2026-04-01T00:00:00+00:00"), indent=2).encode("utf-8-sig"),
        # Sorted by a program, so that the messages come before what tells of them.
        json.dumps({"channel": GENERAL, "dateRange": {}, "messages": [message()], "zguild": 1, "guild": GUILD}),
        json.dumps({"dateRange": {}, "guild": GUILD, "messages": [message()], "channel": GENERAL}),
        # A part of a file that was split, and the oldest exports, which have no type.
        export({k: v for k, v in message().items() if k not in ("type", "stickers", "mentions")}),
        export(message(timestamp="2026-03-13T09:00:00.2500000+00:00")),
    ],
)
def test_dialects_of_the_json_are_read_alike(tmp_path, data):
    [found], report = read(tmp_path, data, "Depots - Text - payments [700] [part 2].json")
    assert (found.id, found.text, found.author, found.author_id) == ("discord:800", "We ship on Monday.", "Ana", "311")
    assert (found.channel, found.thread_id, found.section, found.team) == ("payments", None, None, None)
    assert found.timestamp == datetime(2026, 3, 13, 9, 0, 0, 250_000, UTC)
    assert (found.time_source, found.time_precision, found.tz_assumed) == ("record", "second", False)
    assert (found.kind, found.locator, found.source) == ("message", "message 1", "discord")
    assert report.problems == ()


@pytest.mark.parametrize(
    ("fields", "skip", "kind"),
    [
        ({"type": "GuildMemberJoin", "content": "Joined the server."}, "GuildMemberJoin", "system"),
        ({"type": "ChannelPinnedMessage", "content": "Pinned a message."}, "ChannelPinnedMessage", "system"),
        ({"type": "RecipientAdd", "content": "Added Bo to the group."}, "RecipientAdd", "system"),
        ({"type": "Call", "content": "Started a call that lasted 3 minutes."}, "Call", "system"),
        ({"type": "8", "content": "2"}, "type 8", "system"),
        ({"type": "20", "content": "Pong"}, "bot", "system"),
        ({"author": ANA | {"isBot": True}}, "bot", "system"),
        ({"content": "", "attachments": [{"fileName": "plan.pdf", "url": "u"}]}, "media only", "message"),
        ({"content": "", "stickers": [{"name": "wave"}]}, "media only", "message"),
        ({"content": ""}, "empty", "message"),
        ({"content": "> we are late\n> again"}, "quote", "message"),
        ({"content": ">>> we are late\nagain"}, "quote", "message"),
        ({"content": "", "reference": {"messageId": "1", "type": "Forward"}}, "forwarded", "message"),
        ({"content": "", "forwardedMessage": {"content": "theirs"}}, "forwarded", "message"),
    ],
)
def test_what_is_not_said_by_a_person_is_left_out_by_reason(tmp_path, fields, skip, kind):
    data = export(message(**fields), message("801", "Fine."))
    kept, report = read(tmp_path, data)
    assert [m.text for m in kept] == ["Fine."]
    assert report.skipped == {skip: 1}
    told, _ = read(tmp_path, data, system=True)
    assert (told[0].skip, told[0].kind) == (skip, kind)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("@Bo Kay please look", "@Bo Kay please look"),
        (
            "<@322> <@!311> <@5> <@&7> in <#700> <:ship:12> <a:wave:13>",
            "@bo @Ana @user @user in #channel :ship: :wave:",
        ),
        ("[the plan](https://example.org/a_(b)) and <https://example.org>", "the plan and https://example.org"),
        ("> we are late\nWho says so?", "Who says so?"),
        ("No.\n>>> we are late\nagain", "No."),
        (">50% is done", ">50% is done"),
        ("```\n> prompt\n```", "```\n> prompt\n```"),
    ],
)
def test_texts_are_as_people_saw_them_without_quotes(tmp_path, content, text):
    [found], _ = read(tmp_path, export(message(content=content, mentions=[ANA, BO])))
    assert found.text == text


def test_replies_reactions_edits_and_files_are_kept(tmp_path):
    raw = message(
        type="Reply",
        reference={"messageId": "799", "channelId": "700", "guildId": "9"},
        reactions=[{"emoji": {"id": "", "name": "👍"}, "count": 2}, {"emoji": {"name": "ship"}, "count": 1}],
        timestampEdited="2026-03-13T11:00:00+01:00",
        attachments=[{"fileName": "plan.pdf"}],
        author=BO,
    )
    [found], _ = read(tmp_path, export(raw))
    assert (found.reply_to, found.reactions, found.edited) == ("799", {"👍": 2, "ship": 1}, True)
    assert (found.attachments, found.author) == (("plan.pdf",), "bo")


def test_people_who_deleted_their_account_have_no_name(tmp_path):
    gone = [
        message("1", author=ANA | {"name": "Deleted User", "nickname": "Deleted User"}),
        message("2", author=ANA | {"name": "deleted_user_0123abc", "nickname": None}),
        message("3", author={"id": "5", "name": None}),
        message("4", author=None),
    ]
    found, _ = read(tmp_path, export(*gone))
    assert [(m.author, m.author_id) for m in found] == [(None, "311"), (None, "311"), (None, "5"), (None, None)]


@pytest.mark.parametrize("kind", ["GuildPublicThread", "GuildPrivateThread", "GuildNewsThread"])
def test_threads_go_by_the_channel_they_belong_to(tmp_path, kind):
    channel = GENERAL | {"id": "701", "type": kind, "categoryId": "700", "category": "payments", "name": "late again"}
    [found], _ = read(tmp_path, export(message(), channel=channel))
    assert (found.channel, found.section, found.thread_id) == ("payments", "late again", "701")


def test_a_direct_channel_is_not_called_by_a_person(tmp_path):
    channel = {"id": "702", "type": "DirectTextChat", "category": "Private", "name": "Bo"}
    [found], _ = read(tmp_path, export(message(), channel=channel))
    assert (found.channel, found.thread_id) == ("direct messages", "702")


def test_standup_bots_post_words_of_members(tmp_path):
    bot = {"id": "1", "name": "DailyBot", "isBot": True}
    embed = {"title": "Ana", "description": "Done", "fields": [{"name": "Blockers?", "value": "Waiting for legal"}]}
    [found], report = read(tmp_path, export(message(content="", author=bot, embeds=[embed])))
    assert (found.text, found.kind, found.is_bot) == ("Ana\nDone\nBlockers?\nWaiting for legal", "status", True)
    assert report.skipped == {}


def test_the_same_message_in_two_files_is_read_once(tmp_path):
    for name in ("a [part 1].json", "a [part 2].json"):
        (tmp_path / name).write_text(json.dumps(export(message())), "utf-8")
    reading = ts.read(tmp_path)
    assert len(list(reading)) == 1
    assert reading.report.skipped == {"duplicate": 1}


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("no message", "is not a message object"),
        (message(timestamp="yesterday"), "is damaged; export the channel again"),
        (message(timestamp=None), "it has no time stamp"),
        (message(timestamp="2099-01-01T00:00:00+00:00"), "the date 2099-01-01 is in the future"),
        (message(author="Ana"), "is damaged; export the channel again"),
        (message(reactions=[{"count": 1}]), "is damaged; export the channel again"),
    ],
)
def test_damaged_messages_are_quarantined_and_stop_no_other(tmp_path, raw, problem):
    found, report = read(tmp_path, export(raw, message("801")))
    assert [m.id for m in found] == ["discord:801"]
    assert [str(p) for p in report.problems] == [f"{tmp_path / 'a.json'}, message 1: {problem}"]


def test_a_file_that_was_cut_gives_what_stands_before(tmp_path):
    whole = json.dumps(export(message(), message("801")))
    found, report = read(tmp_path, whole[: whole.index('"801"')])
    assert [m.id for m in found] == ["discord:800"]
    [problem] = report.problems
    assert problem.problem == "is not complete JSON"


# ---- CSV ----


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        # A month with a name, years first, dots, and ISO with a zone tell by their form.
        (["06-Jan-26 02:03 PM"], "2026-01-06T14:03"),
        (["6 Jan 2026 14:03"], "2026-01-06T14:03"),
        (["Jan 6, 2026 2:03 PM"], "2026-01-06T14:03"),
        (["2026-01-06 14:03"], "2026-01-06T14:03"),
        (["2026/01/06 下午 2:03"], "2026-01-06T14:03"),
        (["2026. 1. 6. 오후 2:03"], "2026-01-06T14:03"),
        (["06.01.2026 14:03"], "2026-01-06T14:03"),
        (["6.1.2026 14.03"], "2026-01-06T14:03"),
        (["2026-01-06T14:03:00.0000000+00:00"], "2026-01-06T14:03"),
        # A number over 12 tells for all.
        (["1/6/2026 2:03 PM", "1/13/2026 2:03 PM"], "2026-01-06T14:03"),
        (["1/6/2026 2:03\u202fPM", "1/13/2026 2:03\u202fPM"], "2026-01-06T14:03"),
        (["06/01/2026 14:03", "13/01/2026 14:03"], "2026-01-06T14:03"),
        (["06-01-2026 14:03", "13-01-2026 14:03"], "2026-01-06T14:03"),
        (["06/01/26 2:03 p. m.", "13/01/26 2:03 p. m."], "2026-01-06T14:03"),
        # Else the reading that is in sequence.
        (["06/01/2026 14:03", "07/01/2026 14:03", "01/02/2026 09:00"], "2026-01-06T14:03"),
        (["1/6/2026 2:03 PM", "1/7/2026 2:03 PM", "2/1/2026 2:03 PM"], "2026-01-06T14:03"),
        # Alike both ways.
        (["03/03/2026 12:05 AM"], "2026-03-03T00:05"),
    ],
)
def test_dates_of_a_table_are_read_by_one_order(tmp_path, dates, first):
    rows = [("311", "ana", date, f"No {i}", "", "") for i, date in enumerate(dates)]
    found, report = read(tmp_path, csv_text(*rows), "x.csv")
    assert found[0].timestamp == datetime.fromisoformat(first).replace(tzinfo=UTC)
    assert len(found) == len(dates)
    assert report.problems == ()


def test_a_table_that_can_be_read_both_ways_asks(tmp_path):
    text = csv_text(("1", "ana", "03/04/2026 10:00", "One", "", ""), ("1", "ana", "05/04/2026 10:00", "Two", "", ""))
    path = tmp_path / "x.csv"
    with pytest.raises(InputError) as error:
        read(tmp_path, text, "x.csv")
    assert str(error.value) == (
        f"{path}, line 2: days and months cannot be told apart, as in 03/04/2026 10:00;"
        " say --date-order dmy or --date-order mdy, or export the channel as JSON"
    )
    for order, month in (("dmy", 4), ("mdy", 3)):
        found, _ = read(tmp_path, text, "x.csv", date_order=order)
        assert found[0].timestamp.month == month


def test_a_table_says_who_what_when_and_where(tmp_path):
    rows = [
        ("311", "ana#0000", "13/03/2026 10:00:05", 'We ship, "really"\non Monday.', "", "👍 (2),ok (1)"),
        ("322", "bo#1234", "13/03/2026 10:01:00", "", r"https://cdn.example/1/plan.pdf?ex=1,a, b.csv_Files\c.png", ""),
    ]
    name = "Depots - Text - pay-ments [700] (after 2026-01-01) [part 1].csv"
    tz = timezone(timedelta(hours=1))
    found, report = read(tmp_path, csv_text(*rows), name, tz=tz, system=True)
    assert [(m.author, m.author_id, m.text, m.skip, m.locator) for m in found] == [
        ("ana", "311", 'We ship, "really"\non Monday.', None, "line 2"),
        ("bo#1234", "322", "", "media only", "line 4"),
    ]
    assert (found[0].reactions, found[1].attachments) == ({"👍": 2, "ok": 1}, ("plan.pdf", "c.png"))
    assert {m.channel for m in found} == {"pay-ments"}
    assert found[0].timestamp == datetime(2026, 3, 13, 9, 0, 5, tzinfo=UTC)
    assert (found[0].tz_assumed, found[0].time_precision) == (True, "second")
    assert report.assumptions == (
        "a CSV of Discord marks neither applications nor replies; JSON does",
        "time zone: UTC+01:00 for times that name none",
    )


@pytest.mark.parametrize(
    ("content", "skip"),
    [
        ("Joined the server.", "GuildMemberJoin"),
        ("Pinned a message.", "ChannelPinnedMessage"),
        ("Started a thread.", "ThreadCreated"),
        ("Started a call that lasted 1,203 minutes.", "Call"),
        ("Changed the channel name: depots", "ChannelNameChange"),
        ("Changed the channel icon.", "ChannelIconChange"),
        ("Added Bo to the group.", "RecipientAdd"),
        ("Left the group.", "RecipientRemove"),
        ("> they said", "quote"),
        ("", "empty"),
    ],
)
def test_notices_of_a_table_are_known_by_their_sentence(tmp_path, content, skip):
    text = csv_text(("1", "ana", "2026-03-13 10:00", content, "", ""), ("1", "ana", "2026-03-13 10:01", "Ok", "", ""))
    found, report = read(tmp_path, text, "x.csv")
    assert [m.text for m in found] == ["Ok"]
    assert report.skipped == {skip: 1}


def test_sentences_of_people_that_only_resemble_notices_are_kept(tmp_path):
    text = csv_text(("1", "ana", "2026-03-13 10:00", "Joined the server. Now what?", "", ""))
    found, _ = read(tmp_path, text, "x.csv")
    assert len(found) == 1


def test_overlapping_tables_give_one_id(tmp_path):
    row, later = ("1", "ana", "2026-03-13 10:00", "Ok", "", ""), ("1", "ana", "2026-03-14 10:00", "Ok", "", "")
    (tmp_path / "D - T - x [700] [part 1].csv").write_text(csv_text(row))
    (tmp_path / "D - T - x [700] [part 2].csv").write_text(csv_text(row, later))
    reading = ts.read(tmp_path)
    assert len(list(reading)) == 2
    assert reading.report.skipped == {"duplicate": 1}


def test_tables_saved_by_a_spreadsheet_program_are_read(tmp_path):
    text = "AuthorID;Author;Date;Content;Attachments;Reactions\n311;ana;13.03.2026 10:00;Für uns, ja;;\n"
    [found], _ = read(tmp_path, text.encode("cp1252"), "x.csv")
    assert (found.text, found.timestamp) == ("Für uns, ja", datetime(2026, 3, 13, 10, tzinfo=UTC))


def test_a_row_without_a_date_is_quarantined(tmp_path):
    text = csv_text(("1", "ana", "soon", "One", "", ""), ("1", "ana", "2026-03-14 10:00", "Two", "", ""))
    found, report = read(tmp_path, text, "x.csv")
    assert [m.text for m in found] == ["Two"]
    assert [str(p) for p in report.problems] == [
        f"{tmp_path / 'x.csv'}, line 2: the date cannot be read; export the channel as JSON"
    ]


# ---- data package ----


def package(messages_csv):
    channels = {
        "c700000000000000001": {"id": "700000000000000001", "type": 0, "name": "payments", "guild": {"name": "Depots"}},
        "c700000000000000002": {"id": "700000000000000002", "type": 1, "recipients": ["311", "322"]},
        "c700000000000000003": {"id": "700000000000000003", "type": 0},
    }
    files = {
        "README.txt": "Your data. We hope you like it.",
        "account/user.json": json.dumps({"id": "311", "username": "ana.s", "global_name": "Ana"}),
        "activity/analytics/events-2026.json": '{"event_type": "a", "text": "not a message"}\n' * 2,
        "servers/index.json": json.dumps({"9": "Depots"}),
        "messages/index.json": json.dumps(
            {
                "700000000000000001": "payments in Depots",
                "700000000000000002": "Direct Message with bo#0",
                "700000000000000003": "old-one in Depots",
            }
        ),
    }
    for i, (folder, about) in enumerate(channels.items()):
        files[f"messages/{folder}/channel.json"] = json.dumps(about)
        raw = {"ID": 810 + i, "Timestamp": "2026-03-13 09:00:00", "Contents": f"Text {i}", "Attachments": ""}
        if messages_csv:
            files[f"messages/{folder}/messages.csv"] = ",".join(raw) + "\n" + ",".join(map(str, raw.values())) + "\n"
        else:
            files[f"messages/{folder}/messages.json"] = json.dumps([raw])
    return files


@pytest.mark.parametrize("form", ["zip", "folder", "wrapped zip", "csv"])
def test_a_data_package_gives_one_persons_messages_with_their_channels(tmp_path, form):
    files = package(form == "csv")
    if form == "zip":
        path = write_zip(tmp_path / "package.zip", files)
    elif form == "wrapped zip":
        path = write_zip(tmp_path / "package.zip", {f"package/{name}": data for name, data in files.items()})
    else:
        path = write_folder(tmp_path / "package", files)
    found, report = read_all(path)
    assert [(m.id, m.text, m.channel, m.thread_id) for m in found] == [
        ("discord:810", "Text 0", "payments", None),
        ("discord:811", "Text 1", "direct messages", "700000000000000002"),
        ("discord:812", "Text 2", "old-one in Depots", None),
    ]
    assert {(m.author, m.author_id, m.timestamp) for m in found} == {
        ("Ana", "311", datetime(2026, 3, 13, 9, tzinfo=UTC))
    }
    [account] = report.files
    assert account.format == "discord"
    assert account.assumptions == (
        "a data package of Discord holds the messages of one person only",
        "time zone: UTC for times that name none, as data packages of Discord have it",
    )
    assert account.details == {"channels": 3, "other files": 8, "messages": 3}


def test_only_the_messages_folder_of_a_package_is_enough(tmp_path):
    files = {k.removeprefix("messages/"): v for k, v in package(False).items() if k.startswith("messages/")}
    reading = ts.read(write_folder(tmp_path / "messages", files))
    assert [m.author for m in reading] == [None] * 3
    assert [file.format for file in reading.report.files] == ["discord"]


def test_what_lies_beside_a_messages_folder_is_read_too(tmp_path):
    files = {k: v for k, v in package(False).items() if k.startswith("messages/")}
    write_folder(tmp_path / "in", files | {"retro.md": "# Retro\n\n- We argued a lot\n"})
    reading = ts.read(tmp_path / "in")
    assert len(list(reading)) == 4
    assert sorted(file.format for file in reading.report.files) == ["discord", "notes"]


@pytest.mark.parametrize("name", ["messages.json", "messages.csv"])
def test_a_single_file_of_a_package_is_read(tmp_path, name):
    [found], report = read(tmp_path, VALID[name], name)
    assert (found.id, found.text, found.channel) == ("discord:801", "We ship.", "messages")
    assert report.assumptions[0] == "a data package of Discord holds the messages of one person only"


def test_damaged_settings_of_a_package_cost_only_names(tmp_path):
    files = package(False)
    files["messages/index.json"] = "{"
    files["messages/c700000000000000003/messages.json"] = '[{"ID": 5}]'
    reading = ts.read(write_zip(tmp_path / "p.zip", files))
    assert [m.channel for m in reading] == ["payments", "direct messages"]
    assert "index.json is unusable: ids stand where names would" in reading.report.assumptions
    assert [p.problem for p in reading.report.problems] == ["is damaged"]


# ---- whose file is it ----


@pytest.mark.parametrize(
    ("name", "data"),
    [
        *VALID.items(),
        ("d.csv", b"\xef\xbb\xbfAuthorID,Author,Date,Content,Attachments,Reactions\r\n"),
        ("e.csv", b'"AuthorID","Author","Date","Content","Attachments","Reactions"\n'),
    ],
)
def test_files_of_discord_are_recognised(tmp_path, name, data):
    format_, sure = sniff(write(tmp_path / name, data))
    assert format_ == "discord"
    assert sure >= 0.9


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("slack.json", b'[{"type": "message", "user": "U1", "text": "a", "ts": "1773396000.0001"}]'),
        ("telegram.json", b'{"name": "x", "type": "private_group", "id": 1, "messages": [{"id": 1, "date": "x"}]}'),
        ("table.csv", b"Date,Author,Content\n2026-01-01,Ana,Text\n"),
        ("table2.csv", b"ID,Timestamp,Text\n1,2026-01-01,Hello\n"),
        ("x.bin", bytes(range(256))),
        ("e.json", b"{"),
    ],
)
def test_files_of_others_are_not_claimed(tmp_path, name, data):
    assert sniff(write(tmp_path / name, data))[0] != "discord"


def test_a_file_that_is_none_says_so(tmp_path):
    (tmp_path / "a.json").write_text('{"rows": 1}')
    with pytest.raises(InputError) as error:
        list(ts.read(tmp_path / "a.json", format="discord"))
    assert str(error.value) == f"{tmp_path / 'a.json'}: holds no messages of Discord; export the channel as JSON"


# ---- damage ----


@pytest.mark.parametrize("name", VALID)
def test_damaged_files_never_crash(folder, name):
    damage_never_crashes(folder / name, VALID[name], format="discord", system=True)


@MANY
@given(st.dictionaries(st.sampled_from([*message(), "reference", "forwardedMessage"]), JSON), JSON)
def test_fields_of_any_type_never_crash(folder, fields, channel):
    path = write(folder / "fields.json", export(message() | fields, message("999"), channel=channel))
    assert read_anyway(path, format="discord", system=True)[-1].id == "discord:999"


@MANY
@given(st.lists(st.dictionaries(st.sampled_from(["ID", "Timestamp", "Contents", "Attachments"]), JSON)))
def test_package_fields_of_any_type_never_crash(folder, entries):
    whole = {"ID": 1, "Timestamp": "2026-03-13 09:00:00", "Contents": "x", "Attachments": ""}
    assert read_anyway(write(folder / "messages.json", [whole, *entries]), format="discord", system=True)


@MANY
@given(st.lists(st.text(max_size=25)))
def test_dates_of_any_form_never_crash(folder, dates):
    path = folder / "dates.csv"
    path.write_text(csv_text(*(("1", "ana", date, "x", "", "") for date in dates)), "utf-8", errors="replace")
    read_anyway(path, format="discord")
