from __future__ import annotations

import base64
import re

import pytest
from damage import MANY, damage_never_crashes, read_anyway
from exports import read_all, write
from hypothesis import given
from hypothesis import strategies as st

from textsignals import readers
from textsignals.readers.mail import mailboxes as mail
from textsignals.readers.mail.replies import own_words

HEADERS = (
    "Received: from a by b; Fri, 13 Mar 2026 11:00:05 +0100\nFrom: Ana Silva <ana@example.org>\n"
    "To: payments@example.org\nSubject: Re: Release\nDate: Fri, 13 Mar 2026 11:00:00 +0100\n"
    "Message-ID: <2@example.org>\nIn-Reply-To: <1@example.org>\nReferences: <0@example.org>\n <1@example.org>\n"
)
QUOTED = "\nOn Fri, 13 Mar 2026 at 10:00, Bo <bo@example.org> wrote:\n> Do we wait for legal?\n"
OPENING = "From ana@example.org  Fri Mar 13 10:00:05 2026\n"
LETTER = f"{HEADERS}\nWe agreed on the smaller step.\n{QUOTED}\n-- \nAna Silva\nPayments\n"


def mailbox(*letters):
    return "".join(f"{OPENING}{letter}\n" for letter in letters)


def letter(body="We agreed.", **headers):
    named = {"From": "Ana <ana@example.org>", "Date": "Fri, 13 Mar 2026 11:00:00 +0100", "Subject": "Release"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return "".join(f"{name}: {value}\n" for name, value in named.items() if value is not None) + f"\n{body}\n"


def one(tmp_path, body="We agreed.", **headers):
    found, report = read_all(write(tmp_path / "a.eml", letter(body, **headers)), system=True)
    assert report.problems == ()
    return found[0]


def mime(*parts, kind="mixed"):
    body = "".join(f"--b\nContent-Type: {type_}\n\n{text}\n" for type_, text in parts)
    return {"body": f"{body}--b--", "MIME_Version": "1.0", "Content_Type": f'multipart/{kind}; boundary="b"'}


HTML = (
    "<p>We <b>agreed</b> on the\nsmaller step.</p><div>On 13 Mar 2026, Bo wrote:</div><blockquote>Do we?</blockquote>"
)
WRAPPED = base64.encodebytes(b"We agreed on the smaller step.\n").decode()
DIALECTS = {
    "a.mbox": mailbox(LETTER),
    "a.eml": LETTER,
    "crlf.eml": LETTER.replace("\n", "\r\n"),
    "crlf.mbox": mailbox(LETTER).replace("\n", "\r\n"),
    "blank-above.eml": f"\n\n{LETTER}",
    "bom.eml": b"\xef\xbb\xbf" + LETTER.encode(),
    "wide.eml": LETTER.encode("utf-16"),
    "wide.mbox": mailbox(LETTER).encode("utf-16"),
    "apple.emlx": f"{len(LETTER)}\n{LETTER}",
    "2026-March.txt": mailbox(LETTER).replace("Ana Silva <ana@example.org>", "ana at example.org (Ana Silva)"),
    "comment.eml": LETTER.replace("Ana Silva <ana@example.org>", "ana@example.org (Ana Silva)"),
    "quoted-name.eml": LETTER.replace("Ana Silva <", '"Ana Silva" <'),
    "encoded.eml": LETTER.replace("Ana Silva <", "=?utf-8?B?QW5hIA==?= =?iso-8859-1?Q?Silva?= <").replace(
        "Re: Release", "=?utf-8?q?Re=3A_Release?="
    ),
    "base64.eml": f"{HEADERS}Content-Transfer-Encoding: base64\n\n{WRAPPED}",
    "printable.eml": (f"{HEADERS}Content-Transfer-Encoding: quoted-printable\n\nWe agreed on the =\nsmaller step=2E\n"),
    "html.eml": f"{HEADERS}MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n{HTML}\n",
    "both.eml": (
        f"{HEADERS}Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
        f"We agreed on the smaller step.\n--b\nContent-Type: text/html\n\n<p>An <i>advertisement</i></p>\n--b--\n"
    ),
    "empty-plain.eml": (
        f"{HEADERS}Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n \n"
        f"--b\nContent-Type: text/html\n\n{HTML}\n--b--\n"
    ),
    "boundary-in-brackets.eml": (
        f'{HEADERS}Content-Type: multipart/mixed; boundary="<<b>>"\n\n--<<b>>\nContent-Type: text/plain\n\n'
        "We agreed on the smaller step.\n--<<b>>--\n"
    ),
    "maildir/cur/1773396000.M1P1.host:2,S": LETTER,
}
EXPECTED = {
    "id": "mail:2@example.org",
    "text": "We agreed on the smaller step.",
    "author": "Ana Silva",
    "author_id": "ana@example.org",
    "timestamp": "2026-03-13 10:00:00+00:00",
    "thread_id": "0@example.org",
    "reply_to": "1@example.org",
    "section": "Re: Release",
}
VALID = {
    "valid.mbox": mailbox(LETTER, letter(**mime(("text/plain", "We agreed."), ("text/html", HTML)))).encode(),
    "valid.eml": LETTER.encode(),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_dialects_of_one_mail_are_read_alike(tmp_path, name):
    path = write(tmp_path / name, DIALECTS[name])
    assert readers.sniff(path)[0] == "mail"
    [message], report = read_all(path)
    assert {key: str(getattr(message, key)) for key in EXPECTED} == EXPECTED
    assert (message.kind, message.time_source, message.tz_assumed) == ("email", "record", False)
    assert report.problems == ()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("memo.md", "From: Ana\nTo: all\nSubject: Retro\nDate: 13 March 2026\n\nWe agreed.\n"),
        ("a.txt", "From the start we agreed.\n\nFrom 10:00 in May 2026 on we waited.\n"),
        ("page.mhtml", "From: <Saved by Blink>\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/related\n\n"),
        ("notes.md", "---\nfrom: ana\n---\n# Retro\n"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nWe agreed\n"),
        ("a.json", '{"from": "ana", "subject": "x"}'),
        ("a.bin", bytes(range(256))),
    ],
)
def test_what_is_no_mail_is_not_claimed(tmp_path, name, data):
    from textsignals.readers.sources import open_directory, open_file

    assert mail.sniff(open_file(write(tmp_path / name, data))) == 0.0
    assert mail.sniff(open_directory(tmp_path)) == 0.0


def test_sentences_that_begin_with_from_open_no_mail(tmp_path):
    text = "We agreed.\n\nFrom 10:00 on 5 May 2026 we wait\nfor legal.\n\n>From here on we go.\n\nFrom: is a word.\n"
    found, _ = read_all(write(tmp_path / "a.mbox", mailbox(letter(text), letter("Fine.", Message_ID="<9@x.org>"))))
    assert [message.text for message in found] == [
        "We agreed.\nFrom 10:00 on 5 May 2026 we wait\nfor legal.\nFrom here on we go.\nFrom: is a word.",
        "Fine.",
    ]


def test_a_mailbox_without_blank_lines_between_mails_loses_none(tmp_path):
    data = "".join(f"{OPENING}{letter(f'Step {n}.').rstrip()}\n" for n in range(3))
    found, _ = read_all(write(tmp_path / "a.mbox", data))
    assert [message.text for message in found] == ["Step 0.", "Step 1.", "Step 2."]


def test_a_line_that_opens_a_mail_may_hold_any_bytes(tmp_path):
    opening = b"From luc\xeda at example.org  Fri Mar 13 10:00:05 2026\n"
    data = opening + b"From: luc\xeda at example.org (=?iso-8859-1?Q?Luc=EDa?=)\n" + letter(From=None).encode()
    [message], _ = read_all(write(tmp_path / "a.mbox", data))
    assert (message.author, message.author_id, message.text) == ("Lucía", "lucía@example.org", "We agreed.")


def test_the_same_mail_in_two_lists_is_read_once(tmp_path):
    twice = [letter(Message_ID="<1@x.org>", List_Id=f"<{name}.x.org>") for name in ("dev", "all")]
    found, report = read_all(write(tmp_path / "a.mbox", mailbox(*twice)))
    assert [message.channel for message in found] == ["dev.x.org"]
    assert report.skipped == {"duplicate": 1}


def test_mails_without_an_id_get_one_of_their_own(tmp_path):
    found, report = read_all(write(tmp_path / "a.mbox", mailbox(letter(), letter(), letter("Fine."))))
    assert len({message.id for message in found}) == 3
    assert report.skipped == {}


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Fri, 13 Mar 2026 11:00:00 +0100", "2026-03-13 10:00:00+00:00"),
        ("13 Mar 26 11:00:00 +0100 (CET)", "2026-03-13 10:00:00+00:00"),
        ("Fri, 13 Mar 2026 11:00:00 -0000", "2026-03-13 11:00:00+00:00"),
        ("Fri, 13 Mar 2026 11:00:00", "2026-03-13 10:00:00+00:00"),
        # Not a time, or one that cannot be: the line that opens the mail says when it was delivered.
        (None, "2026-03-13 10:00:05+00:00"),
        ("", "2026-03-13 10:00:05+00:00"),
        ("yesterday", "2026-03-13 10:00:05+00:00"),
        ("Fri, 32 Mar 2026 11:00:00 +9999999999", "2026-03-13 10:00:05+00:00"),
        ("Thu, 1 Jan 1970 00:00:00 +0000", "2026-03-13 10:00:05+00:00"),
    ],
)
def test_dates_good_and_bad(tmp_path, date, expected):
    from zoneinfo import ZoneInfo

    path = write(tmp_path / "a.mbox", mailbox(letter(Date=date)))
    [message], report = read_all(path, tz=ZoneInfo("Europe/Berlin"))
    assert str(message.timestamp) == expected
    assert message.tz_assumed == (date == "Fri, 13 Mar 2026 11:00:00")
    delivered = "mails without a possible date: when they were delivered" in report.assumptions
    assert delivered == expected.endswith("05+00:00")


