"""Receivers of events as routes, and the mistakes that would leave an event without effect."""

from pathlib import Path

import pytest

from hotgate.config.errors import ConfigurationErrors
from hotgate.runtime.compiling.load import check_compiles, load_configuration

HEAD = """
listeners: [{name: web, bind: "127.0.0.1:0"}]
routes: [{name: r, match: {path: /x}, authenticate: [corp], respond: {}}]
"""
CORP = 'corp: {jwt: {issuer: "https://i.test", audience: a, jwks_url: "https://i.test/k"SUBJECT}}'
HOOK = 'webhook: {secret: "0123456789abcdef0123456789abcdef"}'
KEYS = f", keys: {{api_key: {{keys: [{{id: k, sha256: '{'ab' * 32}', consumer: c}}]}}}}"
SET = 'set: {issuer: "https://t.test", audience: a}'


def errors(tmp_path: Path, events: str, subject: str = "", store: str = "store: {}", more: str = "") -> list[str]:
    identity = f"identity: {{{CORP.replace('SUBJECT', subject)}{more}}}"
    file = tmp_path / "hotgate.yaml"
    file.write_text("\n".join([HEAD, store, identity, f"security_events: {events}"]))
    try:
        check_compiles(load_configuration(file))
    except ConfigurationErrors as found:
        return [line.partition(": ")[2] for line in str(found).splitlines()]
    return []


@pytest.mark.parametrize("way", [HOOK, SET])
@pytest.mark.parametrize("subject", ["", ", subject: email"])
def test_good_ones(tmp_path: Path, way: str, subject: str) -> None:
    assert errors(tmp_path, f"{{e: {{revokes: [corp], {way}}}}}", subject) == []


@pytest.mark.parametrize(
    ("events", "says"),
    [
        (f"{{e: {{revokes: [crop], {HOOK}}}}}", "there is no identity 'crop'; did you mean 'corp'?"),
        (f"{{e: {{revokes: [], {HOOK}}}}}", "security_events.e.revokes"),
        ("{e: {revokes: [corp]}}", "give `set` or `webhook`, one of both"),
        (f"{{e: {{revokes: [corp], {HOOK}, {SET}}}}}", "give `set` or `webhook`, one of both"),
        ("{e: {revokes: [corp], webhook: {secret: short}}}", "at least 32 characters"),
        (
            '{e: {revokes: [corp], set: {issuer: "https://t.test", audience: a, token: short}}}',
            "at least 32 characters",
        ),
        ('{e: {revokes: [corp], set: {issuer: "http://t.test", audience: a}}}', "https://"),
        ('{e: {revokes: [corp], set: {issuer: "https://t.test", audience: a, algorithms: [none]}}}', "use RS256"),
        ('{e: {revokes: [corp], set: {issuer: "https://t.test", audience: a, algorithms: [HS256]}}}', "use RS256"),
        (f"{{e: {{revokes: [keys], {HOOK}}}}}", "it has no tokens or sessions"),
        (f"{{a: {{revokes: [corp], path: /h, {HOOK}}}, b: {{revokes: [corp], path: /h, {SET}}}}}", "as specific as"),
    ],
)
def test_mistakes(tmp_path: Path, events: str, says: str) -> None:
    found = errors(tmp_path, events, more=KEYS)
    assert any(says in line for line in found), found
    assert any("security_events" in line for line in found)


def test_callers_must_be_named_by_what_events_name_them_by(tmp_path: Path) -> None:
    [found] = errors(tmp_path, f"{{e: {{revokes: [corp], {HOOK}}}}}", ", subject: preferred_username")
    assert "its `subject` must be the one claim `sub` or `email`" in found


def test_what_has_ended_must_be_remembered_for_as_long_as_it_could_live(tmp_path: Path) -> None:
    login = ', sso: {oidc: {issuer: "https://i.test", client: {id: g, secret: x}, session: {absolute: 40d}}}'
    [found] = errors(tmp_path, f"{{e: {{revokes: [corp, sso], {HOOK}}}}}", more=login)
    assert "its sessions live longer than `keep`" in found
    assert errors(tmp_path, f"{{e: {{revokes: [corp, sso], keep: 40d, {HOOK}}}}}", more=login) == []


def test_what_has_ended_must_be_remembered_somewhere(tmp_path: Path) -> None:
    found = errors(tmp_path, f"{{e: {{revokes: [corp], {HOOK}}}}}", store="")
    assert any(
        "what has ended is remembered in the store, and there is none; add `store: {}`" in line for line in found
    )


def test_sessions_in_valkey_need_one(tmp_path: Path) -> None:
    login = ', sso: {oidc: {issuer: "https://i.test", client: {id: g, secret: x}, session: {keep: valkey}}}'
    found = errors(tmp_path, f"{{e: {{revokes: [corp], {HOOK}}}}}", more=login)
    assert any("session.keep: there is no server to keep sessions in" in line for line in found), found
    valkey = 'store: {}\nvalkey: {url: "valkey://127.0.0.1:6379/0"}'
    assert errors(tmp_path, f"{{e: {{revokes: [corp], {HOOK}}}}}", more=login, store=valkey) == []
