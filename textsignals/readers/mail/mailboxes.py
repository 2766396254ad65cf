"""Mail in mbox files (lists, Takeout, Thunderbird) and as single .eml files: what each author wrote, without quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message as Mail

from textsignals.readers.base import MARKS_16, MAX_LINE_CHARS, MAX_TEXT_CHARS, FileLog, Options, clip, lines
from textsignals.readers.mail.envelopes import (
    DAMAGE,
    HEADER_CHARS,
    author_of,
    decoded,
    delivered,
    headers_of,
    ids_in,
    is_expunged,
    is_robot,
    list_name,
    sent,
    words,
)
from textsignals.readers.mail.replies import own_words
from textsignals.readers.markup import plain
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import impossible, localise
from textsignals.records import Message

NAME = "mail"

# The words come first; what is beyond are attachments.
_MAIL_BYTES = 8 * 2**20
_DEPTH = 30

_HEADER_LINE = re.compile(rb">?[!-9;-~]{1,76}[ \t]{0,4}(?::|From )|>From ")
_ODD_BOUNDARY = re.compile(rb'boundary="(<[^"\r\n]{1,70}>)"', re.IGNORECASE)
_HEAD_BYTES = 64 * 1024
_DATED = re.compile(rb"From .{0,400}?\d{1,2}:\d\d(?::\d\d)?.{0,40}?\b(?:19|20)\d\d")
# As the C function asctime writes it: no sentence looks so.
_ASCTIME = re.compile(rb"From [^ ].{0,200}? (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d")
_NAMES = frozenset(
    "from to cc bcc subject date message-id in-reply-to references received mime-version return-path delivered-to"
    " content-type content-transfer-encoding reply-to sender list-id x-mailer user-agent x-original-to dkim-signature"
    " x-gmail-labels x-gm-thrid arc-seal received-spf thread-topic precedence x-mozilla-status".split()
)
# A memo of a person may begin with the first five.
_TECHNICAL = _NAMES - {"from", "to", "cc", "bcc", "subject", "date"}

_DIGEST = re.compile(r"\bdigest,? (?:vol|v)\b", re.IGNORECASE)
# How RFC 1153 parts what people wrote from the contents above, and from each other.
_DIGEST_RULE = re.compile(rb"^(?:-{30}|-{70})[ \t]*\r?\n", re.MULTILINE)
_DIGEST_NUMBER = re.compile(rb"\s*Message:\s*\d+[ \t]*\r?\n")
_PRE = re.compile(r"<(?:pre|textarea)\b", re.IGNORECASE)
_BLOCKQUOTE = re.compile(r"<blockquote\b", re.IGNORECASE)
# What is beyond is no letter; the text that is kept of one is shorter still.
_BODY_CHARS = 2**19


@dataclass(slots=True)
class _Body:
    """What the parts of a mail hold."""

    texts: list[str] = field(default_factory=list)
    html: bool = False
    why_empty: str = "empty"
    attachments: list[str] = field(default_factory=list)
    inner: list[Mail] = field(default_factory=list)
    skip: str | None = None
    damaged: bool = False
    has_plain: bool = False

    def add(self, other: _Body, *, texts: bool = True) -> None:
        """Take in what another part holds, its texts only if asked to."""
        if texts:
            self.texts += other.texts
            self.damaged |= other.damaged
            self.has_plain |= other.has_plain
            self.why_empty = other.why_empty if self.why_empty == "empty" else self.why_empty
        self.attachments += other.attachments
        self.inner += other.inner
        self.skip = self.skip or other.skip


@dataclass(frozen=True, slots=True)
class _File:
    """Where mails come from, and how."""

    source: Source
    log: FileLog
    options: Options
    channel: str
    recoded: bool


def sniff(source: Source | Folder) -> float:
    """Return 0.9 or more for text that begins with the headers of a mail, or with the line that begins a mailbox."""
    if isinstance(source, Folder) or source.path.suffix.lower() in (".mht", ".mhtml"):
        return 0.0
    head = source.head().removeprefix(b"\xef\xbb\xbf")
    if head[:2] in MARKS_16:
        head = head.decode("utf-16", errors="replace").encode("utf-8", "replace")
    first, *rest = head.lstrip(b"\r\n").split(b"\n", 60)
    if first.strip().isdigit() and rest:
        # Apple Mail puts the number of bytes above each mail.
        first, *rest = rest
    if first.startswith(b"From "):
        names = _header_names(rest)
        dated = bool(_DATED.match(first))
        return 0.95 if (dated and names) or len(names & _NAMES) > 1 else 0.0
    names = _header_names([first, *rest])
    if "from" not in names or b"From: <Saved by " in head[:4096]:
        return 0.0
    known = len(names & _NAMES)
    if known >= 3 and names & _TECHNICAL:
        return 0.95
    return 0.85 if source.path.suffix.lower() in (".eml", ".emlx") and known >= 2 else 0.0


def _header_names(lines_: Iterable[bytes]) -> set[str]:
    """Return the names of the headers up to the first empty line; none if a line is no header."""
    names: set[str] = set()
    for line in lines_:
        line = line.rstrip(b"\r\n")
        if not line:
            break
        if line[:1] in b" \t":
            continue
        if not _HEADER_LINE.match(line):
            return set() if len(names) < 3 else names
        names.add(line.split(b":", 1)[0].strip().decode("ascii", "replace").lower())
    return names


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the mails of a mailbox one after the other, mails in mails too; one at a time is in memory."""
    assert isinstance(source, Source)
    recoded = source.head()[:2] in MARKS_16
    file = _File(source, log, options, _channel(source), recoded)
    for number, (opening, data) in enumerate(_raw_mails(_byte_lines(source, log, recoded), log), 1):
        place = f"message {number}"
        try:
            mail = message_from_bytes(_with_plain_boundary(data), policy=policy.compat32)
        except DAMAGE:
            log.met()
            log.quarantine(place, "cannot be taken apart as a mail", "export it again")
            continue
        yield from _mails(mail, opening, place, file)


