"""`hotgate check` warns of listeners where passwords of clients would cross the network in plain text."""

import pytest

from hotgate.runtime.compiling.model import built_in_model
from unit.config.conftest import Folder

BASIC = '{basic: {users: {ada: {hash: "$2b$04$abcdefghijklmnopqrstuuGMPjDKyVbLYFHmVxYKl0zsbxDEZbBC2"}}}}'
FILE = """\
listeners:
  - {name: web, %s}
identity: {staff: %s}
"""


@pytest.fixture
def whole(folder: Folder) -> Folder:
    """With every mechanism that there is."""
    return Folder(folder.path, built_in_model())


@pytest.mark.parametrize(
    ("listener", "identity", "is_doubtful"),
    [
        ('bind: "0.0.0.0:80"', BASIC, True),
        ('bind: "192.0.2.1:80"', "{ldap: {url: 'ldaps://a.example', user_dn: 'uid={name},dc=a'}}", True),
        ('bind: "127.0.0.1:80"', BASIC, False),
        ('bind: "unix:/run/a.sock"', BASIC, False),
        ('bind: "0.0.0.0:80", redirect_https: true', BASIC, False),
        ('bind: "0.0.0.0:80", trusted_proxies: ["192.0.2.1"]', BASIC, False),
        ('bind: "0.0.0.0:80"', "{api_key: {header: x-api-key, keys: []}}", False),
    ],
)
def test_they_are_warned_of(whole: Folder, listener: str, identity: str, *, is_doubtful: bool) -> None:
    warnings = [str(each) for each in whole.load(FILE % (listener, identity)).warnings if "plain text" in str(each)]
    assert len(warnings) == is_doubtful
    assert all(":2:5: listeners[0]: passwords of clients" in each for each in warnings)
