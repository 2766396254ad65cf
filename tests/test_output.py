import pytest

from textsignals.errors import TextSignalsError
from textsignals.output import write_text


def test_text_is_written_as_utf_8_with_plain_line_ends_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "new" / "a.toml"
    write_text("ä\nb\n", path)
    assert path.read_bytes() == b"\xc3\xa4\nb\n"
    assert [p.name for p in path.parent.iterdir()] == ["a.toml"]


def test_what_cannot_be_written_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "a.toml"
    path.mkdir()
    with pytest.raises(TextSignalsError, match=r"a\.toml: cannot be written: .+; choose another place with -o"):
        write_text("new", path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.toml"]
