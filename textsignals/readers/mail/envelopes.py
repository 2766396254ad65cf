"""What stands on the envelope of a mail: who, when, which thread and list; charsets and encoded words made text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message as Mail
from email.utils import parsedate_to_datetime

HEADER_CHARS = 4_000
# What the parser of the standard library raises on odd input.
DAMAGE = (MessageError, TypeError, ValueError, AttributeError, LookupError, OverflowError, RecursionError, OSError)
_BRACKETS = re.compile(r"<([^<>\s]{1,400})>")
_NAMED_ADDRESS = re.compile(r"([^<]*)<\s*([^<>]{0,400}?)\s*>")
_PLAIN_ADDRESS = re.compile(r"([^\s()<>,;@]{1,200})(?:@| at )([^\s()<>,;@]{1,200})(?:\s*\((.*)\))?")
_VIA = re.compile(r"'?(.{1,80}?)'? via .{1,80}")
_ROBOT = re.compile(
    r"(?:(?:.{1,60}[-_.+])?(?:no|do-?not|donot)[-_.]?reply|notifications?|mailer-daemon|postmaster|bounces?|jira|jenkins"
    r"|gitlab|buildbot|bugzilla|root|cron|daemon)(?:[-_.+].{0,80})?@",
    re.IGNORECASE,
)
_ROBOT_HEADERS = frozenset(
    "x-autoreply x-autorespond x-github-reason x-github-sender x-gitlab-project x-jira-fingerprint x-jenkins-job"
    " x-bugzilla-reason x-gerrit-messagetype x-failed-recipients".split()
)
# With a colon: people, too, write that they will be out of the office.
_ANSWERING_MACHINE = re.compile(
    r"(?:auto(?:matic|mated)?[- ]?(?:reply|response)|out of (?:the )?office(?: auto-?reply)?|automatische antwort"
    r"|abwesenheits(?:notiz|nachricht)|réponse automatique|respuesta automática|risposta automatica"
    r"|automatisch antwoord|undeliverable|mail delivery (?:failed|failure))\s?:",
    re.IGNORECASE,
)
# A bit of what Thunderbird notes of each mail.
_EXPUNGED = 0x0008
_NO_TIME_ZONE = re.compile(r"[-+]0000\s*(?:\(.*\))?\s*$")
# Of the codecs that Python knows, those of text in mails; others can be slow or are none of text.
_CODEC = re.compile(
    r"(?:utf|us-ascii|ascii|ansi|iso|latin|windows|cp|koi|big5|gb|hz|euc|shift|sjis|ks_c|mac|tis|johab)[\w:.-]{0,30}$",
    re.IGNORECASE,
)
# As browsers do: what says it is the narrow set is nearly always written in the wider one.
_WIDER = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}


def headers_of(mail: Mail) -> dict[str, str]:
    """Return the first value of each header, unfolded; bytes that are not ASCII as UTF-8, else as Windows-1252."""
    found: dict[str, str] = {}
    for name, value in mail.raw_items():
        key = name.lower()
        if key not in found:
            text = str(value)[:HEADER_CHARS]
            if not text.isascii():
                text = decoded(text.encode("utf-8", "surrogateescape"), "")[0]
            found[key] = " ".join(text.split())
    return found


def words(value: str) -> str:
    """Return a header with its encoded words as text.

    >>> words("=?utf-8?Q?Gr=C3=BC=C3=9Fe?= to all")
    'Grüße to all'
    """
    if "=?" not in value:
        return value
    try:
        parts = decode_header(value)
    except DAMAGE:
        return value
    text = "".join(p if isinstance(p, str) else decoded(p, c or "")[0] for p, c in parts)
    return " ".join(text.split())


def decoded(data: bytes, charset: str) -> tuple[str, bool]:
    """Return bytes as text, and whether some of them were none: as they are said to be, else UTF-8 or Windows-1252."""
    charset = charset.strip("\"' ").lower()
    if _CODEC.match(charset):
        try:
            return data.decode(_WIDER.get(charset, charset)), False
        except (LookupError, ValueError):
            pass
    try:
        return data.decode("utf-8"), False
    except UnicodeDecodeError:
        mended = data.decode("utf-8", errors="replace")
    # Whole characters of several bytes mean UTF-8 with damage.
    if sum(c > "\x7f" and c != "\ufffd" for c in mended) >= mended.count("\ufffd"):
        return mended, True
    return data.decode("cp1252", errors="replace"), False


def sent(written: str) -> datetime | None:
    """Return a time as mails write it, None if it is none; "-0000" means UTC."""
    try:
        moment = parsedate_to_datetime(written[:200])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None and _NO_TIME_ZONE.search(written) else moment
    except DAMAGE:
        return None


def delivered(written: str) -> datetime | None:
    """Return the time in the line that opens a mail, which is in UTC by custom: "Wed Dec  1 08:26:40 2010"."""
    parts = written.replace(" +0000", "").split()
    for end in range(len(parts), 4, -1):
        try:
            return datetime.strptime(" ".join(parts[end - 5 : end]), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def ids_in(value: str) -> list[str]:
    """Return the ids of mails in a header, without their brackets."""
    return _BRACKETS.findall(value)


def list_name(value: str) -> str:
    """Return the name of a mailing list, which is unique: 'Users <users.example.org>' gives users.example.org."""
    found = ids_in(value)
    return found[-1] if found else words(value).strip("<> ")


def author_of(headers: dict[str, str]) -> tuple[str | None, str | None]:
    """Return name and address of the author; a list that sends in the name of others gives way to them."""
    name, address = _mailbox(headers.get("from") or headers.get("sender", ""))
    via = _VIA.fullmatch(name)
    if via:
        name = via[1]
        _, other = _mailbox(headers.get("x-original-from") or headers.get("reply-to", ""))
        address = other if other != address else ""
    return name or address or None, address or None


def _mailbox(value: str) -> tuple[str, str]:
    """Return name and address in a header: "Ana <a@b.c>", "a@b.c (Ana)", or "a at b.c (Ana)" as archives write.

    >>> _mailbox("ana at example.org (Ana Silva)")
    ('Ana Silva', 'ana@example.org')
    """
    named = _NAMED_ADDRESS.match(value)
    bare = _PLAIN_ADDRESS.match(value)
    if named:
        name, address = named[1], named[2]
    elif bare:
        name, address = bare[3] or "", f"{bare[1]}@{bare[2]}"
    else:
        name, address = value, ""
    name = words(name.strip().strip('"').replace('\\"', '"')).strip("\"' ")
    return name, address.replace(" at ", "@").lower()


def is_expunged(status: str) -> bool:
    """Return whether Thunderbird has deleted a mail, which stays in the file until that is compacted."""
    try:
        return bool(int(status or "0", 16) & _EXPUNGED)
    except ValueError:
        return False


def is_robot(headers: dict[str, str], address: str) -> bool:
    """Return whether a program wrote a mail: an answering machine, a bounce, a tracker, a build."""
    if headers.get("auto-submitted", "no").lower() != "no" or headers.get("return-path", "").strip() == "<>":
        return True
    if not _ROBOT_HEADERS.isdisjoint(headers) or headers.get("precedence", "").lower() == "auto_reply":
        return True
    return bool(_ROBOT.match(address) or _ANSWERING_MACHINE.match(words(headers.get("subject", ""))))
