import json
import os
import pickle
import traceback
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from hotgate.config.secret import MAX_SECRET_SIZE, Secret, SecretFiles


class Holder(BaseModel):
    secret: Secret


def test_reveal_is_the_only_way_to_see_it() -> None:
    holder = Holder(secret=Secret("hunter2"))
    shown = [
        repr(holder),
        str(holder),
        f"{holder.secret}",
        f"{holder.secret!r}",
        repr(vars(holder)),
        holder.model_dump_json(),
    ]
    assert holder.secret.reveal() == "hunter2"
    assert not any("hunter2" in text for text in shown)
    assert holder.model_dump() == {"secret": "***"}


def test_schema_shows_no_value() -> None:
    assert Holder.model_json_schema()["properties"]["secret"]["writeOnly"] is True


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a") != "a"


@pytest.mark.parametrize("value", [None, True, 7, "", "x" * (MAX_SECRET_SIZE + 1), ["hunter2"]])
def test_other_values_are_refused_unseen(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Holder.model_validate({"secret": value})
    messages = [error["msg"] for error in caught.value.errors(include_input=False)]
    assert "hunter2" not in str(messages)


@pytest.mark.parametrize("content", ["hunter2", "hunter2\n", "hunter2\r\n"])
def test_file_is_read_without_its_last_line_end(tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_text(content, newline="")
    files = SecretFiles(tmp_path)
    assert Holder.model_validate({"secret": "file:key"}, context=files).secret.reveal() == "hunter2"
    assert files.read == {tmp_path / "key": "hunter2"}


def test_without_the_loader_no_file_is_read(tmp_path: Path) -> None:
    assert Holder.model_validate({"secret": f"file:{tmp_path}"}).secret.reveal() == f"file:{tmp_path}"


def test_unusable_files_are_refused_unseen(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "large").write_bytes(b"hunter2 " * MAX_SECRET_SIZE)
    (tmp_path / "binary").write_bytes(b"hunter2 \xff")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name in ("empty", "large", "binary", "folder", "fifo", "missing", "nul\x00"):
        with pytest.raises(ValidationError, match="cannot be used") as caught:
            Holder.model_validate({"secret": f"file:{name}"}, context=SecretFiles(tmp_path))
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_a_secret_is_not_json() -> None:
    with pytest.raises(TypeError):
        json.dumps(Secret("hunter2"))


def test_a_secret_cannot_be_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("hunter2"))
