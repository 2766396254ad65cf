"""What many tests need: the tagger, a command runner, and the shared real data where they are present."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def tagger():
    import textsignals

    return textsignals.load()


@pytest.fixture(autouse=True)
def state(tmp_path_factory, monkeypatch) -> Path:
    """A folder of its own for key and ledger, so that no test knows another's reports or writes into a home."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("TEXTSIGNALS_STATE", str(folder))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder that the examples of a property share, which a folder of each test cannot be."""
    return tmp_path_factory.mktemp("folder")


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real exports with true counts; they lie beside the checkout and belong to others, so they are not in it."""
    folder = SHARED / "samples"
    if not folder.is_dir():
        pytest.skip(f"real exports are not here: {folder}")
    return folder


@pytest.fixture(scope="session")
def gold() -> Path:
    """Real labelled sentences, beside the checkout for the same reason."""
    folder = SHARED / "gold"
    if not folder.is_dir():
        pytest.skip(f"real labelled sentences are not here: {folder}")
    return folder