def test_a_mail_without_any_date_is_read_and_one_with_only_an_impossible_one_is_not(tmp_path):
    assert one(tmp_path, Date=None).timestamp is None
    path = write(tmp_path / "b.eml", letter(Date="Thu, 1 Jan 1970 00:00:00 +0000"))
    found, report = read_all(path)
    assert found == []
    [problem] = report.problems
    assert str(problem) == (
        f"{path}, message 1: the date 1970-01-01 is before 1990; no other header holds a possible one"
    )


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("utf-8", "Größe zählt".encode(), "Größe zählt"),
        ("iso-8859-1", "Größe “zählt”".encode("cp1252"), "Größe “zählt”"),
        ("x-unknown", "Größe zählt".encode("cp1252"), "Größe zählt"),
        ("us-ascii", "Größe zählt".encode(), "Größe zählt"),
        ("gb2312", "我们同意镕".encode("gb18030"), "我们同意镕"),
        ("iso-2022-jp", "同意した".encode("iso-2022-jp"), "同意した"),
        # These are codecs of Python and no sets of characters.
        ("rot13", b"We agreed", "We agreed"),
        ("punycode", b"We agreed", "We agreed"),
    ],
)
def test_character_sets_known_unknown_and_wrong(tmp_path, charset, data, text):
    head = letter("", Content_Type=f'text/plain; charset="{charset}"', Subject="x").encode()
    [message], _ = read_all(write(tmp_path / "a.eml", head + data + b"\n"))
    assert message.text == text


