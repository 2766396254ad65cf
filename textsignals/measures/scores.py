"""The tidy table: how often each signal was tagged, per team and period, and how many people and sentences that is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from itertools import islice
from typing import Any

import pandas as pd
from spacy.lang.en.stop_words import STOP_WORDS

from textsignals.measures.periods import local_day, period_of
from textsignals.records import Message, Tag
from textsignals.tagging.tagger import Tagger, load
from textsignals.taxonomy import COUNTED, Taxonomy
from textsignals.teams import Pseudonyms, public_channel, whole

UNDATED = "undated"
"""The period of messages without a date; they are counted and never drawn into a trend."""

_BATCH = 256

# Terse English notes of teams still have a quarter of small words; German and French text has under a tenth.
_SMALL_WORDS = 0.15
_MIN_WORDS = 200

Cell = tuple[str, str]

Place = tuple[str, date | None, str]
"""Where something was written: team, day, and stratum: the channel of a chat, else the format of the source."""

Cluster = tuple[str | None, str]
"""What hangs together: a pseudonym and an ISO week or, if undated, a document; without an author, None and that."""

Offer = Callable[[Place, str | None, str, str, str], None]
"""Takes a sentence that a report might quote: place, pseudonym of the author, document, signal, and the sentence."""


@dataclass
class Tally:
    """What was counted in one team and day, or over several: no text, and authors only as pseudonyms of one run.

    `sentences` are counted by cluster, `flags` by cluster and signal or family (asserted only), `statuses` by signal
    and status, a family once a sentence and status. `lead_only` are the flags and `lead_only_statuses` the statuses of
    families of which no signal stood in the sentence but such as speak of whoever leads.
    """

    messages: int = 0
    sentences: Counter[Cluster] = field(default_factory=Counter)
    flags: Counter[tuple[Cluster, str]] = field(default_factory=Counter)
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    lead_only: Counter[tuple[Cluster, str]] = field(default_factory=Counter)
    lead_only_statuses: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add what was counted elsewhere."""
        self.messages += other.messages
        self.sentences.update(other.sentences)
        self.flags.update(other.flags)
        self.statuses.update(other.statuses)
        self.lead_only.update(other.lead_only)
        self.lead_only_statuses.update(other.lead_only_statuses)

    def without_lead(self, taxonomy: Taxonomy) -> Tally:
        """Return what may be told of one team outside of it: nothing that speaks of whoever leads it."""
        lead = {signal.name for signal in taxonomy.signals.values() if signal.lead}
        flags = Counter({key: n for key, n in (self.flags - self.lead_only).items() if key[1] not in lead})
        statuses = self.statuses - self.lead_only_statuses
        kept = Counter({key: n for key, n in statuses.items() if key[0] not in lead})
        return Tally(self.messages, Counter(self.sentences), flags, kept)

    @property
    def n_sentences(self) -> int:
        """Number of sentences, whoever wrote them."""
        return self.sentences.total()

    @property
    def authors(self) -> Counter[str]:
        """Those who wrote sentences, as pseudonyms, and how many; sources that record no author add none."""
        counts: Counter[str] = Counter()
        for (who, _), n in self.sentences.items():
            # Somebody who only posted a smiley hides nobody.
            if who is not None and n:
                counts[who] += n
        return counts

    @property
    def top_share(self) -> float:
        """The share of the attributed sentences that come from the most active author."""
        counts = self.authors
        return max(counts.values()) / counts.total() if counts.total() else 0.0