def _channel(source: Source) -> str:
    """Return the name of the mailbox: of the file, or of the folder where each mail is a file of its own."""
    if source.path.suffix.lower() in (".mbox", ".txt", ".mbx"):
        return source.path.stem
    folders = [part for part in source.path.parts[:-1] if part not in ("cur", "new", "tmp")]
    return folders[-1] if folders else source.path.stem


def _byte_lines(source: Source, log: FileLog, recoded: bool) -> Iterator[bytes]:
    if recoded:
        for text in lines(source, log):
            yield (text + "\n").encode("utf-8", "replace")
        return
    with source.open() as stream:
        while line := stream.readline(MAX_LINE_CHARS):
            yield line


def _raw_mails(lines_: Iterator[bytes], log: FileLog) -> Iterator[tuple[bytes, bytes]]:
    """Yield each mail as the line that opens it, b"" outside of mailboxes, and its bytes."""
    chunk: list[bytes] = []
    size = 0
    opening = held = b""
    mailbox = blank = True
    for line in lines_:
        if not chunk and not opening and not held:
            line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            mailbox = line.startswith(b"From ")
            if not mailbox and line.strip().isdigit():
                continue
        if held:
            if _opens(held, line, blank):
                if chunk or opening:
                    yield opening, b"".join(chunk)
                chunk, size, opening = [], 0, held
            else:
                chunk.append(held)
                size += len(held)
            blank, held = False, b""
        if mailbox and line.startswith(b"From "):
            held = line
            continue
        blank = not line.strip()
        if size <= _MAIL_BYTES:
            chunk.append(line)
            size += len(line)
        else:
            log.assume(f"mails over {_MAIL_BYTES:,} bytes are cut there")
    if held:
        chunk.append(held)
    if chunk or opening:
        yield opening, b"".join(chunk)


def _opens(line: bytes, following: bytes, blank: bool) -> bool:
    """Return whether a line that begins with "From " opens a mail and is no sentence of the one before."""
    if following.strip() and not _HEADER_LINE.match(following):
        return False
    if blank:
        return bool(_DATED.match(line)) or len(line.split()) <= 2
    return bool(_ASCTIME.match(line)) and bool(following.strip())


