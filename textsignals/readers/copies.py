"""Files that were met before under another name, such as "retro (1).md": told by their bytes."""

from __future__ import annotations

import re
from hashlib import blake2b

from textsignals.errors import InputError
from textsignals.readers.seen import Seen
from textsignals.readers.sources import Source
from textsignals.readers.times import date_in_name

# Larger ones are not worth the time: few people keep two of them.
MAX_BYTES = 64 * 2**20
# Two teams may happen to write the same few words: up to this size a copy lies in the same folder.
_FEW_BYTES = 1024
_CHUNK_BYTES = 2**20


def is_copy(source: Source, seen: Seen) -> bool:
    """Return whether a file with the same bytes was met before, and keep that this one was.

    Files whose names hold different days are none: the same words were written again.
    """
    if source.size > MAX_BYTES:
        return False
    home = _folder(source.name) if source.size <= _FEW_BYTES else ""
    try:
        return seen.again(f"file:{_hash(source)}:{date_in_name(source.path)}:{home}")
    except InputError:
        # What is wrong with it is told when it is read.
        return False


def _hash(source: Source) -> str:
    """Return a hash of the content; most notes are as short as the head that was read to tell their format."""
    hashed = blake2b(digest_size=16)
    if source.size <= len(head := source.head()):
        hashed.update(head)
        return hashed.hexdigest()
    with source.open() as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            hashed.update(chunk)
    return hashed.hexdigest()


def _folder(name: str) -> str:
    """Return the name of the folder or archive around a file, by the path that users see."""
    return "".join(re.split(r"[/\\!]", name)[-2:-1])
