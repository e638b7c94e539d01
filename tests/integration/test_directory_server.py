"""The directory that other tests rely on: who may bind, who may read, and by which connections."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from directory_server import (
    BASE,
    GROUPS,
    MEMBERS,
    PASSWORDS,
    READER,
    READER_PASSWORD,
    DirectoryServer,
    directory_server,
    person,
)

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def server() -> Iterator[DirectoryServer]:
    with directory_server() as running:
        yield running


def ask(server: DirectoryServer, program: str, who: str, password: str, *more: str, url: str = "") -> tuple[int, str]:
    """Exit status and output of one of OpenLDAP's clients as somebody."""
    authority = server.folder / "authority.pem"
    environment = {**os.environ, "LDAPTLS_CACERT": str(authority), "LDAPTLS_REQCERT": "demand"}
    command = [program, "-x", "-H", url or server.tls_url, "-D", who, "-w", password, *more]
    answer = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=30)
    return answer.returncode, answer.stdout


def search(server: DirectoryServer, who: str, password: str, *more: str, url: str = "") -> tuple[int, str]:
    return ask(server, "ldapsearch", who, password, "-LLL", "-b", BASE, *more, url=url)


@pytest.mark.parametrize("name", PASSWORDS)
def test_people_bind_with_their_passwords_alone(server: DirectoryServer, name: str) -> None:
    assert ask(server, "ldapwhoami", person(name), PASSWORDS[name]) == (0, f"dn:{person(name)}\n")
    assert ask(server, "ldapwhoami", person(name), "another")[0] == 49  # invalidCredentials


@pytest.mark.parametrize("more", [[], ["-ZZ"]])
def test_the_reader_finds_groups_from_both_sides(server: DirectoryServer, more: list[str]) -> None:
    url = server.url if more else server.tls_url
    found = search(server, READER, READER_PASSWORD, *more, "(uid=alice)", "memberOf", url=url)
    groups = "".join(f"memberOf: cn={group},{GROUPS}\n" for group in MEMBERS)
    assert found == (0, f"dn: {person('alice')}\n{groups}\n")
    _, found_groups = search(server, READER, READER_PASSWORD, *more, f"(member={person('bob')})", "cn", url=url)
    assert found_groups.count("\ncn: ") == sum("bob" in members for members in MEMBERS.values())


def test_passwords_are_read_by_nobody(server: DirectoryServer) -> None:
    status, found = search(server, READER, READER_PASSWORD)
    assert status == 0
    assert "userPassword" not in found


def test_nobody_reads_nothing(server: DirectoryServer) -> None:
    assert search(server, "", "") == (50, "")  # insufficientAccessRights
    assert search(server, person("alice"), "")[0] == 53  # unwillingToPerform: not a bind as alice


def test_an_outage(server: DirectoryServer) -> None:
    server.kill()
    assert search(server, READER, READER_PASSWORD)[0] == 255
    server.start()
    assert search(server, READER, READER_PASSWORD)[0] == 0
