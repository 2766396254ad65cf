"""Zoom chats: one chat in every version's form, what is no message, replies, private words, damage, and real chats."""

from __future__ import annotations

from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from damage import damage_never_crashes
from exports import read_all, write

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import sniff

VALID = {
    "call-2026-03-13-chat.txt": (
        "00:05:41\tAna Mar (Ops):\tWe shipped the form\r\n"
        '00:06:10\tBo:\tReacted to "We shipped the form" with 👍\r\n'
        '00:07:00\tBo:\tReplying to "We shipped..."\n\nAt last\r\n'
        "00:08:00\tCy:\tfirst line\nsecond line\r\n"
    ).encode(),
    "meeting_saved_chat.txt": (
        b"15:01:39 From Ana Mar to Everyone:\n\tWe shipped the form\n"
        b"15:02:00 From Bo to Ana Mar(Direct Message):\n\tsecret\n"
        b"2026-03-13 15:03:00 From Cy to Everyone:\n\tfine\n"
    ),
}


def read_chat(tmp_path, text, name="call-2026-03-13-chat.txt", **options):
    return read_all(write(tmp_path / name, text), system=True, **options)


DIALECTS = {
    "recording": (
        "00:05:41\tAna Mar:\tWe ship: today\r\n"
        '00:06:00\tBo:\tReplying to "We ship:..."\n\nSure\nand soon\r\n'
        '00:06:10\tCy:\tReacted to "Sure" with 👍\r\n'
    ),
    "saved, with everyone": (
        "00:05:41 From Ana Mar to Everyone:\n\tWe ship: today\n"
        '00:06:00 From Bo to Everyone:\n\tReplying to "We ship:..."\n\t\n\tSure\n\tand soon\n'
        '00:06:10 From Cy to Everyone:\n\tReacted to "Sure" with 👍\n'
    ),
    "saved, indented by blanks": (
        "00:05:41 From Ana Mar To Everyone:\n    We ship: today\n"
        '00:06:00 From Bo To Everyone:\n    Replying to "We ship:..."\n    \n    Sure\n    and soon\n'
        '00:06:10 From Cy To Everyone:\n    Reacted to "Sure" with 👍\n'
    ),
    "saved in 2021": (
        "00:05:41 From  Ana Mar  to  Everyone:\n\tWe ship: today\n"
        '00:06:00 From  Bo  to  Everyone:\n\tReplying to "We ship:..."\n\n\tSure\n\tand soon\n'
        '00:06:10 From  Cy  to  Everyone:\n\tReacted to "Sure" with 👍\n'
    ),
    "saved on one line": (
        "00:05:41\t From  Ana Mar  to  Everyone : We ship: today\n"
        '00:06:00\t From  Bo  to  Everyone : Replying to "We ship:..."\n\nSure\nand soon\n'
        '00:06:10\t From  Cy  to  Everyone : Reacted to "Sure" with 👍\n'
    ),
    "saved in 2020": (
        "00:05:41\t From  Ana Mar : We ship: today\n"
        '00:06:00\t From  Bo : Replying to "We ship:..."\n\nSure\nand soon\n'
        '00:06:10\t From  Cy : Reacted to "Sure" with 👍\n'
    ),
    "saved in German": (
        "00:05:41 Von Ana Mar an Alle:\n\tWe ship: today\n"
        '00:06:00 Von Bo an Alle:\n\tAntworten auf "We ship:..."\n\n\tSure\n\tand soon\n'
        '00:06:10 Von Cy an Alle:\n\tHat auf "Sure" mit 👍 reagiert\n'
    ),
}


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_every_version_tells_the_same_chat(tmp_path, name, ends):
    text = DIALECTS[name].replace("\r\n", "\n").replace("\n", ends)
    messages, report = read_chat(tmp_path, text)
    assert [(m.author, m.text, m.skip, m.meta["seconds"]) for m in messages] == [
        ("Ana Mar", "We ship: today", None, 341),
        ("Bo", "Sure\nand soon", None, 360),
        ("Cy", messages[2].text, "reaction", 370),
    ]
    root, reply, reaction = messages
    assert (root.reply_to, reply.reply_to, reply.thread_id) == (None, root.id, root.id)
    assert {str(m.timestamp) for m in messages} == {"2026-03-13 00:00:00+00:00"}
    assert (root.time_source, root.time_precision, root.tz_assumed) == ("filename", "day", False)
    assert (root.kind, reaction.kind) == ("message", "system")
    assert {m.channel for m in messages} == {"call-2026-03-13-chat"}
    assert report.files[0].details["stamped lines"] == 3
    assert (report.read, report.problems) == (3, ())
    assert sniff(tmp_path / "call-2026-03-13-chat.txt") == ("zoom-chat", 0.95)


