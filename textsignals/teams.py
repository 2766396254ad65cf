"""Which message belongs to which team, and names of authors turned into keyed hashes before anything is counted."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from textsignals.records import Message

Assign = Callable[[Message], Message]

# Slack names groups after their members' handles and pairs by an id; old clients write a pair as @handle.
_PRIVATE = re.compile(r"mpdm-.*|D[0-9][A-Z0-9]{7,}|@.*", re.DOTALL)
_PRIVATE_TEAM = "direct messages"


def assigner(input_: str | Path, team: str | None = None) -> Assign:
    """Return a function that gives every message of one input its team, without any configuration.

    The first that applies decides: the `team` given for the whole input; what the record itself says; the channel of
    a chat; the first folder below the input; the name of the folder that is, or holds, the input. Private
    conversations are named after people, so all of them are one team.

    >>> from textsignals.records import Message
    >>> note = Message("1", "notes", "in/payments/minutes.md", "line 1", "note", "Cut-over on Monday.")
    >>> assigner("in")(note).team
    'payments'
    """
    path = Path(input_)
    zipped = path.suffix.lower() == ".zip" and not path.is_dir()
    holder = path.resolve() if zipped or path.is_dir() else path.resolve().parent
    fallback = (holder.stem if zipped else holder.name) or "all"

    def assign(message: Message) -> Message:
        chat = _public(message.channel) if message.kind == "message" else None
        return replace(message, team=team or message.team or chat or _first_folder(message.file, path) or fallback)

    return assign


def _public(channel: str | None) -> str | None:
    return _PRIVATE_TEAM if channel and _PRIVATE.fullmatch(channel) else channel


def public_path(file: str) -> str:
    """Return the path of a file with the names of private conversations, which are names of people, replaced.

    >>> public_path("export.zip!mpdm-ann--ben-1/2026-03-02.json")
    'export.zip!direct messages/2026-03-02.json'
    """
    return "!".join("/".join(_public(name) or "" for name in part.split("/")) for part in file.split("!"))


def _first_folder(file: str, input_: Path) -> str | None:
    """Return the first folder below the input on the way to a file, counting the inside of zips."""
    outer, _, inner = file.partition("!")
    try:
        parts = (
            *PurePosixPath(outer).relative_to(PurePosixPath(str(input_))).parts,
            *PurePosixPath(inner).parts,
        )
    except ValueError:
        return None
    folders = [part for part in parts[:-1] if not part.lower().endswith(".zip")]
    return folders[0] if folders else None


class Pseudonyms:
    """Turns names into keyed hashes (HMAC-SHA-256, 128 bits kept); a new random key each run unless one is given.

    Plain hashes of names can be guessed by trying names; without the key these cannot (methods.md, B3).
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)

    def __call__(self, name: str) -> str:
        """Return the pseudonym of a name; spelling in capitals or with outer blanks makes no difference."""
        normal = " ".join(name.split()).casefold()
        return hmac.digest(self._key, normal.encode("utf-8", "surrogatepass"), "sha256")[:16].hex()