def test_broken_bytes_are_told_unless_they_stand_in_what_is_cut(tmp_path):
    head = letter("", Content_Type="text/plain; charset=utf-8").encode()
    found, report = read_all(write(tmp_path / "a.eml", head + "Größe, Maß, Mühe".encode() + b"\xff\n"))
    assert (found, [problem.problem for problem in report.problems]) == ([], ["holds bytes that are not text"])
    [message], _ = read_all(write(tmp_path / "b.eml", head + "Größe, Maß, Mühe\n> ".encode() + b"\xff\n"))
    assert message.text == "Größe, Maß, Mühe"


@pytest.mark.parametrize(
    ("headers", "skip"),
    [
        ({"Auto_Submitted": "auto-replied"}, "bot"),
        ({"Auto_Submitted": "no"}, None),
        ({"X_Autoreply": "yes"}, "bot"),
        ({"Subject": "Automatic reply: Release"}, "bot"),
        ({"Subject": "Out of the office on Friday"}, None),
        ({"Precedence": "bulk", "From": "News <no-reply@example.org>"}, "bot"),
        ({"From": "Docs <comments-noreply@docs.example.org>"}, "bot"),
        ({"From": "donotreply+7@example.org"}, "bot"),
        ({"From": "MAILER-DAEMON@example.org"}, "bot"),
        ({"Return_Path": "<>"}, "bot"),
        ({"From": "Ana <notifications@github.com>", "X_GitHub_Reason": "mention"}, "bot"),
        ({"From": "Ana (Jira) <jira@example.org>", "X_JIRA_FingerPrint": "1"}, "bot"),
        # A list of people is bulk, too.
        ({"Precedence": "bulk", "List_Id": "<dev.example.org>"}, None),
        ({"From": "Rootsy <rootsy@example.org>"}, None),
        ({"X_Mozilla_Status": "0009"}, "deleted"),
        ({"X_Mozilla_Status": "0001"}, None),
        ({"X_Gmail_Labels": "Spam,Unread"}, "spam"),
        ({"Content_Type": "text/calendar; method=REQUEST"}, "calendar"),
        ({"Content_class": "urn:content-classes:calendarmessage"}, "calendar"),
        ({"Content_Type": "multipart/encrypted; boundary=b"}, "encrypted"),
        ({"body": "-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----"}, "encrypted"),
        ({"body": ""}, "empty"),
        ({"body": "> Do we wait?"}, "quote"),
        ({"body": "---------- Forwarded message ---------\nFrom: Bo\n\nDo we wait?"}, "forwarded"),
        (mime(("text/plain", "We agreed."), ("text/calendar; method=REQUEST", "BEGIN:VCALENDAR")), "calendar"),
        (mime(("text/plain", "We agreed."), ("text/calendar; name=a.ics", "BEGIN:VCALENDAR")), None),
        (mime(("text/plain", "It failed."), ("message/rfc822", letter("Hello.")), kind="report"), "bot"),
        (mime(("image/png; name=a.png", "x")), "media only"),
    ],
)
def test_programs_invitations_and_mails_without_words_are_left_out_by_reason(tmp_path, headers, skip):
    message = one(tmp_path, **headers)
    assert message.skip == skip
    assert message.is_bot == (skip == "bot")
    assert (message.kind == "system") == (skip in ("bot", "calendar"))


