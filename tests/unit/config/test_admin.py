"""`admin:`: the tokens of operators, and what is doubtful about where it listens."""

import pytest

from hotgate.config.admin import Admin
from unit.config.conftest import Folder

TOKEN = "hga_token-of-the-tests-0123456789abcdef"
LISTENERS = 'listeners: [{name: web, bind: "127.0.0.1:0"}]\n'


def test_tokens_have_names(folder: Folder) -> None:
    assert Admin().named_tokens == {}
    loaded = folder.load(f"{LISTENERS}admin: {{token: '{TOKEN}'}}\n")
    assert {name: token.reveal() for name, token in loaded.config.admin.named_tokens.items()} == {"admin": TOKEN}
    loaded = folder.load(f"{LISTENERS}admin: {{tokens: {{alice: '{TOKEN}', ci: '${{CI}}'}}}}\n", {"CI": TOKEN[::-1]})
    found = {name: token.reveal() for name, token in loaded.config.admin.named_tokens.items()}
    assert found == {"alice": TOKEN, "ci": TOKEN[::-1]}
    assert TOKEN not in repr(loaded.config)


@pytest.mark.parametrize("token", ["short", "a" * 31, "a" * 513, "a" * 40 + " b", "ä" * 40, "a" * 40 + "\\n"])
@pytest.mark.parametrize("where", ["token: ", "tokens: {ops: "])
def test_what_nobody_can_send_or_anybody_can_guess(folder: Folder, where: str, token: str) -> None:
    end = "}" if "{" in where else ""
    (error,) = folder.errors(f'{LISTENERS}admin: {{{where}"{token}"{end}}}\n')
    assert error.startswith("hotgate.yaml:2:")
    assert "a token has 32 to 512 letters" in error
    assert token not in error


def test_token_or_tokens(folder: Folder) -> None:
    (error,) = folder.errors(f"{LISTENERS}admin: {{token: '{TOKEN}', tokens: {{a: '{TOKEN}'}}}}\n")
    assert "give `token` or `tokens`, not both" in error


@pytest.mark.parametrize(
    ("bind", "is_doubtful"),
    [
        ("127.0.0.1:9900", False),
        ("127.8.8.8:9900", False),
        ("[::1]:9900", False),
        ("localhost:9900", False),
        ("unix:/run/admin.sock", False),
        ("systemd:admin", False),
        ("0.0.0.0:9900", True),
        ("[::]:9900", True),
        ("10.0.0.1:9900", True),
        ("localhost.example.com:9900", True),
    ],
)
def test_tokens_on_the_network_are_warned_of(folder: Folder, bind: str, is_doubtful: bool) -> None:
    warnings = [str(each) for each in folder.load(f'{LISTENERS}admin: {{bind: "{bind}"}}\n').warnings]
    assert ["in plain text" in each for each in warnings] == [True] * is_doubtful
    assert all("hotgate.yaml:2:" in each for each in warnings)
