"""Names of the hosts file."""

from pathlib import Path

import pytest

from hotgate.control.hosts_file import HostsFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hosts"


def test_names_and_aliases_of_both_families(path: Path) -> None:
    path.write_text("192.0.2.1\tapi.test Api-Alias # a comment\n2001:DB8::1 api.test\n# 192.0.2.9 api.test\n")
    hosts = HostsFile(path)
    assert hosts.find("api.test") == ("192.0.2.1", "2001:db8::1")
    assert hosts.find("api-alias") == ("192.0.2.1",)
    assert hosts.find("other.test") == ()


def test_lines_that_make_no_sense_are_skipped(path: Path) -> None:
    path.write_bytes(
        b"\xff\xfe api.test\nnot-an-address api.test\n\n192.0.2.1\n300.1.1.1 api.test\n192.0.2.2 api.test\n"
    )
    assert HostsFile(path).find("api.test") == ("192.0.2.2",)


def test_a_change_is_seen(path: Path) -> None:
    path.write_text("192.0.2.1 api.test\n")
    hosts = HostsFile(path)
    assert hosts.find("api.test") == ("192.0.2.1",)
    path.write_text("192.0.2.22 api.test\n")
    assert hosts.find("api.test") == ("192.0.2.22",)


def test_while_the_file_is_replaced_its_names_stay(path: Path) -> None:
    path.write_text("192.0.2.1 api.test\n")
    hosts = HostsFile(path)
    hosts.find("api.test")
    path.unlink()
    assert hosts.find("api.test") == ("192.0.2.1",)


@pytest.mark.parametrize("name", ["localhost", "app.localhost"])
def test_localhost_needs_no_file(path: Path, name: str) -> None:
    assert HostsFile(path).find(name) == ("127.0.0.1", "::1")


def test_the_file_has_the_first_word_on_localhost(path: Path) -> None:
    path.write_text("127.0.0.2 localhost\n")
    assert HostsFile(path).find("localhost") == ("127.0.0.2",)
