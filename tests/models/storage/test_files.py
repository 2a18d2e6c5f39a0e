"""Files and folders appear whole or not at all."""

from __future__ import annotations

import pytest

from models.storage.files import read_origin, whole_file, whole_folder


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with whole_file(path) as temporary:
            temporary.write_text("half of the n")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_failed_folder_leaves_the_old_one_and_no_other(tmp_path):
    path = tmp_path / "a"
    with whole_folder(path) as temporary:
        (temporary / "one").write_text("old")

    def fail() -> None:
        with whole_folder(path) as temporary:
            (temporary / "one").write_text("half of the n")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert (path / "one").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with whole_folder(path) as temporary:
        (temporary / "two").write_text("new")
    assert [file.name for file in path.iterdir()] == ["two"]  # replaced, not merged


@pytest.mark.parametrize("content", [None, "", "{half"])
def test_provenance_that_cannot_be_read_is_empty(tmp_path, content):
    if content is not None:
        (tmp_path / "a.json").write_text(content)
    assert read_origin(tmp_path / "a.json") == {}
