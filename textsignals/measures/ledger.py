"""What earlier reports published, so that no later one can be subtracted from them; kept apart from any output."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import secrets
import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from types import TracebackType

from textsignals.errors import TextSignalsError
from textsignals.measures.periods import period_of
from textsignals.measures.privacy import may_show
from textsignals.measures.scores import UNDATED, Cell, Place, Tally
from textsignals.teams import Pseudonyms

REFUSED = "differs from an earlier report by too few people or sentences"
"""Why a cell or pool is hidden that could be subtracted from what was published before."""

LEADS_REFUSED = "differs from an earlier report by too few teams"
"""Why what speaks of leads is not told of several teams, where an earlier report told it of others."""

Atom = tuple[str | None, date | None, str]
"""What teams and windows are made of: an author, a day and a stratum or, without an author, a day and a document.

Undated text of authors goes by its document, too. After a line break follows what tells texts apart that have all of
these in common.
"""

Atoms = Mapping[Atom, int]
"""Some text, as the number of sentences of each atom."""

_ENVIRONMENT = "TEXTSIGNALS_STATE"
_KEY, _LINES = "key", "ledger.jsonl"
_KEY_BYTES = 32
# Author (128 bits of a keyed hash), number of the day, place or document (64 bits), what tells it apart (32 bits).
_ATOM, _SENTENCES = struct.Struct(">16si8s4s"), struct.Struct(">I")
# The part of an atom that is the same for texts that must be told apart.
_ALIKE, _APART = slice(_ATOM.size - 4), slice(_ATOM.size - 4, None)
_NOBODY = bytes(16)
# What ends the names of folders and archives on the way to a file.
_FOLDER = re.compile(r"[/\\!]")

_Kept = dict[bytes, int]
"""The atoms of one published sum, packed, with their sentences."""


def state_folder() -> Path:
    """Return the folder of key and ledger: $TEXTSIGNALS_STATE, or textsignals in the user's folder of states.

    That is $XDG_STATE_HOME or else ~/.local/state (XDG Base Directory Specification). Raises TextSignalsError if the
    user has no home.
    """
    if told := os.environ.get(_ENVIRONMENT):
        return Path(told)
    try:
        return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "textsignals"
    except RuntimeError as error:
        raise TextSignalsError(f"there is no home folder for the ledger; set {_ENVIRONMENT} to a folder") from error


def project_key(folder: Path | None = None) -> bytes:
    """Return the key of 256 random bits under which people are pseudonyms, made at first use.

    Raises TextSignalsError if the folder cannot be used, or the key is damaged, lost, or readable by others.
    """
    folder = folder or state_folder()
    with _locked(folder):
        return _key(folder)


def forget(folder: Path | None = None) -> None:
    """Delete key and ledger: no pseudonym can be made again, and later reports are compared with no earlier one."""
    folder = folder or state_folder()
    if folder.is_dir():
        with _locked(folder):
            try:
                # The ledger first: without its key it would be an error.
                for name in (_LINES, _KEY):
                    (folder / name).unlink(missing_ok=True)
            except OSError as error:
                raise TextSignalsError(f"{folder}: key and ledger cannot be deleted: {error.strerror}") from error


def texts(days: Mapping[Place, Tally], by: str) -> dict[Cell, Atoms]:
    """Return the atoms of each (team, period) of what was counted by team, day and stratum (`scores.Counts.days`).

    The pseudonyms must be made under `project_key`, or nothing would be known again. A document goes by its name, so
    that it is known again wherever it lies; its path and team tell it apart from others of that name.
    """
    cells: dict[Cell, Counter[Atom]] = defaultdict(Counter)
    for (team, day, stratum), tally in days.items():
        cell = cells[team, period_of(day, by) if day else UNDATED]
        for (who, document), n in tally.sentences.items():
            place = stratum if who and day else document
            cell[who, day, f"{_FOLDER.split(place)[-1]}\n{place}\n{team}"] += n
    return dict(sorted(cells.items()))


def lead_texts(days: Mapping[Place, Tally], by: str, shown: Container[Cell]) -> dict[Cell, Atoms]:
    """Return the atoms of each (team, period) for sums of what speaks of leads, where each team has one voice.

    They have nothing in common with those of `texts`. A team that is not `shown` has no voice: too few speak for it.
    """
    cells: dict[Cell, Counter[Atom]] = defaultdict(Counter)
    for (team, day, _), tally in days.items():
        cell = (team, period_of(day, by) if day else UNDATED)
        voice, rest = (f"lead of {team}", "lead") if cell in shown else (None, f"lead of {team}")
        cells[cell][voice, day, rest] += tally.n_sentences
    return dict(sorted(cells.items()))


def joined(parts: Iterable[Atoms]) -> Atoms:
    """Return the atoms of several cells together."""
    whole: Counter[Atom] = Counter()
    for atoms in parts:
        whole.update(atoms)
    return whole


class Ledger:
    """Decides for one report which sums may be published beside those of earlier reports, and keeps them.

    `zone` names where days begin, which all reports that are kept together must have in common. Used in a `with`
    statement, which holds other reports off and, if nothing fails, keeps what was admitted on its end; that must come
    before the report is written. Published sums cut text into regions: what is in the same sums. All that can be
    computed from sums is about unions of regions, so a sum is admitted if all regions that it makes are large enough to
    be shown. What was published before is always admitted, so that a command that is run again gives the same report.

    The ledger has no names: it keeps keyed hashes of authors and documents, days, and numbers of sentences.
    """

    def __init__(self, folder: Path | None = None, zone: str = "UTC") -> None:
        self._folder, self._zone = folder or state_folder(), zone
        self._sums: list[_Kept] = []
        self._admitted: list[_Kept] = []
        self._known: set[bytes] = set()
        # For each atom the published sums that hold it, by their place in the list, with their sentences.
        self._holders: dict[bytes, dict[int, int]] = defaultdict(dict)
        self._alike: dict[bytes, dict[bytes, None]] = defaultdict(dict)
        # Atoms of this report that were published as others, or of which that cannot be said.
        self._recognised: dict[bytes, _Kept | None] = {}

    def __enter__(self) -> Ledger:
        self._lock = _locked(self._folder)
        self._lock.__enter__()
        try:
            key = _key(self._folder)
            # Apart from the pseudonyms that files may hold.
            self._check = hmac.digest(key, b"line", "sha256")
            # Asked for the same few names again and again.
            self._hash = cache(Pseudonyms(hmac.digest(key, b"ledger", "sha256")))
            for kept in _read(self._folder / _LINES, self._check, self._zone):
                self._add(kept)
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._admitted:
                _append(self._folder / _LINES, [_line(kept, self._zone, self._check) for kept in self._admitted])
        finally:
            self._lock.__exit__(None, None, None)

    def recognise(self, cells: Iterable[Atoms]) -> None:
        """Find out which texts of a report were published before; asked before any sum of it is admitted.

        What tells apart texts of one author, day and place or document, their team or folder, may be called otherwise
        now, or be one with another.
        """
        texts: dict[bytes, dict[bytes, int]] = defaultdict(dict)
        for atoms in cells:
            for packed, n in ((self._packed(*atom), n) for atom, n in atoms.items() if n > 0):
                texts[packed[_ALIKE]][packed] = n
        published = {
            alike: {atom: set(self._holders[atom].values()) for atom in self._alike.get(alike, ())} for alike in texts
        }
        fits: dict[bytes, list[bool]] = defaultdict(list)
        for alike, own in texts.items():
            for atom in own.keys() & published[alike].keys():
                fits[atom[_APART]].append(own[atom] in published[alike][atom])
        names = {name for name, fit in fits.items() if 2 * sum(fit) >= len(fit)}
        for alike, own in texts.items():
            self._recognised.update(_recognised(own, published[alike], names))

    def admit(self, atoms: Atoms, enough: Callable[[Tally], bool] = lambda region: may_show(region).shown) -> str:
        """Return "" if the sum over some text may be published, which is then kept, or why not.

        `enough` says of the sentences of a region whether it may be shown, and must hold for a union of what it holds
        for, as `privacy.may_show` does.
        """
        kept: _Kept = {}
        for atom, n in atoms.items():
            packed = self._packed(*atom)
            known_as = self._recognised.get(packed, {packed: n})
            if known_as is None:
                return REFUSED
            kept.update(known_as if n > 0 else {})
        if _content(kept) in self._known:
            return ""
        if not all(map(enough, self._regions(kept))):
            return REFUSED
        self._add(kept)
        self._admitted.append(kept)
        return ""

    def _packed(self, who: str | None, day: date | None, rest: str) -> bytes:
        author = bytes.fromhex(self._hash(who)) if who else _NOBODY
        name, _, apart = rest.partition("\n")
        where, part = (bytes.fromhex(self._hash(told)) if told else b"" for told in (name, apart))
        # Struct cuts them to size, and fills what is empty with zeros.
        return _ATOM.pack(author, day.toordinal() if day else 0, where, part)

    def _add(self, kept: _Kept) -> None:
        for atom, n in kept.items():
            self._holders[atom][len(self._sums)] = n
            self._alike[atom[_ALIKE]][atom] = None
        self._sums.append(kept)
        self._known.add(_content(kept))

    def _regions(self, kept: _Kept) -> Iterable[Tally]:
        """Return the regions in a new sum and in the published ones that share text with it."""
        touched = {i: None for atom in kept for i in self._holders.get(atom, ())}
        atoms = dict.fromkeys([*kept, *(atom for i in touched for atom in self._sums[i])])
        new, regions = len(self._sums), defaultdict[tuple[int, ...], Tally](Tally)
        for atom in atoms:
            author, _, document, _ = _ATOM.unpack(atom)
            cluster = (None, document.hex()) if author == _NOBODY else (author.hex(), "")
            held = {**self._holders.get(atom, {}), **({new: kept[atom]} if atom in kept else {})}
            below = 0
            # Where sums hold different numbers of somebody's sentences of a day, the fewer are among the more.
            for n in sorted(set(held.values())):
                regions[tuple(i for i in held if held[i] >= n)].sentences[cluster] += n - below
                below = n
        return regions.values()


def _recognised(own: _Kept, published: Mapping[bytes, set[int]], names: Container[bytes]) -> dict[bytes, _Kept | None]:
    """Return as what the texts of one author, day and place were published before; None where that is open.

    `published` holds for each of those the numbers of sentences with which it was, `names` what mostly tells apart the
    same as before. A name proves nothing unless the number fits, too: it may have passed to another text. Then numbers
    decide; what alone is left on both sides is the same, and one text with as many sentences as all that is left is all
    of it.
    """
    alike = Counter(n for numbers in published.values() for n in numbers)
    same = {
        atom for atom, n in own.items() if n in published.get(atom, ()) and (atom[_APART] in names or alike[n] == 1)
    }
    new = {atom: n for atom, n in own.items() if atom not in same}
    gone = {atom: numbers for atom, numbers in published.items() if atom not in same}
    found: dict[bytes, _Kept | None] = {}
    for atom, n in new.items():
        fit = [other for other, numbers in gone.items() if n in numbers]
        if len(fit) == 1 and [*new.values()].count(n) == 1:
            found[atom] = {fit[0]: n}
            del gone[fit[0]]
    left = [atom for atom in new if atom not in found]
    if not gone:
        # What took the name of another text would pass for a part of it.
        return found | {atom: None for atom in left if atom in published}
    if len(left) == 1:
        most = {atom: max(numbers) for atom, numbers in gone.items()}
        if len(most) == 1:
            return found | {left[0]: dict.fromkeys(most, new[left[0]])}
        if sum(most.values()) == new[left[0]]:
            return found | {left[0]: most}
    return found | dict.fromkeys(left)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder, made if it is not there, so that no other process changes it; errors of files become ours."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _lock(folder)
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _lock(folder: Path) -> int | None:
    try:
        import fcntl
    except ImportError:
        # Windows has no such locks; there, two reports must not be made at the same time.
        return None
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError:
        os.close(lock)
        raise
    return lock


def _unusable(path: Path, error: OSError) -> TextSignalsError:
    return TextSignalsError(
        f"{path}: what earlier reports published cannot be kept there: {error.strerror};"
        f" set {_ENVIRONMENT} to a folder that only you can read"
    )


def _key(folder: Path) -> bytes:
    path = folder / _KEY
    try:
        if not path.exists():
            if (folder / _LINES).exists():
                raise _damaged(str(path), "is lost, but its ledger is there")
            part = path.with_name(_KEY + ".part")
            part.unlink(missing_ok=True)
            _write(part, secrets.token_bytes(_KEY_BYTES))
            part.replace(path)
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise TextSignalsError(f"{path}: others may read the key; run chmod 600 on it")
        key = path.read_bytes()
    except OSError as error:
        raise _unusable(path, error) from error
    if len(key) != _KEY_BYTES:
        raise _damaged(str(path), f"is damaged: a key has {_KEY_BYTES} bytes")
    return key


def _damaged(place: str, problem: str) -> TextSignalsError:
    return TextSignalsError(
        f"{place}: {problem}; bring the folder back from a copy, or delete its files {_KEY} and {_LINES}:"
        " new reports are then not compared with earlier ones"
    )


def _write(path: Path, content: bytes) -> None:
    """Append to a file of the user only, which is left as it was if that fails."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    before = os.fstat(file).st_size
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    except OSError:
        os.ftruncate(file, before)
        raise
    finally:
        os.close(file)