def test_chats_with_dates_have_times(tmp_path):
    text = "2024-05-01 10:00:00 From Ana to Everyone:\n\tWe ship\n2024-05-01 23:10:05 From Bo to Everyone:\n\tGood\n"
    [first, second], report = read_chat(tmp_path, text, tz=ZoneInfo("Europe/Rome"))
    assert (str(first.timestamp), first.time_source, first.time_precision) == (
        "2024-05-01 08:00:00+00:00",
        "record",
        "second",
    )
    assert (str(second.timestamp), second.tz_assumed, second.meta) == ("2024-05-01 21:10:05+00:00", True, {})
    assert report.assumptions == ("time zone: Europe/Rome for times that name none",)


@pytest.mark.parametrize(
    "line",
    [
        "10:00:00 From Ana to Bo(Direct Message):\n\tonly for you\n",
        "10:00:00 From Ana to Bo (Direct Message):\n\tonly for you\n",
        "10:00:00\t From  Ana  to  Bo(Privately) : only for you\n",
        "10:00:00\t From  Ana  to  Bo(Direct Message) : I told everyone: only for you\n",
        "10:00:00 From Ana to Bo Dee:\n\tonly for you\n",
    ],
)
def test_private_words_go_nowhere(tmp_path, line):
    messages, report = read_chat(tmp_path, line + "10:00:05 From Bo to Everyone:\n\tfor all\n")
    assert [m.text for m in messages] == ["for all"]
    assert report.skipped == {"private": 1}
    assert report.read == 2


@pytest.mark.parametrize(
    ("line", "author", "text"),
    [
        ("10:00:00 From Road to Rome to Everyone:\n\thi", "Road to Rome", "hi"),
        ("10:00:00\t From  Ana : I will talk to them : soon", "Ana", "I will talk to them : soon"),
        ("10:00:00\t From  Ana : I go to Bo: no", "Ana", "I go to Bo: no"),
        ("10:00:00 From Ana to Everyone: I wrote to Bo: no", "Ana", "I wrote to Bo: no"),
        ("10:00:00 From Ana to Hosts and panelists:\n\thi", "Ana", "hi"),
        ("10:00:00 From Ana to Everyone(in Waiting Room):\n\thi", "Ana", "hi"),
        ("10:00:00 AM From Ana to Everyone:\n\thi", "Ana", "hi"),
        ("10:00:00\tAna: Ops | EU (x):\thi", "Ana: Ops | EU (x)", "hi"),
        ("10:00:00\tFrom:\thi", "From", "hi"),
        # A time at the start of a line of the text begins nothing.
        ("10:00:00\tAna:\thi\n10:30:00 is better\n10:45", "Ana", "hi\n10:30:00 is better\n10:45"),
    ],
)
def test_names_end_where_the_form_says(tmp_path, line, author, text):
    [message], _ = read_chat(tmp_path, line + "\n")
    assert (message.author, message.text, message.skip) == (author, text, None)


