"""Where limits are counted: what `hotgate check` says of mistakes."""

from pathlib import Path

import pytest

from hotgate.config.errors import ConfigurationErrors
from hotgate.runtime.compiling.load import load_configuration

BASE = """
listeners: [{name: web, bind: "127.0.0.1:0"}]
"""


def loaded(tmp_path: Path, text: str) -> list[str]:
    """The warnings."""
    file = tmp_path / "hotgate.yaml"
    file.write_text(BASE + text)
    return [str(warning) for warning in load_configuration(file).warnings]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("counters: {store: valkey}", ":3:19: counters.store: there is no server to count in"),
        ("counters: {when_lost: share}", "`share` needs `nodes`"),
        ("counters: {nodes: 65}", "from 1 to 64"),
        ("counters: {prefix: 'a b'}", "use letters"),
        ("valkey: {url: 'valkey://:secret@main/0', sentinel: {hosts: []}}", "hosts"),
        ("valkey: {url: 'valkey://:secret@main/0', sentinel: {hosts: [nowhere]}}", "write host:port"),
        ("valkey: {url: 'valkey://main/0', sentinel: {hosts: ['a:1']}}", "with a password"),
        ("valkey: {url: 'valkey://:secret@a/0', cluster: true, sentinel: {hosts: ['a:1']}}", "needs no `sentinel`"),
        ("valkey: {url: 'unix:///run/v.sock', cluster: true}", "Unix socket"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationErrors) as raised:
        loaded(tmp_path, text)
    assert says in str(raised.value)
    assert "secret@" not in str(raised.value)


@pytest.mark.parametrize(
    ("counters", "says"),
    [("when_lost: open", "lifts every limit"), ("unknown: full", "every quota is there again")],
)
def test_what_weakens_limits_is_warned_of(tmp_path: Path, counters: str, says: str) -> None:
    warnings = loaded(tmp_path, f"valkey: {{url: 'valkey://127.0.0.1/0'}}\ncounters: {{store: valkey, {counters}}}")
    assert any(says in warning for warning in warnings)
    assert not any(says in each for each in loaded(tmp_path, f"counters: {{{counters}}}"))


QUOTA = """
valkey: {url: "valkey://127.0.0.1/0"}
routes:
  - {name: free, match: {path: /free}, public: true, respond: {}}
  - {name: paid, match: {path: /paid}, public: true, respond: {}, quota: {limit: 10, per: day}}
"""
SHARED = """
counters: {store: valkey}
"""
DATABASE = f"""
store: {{url: "postgresql://user:hunter2@127.0.0.1/hotgate", pepper: "{"p" * 32}"}}
"""


def test_quotas_that_each_node_counts_for_itself_are_warned_of(tmp_path: Path) -> None:
    assert any(
        ":7:" in each and "routes[1].quota" in each and "each node counts this quota" in each
        for each in loaded(tmp_path, QUOTA + SHARED)
    )
    assert not any("each node" in each for each in loaded(tmp_path, QUOTA))
    assert not any("each node" in each for each in loaded(tmp_path, QUOTA + SHARED + DATABASE))


def test_addresses_of_sentinels_may_be_of_ipv6(tmp_path: Path) -> None:
    file = tmp_path / "hotgate.yaml"
    file.write_text(BASE + "valkey: {url: 'valkey://:s@main/0', sentinel: {hosts: ['[::1]:26379', 'a.b:1']}}")
    valkey = load_configuration(file).config.valkey
    assert valkey is not None
    assert valkey.sentinel is not None
    assert valkey.sentinel.addresses == [("::1", 26379), ("a.b", 1)]