def _append(path: Path, lines: Iterable[str]) -> None:
    try:
        _write(path, "".join(lines).encode("ascii"))
    except OSError as error:
        raise _unusable(path, error) from error


def _content(kept: _Kept) -> bytes:
    return b"".join(atom + _SENTENCES.pack(n) for atom, n in sorted(kept.items()))


def _line(kept: _Kept, zone: str, check: bytes) -> str:
    """Return the line of a published sum: its days, where they begin, its atoms, and a keyed hash of these."""
    days = sorted({_ATOM.unpack(atom)[1] for atom in kept} - {0})
    first, last = (date.fromordinal(d).isoformat() for d in (days[0], days[-1])) if days else ("", "")
    atoms = base64.b64encode(zlib.compress(_content(kept), 9)).decode("ascii")
    told = {"first": first, "last": last, "zone": zone, "atoms": atoms}
    return json.dumps({**told, "check": _seal(check, *told.values())}) + "\n"


def _seal(check: bytes, *fields: str) -> str:
    return hmac.digest(check, "\n".join(fields).encode(), "sha256")[:16].hex()


def _read(path: Path, check: bytes, zone: str) -> Iterator[_Kept]:
    """Yield the published sums; raises TextSignalsError at a line that is not as it was written, or of another zone."""
    try:
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    except OSError as error:
        raise _unusable(path, error) from error
    for number, line in enumerate(lines, 1):
        try:
            kept = json.loads(line)
            first, last, there, atoms, seal = (str(kept[x]) for x in ("first", "last", "zone", "atoms", "check"))
            if not line.endswith(b"\n") or not hmac.compare_digest(seal, _seal(check, first, last, there, atoms)):
                raise ValueError
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(f"{path}, line {number}", "is damaged or of another key") from error
        if there != zone:
            # The same text on other days could not be compared.
            raise TextSignalsError(
                f"{path}: earlier reports count days in {there}, not in {zone}; use --tz {there},"
                f" or set {_ENVIRONMENT} to a folder for reports on other text"
            )
        packed, size = zlib.decompress(base64.b64decode(atoms)), _ATOM.size + _SENTENCES.size
        yield {
            packed[i : i + _ATOM.size]: _SENTENCES.unpack_from(packed, i + _ATOM.size)[0]
            for i in range(0, len(packed), size)
        }
