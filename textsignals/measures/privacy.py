"""Which cells may be shown: enough people, enough sentences, nobody dominating (docs/privacy.md)."""

from __future__ import annotations

from dataclasses import dataclass

from textsignals.errors import TextSignalsError
from textsignals.measures.scores import Tally

MIN_AUTHORS = 5
"""The floor of the policy; `min_authors` raises it for a report, and nothing lowers it."""

MIN_SENTENCES = 30
MIN_DOCUMENTS = 2
"""Of sources that record no authors: a single document may be the words of one person."""

MAX_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a cell may be shown, and in words why not, or what to know about it."""

    shown: bool
    reason: str = ""


def raised_floor(min_authors: int) -> int:
    """Return a floor of authors that somebody asks for; raises TextSignalsError if it is below that of the policy."""
    if min_authors < MIN_AUTHORS:
        raise TextSignalsError(f"{min_authors} authors are too few: the floor is {MIN_AUTHORS}, and may only be raised")
    return min_authors


def may_show(tally: Tally, min_authors: int = MIN_AUTHORS) -> Verdict:
    """Return whether the numbers of a cell (team and period) may leave the program.

    Sources that record no authors speak for the group and need enough sentences out of enough documents. Where some
    messages have authors and some not, the rule for authors holds for the whole cell.
    """
    if tally.n_sentences < MIN_SENTENCES:
        return Verdict(False, f"fewer than {MIN_SENTENCES} sentences")
    if not tally.authors:
        if len(+tally.sentences) < MIN_DOCUMENTS:
            return Verdict(False, f"fewer than {MIN_DOCUMENTS} documents, and authors are not recorded")
        return Verdict(True, "authors not recorded")
    if len(tally.authors) < min_authors:
        return Verdict(False, f"fewer than {min_authors} authors")
    if tally.top_share > MAX_SHARE:
        return Verdict(False, f"one author wrote over {MAX_SHARE:.0%} of the sentences")
    return Verdict(True)


def people(tally: Tally, min_authors: int = MIN_AUTHORS) -> str:
    """Return the number of authors as coarsely as a report may say it: in steps of five from the floor on.

    >>> people(Tally())
    'not recorded'
    """
    n = len(tally.authors)
    if not n:
        return "not recorded"
    if n < min_authors:
        return f"under {min_authors}"
    least = n - (n - min_authors) % 5
    return f"{least} to {least + 4}"