def test_attachments_are_names_and_their_text_is_not_read(tmp_path):
    message = one(
        tmp_path,
        **mime(
            ("text/plain", "We agreed."),
            ('text/plain; name="plan.txt"', "A plan."),
            ("application/pdf; name*=utf-8''Gr%C3%B6%C3%9Fe.pdf", "x"),
            ("text/plain", "See above."),
        ),
    )
    assert message.text == "We agreed.\nSee above."
    assert message.attachments == ("plan.txt", "Größe.pdf")


def test_mails_inside_a_mail_are_read_as_their_own(tmp_path):
    inner = [letter(f"Step {n}.", From=f"P{n} <p{n}@example.org>", Message_ID=f"<{n}@x.org>") for n in (1, 2)]
    forward = mime(("text/plain", "Look."), ("message/rfc822", inner[0]))
    found, report = read_all(write(tmp_path / "a.eml", letter(**forward)))
    assert [(m.locator, m.author, m.text) for m in found] == [
        ("message 1", "Ana", "Look."),
        ("message 1.1", "P1", "Step 1."),
    ]
    digest = mime(("message/rfc822", inner[0]), ("message/rfc822", inner[1]), kind="digest")
    found, report = read_all(write(tmp_path / "b.eml", letter(Subject="dev Digest", **digest)))
    assert [(m.author, m.text) for m in found] == [("P1", "Step 1."), ("P2", "Step 2.")]
    assert report.skipped == {"digest": 1}


