"""Which names of channels, folders and files speak of the same team."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from textsignals.teams import normal

# Words that say what is done in a place, not which team does it.
_COMMON = frozenset(
    "standup standups stand up daily dailies scrum retro retros retrospective retrospectives planning sprint sprints"
    " review reviews refinement grooming sync weekly meeting meetings minutes notes note chat chats channel team teams"
    " squad squads crew group internal private public help ask questions general random all announcements announcement"
    " news lounge watercooler social fun alerts alert alarms monitoring incidents incident logs log bot bots ci builds"
    " deploys releases release updates update status board boards export exports parabol transcript transcripts"
    " recording recordings messages".split()
)
# Nobody's work, by the sound of it.
_NOISE = re.compile(
    r"(?<![^\W_])(?:random|alerts?|alarms|monitoring|logs?|bots?|ci|builds|deploys|watercooler|social|fun)(?![^\W_])",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?<![^\W_])(?:team|squad|crew|group)[\W_]?\d+(?![^\W_])", re.IGNORECASE)
# So many names show how a company names its channels: a word in front of more than half of them is no team.
_CONVENTION = 6


def words(name: str) -> list[str]:
    """Return the words of a name without those that any team could use; none if it says nothing of a team.

    >>> words("2026-03-13 Retro PaymentsTeam"), words("general")
    (['payments'], [])
    """
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    found = [word for word in re.split(r"[\W_]+", parted.casefold()) if word]
    told = [word for word in found if word not in _COMMON and not word.isdigit()]
    return told or (["-".join(found)] if _NUMBERED.search(name) else [])


def is_noise(name: str) -> bool:
    """Return whether a channel is, by its name, one that holds no team's work.

    >>> is_noise("alerts-prod"), is_noise("logistics")
    (True, False)
    """
    return bool(_NOISE.search(name))


def grouped(names: Iterable[str], teams: Iterable[str] = ()) -> dict[str, str]:
    """Return for each name the team it speaks of, "" if of none; `teams` are known, each a group of its own.

    >>> grouped(["payments", "payments-standup", "retro-payments", "general"])
    {'payments': 'payments', 'payments-standup': 'payments', 'retro-payments': 'payments', 'general': ''}
    """
    told = _without_convention({name: words(name) for name in names})
    quiet = [found for name, found in told.items() if found and not is_noise(name)]
    anchors = {tuple(found): found[0] for found in quiet if len(found) == 1}
    anchors |= {tuple(words(team) or [normal(team)]): team for team in teams}
    firsts = Counter(found[0] for found in quiet)
    return {name: _team_of(found, anchors, firsts, is_noise(name)) for name, found in told.items()}


def _without_convention(told: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the words of names without the one in front by which a company marks all its channels."""
    fronts = Counter(found[0] for found in told.values() if len(found) > 1)
    front, n = fronts.most_common(1)[0] if fronts else ("", 0)
    # A channel of just that name speaks for a team.
    if len(told) < _CONVENTION or n <= len(told) / 2 or any(normal(name) == front for name in told):
        return told
    return {name: found[1:] if found[:1] == [front] else found for name, found in told.items()}


def _team_of(found: list[str], anchors: Mapping[tuple[str, ...], str], firsts: Counter[str], noise: bool) -> str:
    """Return the team that the words of a name speak of: a known one, one shared with others, or one of its own."""
    known = [anchor for anchor in anchors if set(anchor) <= set(found)]
    if known:
        return anchors[min(known, key=lambda anchor: (-len(anchor), found.index(anchor[0])))]
    if not found or (noise and not firsts[found[0]]):
        return ""
    return found[0] if firsts[found[0]] > 1 or noise else "-".join(found)
