from pathlib import Path
from typing import Any

import pytest

from hotgate.config import store as module
from hotgate.config.errors import ConfigurationErrors
from hotgate.config.loader import Loaded, load
from hotgate.config.models import gateway_model
from hotgate.config.store_url import is_store_url, shown

LISTENERS = 'listeners: [{name: web, bind: "127.0.0.1:0"}]\n'
PEPPER = "p" * 32
SERVER = "postgresql://user:hunter2@db.example.com/hotgate"


def loaded(folder: Path, store: str) -> Loaded:
    file = folder / "hotgate.yaml"
    file.write_text(f"{LISTENERS}store: {store}\n")
    return load(file, gateway_model((), ()), {"PEPPER": PEPPER})


def errors(folder: Path, store: str) -> str:
    with pytest.raises(ConfigurationErrors) as caught:
        loaded(folder, store)
    return str(caught.value)


def test_without_the_key_there_is_none(tmp_path: Path) -> None:
    assert loaded(tmp_path, "null").config.store is None


def test_nothing_needs_to_be_said_for_a_file_in_the_state_folder(tmp_path: Path) -> None:
    store = loaded(tmp_path, "{}").config.store
    assert store is not None
    assert (store.url, store.peppers, store.is_shared) == (None, (), False)
    assert (store.max_stale, store.cache) == (3600.0, 10_000)


@pytest.mark.parametrize("pepper", ['"${PEPPER}"', '["${PEPPER}"]', '"file:pepper"', '["file:pepper"]'])
def test_peppers_come_from_anywhere_and_reach_workers(tmp_path: Path, pepper: str) -> None:
    (tmp_path / "pepper").write_text(f"{PEPPER}\n")
    found = loaded(tmp_path, f"{{pepper: {pepper}}}")
    model: Any = type(found.config).model_validate(found.tree)
    assert [each.reveal() for each in model.store.peppers] == [PEPPER]


def test_a_server_needs_a_pepper_that_all_nodes_share(tmp_path: Path) -> None:
    found = errors(tmp_path, f"{{url: '{SERVER}'}}")
    assert "hotgate.yaml:2:8: store: PostgreSQL needs `pepper`" in found
    assert "hunter2" not in found


def test_a_server_needs_its_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{{url: '{SERVER}', pepper: {PEPPER}}}"
    assert loaded(tmp_path, text).config.store is not None
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert "pip install 'hotgate[postgres]'" in errors(tmp_path, text)


@pytest.mark.parametrize(
    "url",
    ["mysql://hunter2@h/x", "sqlite://", "sqlite:///", "sqlite:///:memory:", "postgresql://hunter2@h:99999/x", "/x.db"],
)
def test_what_is_no_store_is_refused_and_not_shown(tmp_path: Path, url: str) -> None:
    found = errors(tmp_path, f"{{url: '{url}', pepper: {PEPPER}}}")
    assert "`url`: write sqlite:///path" in found
    assert "hunter2" not in found


@pytest.mark.parametrize("password", ["12/hunter2", "12?hunter2", "12#hunter2"])
def test_a_password_that_would_pass_for_something_else_is_refused_and_not_shown(tmp_path: Path, password: str) -> None:
    found = errors(tmp_path, f"{{url: 'postgresql://user:{password}@h/x', pepper: {PEPPER}}}")
    assert "%2F for / in a password" in found
    assert "hunter2" not in found


def test_a_short_pepper_is_refused_and_not_shown(tmp_path: Path) -> None:
    found = errors(tmp_path, f"{{pepper: [{PEPPER}, hunter2]}}")
    assert "at least 32 characters" in found
    assert "hunter2" not in found


def test_a_password_is_shown_nowhere(tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{{url: '{SERVER}', pepper: {PEPPER}}}").config
    assert "hunter2" not in f"{found!r} {found} {found.model_dump()} {found.model_dump_json()}"
    assert shown(SERVER) == "PostgreSQL, db.example.com/hotgate"
    assert shown("postgresql://user:hunter2@/x?host=/run&password=hunter2") == "PostgreSQL, /x"


@pytest.mark.parametrize(
    ("url", "is_doubtful"),
    [
        (SERVER, True),
        (f"{SERVER}?sslmode=require", True),  # encrypts, to whoever it is
        (f"{SERVER}?sslmode=verify-full&sslrootcert=/ca.pem", False),
        ("postgresql://user@127.0.0.1,db.example.com/x", True),
        ("postgresql://user@/x?host=db.example.com", True),
        ("postgresql://user@127.0.0.1:5432/x", False),
        ("postgresql://user@localhost/x", False),
        ("postgresql://user@/x?host=/run/postgresql", False),
        ("postgresql:///x", False),
        ("sqlite:///x.db", False),
    ],
)
def test_a_database_that_need_not_prove_who_it_is_is_warned_of(tmp_path: Path, url: str, is_doubtful: bool) -> None:
    warnings = [str(each) for each in loaded(tmp_path, f"{{url: '{url}', pepper: {PEPPER}}}").warnings]
    assert ["sslmode=verify-full" in each for each in warnings] == [True] * is_doubtful
    assert all(":2:14: store.url: " in each and "hunter2" not in each for each in warnings)


def test_control_characters_are_no_part_of_a_url() -> None:
    assert is_store_url("sqlite:///a b.db")
    assert not is_store_url("sqlite:///a\nb.db")
    assert not is_store_url("sqlite:///..")