def test_a_digest_in_one_text_is_taken_apart(tmp_path):
    numbered = "".join(
        f"Message: {n}\n{letter(f'Step {n}.', From=f'p{n} at example.org (P{n})')}\n{'-' * 30}\n\n" for n in (1, 2)
    )
    body = (
        f"Send dev mailing list submissions to\n\tdev@x.org\n\nToday's Topics:\n\n   1. Release (P1)\n\n{'-' * 70}\n\n"
    )
    end = "Subject: Digest Footer\n\n____\ndev mailing list\n"
    text = letter(f"{body}{numbered}{end}", Subject="dev Digest, Vol 3, Issue 4", From="dev-request@x.org")
    found, report = read_all(write(tmp_path / "a.mbox", mailbox(text)))
    assert [(m.author, m.text) for m in found] == [("P1", "Step 1."), ("P2", "Step 2.")]
    assert report.skipped == {"digest": 1}


def test_who_wrote_is_not_the_list_that_sent(tmp_path):
    message = one(tmp_path, From="'Ana Silva' via dev <dev@x.org>", Reply_To="Ana <ana@example.org>")
    assert (message.author, message.author_id) == ("Ana Silva", "ana@example.org")
    message = one(tmp_path, From="Ana Silva via dev <dev@x.org>", Reply_To="dev@x.org")
    assert (message.author, message.author_id) == ("Ana Silva", None)


def test_mails_of_a_folder_share_its_name_as_channel(tmp_path):
    write(tmp_path / "in/payments/a.eml", letter())
    write(tmp_path / "in/Archive/cur/1.M1:2,S", letter("Fine.", Message_ID="<1@x.org>"))
    found, _ = read_all(tmp_path / "in")
    assert {message.channel for message in found} == {"payments", "Archive"}


def test_one_mail_at_a_time_is_held_and_a_huge_one_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(mail, "_MAIL_BYTES", 1_000)
    big = letter(**mime(("text/plain", "We agreed."), ("application/pdf; name=a.pdf", "QUJD\n" * 1_000)))
    found, report = read_all(write(tmp_path / "a.mbox", mailbox(big, letter("Fine."))))
    assert [message.text for message in found] == ["We agreed.", "Fine."]
    assert report.assumptions == ("mails over 1,000 bytes are cut there",)


def test_what_is_no_mail_in_a_mailbox_is_told_and_stops_nothing(tmp_path):
    path = write(tmp_path / "a.mbox", mailbox(letter(), "\nno headers at all\n", letter("Fine.")))
    found, report = read_all(path)
    assert [message.text for message in found] == ["We agreed.", "Fine."]
    assert [str(problem) for problem in report.problems] == [
        f"{path}, message 2: has no headers of a mail; export it again"
    ]


