"""Totals from which nothing hidden can be computed: what they cover, and an audit by linear algebra."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np

from textsignals.measures.privacy import MIN_AUTHORS, Verdict, may_show
from textsignals.measures.scores import Cell, Tally

# The audit tries all sums of so many equations that hang together, which takes 2 to that power steps.
_MOST_TOGETHER = 14
# Entries are small whole numbers or fractions of such; rounding errors of their sums are far below this.
_TOLERANCE = 1e-9

Atom = TypeVar("Atom", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a report may publish.

    `hidden` holds the cells that are not shown, each with its reason. `rows` holds for each period, and `overall` for
    all periods together, the cells that the row of all teams covers: all that are shown and, pooled as "other teams",
    hidden ones that may be shown together. The total of a team is over its shown cells.
    """

    hidden: Mapping[Cell, str]
    rows: Mapping[str, tuple[Cell, ...]]
    overall: tuple[Cell, ...]


def plan(
    cells: Mapping[Cell, Tally],
    verdicts: Mapping[Cell, Verdict],
    refused: Callable[[Sequence[Cell]], str] = lambda together: "",
    min_authors: int = MIN_AUTHORS,
) -> Plan:
    """Return what of some cells may be published, so that no sum of hidden ones can be computed but those of pools.

    `verdicts` say for each cell what `may_show` does, with the same floor of `min_authors`.
    `refused` is asked for each cell to be shown, then for each pool of hidden cells, and returns why its sum must not
    be published after all, or "" (see `ledger.Ledger.admit`).

    All that is published are sums of disjoint parts: cells that are shown, and pools. So nothing but sums of those
    parts follows from it, and no cell needs to be hidden for the sake of a total. A pool has text of at least two
    teams and passes `may_show`; what is in no pool is in no total.
    """

    def may_pool(pool: Collection[Cell]) -> bool:
        return len({team for team, _ in pool}) > 1 and may_show(_together(pool, cells), min_authors).shown

    def pooled_of(candidates: Iterable[Cell]) -> list[Cell]:
        pool = _pool(candidates, cells, may_pool)
        return [] if not pool or refused(pool) else pool

    hidden = {cell: verdict.reason for cell, verdict in sorted(verdicts.items()) if not verdict.shown}
    for cell in sorted(cells):
        if cell not in hidden and (reason := refused([cell])):
            hidden[cell] = reason
    shown = sorted(cells.keys() - hidden.keys())
    periods = sorted({period for _, period in cells})
    pools = {period: pooled_of(cell for cell in hidden if cell[1] == period) for period in periods}
    pooled = {cell for pool in pools.values() for cell in pool}
    rest = pooled_of(cell for cell in hidden if cell not in pooled)
    rows = {period: tuple(sorted([*(c for c in shown if c[1] == period), *pool])) for period, pool in pools.items()}
    made = Plan(dict(sorted(hidden.items())), rows, tuple(sorted([*shown, *pooled, *rest])))
    shown_cells = frozenset(shown)
    leaks = audit(published(made), lambda some: some <= shown_cells or may_pool(some - shown_cells))
    if leaks:
        raise AssertionError(f"{len(leaks)} sums of hidden cells could be computed from the totals")
    return made


def published(made: Plan) -> list[frozenset[Cell]]:
    """Return the set of cells that each published number sums up: cells, teams, periods, and all of it."""
    shown = [cell for cell in made.overall if cell not in made.hidden]
    teams = sorted({team for team, _ in shown})
    sums = [*([cell] for cell in shown), *([c for c in shown if c[0] == team] for team in teams)]
    return [frozenset(cells) for cells in (*sums, *made.rows.values(), made.overall) if cells]


def _pool(
    candidates: Iterable[Cell], cells: Mapping[Cell, Tally], may_pool: Callable[[Collection[Cell]], bool]
) -> list[Cell]:
    """Return as many of some hidden cells as may be shown together, or none."""
    pool = sorted(cell for cell in candidates if cells[cell].n_sentences)
    while pool and not may_pool(pool):
        authors = _together(pool, cells).authors
        if not authors:
            return []
        # One author who wrote over half, or few authors beside text of the group: without that cell the rest may do.
        most = min(authors, key=lambda who: (-authors[who], who))
        pool.remove(max(pool, key=lambda cell: (cells[cell].authors[most], cell)))
    return pool


