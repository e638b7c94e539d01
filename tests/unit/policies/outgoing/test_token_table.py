from dataclasses import dataclass

from hotgate.policies.outgoing.token_table import TokenTable


@dataclass
class Kept:
    good_until: float = 100.0
    size: int = 10


def test_the_oldest_make_room() -> None:
    table: TokenTable[Kept] = TokenTable(max_entries=2)
    names = [table.digest(name) for name in (b"a", b"b", b"c")]
    for name in names:
        table.put(name, Kept())
    assert [table.get(name, 0.0) is not None for name in names] == [False, True, True]


def test_memory_is_bounded_whatever_is_kept() -> None:
    table: TokenTable[Kept] = TokenTable(max_bytes=100)
    table.put(b"big", Kept(size=101))
    assert len(table) == 0
    for number in range(50):
        table.put(table.digest(b"%d" % number), Kept())
        table.put(table.digest(b"0"), Kept())  # again and again: it counts once
    assert len(table) == 10


def test_what_is_not_good_any_more_goes() -> None:
    table: TokenTable[Kept] = TokenTable()
    table.put(b"a", Kept())
    assert table.get(b"a", 99.9) is not None
    assert table.get(b"a", 100.0) is None
    assert len(table) == 0


def test_tokens_are_not_kept_and_digests_cannot_be_tried() -> None:
    one, other = TokenTable[Kept](), TokenTable[Kept]()
    assert one.digest(b"token") == one.digest(b"token") != other.digest(b"token")
