from pathlib import Path

import pytest

from hotgate.demo.credentials import Credentials, new_credentials
from hotgate.demo.files import write_files
from hotgate.runtime.compiling.compile_errors import compile_errors
from hotgate.runtime.compiling.load import load_configuration


@pytest.fixture(scope="module")
def credentials() -> Credentials:
    return new_credentials("opaque-token")


def written(folder: Path, credentials: Credentials) -> Path:
    urls = [f"http://127.0.0.1:{port}" for port in (9000, 9001, 9002)]
    return write_files(folder, 8080, urls, credentials, "s" * 43)


def test_the_configuration_has_no_error(tmp_path: Path, credentials: Credentials) -> None:
    loaded = load_configuration(written(tmp_path, credentials))
    assert compile_errors(loaded) == []
    assert loaded.warnings == ()


def test_every_route_asks_who_is_calling(tmp_path: Path, credentials: Credentials) -> None:
    routes = load_configuration(written(tmp_path, credentials)).config.routes
    assert routes
    assert not any(route.public for route in routes)


def test_files_hold_no_credential(tmp_path: Path, credentials: Credentials) -> None:
    written(tmp_path, credentials)
    text = "".join(path.read_text() for path in tmp_path.iterdir())
    assert credentials.token not in text
    assert credentials.expired not in text
    assert credentials.opaque not in text


def test_private_keys_are_for_their_owner_only(tmp_path: Path, credentials: Credentials) -> None:
    written(tmp_path, credentials)
    assert [path.stat().st_mode & 0o777 for path in tmp_path.glob("*.key")] == [0o600, 0o600]


def test_the_folder_is_made_for_its_owner_only(tmp_path: Path, credentials: Credentials) -> None:
    written(tmp_path / "demo", credentials)
    assert (tmp_path / "demo").stat().st_mode & 0o077 == 0


def test_a_file_is_never_overwritten(tmp_path: Path, credentials: Credentials) -> None:
    (tmp_path / "hotgate.yaml").write_text("mine")
    with pytest.raises(FileExistsError):
        written(tmp_path, credentials)
    assert (tmp_path / "hotgate.yaml").read_text() == "mine"
