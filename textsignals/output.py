"""Files that are written whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from textsignals.errors import TextSignalsError


def write_text(text: str, path: Path) -> None:
    """Write a text file whole or not at all; raises TextSignalsError if it cannot be written."""
    # First whole, then in place: a full disk must not leave half a report over a good one.
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise TextSignalsError(f"{path}: cannot be written: {error.strerror}; choose another place with -o") from error
