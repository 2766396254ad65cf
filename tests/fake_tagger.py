"""A tagger without a model: "!blindside" in a sentence is that signal, "!blindside:negated" the same with a status.

Its numbers never change, so that tests of counting, reports and commands do not depend on training.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import numpy as np

from textsignals.measures.scores import Counts
from textsignals.pipeline import Outcome
from textsignals.records import FileReport, Message, ReadReport, Tag
from textsignals.tagging.model import Model, Quality
from textsignals.tagging.sentences import Sentence
from textsignals.taxonomy import load_taxonomy

_MARK = re.compile(r"!(\w+)(?::(\w+))?")
_SENTENCE = re.compile(r"[^\s.][^.]*\.")

QUALITY = Quality(threshold=0.5, tp=80, fp=20, p=100, tn=995, n=1000)


def fake_model():
    taxonomy = load_taxonomy()
    points = ("balanced", "strict")
    return Model(
        name="fake",
        version="1",
        digest="0" * 12,
        taxonomy=taxonomy,
        features=None,
        cues=None,
        coef=None,
        intercept=None,
        status=None,
        quality={point: dict.fromkeys(taxonomy.signals, QUALITY) for point in points},
        families={point: dict.fromkeys(taxonomy.families, QUALITY) for point in points},
        meta={"judged_on": "1,000 real sentences"},
    )


class FakeTagger:
    def __init__(self, operating_point="balanced"):
        self.model, self.operating_point = fake_model(), operating_point
        self.signals = tuple(self.model.taxonomy.signals)

    def tag(self, texts):
        return list(self.stream(texts))

    def scores(self, texts):
        return np.array([[0.9 if f"!{signal}" in text else 0.0 for signal in self.signals] for text in texts])

    def sentences(self, text):
        return [Sentence(*match.span()) for match in _SENTENCE.finditer(text)]

    def stream(self, texts):
        for text in texts:
            yield tuple(self._tag(match, text) for match in _MARK.finditer(text))

    def tag_text(self, text):
        found = [(s, text[s.start : s.end]) for s in self.sentences(text)]
        return tuple(
            Tag(tag.signal, tag.family, tag.status, tag.score, span.start, span.end)
            for span, sentence in found
            for tag in next(self.stream([sentence]))
        )

    def _tag(self, match, text):
        signal, status = match.groups()
        family = self.model.taxonomy.signals[signal].family
        return Tag(signal, family, status or "asserted", 0.9, 0, len(text))


def message(text, *, author="Ann", team="Payments", day=date(2026, 3, 2), number=0, **more):
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) if day else None
    given = {"id": str(number), "source": "csv", "file": "in.csv", "locator": f"line {number}", "kind": "message"}
    return Message(**{**given, **more}, text=text, author=author, team=team, timestamp=moment)


def weeks_of(team, flags, *, signal="blindside", n_authors=6, per_author=10, start=date(2026, 1, 5)):
    """Return messages of one team, a week for each number of `flags`: so many of its sentences carry the signal."""
    made = []
    for week, n_flags in enumerate(flags):
        sentences = [f"!{signal} here." if i < n_flags else "Plain words." for i in range(n_authors * per_author)]
        # Dealt out in turn, so that no author stands out.
        for author in range(n_authors):
            text = " ".join(sentences[author::n_authors])
            day = start + timedelta(days=7 * week + author % 5)
            made.append(message(text, author=f"person {author}", team=team, day=day, number=len(made)))
    return made


def counted(messages, **settings):
    counts = Counts(FakeTagger(), **settings)
    counts.add(messages)
    return counts


def outcome(*files, problems=()):
    reports = [FileReport(name, "table", 10, 8, {"empty": 2}, 0) for name in files or ("in.csv",)]
    return Outcome(reports=[ReadReport("in", tuple(reports), tuple(problems))])
