"""The form of the keys that the gateway makes."""

import re
from zlib import crc32

import pytest

from hotgate.identity.api_keys.managed_key import PATTERN, checksum, generate, hint, is_typo, is_well_formed

# Counted by hand: CRC-32 of "123456789" is 0xCBF43926 (the check value of the CRC catalogue).
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def test_a_key_has_the_form_that_scanners_know() -> None:
    key = generate("live")
    assert re.fullmatch(PATTERN, key.text)
    assert key.text.startswith(f"hg_live_{key.id}_")
    assert is_well_formed(key.text.encode())
    assert not is_typo(key.text.encode())


def test_no_two_keys_are_the_same() -> None:
    keys = [generate("live") for _ in range(100)]
    assert len({key.text for key in keys}) == len({key.id for key in keys}) == 100


def test_the_checksum_is_crc_32_in_base_62() -> None:
    number = 0
    for digit in checksum(b"123456789"):
        number = number * 62 + DIGITS.index(digit)
    assert number == crc32(b"123456789") == 0xCBF43926
    assert len(checksum(b"")) == 6


@pytest.mark.parametrize("place", range(3, 59))
def test_any_one_wrong_character_is_a_typo(place: int) -> None:
    key = bytearray(generate("live").text.encode())
    key[place] = ord("x") if key[place] != ord("x") else ord("y")
    assert is_typo(bytes(key))


@pytest.mark.parametrize(
    "text", [b"hg_", b"hg_live", b"hg_live_" + b"0" * 12 + b"_" + b"0" * 38, b"hg_LIVE_0_0", b"hg_\xff" + b"\n" * 60]
)
def test_what_only_begins_as_a_key_is_a_typo(text: bytes) -> None:
    assert is_typo(text)


def test_a_key_with_something_behind_it_is_a_typo() -> None:
    key = generate("live").text.encode()
    assert is_typo(key + b"\n")
    assert is_typo(key + b"0")
    assert is_typo(key[:-1])


def test_a_foreign_key_is_no_typo() -> None:
    assert not is_typo(b"3d9a0f4c-not-a-real-key")
    assert not is_well_formed(b"3d9a0f4c-not-a-real-key")


@pytest.mark.parametrize("environment", ["", "Live", "a" * 17, "a_b", "a-b", "ä", "live\n"])
def test_an_environment_that_would_blur_the_form_is_refused(environment: str) -> None:
    with pytest.raises(ValueError, match="an environment is"):
        generate(environment)


def test_a_new_key_does_not_show_itself() -> None:
    key = generate("live")
    assert key.text not in repr(key)


def test_a_hint_shows_four_characters_of_a_long_key_only() -> None:
    key = generate("live").text
    assert hint(key) == key[-4:]
    assert not hint("short-key")
