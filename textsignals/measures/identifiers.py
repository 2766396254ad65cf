"""Finds what points at a person or opens a door by its shape: addresses, links, numbers, tickets, keys, paths."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of text to be hidden, and what kind of thing stands there."""

    start: int
    end: int
    kind: str


# --- what a shape alone cannot tell ----------------------------------------------------------------------------------

_HEX = re.compile(r"[0-9a-f]{16,}|[0-9A-F]{16,}")
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
# In random base64 or hex, letters change case or turn to digits after about two signs; in names that people give to
# things, a word lasts for five. Short runs say less.
_LONGEST_RANDOM_PIECE, _IN_SHORT_RUNS, _SHORT = 3.2, 2.6, 24


def _random(text: str) -> bool:
    """Return whether a run of letters and digits looks drawn by chance rather than written by somebody."""
    pieces = _PIECE.findall(text)
    if len(pieces) > 1 and _HEX.fullmatch(text):
        return True
    longest = _IN_SHORT_RUNS if len(text) < _SHORT else _LONGEST_RANDOM_PIECE
    return len(pieces) > 1 and not text.startswith("/") and sum(map(len, pieces)) / len(pieces) <= longest


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _luhn(text: str) -> bool:
    """Return whether a card number is right by its last digit (ISO/IEC 7812-1, annex B)."""
    digits = [int(digit) for digit in reversed(_digits(text))]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return 13 <= len(digits) <= 19 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _iban(text: str) -> bool:
    """Return whether an account number is right by its two check digits (ISO 13616)."""
    bare = re.sub(r"\s", "", text).upper()
    return 15 <= len(bare) <= 34 and int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97 == 1


def _ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    # "a::b" is written in programming languages.
    return any(map(str.isdigit, text))


_DATE = re.compile(
    r"\(?\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}(?!\d)|\(?\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)?\d\d(?!\d)"
    r"|(?:19|20)\d\d ?- ?(?:19|20)\d\d"
)


def _phone(text: str) -> bool:
    """Return whether digits are grouped as in a telephone number (7 to 15 of them, E.164), and are no date."""
    n = len(_digits(text))
    if text.startswith(("+", "00")):
        return 7 <= n <= 15
    grouped = len(re.findall(r"\d+", text)) > 1
    return grouped and 7 <= n <= 13 and not _DATE.match(text)


# Prefixes of standards, of releases and of rooms for thought that look like those of tickets.
_NO_TICKET = frozenset(
    "UTF SHA ISO RFC COVID GPT CVE AES RSA MD HTTP TLS SSL ES ECMA IEEE IEC EN DIN PEP ECDSA ED X WEB TOP P Q H S"
    " L T V CLAUDE ARM CP KB MP MPEG HTML CSS USB PC UTC GMT WCAG SOC PCI FY K A B C D E F G".split()
)


def _ticket(text: str) -> bool:
    return text.partition("-")[0] not in _NO_TICKET


# Endings of hosts that are no words of a sentence, so that "done.in time" is none; others need a path behind them.
_ENDINGS = frozenset(
    "com org net edu gov mil io dev app ai cloud tech online site info biz xyz eu de uk fr nl ch au ca jp cn br"
    " ru pl es se dk fi cz int local internal lan corp home intranet example test localhost invalid".split()
)


def _host(text: str) -> bool:
    name, sign, _ = text.partition("/")
    name, port, _ = name.partition(":")
    return bool(port) or name.rpartition(".")[2].lower() in _ENDINGS or (bool(sign) and name.count(".") > 1)


# --- the shapes, the most telling first -------------------------------------------------------------------------------
# All run in linear time: runs are possessive or bounded, and begin only where the character before them is of no such
# run. A group "hide" is what is hidden where a word in front of it tells what it is.

_KEYS = "|".join(
    (
        r"(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|A3T[A-Z0-9])[A-Z0-9]{16}",  # Amazon
        r"gh[pousr]_\w{16,}+|github_pat_\w{16,}+",
        r"gl(?:pat|ptt|rt|dt|cbt|soat|ft|imt|agent|oas)-[\w-]{16,}+",
        r"xox[a-z]-[\w-]{8,}+|xapp-[\w-]{8,}+",  # Slack
        r"[rs]k_(?:live|test)_\w{8,}+|whsec_\w{8,}+",  # Stripe
        r"AIza[\w-]{30,}+|ya29\.[\w-]{10,}+|GOCSPX-[\w-]{20,}+",  # Google
        r"sk-[\w-]{20,}+",  # OpenAI, Anthropic
        r"(?:npm|hf|dapi|dop_v1|doo_v1|dor_v1|shpat|shpca|shppa|shpss|lin_api|figd|PMAK|ATATT|ATCTT|NRAK|pat)[_-]?"
        r"[A-Za-z0-9]{20,}[\w-]*+",
        r"pypi-[\w-]{16,}+",
        r"(?:AC|SK)[0-9a-fA-F]{32}",  # Twilio
        r"SG\.[\w-]{16,}+\.[\w-]{16,}+",  # SendGrid
        r"sq0[a-z]{3}-[\w-]{20,}+",  # Square
        r"key-[0-9a-f]{32}|[0-9a-f]{32}-us\d{1,2}",  # Mailgun, Mailchimp
        r"\d{8,10}:[\w-]{35}",  # Telegram
        r"[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}",  # Discord
        r"eyJ[\w-]{5,}+(?:\.[\w-]{4,}+){0,2}",  # JSON Web Token
    )
)
_SECRET_WORDS = r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth|key)"