OWN = [
    # Answers between and below what they answer to.
    ("Hi Bo,\n\nOn 13 March 2026, Bo <bo@x.org> wrote:\n> Do we?\n\nYes.\n> When?\nNow.\n", "Hi Bo,\nYes.\nNow."),
    ("> Do we?\nYes.", "Yes."),
    ("Bo> Do we?\nYes.", "Yes."),
    # Who wrote it, in several languages and over several lines.
    ("Ja.\n\nAm 13.03.2026 um 10:00 schrieb Bo Berg:\n> Nein?\n", "Ja."),
    ("Ja.\n\nAm Fr., 13. März 2026 um 10:00 Uhr schrieb Bo Berg\n<bo@x.org>:\n> Nein?\n", "Ja."),
    ("Oui.\n\nLe ven. 13 mars 2026 à 10:00, Bo <bo@x.org> a écrit :\n> Non ?\n", "Oui."),
    ("Sí.\n\nEl vie, 13 mar 2026 a las 10:00, Bo (<bo@x.org>) escribió:\n> ¿No?\n", "Sí."),
    ("Sì.\n\nIl giorno ven 13 mar 2026 alle ore 10:00 Bo <bo@x.org> ha scritto:\n> No?\n", "Sì."),
    ("Ja.\n\nOp vr 13 mrt 2026 om 10:00 schreef Bo <bo@x.org>:\n> Nee?\n", "Ja."),
    ("Sim.\n\nEm sex., 13 de mar. de 2026 às 10:00, Bo <bo@x.org> escreveu:\n> Não?\n", "Sim."),
    ("Ja.\n\nDen fre 13 mars 2026 kl 10:00 skrev Bo <bo@x.org>:\n> Nej?\n", "Ja."),
    ("Tak.\n\nW dniu 13.03.2026 o 10:00, Bo pisze:\n> Nie?\n", "Tak."),
    ("Yes.\n\n2026-03-13 10:00 GMT+01:00 Bo <bo@x.org>:\n> No?\n", "Yes."),
    ("Yes.\n\nYesterday at 15:02, Bo Berg wrote:\n\n>> No?\n", "Yes."),
    ("Yes.\n\nBo Berg <bo@x.org> writes:\n\n> No?\n", "Yes."),
    # Programs that mark no quote: all below is somebody else's.
    ("Yes.\n\nOn 13 March 2026 at 10:00, Bo <bo@x.org> wrote:\n\nDo we?\n", "Yes."),
    ("Yes.\n\n-----Original Message-----\nFrom: Bo\nSent: Friday\nSubject: x\n\nDo we?\n", "Yes."),
    ("Ja.\n\n-----Ursprüngliche Nachricht-----\nVon: Bo\n\nNein?\n", "Ja."),
    ("Yes.\n\n________________________________\nFrom: Bo\nSent: Friday\nTo: Ana\nSubject: x\n\nDo we?\n", "Yes."),
    ("Ja.\n\nVon: Bo\nGesendet: Freitag\nAn: Ana\nBetreff: x\n\nNein?\n", "Ja."),
    ("Yes.\n\n*From:* Bo\n*Sent:* Friday\n*To:* Ana\n\nDo we?\n", "Yes."),
    ("FYI\n\nBegin forwarded message:\n\nFrom: Bo\n\nDo we?\n", "FYI"),
    ("-----Original Message-----\nFrom: Bo\nSent: Friday\n\n> Do we?\nYes.\n", "Yes."),
    # A colon at the end of a sentence quotes nobody.
    ("As Bo wrote:\nwe wait.\n", "As Bo wrote:\nwe wait."),
    (
        "We met on 12 May 2026 at 10:00 and Bo wrote:\nwe wait.\n",
        "We met on 12 May 2026 at 10:00 and Bo wrote:\nwe wait.",
    ),
    ("Agenda\n____________________\nOne\n", "Agenda\nOne"),
    ("- one\n--\n- two\n", "- one\n--\n- two"),
    ("From: here to there\nwe go on foot.\n", "From: here to there\nwe go on foot."),
    # Signatures, devices, lists, laws.
    ("Yes.\n-- \nAna\nPayments\n", "Yes."),
    ("Yes.\n--\nAna\n", "Yes."),
    ("One.\n--\n" + "Two.\n" * 20, "One.\n--\n" + "\n".join(["Two."] * 20)),
    ("Yes.\n\nBest regards,\nAna\n", "Yes."),
    ("Regards to the team are due.\n", "Regards to the team are due."),
    ("Thanks,\nAna\n", "Thanks,\nAna"),
    ("Yes.\n\nSent from my iPhone\n", "Yes."),
    ("Ja.\n\nVon meinem iPhone gesendet\n", "Ja."),
    ("Yes.\n_______________________________________________\ndev mailing list\ndev@x.org\nhttps://x.org/dev\n", "Yes."),
    ("Yes.\n\n" + "-" * 69 + "\nTo unsubscribe, e-mail: dev-unsubscribe@x.org\n", "Yes."),
    ("Yes.\n\n-- \nYou received this message because you are subscribed to the Google Groups\n", "Yes."),
    ("Yes.\n" + "_" * 65 + "\nBuy it now\nhttp://x.org\n\n" + "-" * 69 + "\nTo unsubscribe: x\n", "Yes."),
    ("Yes.\n\nThis message and its attachments are confidential and meant for you.\nDelete it.\n", "Yes."),
    ("This message is the one we discussed.\n", "This message is the one we discussed."),
    (
        "Yes.\n-------------- next part --------------\nAn HTML attachment was scrubbed...\nURL: <http://x.org/a>\n",
        "Yes.",
    ),
    ("A.\n-------------- next part --------------\nB.\n", "A.\nB."),
    (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nYes.\n- -- \nAna\n"
        "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n",
        "Yes.",
    ),
    # Lines that a program wrapped are one; short ones and lists are not.
    (
        "We agreed that the smaller step comes first and that nobody\nwaits for legal.\n- one\n- two\n",
        "We agreed that the smaller step comes first and that nobody waits for legal.\n- one\n- two",
    ),
    (">From here on we go.\n", "From here on we go."),
]