def _together(some: Iterable[Cell], cells: Mapping[Cell, Tally]) -> Tally:
    whole = Tally()
    for cell in some:
        whole.sentences.update(cells[cell].sentences)
    return whole


def audit(sums: Iterable[Collection[Atom]], allowed: Callable[[frozenset[Atom]], bool]) -> list[frozenset[Atom]]:
    """Return the sets of atoms whose sum follows from published sums though it is not `allowed`.

    Each published sum is over a collection of atoms. `allowed` must hold for the union of disjoint sets for which it
    holds. Atoms that are in the same sums are one region, since nothing tells them apart. The equations are brought
    into reduced row echelon form, exactly. There each sum of regions that follows is a sum of rows, each taken once or
    not at all; all of those are tried in every block of up to 14 rows that share a region, rows and pairs in larger
    ones.
    """
    sums = list(sums)
    members: dict[Atom, list[int]] = {}
    for i, atoms in enumerate(sums):
        for atom in atoms:
            members.setdefault(atom, []).append(i)
    regions: dict[tuple[int, ...], set[Atom]] = {}
    for atom, inside in members.items():
        regions.setdefault(tuple(inside), set()).add(atom)
    equations: list[dict[int, Fraction]] = [{} for _ in sums]
    for region, having in enumerate(regions):
        for i in having:
            equations[i][region] = Fraction(1)
    parts = list(regions.values())
    # Most published sums are of one cell; taken out of the others, they leave little to solve.
    alone = dict.fromkeys(region for equation in equations if len(equation) == 1 for region in equation)
    equations = [{c: value for c, value in equation.items() if c not in alone} for equation in equations]
    found = [frozenset(parts[region]) for region in alone] + [
        frozenset[Atom]().union(*(parts[region] for region in some))
        for block in _blocks(_reduced(equations))
        for some in _sums_of_regions(block)
    ]
    return [some for some in found if not allowed(some)]


def _reduced(equations: Sequence[dict[int, Fraction]]) -> list[dict[int, Fraction]]:
    """Return the rows of the reduced row echelon form that are not zero; a row has its coefficients by column."""
    rows: dict[int, dict[int, Fraction]] = {}
    for equation in sorted(equations, key=len):
        row = dict(equation)
        for pivot in sorted(equation.keys() & rows.keys()):
            _subtract(row, rows[pivot], row[pivot])
        if row:
            pivot = min(row)
            row = {column: value / row[pivot] for column, value in row.items()}
            for other in rows.values():
                if pivot in other:
                    _subtract(other, row, other[pivot])
            rows[pivot] = row
    return list(rows.values())


def _subtract(row: dict[int, Fraction], other: Mapping[int, Fraction], times: Fraction) -> None:
    for column, value in other.items():
        left = row.get(column, Fraction(0)) - times * value
        if left:
            row[column] = left
        else:
            del row[column]


def _blocks(rows: Iterable[dict[int, Fraction]]) -> list[list[dict[int, Fraction]]]:
    """Return the rows in blocks that share no column."""
    blocks: list[tuple[set[int], list[dict[int, Fraction]]]] = []
    for row in rows:
        touched = [block for block in blocks if not block[0].isdisjoint(row)]
        blocks = [block for block in blocks if block[0].isdisjoint(row)]
        columns = set(row).union(*(block[0] for block in touched))
        blocks.append((columns, [row, *(other for block in touched for other in block[1])]))
    return [block for _, block in blocks]


def _sums_of_regions(block: Sequence[Mapping[int, Fraction]]) -> list[list[int]]:
    """Return each set of regions, as columns, whose sum is a sum of rows of a block."""
    columns = sorted(set().union(*block))
    matrix = np.array([[float(row.get(column, 0)) for column in columns] for row in block])
    if len(block) <= _MOST_TOGETHER:
        taken = (np.arange(1, 2 ** len(block))[:, None] >> np.arange(len(block))) & 1
    else:
        one = np.eye(len(block), dtype=int)
        first, second = np.triu_indices(len(block), 1)
        taken = np.concatenate([one, one[first] + one[second]])
    made = taken @ matrix
    whole = made[(np.minimum(abs(made), abs(made - 1)) < _TOLERANCE).all(axis=1)]
    return [[columns[i] for i in np.flatnonzero(sum_ > 0.5)] for sum_ in whole]