def _with_plain_boundary(data: bytes) -> bytes:
    """Return a mail whose boundary is not in angle brackets: the standard library loses those and then the parts."""
    odd = _ODD_BOUNDARY.search(data, 0, _HEAD_BYTES)
    return data.replace(odd[1], odd[1].strip(b"<>") or b"part") if odd else data


def _mails(mail: Mail, opening: bytes, place: str, file: _File, depth: int = 0) -> Iterator[Message]:
    """Yield a mail and those that it holds as parts, as digests do."""
    file.log.met()
    body = _Body()
    try:
        headers = headers_of(mail)
        if not headers:
            file.log.quarantine(place, "has no headers of a mail", "export it again")
        else:
            body = _body(mail, file)
            if _DIGEST.search(headers.get("subject", "")) and not body.inner:
                _open_digest(mail, body)
            _tally(mail, headers, body, file.log)
            message = _message(headers, body, opening, place, file)
            problem = _problem(message, body)
            if problem:
                file.log.quarantine(place, *problem)
            else:
                yield message
    except DAMAGE:
        file.log.quarantine(place, "cannot be taken apart as a mail", "export it again")
    if depth < _DEPTH:
        for number, inner in enumerate(body.inner, 1):
            yield from _mails(inner, b"", f"{place}.{number}", file, depth + 1)


def _open_digest(mail: Mail, body: _Body) -> None:
    """Take the mails out of a digest that is one text."""
    data = mail.get_payload(decode=True)
    if isinstance(data, bytes):
        parts = (_DIGEST_NUMBER.sub(b"", part, count=1).lstrip(b"\r\n") for part in _DIGEST_RULE.split(data)[1:])
        body.inner = [message_from_bytes(p) for p in parts if "from" in _header_names(p.splitlines())]
        if body.inner:
            body.skip, body.texts = "digest", []


def _problem(message: Message, body: _Body) -> tuple[str, str] | None:
    problem = impossible(message.timestamp) if message.timestamp else ""
    if problem:
        return problem, "no other header holds a possible one"
    if body.damaged and "\ufffd" in message.text:
        return "holds bytes that are not text", "export it again"
    return None


def _body(part: Mail, file: _File, depth: int = 0) -> _Body:
    """Return what a part and those in it hold."""
    body, kind = _Body(), part.get_content_type()
    if depth > _DEPTH:
        return body
    if kind in ("multipart/encrypted", "application/pkcs7-mime") and "signed" not in str(part.get("Content-Type", "")):
        body.skip = "encrypted"
        return body
    if not part.is_multipart():
        _leaf(part, kind, body, file)
        return body
    children = [child for child in part.get_payload() if isinstance(child, Mail)]
    if kind.startswith("message/"):
        body.inner += children
    elif kind == "multipart/report":
        # A bounce and what it sends back.
        body.skip = "bot"
        for child in children[:1]:
            body.add(_body(child, file, depth + 1))
    elif kind == "multipart/alternative":
        held = [_body(child, file, depth + 1) for child in children]
        best = next((b for b in held if b.has_plain), None) or next((b for b in reversed(held) if b.texts), None)
        for other in held or [_Body()]:
            body.add(other, texts=other is best or (best is None and other.why_empty != "empty"))
    else:
        body.skip = "digest" if kind == "multipart/digest" else None
        for child in children:
            body.add(_body(child, file, depth + 1))
    return body


def _leaf(part: Mail, kind: str, body: _Body, file: _File) -> None:
    """Take in a part without parts: a text, an attachment, an invitation."""
    if kind == "text/calendar" and part.get_param("method"):
        body.skip = "calendar"
    name = part.get_filename()
    if name or part.get_content_disposition() == "attachment":
        body.attachments.append(words(" ".join(str(name or kind).split())[:HEADER_CHARS]))
    elif kind in ("text/plain", "text/html") or kind.startswith("multipart/"):
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes):
            return
        charset = str(part.get_content_charset() or "")
        if file.recoded and str(part.get("Content-Transfer-Encoding", "")).lower() not in (
            "base64",
            "quoted-printable",
        ):
            charset = "utf-8"
        text, body.damaged = decoded(data[: 4 * _BODY_CHARS], charset)
        if text.lstrip().startswith("-----BEGIN PGP MESSAGE"):
            body.skip = "encrypted"
        own, body.why_empty = _own(text[:_BODY_CHARS], kind == "text/html")
        if own:
            body.texts.append(own[: 2 * MAX_TEXT_CHARS])
        body.has_plain = kind != "text/html" and bool(text.strip())