@pytest.mark.parametrize(("text", "own"), OWN)
def test_words_of_others_signatures_and_footers_are_cut(text, own):
    assert own_words(text)[0] == own
    assert own_words(text.replace("\n", "\r\n"))[0] == own


def test_html_keeps_what_stands_below_a_quote_and_loses_the_quote(tmp_path):
    html = (
        "<p>Hi Bo,</p><p>On 13 March 2026 at 10:00, Bo wrote:</p><blockquote>Do we?</blockquote><p>Yes, we do.</p>"
        "<!-- <p>a comment</p> --><style>p {}</style>"
    )
    assert one(tmp_path, html, Content_Type="text/html").text == "Hi Bo,\nYes, we do."
    outlook = "<p>Yes.</p><div><b>From:</b> Bo<br><b>Sent:</b> Friday<br><b>To:</b> Ana<br></div><p>Do we?</p>"
    assert one(tmp_path, outlook, Content_Type="text/html").text == "Yes."


def test_brackets_in_attributes_and_in_text_are_no_tags():
    from textsignals.readers.markup import plain

    html = """<p title="x<y">a < b and c > d</p><p title=it's>e</p><img src="data:,0" alt='<f>'><b>g</i>"""
    assert plain(html) == "a < b and c > d\ne\n<f>g"


HOSTILE = [
    "On ",
    "On a:\n",
    ">",
    "> a\n",
    "On 1:00 wrote:\n> a\n",
    "From: a\nTo: b\n",
    "--\n",
    "-",
    "_",
    "\n",
    " \n",
    "=?",
]
HOSTILE += ["<!--", "<![CDATA[", "<a b='", "&#", "<blockquote>", "</div", "this message\n", "regards\n", "a@b.", "("]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_body_takes_time_in_proportion_to_its_length(tmp_path, piece):
    from time import process_time

    body = piece * (100_000 // len(piece))
    for kind in ("text/plain", "text/html"):
        path = write(tmp_path / "a.eml", letter(body, Content_Type=kind, Subject=body[:50_000].replace("\n", " ")))
        begin = process_time()
        read_all(path, system=True)
        # Quadratic steps take minutes.
        assert process_time() - begin < 3


@pytest.mark.parametrize("name", VALID)
def test_damaged_mails_never_crash(folder, name):
    damage_never_crashes(folder / name, VALID[name], format="mail", system=True)


@MANY
@given(
    st.dictionaries(
        st.sampled_from(
            "From Date Subject Message-ID References List-Id Content-Type Content-Transfer-Encoding Content-Disposition"
            " X-Mozilla-Status Return-Path Received".split()
        ),
        st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40)
        | st.sampled_from(
            ["=?utf-8?B?a?=", "=?x?q?=FF?=", "<", "multipart/mixed; boundary=", "text/plain; charset*0*=x"]
        ),
    )
)
def test_headers_of_any_kind_never_crash(folder, headers):
    read_anyway(write(folder / "headers.eml", letter(**headers)), format="mail", system=True)


