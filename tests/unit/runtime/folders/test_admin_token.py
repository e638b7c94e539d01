"""The token that the gateway makes for itself."""

import logging
from pathlib import Path

import pytest

from hotgate.control.admin_tokens import NoToken
from hotgate.runtime.folders.admin_token import AdminToken
from hotgate.runtime.folders.state_directory import StateDirectory


@pytest.fixture
def token(tmp_path: Path) -> AdminToken:
    return AdminToken(StateDirectory(tmp_path / "state"))


def test_it_is_made_once_and_the_log_says_where(token: AdminToken, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        made = token.read()
        assert token.read() == made
    assert token.path.stat().st_mode & 0o777 == 0o600
    assert [record.getMessage() for record in caplog.records] == [f"the token of the admin API is in {token.path}"]


def test_another_one_takes_its_place(token: AdminToken) -> None:
    old = token.read()
    new = token.rotate()
    assert new != old
    assert token.read() == new
    assert token.path.stat().st_mode & 0o777 == 0o600


def test_an_editor_may_have_added_a_line_end(token: AdminToken) -> None:
    made = token.read()
    token.path.write_bytes(made + b"\n")
    assert token.read() == made


@pytest.mark.parametrize("content", [b"", b"\n", b"   ", b"short"])
def test_what_is_no_token_lets_nobody_in(token: AdminToken, content: bytes) -> None:
    token.read()
    token.path.write_bytes(content)
    with pytest.raises(NoToken, match="admin-token"):
        token.read()


def test_a_file_that_others_may_read_is_refused(token: AdminToken) -> None:
    made = token.read()
    token.path.chmod(0o644)
    with pytest.raises(NoToken, match="mode must be 0600") as refusal:
        token.read()
    assert made.decode() not in str(refusal.value)


def test_a_link_in_its_place_is_refused(token: AdminToken, tmp_path: Path) -> None:
    made = token.read()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(made)
    elsewhere.chmod(0o600)
    token.path.unlink()
    token.path.symlink_to(elsewhere)
    with pytest.raises(NoToken):
        token.read()


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    token = AdminToken(StateDirectory(tmp_path / "state"))
    for act in (token.read, token.rotate):
        with pytest.raises(NoToken):
            act()