@pytest.mark.parametrize(
    ("text", "skip"),
    [
        ('Reacted to "We ship" with 👍', "reaction"),
        ('Reacted to We ship... with "👍"', "reaction"),
        ('Reacted to "first\n\nsecond" with 🤪', "reaction"),
        ('Reacted to "a "quoted" word" with 🤪', "reaction"),
        ('Hat auf "We ship" mit 👍 reagiert', "reaction"),
        ('Removed a 👍 reaction from "We ship"', "reaction"),
        ("Reacted to the news with horror", None),
        ('Reacted to "We ship" with 👍\nand with words of my own, which are longer than any emoji is', None),
        ('Replying to "We ship"\n\n', "quote"),
        ('Replying to "We ship" is not my style', None),
        ("", "empty"),
    ],
)
def test_reactions_and_quotes_are_not_words(tmp_path, text, skip):
    [message, last], _ = read_chat(tmp_path, f"00:05:41\tAna:\t{text}\n00:05:42\tBo:\tlast\n")
    assert message.skip == skip
    assert last.text == "last"


@pytest.mark.parametrize(
    ("name", "is_bot"),
    [
        ("Fireflies.ai Notetaker Ana", True),
        ("Ana's Otter.ai", True),
        ("read.ai meeting notes", True),
        ("Fathom Notetaker", True),
        ("Otter Smith", False),
        ("Ana", False),
    ],
)
def test_notetakers_are_bots(tmp_path, name, is_bot):
    [message], _ = read_chat(tmp_path, f"00:05:41\t{name}:\tI take notes.\n")
    assert (message.is_bot, message.skip) == (is_bot, "bot" if is_bot else None)


def test_a_reply_belongs_to_the_latest_message_that_begins_so(tmp_path):
    lines = ["Yes", "Yes", 'Replying to "Yes"\n\nWhy?', 'Replying to "Never said..."\n\nHm', 'Replying to "Why?"\n\nSo']
    messages, _ = read_chat(tmp_path, "".join(f"00:00:0{i}\tAna:\t{line}\n" for i, line in enumerate(lines)))
    assert [m.reply_to for m in messages] == [None, None, messages[1].id, None, messages[2].id]


@pytest.mark.parametrize(
    ("name", "channel", "day"),
    [
        ("2026-03-13 10.00.34 Weekly 123/meeting_saved_chat.txt", "2026-03-13 10.00.34 Weekly 123", "2026-03-13"),
        ("2026-03-13 10.00.34 Weekly 123/chat.txt", "2026-03-13 10.00.34 Weekly 123", "2026-03-13"),
        ("GMT20260313-150005_Weekly.txt", "GMT20260313-150005_Weekly", "2026-03-13"),
        ("weekly.txt", "weekly", None),
    ],
)
def test_day_and_channel_come_from_file_or_folder(tmp_path, name, channel, day):
    [message], report = read_chat(tmp_path, "00:05:41\tAna:\tWe ship\n", name)
    assert message.channel == channel
    assert (message.timestamp and str(message.timestamp.date())) == day
    assert message.time_precision == ("day" if day else "none")
    told = ("no date: neither the chat nor its file or folder name (such as 2026-02-19) gives one",)
    assert report.assumptions == (() if day else told)
    # Given with the folder, it is the same message.
    [again] = ts.read(tmp_path)
    assert (again.id, again.channel) == (message.id, channel)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("00:61:00\tAna:\tlost", "line 2: its time is impossible (00:61:00 is no time)"),
        ("1980-01-01 10:00:00 From Ana to Everyone:\n\tlost", "line 2: the date 1980-01-01 is before 1990"),
        (
            "2026-13-01 10:00:00 From Ana to Everyone:\n\tlost",
            "line 2: its time is impossible (month must be in 1..12)",
        ),
    ],
)
def test_an_impossible_time_is_quarantined_and_the_others_are_read(tmp_path, line, problem):
    messages, report = read_chat(tmp_path, f"00:05:41\tAna:\tone\n{line}\n00:06:00\tBo:\ttwo\n")
    assert [m.text for m in messages] == ["one", "two"]
    assert [str(p) for p in report.problems] == [f"{tmp_path / 'call-2026-03-13-chat.txt'}, {problem}"]
    assert (report.read, report.yielded, report.quarantined) == (3, 2, 1)