# What the samples hold, worked out without this reader.
EML = {
    "fake-email-b64.eml": ("Matthew Robinson", "Test Email", "2022-12-16 22:04:16+00:00"),
    # The standard library sees no headers in UTF-16; they are the same as in the others.
    "fake-email-utf-16.eml": ("Matthew Robinson", "Test Email", "2022-12-16 22:04:16+00:00"),
    "fake-email.eml": ("Matthew Robinson", "Test Email", "2022-12-16 22:04:16+00:00"),
    "mime-different-plain-html.eml": ("sender@example.com", "Example MIME Email", "2024-10-01 17:34:56+00:00"),
    "mime-html-only.eml": ("sender@example.com", "Example HTML Only MIME Email", "2024-10-01 17:34:56+00:00"),
    "mime-no-to.eml": ("sender@example.com", "Example Plain-Text MIME Message", "None"),
    "mime-word-encoded-subject.eml": ("sender@example.com", "Simple email with ☸☿ Unicode subject", "None"),
}


@pytest.mark.parametrize("name", EML)
def test_the_real_mails_have_their_true_authors_subjects_and_dates(samples, name):
    [message], report = read_all(samples / "eml" / name)
    assert (message.author, message.section, str(message.timestamp)) == EML[name]
    assert len(message.text.split()) > 4
    assert report.problems == ()


MBOX = {
    "empty_body.mbox": {"empty": 1},
    "httpd-users-200606-part.mbox": {},
    "mbox_complex.mbox": {},
    "mbox_iso8859_encoding.mbox": {},
    "mbox_multipart.mbox": {},
    # Four of the six share one Message-ID.
    "mbox_no_fields.mbox": {"duplicate": 3},
    "mbox_unknown_encoding.mbox": {},
    "pipermail_2015_november.mbox": {},
    "tomcat-ancient-boundary.mbox": {},
}


@pytest.mark.parametrize("name", MBOX)
def test_the_real_mailboxes_have_their_true_numbers_of_mails_replies_and_dates(samples, name):
    import json

    truth = {e["file"]: e["count"] for e in json.loads((samples / "manifest.json").read_text("utf-8"))}[f"mbox/{name}"]
    found, report = read_all(samples / "mbox" / name)
    [account] = report.files
    assert account.read == int(re.match(r"(\d+) line", truth)[1]) == account.details["messages"]
    assert account.skipped == MBOX[name]
    assert report.problems == ()
    if "with In-Reply-To" in truth:
        assert account.details["with In-Reply-To"] == int(re.search(r"(\d+) with In-Reply-To", truth)[1])
        assert account.details["with a readable Date"] == int(re.search(r"(\d+) with a parsable Date", truth)[1])
        # The standard library loses the parts of the one whose boundary is in angle brackets.
        multipart = int(re.search(r"(\d+) multipart", truth)[1]) + (name == "tomcat-ancient-boundary.mbox")
        assert account.details["multipart"] == multipart
        first, last = re.search(r"Date, (\S+ \S+) \.\. (\S+ \S+) UTC", truth).groups()
        times = sorted(str(message.timestamp) for message in found)
        if times:
            assert (times[0], times[-1]) == (f"{first}+00:00", f"{last}+00:00")
    for message in found:
        assert not re.search(r"^>|wrote:$|^-- ?$|unsubscribe|mailing list$|^--<<", message.text, re.MULTILINE)
