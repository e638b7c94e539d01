"""The file: one name and one hash on each line."""

import pytest

from hotgate.identity.passwords.password_file import BadPasswordFile, parse_password_file, written_password_file

HASH = "$argon2id$v=19$m=19456,t=2,p=1$heq45FyUs3CrYCvvBtkM7A$CO9VbA4d0fg3RpE9dw4vuUULQrP2goj4wXYTcbMwUsE"


def test_names_and_hashes_come_back() -> None:
    text = f"# staff\n\nada:{HASH}\nbob@example.com:{HASH}\n"
    found = parse_password_file(text)
    assert found == {"ada": HASH, "bob@example.com": HASH}
    assert parse_password_file(written_password_file(found)) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ada", "line 1: write `name:hash`"),
        (f":{HASH}", "line 1: write `name:hash`"),
        (f"ada:{HASH}\nada:{HASH}", "line 2: the name is there twice"),
        (f"ada:{HASH}\nbob:secret", "line 2: not a password hash"),
        (f"a\x07:{HASH}", "line 1"),
        (f"{'x' * 257}:{HASH}", "line 1"),
    ],
)
def test_a_bad_line_is_named_and_no_hash_quoted(text: str, says: str) -> None:
    with pytest.raises(BadPasswordFile, match=says) as refused:
        parse_password_file(text)
    assert HASH not in str(refused.value)
    assert "secret" not in str(refused.value)