_SHAPES: tuple[tuple[str, re.Pattern[str], Callable[[str], bool] | None], ...] = (
    ("key", re.compile(r"-----BEGIN [A-Z0-9 ]{1,40}-----[A-Za-z0-9+/=\s:,-]*+"), None),
    ("key", re.compile(rf"(?<![A-Za-z0-9])(?:{_KEYS})"), None),
    ("key", re.compile(r"(?i)\b(?:bearer|basic)\s{1,3}(?P<hide>[\w.~+/-]{8,}+=*+)"), lambda s: not s.isalpha()),
    (
        "key",
        re.compile(
            rf"(?i){_SECRET_WORDS}\w{{0,20}}[\"']?\s{{0,2}}(?:=>|:=|[:=])\s{{0,2}}[\"'`]?(?P<hide>[^\s\"'`,;]{{3,}}+)"
        ),
        lambda s: not s.isalpha() or len(s) >= 8,
    ),
    (
        "key",
        re.compile(
            rf"(?i){_SECRET_WORDS}\w{{0,20}}\s{{1,2}}(?:(?:is|to|was)\s{{1,2}})?[\"'`]?(?P<hide>[^\s\"'`,;]{{5,}}+)"
        ),
        lambda s: (
            any(c.isdigit() for c in s) and any(c.isalpha() for c in s) and not re.fullmatch(r"[a-z]+-?\d+[.)]?", s)
        ),
    ),
    ("link", re.compile(r"(?i)(?<![a-z0-9])[a-z][a-z0-9+.-]{1,15}://[^\s<>\"|]++"), None),
    ("mail", re.compile(r"(?<![\w.+%'-])[\w.+%'-]++@[\w-]++(?:\.[\w-]++)*+"), None),
    (
        "mail",
        re.compile(
            r"(?i)(?<![\w.+-])[\w.+-]++\s?[\[({<]\s?at\s?[\])}>]\s?[\w-]++(?:(?:\.|\s?[\[({<]\s?dot\s?[\])}>]\s?)[\w-]++)*+"
            r"|(?<![\w.+-])[\w.+-]{1,64}+ at [\w-]{1,63}+ dot [a-z]{2,10}\b"
        ),
        None,
    ),
    (
        "link",
        re.compile(r"(?i)(?<![\w.@/-])(?:www\.[^\s<>\"|]++|[\w-]++(?:\.[\w-]++)++(?::\d{2,5})?(?:/[^\s<>\"|]*+)?)"),
        _host,
    ),
    ("ip", re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)"), _ip),
    (
        "ip",
        re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{2,38}(?:\d{0,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})?(?![\w:])"),
        _ip,
    ),
    ("ip", re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![\w:-])"), None),
    ("id", re.compile(r"(?<!\w)[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?!\w)"), None),
    ("number", re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)"), _iban),
    ("number", re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])"), _luhn),
    ("phone", re.compile(r"(?<![\w.+:/,-])(?:\+ ?)?\(?\d[\d ()./-]{5,19}\d(?![\w:%]|[.,]\d)"), _phone),
    ("number", re.compile(r"(?<![\w.,])\d{7,}+(?![\w%])"), None),
    ("ticket", re.compile(r"(?<![\w-])[A-Z][A-Z0-9]{0,9}-\d{1,7}(?![\w-])"), _ticket),
    ("ticket", re.compile(r"(?<![\w&/])#\d{2,}+(?!\w)"), None),
    (
        "path",
        re.compile(
            r"(?i)(?:/home/|/users/|[a-z]:[\\/]+users[\\/]+|\\documents and settings\\)(?P<hide>[^\s/\\:\"'<>|]++)"
        ),
        None,
    ),
    ("path", re.compile(r"(?<![\w~])~(?P<hide>[A-Za-z][\w-]++)(?=/)"), None),
    ("key", re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_=-]{16,}+"), _random),
)

# All of them speak to everybody at once.
_EVERYBODY = frozenset("here channel everyone all team group".split())
_MENTION = re.compile(r"(?<![\w@])@(?P<hide>[^\W\d_][\w-]*+(?:\.[\w-]++)*+)")


def identifiers(text: str) -> Iterator[Span]:
    """Yield what stands in a text and can be told by its shape; spans may overlap, the most telling come first.

    >>> [text[a:b] for text in ["Ping 10.0.0.7 on PAY-12, UTF-8"] for a, b, _ in identifiers(text)]
    ['10.0.0.7', 'PAY-12']
    """
    for kind, shape, holds in _SHAPES:
        for match in shape.finditer(text):
            group = "hide" if "hide" in shape.groupindex else 0
            found = match.group(group)
            if kind == "link":
                found = found.rstrip(".,;:!?)]}'*_")
            if found and (holds is None or holds(found)):
                start = match.start(group)
                yield Span(start, start + len(found), kind)
    for match in _MENTION.finditer(text):
        if match["hide"].lower() not in _EVERYBODY:
            yield Span(*match.span(), "name")
