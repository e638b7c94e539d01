from pathlib import Path
from typing import Any

import pytest

from hotgate.config.models import gateway_model
from hotgate.runtime.folders.store_place import StorePlace, store_place
from hotgate.store.errors import StoreUnusable
from hotgate.store.pepper import Peppers

MODEL = gateway_model((), ())
PEPPER = "p" * 32


def place(folder: Path, store: Any, **keys: Any) -> StorePlace | None:
    listeners = [{"name": "web", "bind": "127.0.0.1:0"}]
    config = MODEL.model_validate({"listeners": listeners, "store": store, **keys})
    return store_place(config, folder / "hotgate.yaml", {})


def found(folder: Path, store: Any, **keys: Any) -> StorePlace:
    result = place(folder, store, **keys)
    assert result is not None
    return result


def test_no_store_needs_no_folder(tmp_path: Path) -> None:
    assert place(tmp_path, None) is None
    assert list(tmp_path.iterdir()) == []


def test_by_default_everything_is_in_the_state_folder(tmp_path: Path) -> None:
    first = found(tmp_path, {}, state_dir="kept")
    assert first.local_path == tmp_path / "kept" / "hotgate.db"
    assert len((tmp_path / "kept" / "pepper").read_bytes()) == 32
    first.local_path.touch()
    assert found(tmp_path, {}, state_dir="kept").peppers.digest(b"key") == first.peppers.digest(b"key")


def test_a_store_that_is_gone_is_not_begun_anew_in_silence(tmp_path: Path) -> None:
    found(tmp_path, {})
    with pytest.raises(StoreUnusable, match=f"{tmp_path}/hotgate-state/hotgate.db is gone: restore it"):
        found(tmp_path, {})


def test_a_relative_path_starts_from_the_folder_of_the_file(tmp_path: Path) -> None:
    assert found(tmp_path, {"url": "sqlite:///sub/x.db"}).local_path == tmp_path / "sub" / "x.db"
    assert found(tmp_path, {"url": "sqlite:////var/x.db"}).local_path == Path("/var/x.db")


def test_a_configured_pepper_is_used_and_none_is_made(tmp_path: Path) -> None:
    assert found(tmp_path, {"pepper": PEPPER}).peppers.digest(b"key") == Peppers([PEPPER.encode()]).digest(b"key")
    assert not (tmp_path / "hotgate-state" / "pepper").exists()


def test_a_server_has_no_local_file_and_its_url_is_not_shown(tmp_path: Path) -> None:
    server = found(tmp_path, {"url": "postgresql://u:hunter2@h/x", "pepper": PEPPER})
    assert server.local_path is None
    assert "hunter2" not in repr(server)
    assert PEPPER not in repr(server)


def test_a_folder_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hotgate-state").mkdir(mode=0o755)
    with pytest.raises(StoreUnusable, match="open to other users"):
        place(tmp_path, {})


def test_a_lost_pepper_is_not_replaced_in_silence(tmp_path: Path) -> None:
    """With another one every key would be unknown, and whoever tries them again and again be banned."""
    pepper, database = tmp_path / "hotgate-state" / "pepper", tmp_path / "hotgate-state" / "hotgate.db"
    found(tmp_path, {})
    database.write_bytes(b"SQLite format 3\0")
    found(tmp_path, {})
    pepper.write_bytes(b"p" * 31)
    with pytest.raises(StoreUnusable, match="shorter than the pepper"):
        place(tmp_path, {})
    pepper.unlink()
    with pytest.raises(StoreUnusable, match=r"is there but not its pepper .*/pepper: restore it"):
        place(tmp_path, {})
    assert not pepper.exists()
    assert place(tmp_path, {"pepper": PEPPER})
    database.unlink()
    found(tmp_path, {})
    assert pepper.exists()
