from collections import defaultdict
from itertools import permutations

import pytest

from textsignals.measures.evidence import MOST, Candidate, Quotes, choose, quotable
from textsignals.measures.redaction import Redactor
from textsignals.measures.scores import Tally

REDACT = Redactor(["Ann Lee", "Quentin Vogelsang"])
SAYINGS = "we heard it late;the client told us first;plans changed without us;nobody had asked us before".split(";")


def said(i, **more):
    text = f"This time {SAYINGS[i % 4]} and it was the {'very ' * (i // 4)}same again."
    given = {"team": "pay", "period": "2026-03", "signal": "blindside", "document": "chat", "stratum": "general"}
    return Candidate(**{**given, "who": f"p{i}", "sentence": text, **more})


class Counted:
    """Tallies of what is offered, and of people who only said plain things."""

    def __init__(self, candidates, quiet=10, documents=0, channel_quiet=None):
        self.tallies = defaultdict(Tally)
        self.add(candidates)
        for stratum in (None, "general"):
            n = channel_quiet if stratum and channel_quiet is not None else quiet
            for i in range(n):
                self.tallies["pay", "2026-03", stratum].sentences[f"quiet {i}", "w"] += 10
        for i in range(documents):
            self.tallies["pay", "2026-03", None].sentences[None, f"other {i}.md"] += 20

    def add(self, candidates):
        for c in candidates:
            cluster = (c.who, "w") if c.who else (None, c.document)
            for stratum in (None, c.stratum):
                self.tallies[c.team, c.period, stratum].sentences[cluster] += 10
                self.tallies[c.team, c.period, stratum].flags[cluster, c.signal] += 1

    def __call__(self, team, period, stratum):
        return self.tallies[team, period, stratum]


def quotes_of(candidates):
    quotes = Quotes()
    for candidate in candidates:
        quotes.offer(candidate)
    return quotes


def chosen(candidates, leave_out=(), **counted):
    return choose(quotes_of(candidates), Counted(candidates, **counted), REDACT, leave_out)


def test_at_most_three_quotes_each_of_another_author():
    found = chosen([said(i) for i in range(12)])
    [texts] = found.values()
    assert list(found) == [("pay", "blindside")] and len(texts) == len(set(texts)) == MOST


@pytest.mark.parametrize(
    ("n", "counted", "shown"),
    [
        (3, {"quiet": 7}, 3),
        (3, {"quiet": 6}, 0),
        (2, {"quiet": 20}, 0),
        # A channel of three people is no place to quote from, in however large a team.
        (3, {"quiet": 20, "channel_quiet": 1}, 0),
        (3, {"quiet": 20, "channel_quiet": 2}, 3),
    ],
)
def test_a_quote_needs_others_to_hide_among(n, counted, shown):
    found = chosen([said(i) for i in range(n)], **counted)
    assert sum(map(len, found.values())) == shown


def test_nobody_is_quoted_twice_in_a_report():
    signals = ("blindside", "silo", "scope_shift")
    found = chosen([said(i, signal=signal) for i in range(4) for signal in signals])
    texts = [text for told in found.values() for text in told]
    assert len(texts) == len(set(texts)) == 4


def test_signals_that_are_left_out_are_not_quoted():
    candidates = [said(i, signal=signal) for i in range(8) for signal in ("blindside", "silo")]
    assert {signal for _, signal in chosen(candidates, leave_out={"silo"})} == {"blindside"}


def test_neither_time_nor_author_nor_arrival_makes_a_difference():
    candidates = [said(i) for i in range(5)]
    orders = [chosen(order) for order in permutations(candidates)]
    renamed = chosen([c._replace(who=f"zz{9 - i}") for i, c in enumerate(candidates)])
    assert all(order == orders[0] for order in [*orders, renamed])


def test_what_is_kept_does_not_grow_with_what_is_offered():
    quotes = quotes_of([said(i % 900, who=f"p{i % 300}") for i in range(3_000)])
    assert len(list(quotes.in_turn())) == 16


@pytest.mark.parametrize(
    ("n_documents", "counted", "shown"),
    [
        (3, {}, 3),
        (2, {"documents": 5}, 0),
        # One author in the window, and the rule for authors holds for all of it.
        (3, {"quiet": 1}, 0),
        (3, {"quiet": 12}, 0),
    ],
)
def test_sources_without_authors_are_counted_by_documents(n_documents, counted, shown):
    candidates = [said(4 * j + i, who=None, document=f"{i}.md") for i in range(n_documents) for j in range(3)]
    found = chosen(candidates, **{"quiet": 0, **counted})
    assert sum(map(len, found.values())) == shown


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Quentin  told us two days late again.", "[name] told us two days late again."),
        ("We asked Oyelaran and nobody answered us.", "We asked [name] and nobody answered us."),
        ("Too short here.", None),
        ("Ann, Quentin, Oyelaran and we all forgot.", None),
        ("word " * 60, None),
        ('He said "no way" to all of us.', None),
        ("They called it ‘done’ and left us there.", None),
        ("We call foo_bar() before the release here.", None),
        ("The parseTree step is what broke for us.", None),
        ("It cost us 12,400 in the last quarter.", None),
        ("We lost 37% of the people this time.", None),
        ("We waited for 2 days and heard nothing.", "We waited for 2 days and heard nothing."),
        ("We waited\x07 for days and heard nothing.", None),
    ],
)
def test_a_quote_stays_meaningful_and_safe(sentence, quote):
    assert quotable(sentence, REDACT) == quote


@pytest.mark.parametrize(
    ("floor", "window", "channel", "quoted"),
    [(8, 10, 8, True), (8, 10, 7, False), (8, 9, 8, False), (12, 12, 12, True), (12, 11, 11, False)],
)
def test_a_raised_floor_holds_for_the_window_and_the_channel(floor, window, channel, quoted):
    candidates = [said(i) for i in range(4)]
    counted = Counted(candidates, quiet=window - 4, channel_quiet=channel - 4)
    assert bool(choose(quotes_of(candidates), counted, REDACT, min_authors=floor)) == quoted