class Counts:
    """Counts messages as they stream by, per team, day and stratum; `cells()` makes periods of them."""

    def __init__(
        self,
        tagger: Tagger,
        tz: tzinfo = UTC,
        pseudonyms: Pseudonyms | None = None,
        offer: Offer | None = None,
    ) -> None:
        self.tagger, self.tz, self._offer = tagger, tz, offer
        self.days: dict[Place, Tally] = defaultdict(Tally)
        self._pseudonyms = pseudonyms or Pseudonyms()
        self._language: Counter[bool] = Counter()
        self._lead = {signal.name for signal in tagger.model.taxonomy.signals.values() if signal.lead}

    def add(self, messages: Iterable[Message]) -> None:
        """Tag and count messages; each must have its team."""
        stream = iter(messages)
        while batch := list(islice(stream, _BATCH)):
            spans = [self.tagger.sentences(message.text) for message in batch]
            texts = [m.text[s.start : s.end] for m, found in zip(batch, spans, strict=True) for s in found]
            self._language.update(word in STOP_WORDS for text in texts for word in text.lower().split())
            tags = iter(self.tagger.stream(texts))
            for message, found in zip(batch, spans, strict=True):
                self._count(message, [(message.text[s.start : s.end], next(tags)) for s in found])

    def _count(self, message: Message, tagged: Sequence[tuple[str, tuple[Tag, ...]]]) -> None:
        day = local_day(message.timestamp, self.tz) if message.timestamp else None
        channel = public_channel(message) if message.kind == "message" else None
        place = (whole(message.team or ""), day, channel or message.source)
        tally = self.days[place]
        # The shown name first: it is what one person has in common over a chat, minutes and a sheet.
        named = message.author or message.author_id
        cluster: Cluster = (None, message.file)
        if named:
            cluster = (self._pseudonyms(named), period_of(day, "week") if day else message.file)
        tally.messages += 1
        tally.sentences[cluster] += len(tagged)
        for sentence, tags in tagged:
            tally.statuses.update((tag.signal, tag.status) for tag in tags)
            counted = [tag for tag in tags if tag.status == COUNTED]
            tally.flags.update((cluster, name) for name in {t.signal for t in counted} | {t.family for t in counted})
            # A family counts once a sentence and status, however many of its signals stand in it.
            families = {(tag.family, tag.status) for tag in tags}
            tally.statuses.update(families)
            alone = families - {(tag.family, tag.status) for tag in tags if tag.signal not in self._lead}
            tally.lead_only_statuses.update(alone)
            tally.lead_only.update((cluster, family) for family, status in alone if status == COUNTED)
            if self._offer:
                # A sentence that speaks of whoever leads is an example of nothing else.
                lead = [tag.signal for tag in tags if tag.signal in self._lead]
                for signal in sorted({tag.signal for tag in counted if not lead or tag.signal in lead}):
                    self._offer(place, cluster[0], message.file, signal, sentence)

    @property
    def foreign(self) -> bool:
        """Whether the text as a whole does not look English: English is two fifths small words, others a tenth."""
        return self._language.total() >= _MIN_WORDS and self._language[True] / self._language.total() < _SMALL_WORDS

    @property
    def dates(self) -> list[date]:
        """The days on which something was written, in order."""
        return sorted({day for _, day, _ in self.days if day is not None})

    def without_lead(self) -> Counts:
        """Return what may be told of single teams outside of them: the same counts, each `Tally.without_lead`."""
        told = copy(self)
        told.days = defaultdict(Tally)
        told.days.update((at, tally.without_lead(self.tagger.model.taxonomy)) for at, tally in self.days.items())
        return told

    def cells(self, by: str) -> dict[Cell, Tally]:
        """Return the tallies of each (team, period), in order."""
        cells: dict[Cell, Tally] = defaultdict(Tally)
        for (team, day, _), tally in self.days.items():
            cells[(team, period_of(day, by) if day else UNDATED)].add(tally)
        return dict(sorted(cells.items()))


def merged(cells: Mapping[Cell, Tally], team: str, periods: Iterable[str]) -> Tally:
    """Return the tallies of some periods of a team as one."""
    whole = Tally()
    for period in periods:
        if (team, period) in cells:
            whole.add(cells[(team, period)])
    return whole


def table(cells: dict[Cell, Tally], tagger: Tagger) -> pd.DataFrame:
    """Return one row a team, period and signal (or family, `level` tells), with counts and no person in it.

    Columns: team, period, level, signal, n_messages, n_sentences, n_authors, then n_<status> for each status.
    """
    taxonomy = tagger.model.taxonomy
    names = [*(("family", f) for f in taxonomy.families), *(("signal", s) for s in taxonomy.signals)]
    rows: list[dict[str, Any]] = [
        {
            "team": team,
            "period": period,
            "level": level,
            "signal": name,
            "n_messages": tally.messages,
            "n_sentences": tally.n_sentences,
            "n_authors": len(tally.authors),
            **{f"n_{status}": tally.statuses[(name, status)] for status in taxonomy.statuses},
        }
        for (team, period), tally in cells.items()
        for level, name in names
    ]
    named = ["team", "period", "level", "signal", "n_messages", "n_sentences", "n_authors"]
    return pd.DataFrame(rows, columns=[*named, *(f"n_{status}" for status in taxonomy.statuses)])


def tag_frame(df: pd.DataFrame, text: str = "text", *, tagger: Tagger | None = None) -> pd.DataFrame:
    """Return one row a tag found in the column `text`; `row` is the index label of the text it was found in.

    Columns: row, signal, family, status, score, start, end, evidence; offsets are into the text of that row. Raises
    KeyError if there is no such column; rows without text yield no tags.
    """
    tagger = tagger or load()
    rows = [
        {"row": label, **{name: getattr(tag, name) for name in Tag.__dataclass_fields__}}
        for label, value in df[text].items()
        if isinstance(value, str)
        for tag in tagger.tag_text(value)
    ]
    return pd.DataFrame(rows, columns=["row", *Tag.__dataclass_fields__])
