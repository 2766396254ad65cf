"""Where the data folders `models/` and `corpora/` are: inside the package once installed, beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

from textsignals.errors import ModelError

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the path of the data folder `name` ("models" or "corpora").

    Installed wheels carry the folders inside the package, a bare checkout and an editable install keep them one
    folder up, so both places are tried in that order.

    >>> folder("models").name
    'models'
    """
    for parent in (_PACKAGE, _PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise ModelError(f"the data folder {name}/ is missing beside {_PACKAGE}; reinstall textsignals")


def model_folder(model: str | Path = "en") -> Path:
    """Return the folder of a model, given its name ("en") or the path of a folder."""
    known = sorted(p.name for p in folder("models").iterdir() if (p / "taxonomy.toml").is_file())
    # Names first: a folder "en" where the user happens to stand is more likely translations than a model.
    if isinstance(model, str) and model in known:
        return folder("models") / model
    path = Path(model)
    if path.is_dir():
        return path
    raise ModelError(f"no model {str(model)!r}: give a folder, or one of {', '.join(known)}")
