"""Numbers, times and names as a report writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from textsignals.measures.periods import step_of
from textsignals.measures.rates import Rate
from textsignals.taxonomy import Family

# Controls, halves of surrogate pairs, and signs that turn the direction of writing.
_ORDERS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

# Not from the calendar module, which follows the language of the machine.
_MONTHS = "January February March April May June July August September October November December".split()


def clean(text: str) -> str:
    """Return text without what a terminal or browser could take for orders; names of teams and files may hold any.

    >>> clean("red \\x1b[31m alert")
    'red ·[31m alert'
    """
    return _ORDERS.sub("·", text)


def per_100(rate: Rate) -> str:
    """Return a rate in words: per 100 sentences, or what it stays below where nothing can be told from zero.

    >>> per_100(Rate(0, 100, 0.0, 0.0, 0.034)), per_100(Rate(12, 100, 0.1, 0.04, 0.2))
    ('fewer than 4 in 100', 'about 10 in 100')
    """
    if not math.isfinite(rate.rate):
        return "not measurable"
    if rate.unseen:
        return f"fewer than {max(1, math.ceil(100 * rate.high))} in 100"
    if rate.beyond:
        return f"over {math.floor(100 * rate.low)} in 100, more than can be corrected for"
    return f"about {figure(rate.rate)} in 100"


def with_interval(rate: Rate) -> str:
    """Return a rate in words with its interval."""
    return per_100(rate) if rate.beyond else f"{per_100(rate)} ({figure(rate.low)} to {figure(rate.high)})"


def figure(share: float) -> str:
    """Return a share (0 to 1) per 100, with a digit behind the point where it is small.

    >>> figure(0.123), figure(0.0123)
    ('12', '1.2')
    """
    return f"{100 * share:.0f}" if 100 * share >= 1.95 else f"{100 * share:.1f}"


def span(periods: Sequence[str]) -> str:
    """Return the time from the first to the last of some periods in words.

    >>> span(["2026-03", "2026-04", "2026-05"]), span(["2025-12", "2026-01"]), span(["2026-W07"])
    ('March to May 2026', 'December 2025 to January 2026', '2026-W07')
    """
    first, last = _told(periods[0]), _told(periods[-1])
    if first == last:
        return first
    same_year = first[-4:] == last[-4:] and step_of(periods[0]) == "month"
    return f"{first[:-5] if same_year else first} to {last}"


def _told(period: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d", period):
        return period
    return f"{_MONTHS[int(period[-2:]) - 1]} {period[:4]}"


def counted(n: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "team"), counted(1200, "message")
    ('1 team', '1,200 messages')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence lists them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def family_title(family: Family) -> str:
    """Return how a family is called above a chart: its short name first, which is what formulas have room for."""
    short, title = family.name, family.title
    return title if short in title.lower() else f"{short.capitalize()}: {lower(title)}"


def family_told(family: Family) -> str:
    """Return how a family is called inside a sentence."""
    short, title = family.name, lower(family.title)
    return title if short in title else f"{short} ({title})"


def lower(title: str) -> str:
    """Return a title as it stands inside a sentence."""
    return title[:1].lower() + title[1:]