def _own(text: str, is_html: bool) -> tuple[str, str]:
    if not is_html:
        return own_words(text)
    # Line breaks in the source mean nothing there.
    source = text if _PRE.search(text) else " ".join(text.split())
    quotes_gone = bool(_BLOCKQUOTE.search(source))
    shown = plain(source, without=frozenset({"blockquote"}))
    return own_words(shown, wrapped=False, quotes_gone=quotes_gone)


def _tally(mail: Mail, headers: dict[str, str], body: _Body, log: FileLog) -> None:
    """Count a mail in the terms of mailboxes, whatever becomes of it."""
    log.details["messages"] += 1
    log.details["multipart"] += mail.is_multipart()
    log.details["with In-Reply-To"] += "in-reply-to" in headers
    log.details["with a readable Date"] += sent(headers.get("date", "")) is not None
    log.details["attachments"] += len(body.attachments)


def _message(headers: dict[str, str], body: _Body, opening: bytes, place: str, file: _File) -> Message:
    log = file.log
    moment, assumed = _moment(headers, opening, file)
    author, address = author_of(headers)
    text = clip("\n".join(body.texts), log)
    skip = _skip(headers, body, address, text)
    own_id = next(iter(ids_in(headers.get("message-id", ""))), "") or headers.get("message-id", "").strip("<> ")
    references, answers = ids_in(headers.get("references", "")), ids_in(headers.get("in-reply-to", ""))
    reply_to = answers[0] if answers else references[-1] if references else None
    channel = list_name(headers.get("list-id", "")) or file.channel
    subject = words(headers.get("subject", ""))
    return Message(
        id=f"mail:{own_id}" if own_id else log.identify(NAME, channel, moment, address or author, subject, text),
        source=NAME,
        file=file.source.name,
        locator=place,
        kind="system" if skip in ("bot", "calendar", "digest") else "email",
        text=text,
        author=author,
        author_id=address,
        is_bot=skip == "bot",
        channel=channel,
        timestamp=moment,
        time_source="record" if moment else "none",
        time_precision="second" if moment else "none",
        tz_assumed=assumed,
        thread_id=references[0] if references else reply_to or own_id or None,
        reply_to=reply_to,
        section=subject or None,
        deleted=skip == "deleted",
        attachments=tuple(body.attachments),
        skip=skip,
    )


def _moment(headers: dict[str, str], opening: bytes, file: _File) -> tuple[datetime | None, bool]:
    """Return when a mail was sent, else delivered, in UTC, and whether its zone is assumed.

    An impossible time is returned only if there is no other.
    """
    received = headers.get("received", "").rpartition(";")[2]
    line = opening.decode("ascii", "replace").split(None, 2)
    candidates = [headers.get("date", ""), received, line[2] if len(line) > 2 else ""]
    first: tuple[datetime | None, bool] = None, False
    for i, written in enumerate(candidates):
        moment = sent(written) if i < 2 else delivered(written)
        if moment is None:
            continue
        found = localise(moment, file.options, file.log)
        if not impossible(found[0]):
            if i:
                file.log.assume("mails without a possible date: when they were delivered")
            return found
        first = first if first[0] else found
    return first


def _skip(headers: dict[str, str], body: _Body, address: str | None, text: str) -> str | None:
    """Return why a mail is left out, None if somebody's words stand in it."""
    if is_expunged(headers.get("x-mozilla-status", "")):
        return "deleted"
    if body.skip == "calendar" or "calendarmessage" in headers.get("content-class", ""):
        return "calendar"
    if body.skip == "bot" or is_robot(headers, address or ""):
        return "bot"
    if "spam" in headers.get("x-gmail-labels", "").lower().split(","):
        return "spam"
    if body.skip:
        return body.skip
    if text:
        return None
    return "media only" if body.why_empty == "empty" and body.attachments else body.why_empty