def test_text_before_the_first_message_is_told(tmp_path):
    messages, report = read_chat(tmp_path, "Chat of Friday\n\n00:05:41\tAna:\tone\n00:05:42\tAna:\ttwo\n")
    assert [m.text for m in messages] == ["one", "two"]
    assert [str(p) for p in report.problems] == [
        f"{tmp_path / 'call-2026-03-13-chat.txt'}, line 1: text before the first message; "
        "a message begins with 00:05:41 and a name"
    ]


def test_a_day_in_the_future_is_told_once(tmp_path):
    path = write(tmp_path / "2099-01-01.txt", "00:05:41\tAna:\tWe wait.\n")
    with pytest.raises(InputError, match="the date 2099-01-01 is in the future; mend the date in the name"):
        list(ts.read(path))


def test_equal_words_in_one_second_are_two_messages_and_the_same_file_is_read_once(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name / "call-2026-03-13.txt", "00:05:41\tAna:\tyes\n" * 2)
    reading = ts.read(tmp_path)
    assert len(list(reading)) == 2
    assert reading.report.skipped == {"duplicate": 2}


@pytest.mark.parametrize(
    "text",
    [
        "[10:00:00] <ana> We shipped\n",
        "10:00:00 <ana> We shipped\n",
        "12/9/20, 23:55 - Ana: We shipped\n",
        "Ana  0:15\nWe shipped.\n",
        "0:0:0.0 --> 0:0:0.820\nAna\nHello\n",
        "time\tauthor\ttext\n00:05:41\tAna\tWe shipped\n",
        "2026-03-13 10:00:00\tana\tWe shipped\n",
        "10:00 From the office to everyone: hello\n",
    ],
)
def test_other_files_are_not_taken_for_chats(tmp_path, text):
    assert sniff(write(tmp_path / "a.txt", text))[0] != "zoom-chat"


@pytest.mark.parametrize("name", VALID)
def test_valid_chats_are_read_without_a_problem(folder, name):
    messages, report = read_chat(folder, VALID[name], name)
    assert messages
    assert report.problems == ()


@pytest.mark.parametrize("name", VALID)
def test_damaged_chats_never_crash(folder, name):
    damage_never_crashes(folder / name, VALID[name], format="zoom-chat", system=True)


# Stamped lines, reactions (the true counts are of English ones; two are German), replies, continuation lines, names.
TRUE = {
    "acdc-2026-02-19_175-chat.txt": (130, 92 + 2, 12, 12, 36),
    "acdc-2026-03-19_176-chat.txt": (306, 78, 105, 124, 41),
    "acdc-2026-06-25_181-chat.txt": (217, 93, 25, 28, 35),
}


@pytest.mark.parametrize("file", TRUE)
def test_real_chats_have_their_true_counts(samples, file):
    stamped, reactions, replies, continued, names = TRUE[file]
    messages, report = read_all(samples / "zoom-chat" / file, system=True)
    account = report.files[0]
    assert (account.read, account.quarantined, len(messages)) == (stamped, 0, stamped)
    assert account.details == {
        "stamped lines": stamped,
        "reactions": reactions,
        "replies": replies,
        "continuation lines": continued,
    }
    skipped = Counter(m.skip for m in messages)
    # One notetaker introduces itself.
    assert skipped["bot"] == (file == "acdc-2026-03-19_176-chat.txt")
    assert skipped[None] == stamped - reactions - skipped["bot"]
    assert len({m.author for m in messages}) == names
    assert not [m for m in messages if not m.skip and "Replying to" in m.text]
    answered = sum(m.reply_to is not None for m in messages)
    assert answered >= 0.9 * replies
    assert {str(m.timestamp.date()) for m in messages} == {file[5:15]}
