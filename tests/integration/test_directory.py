"""A real directory behind a real gateway: who gets in, what is known of them, and what becomes of it without one."""

from base64 import b64encode
from collections.abc import Iterator

import pytest

from directory_server import (
    GROUPS,
    PASSWORDS,
    PEOPLE,
    READER,
    READER_PASSWORD,
    DirectoryServer,
    directory_server,
    person,
)
from integration.backend import backend_running
from integration.conftest import Gateway
from integration.customer import Answer, ask
from integration.served import serving

CONFIG = """
identity:
  people:
    ldap:
      url: "{ldap}"
      ca: [authority.pem]
      bind_dn: "{reader}"
      bind_password: "{password}"
      users: {{base: "{people}", filter: "(&(objectClass=inetOrgPerson)(|(uid={{name}})(mail={{name}})))"}}
      groups: {{base: "{groups}"}}
      roles: {{admins: [admin]}}
      attributes: [mail]
      timeout: 2s
  by_name:
    ldap:
      url: "{ldaps}"
      ca: [authority.pem]
      user_dn: "uid={{name}},{people}"
      groups: {{attribute: memberOf}}
      roles: {{admins: [admin]}}
      timeout: 2s
brute_force: {{exempt: ["127.0.0.1"]}}
upstreams:
  echo: {{targets: ["{url}"]}}
defaults: {{upstream: echo}}
routes:
  - {{name: people, match: {{path: "/people"}}, authenticate: [people]}}
  - {{name: admin, match: {{path: "/admin"}}, authenticate: [people], authorize: {{roles: [admin]}}}}
  - {{name: named, match: {{path: "/named"}}, authenticate: [by_name]}}
"""


@pytest.fixture(scope="module")
def directory() -> Iterator[DirectoryServer]:
    with directory_server() as server:
        yield server


@pytest.fixture(scope="module")
def gateway(directory: DirectoryServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("directory")
    (folder / "authority.pem").write_text(directory.authority.pem)
    with backend_running() as backend:
        text = CONFIG.format(
            ldap=directory.url,
            ldaps=directory.tls_url,
            reader=READER,
            password=READER_PASSWORD,
            people=PEOPLE,
            groups=GROUPS,
            url=backend.url,
        )
        with serving(folder, text) as running:
            yield running


def sent(gateway: Gateway, path: str, name: str, password: str) -> Answer:
    value = "Basic " + b64encode(f"{name}:{password}".encode()).decode()
    return ask(gateway.port, path, [("Authorization", value)])


@pytest.mark.parametrize("path", ["/people", "/named"])
@pytest.mark.parametrize("name", list(PASSWORDS))
def test_everybody_gets_in_with_their_password_and_groups(gateway: Gateway, path: str, name: str) -> None:
    answer = sent(gateway, path, name, PASSWORDS[name])
    assert answer.status == 200
    got = dict(answer.json["fields"])
    assert got["x-auth-subject"] == name
    assert got["x-auth-groups"] == ("admins,staff" if name == "alice" else "staff")


def test_a_caller_is_called_what_the_directory_calls_them(gateway: Gateway) -> None:
    for typed, path in (("ALICE", "/people"), ("Alice", "/named"), ("ali@example.com", "/people")):
        answer = sent(gateway, path, typed, PASSWORDS["alice"])
        assert dict(answer.json["fields"])["x-auth-subject"] == "alice"


def test_groups_give_roles(gateway: Gateway) -> None:
    assert sent(gateway, "/admin", "alice", PASSWORDS["alice"]).status == 200
    assert sent(gateway, "/admin", "bob", PASSWORDS["bob"]).status == 403


@pytest.mark.parametrize("path", ["/people", "/named"])
@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("alice", "wrong"),
        ("eve", "alice's password"),
        ("*", PASSWORDS["alice"]),
        ("alice)(uid=*", PASSWORDS["alice"]),
        ("a*", PASSWORDS["alice"]),
        (f"alice,{PEOPLE}", PASSWORDS["alice"]),
        (person("alice"), PASSWORDS["alice"]),
        (f"x,{READER}", READER_PASSWORD),
        ("alice\\2c", PASSWORDS["alice"]),
    ],
)
def test_nobody_else_gets_in(gateway: Gateway, path: str, name: str, password: str) -> None:
    answer = sent(gateway, path, name, password)
    assert (answer.status, answer.code) == (401, "password-wrong")


def test_a_name_without_a_password_is_never_tried(gateway: Gateway) -> None:
    """It would succeed as nobody (RFC 4513 §5.1.2)."""
    answer = sent(gateway, "/people", "alice", "")
    assert (answer.status, answer.code) == (401, "password-malformed")


def test_a_directory_that_is_silent_or_gone_lets_only_those_in_who_are_known(
    gateway: Gateway, directory: DirectoryServer
) -> None:
    assert sent(gateway, "/people", "alice", PASSWORDS["alice"]).status == 200
    with directory.frozen():
        assert sent(gateway, "/people", "alice", PASSWORDS["alice"]).status == 200
        assert sent(gateway, "/people", "alice", "another").code == "password-check-unavailable"
    directory.kill()
    assert sent(gateway, "/people", "alice", "another").code == "password-check-unavailable"
    directory.start()
    assert sent(gateway, "/people", "alice", "another").code == "password-wrong"


def test_nothing_of_a_password_is_logged(gateway: Gateway) -> None:
    sent(gateway, "/people", "alice", "wrong-and-secret")
    everything = str(gateway.log) + (gateway.folder / "access.log").read_text()
    for secret in ("wrong-and-secret", READER_PASSWORD, PASSWORDS["alice"]):
        assert secret not in everything
