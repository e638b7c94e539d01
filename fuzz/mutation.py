"""New inputs from old ones, made of what parsers care about: lines, messages, and bytes with a meaning."""

import random
from collections.abc import Callable, Sequence

_TELLING = [
    b"\r",
    b"\n",
    b"\r\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b";",
    b",",
    b"+",
    b"-",
    b"0",
    b"1",
    b"/",
    b"\x0b",
    b"\x7f",
    b"\x80",
]
_MOST_STEPS = 4


class Mutator:
    """seeds: whole inputs. fragments: lines, or parts of them. end: what ends a line."""

    def __init__(self, seeds: Sequence[bytes], fragments: Sequence[bytes], end: bytes) -> None:
        self._seeds = seeds
        self._fragments = fragments
        self._end = end

    def any(self, dice: random.Random) -> bytes:
        """A seed, changed."""
        return self.changed(dice.choice(self._seeds), dice)

    def changed(self, data: bytes, dice: random.Random) -> bytes:
        """The input after one to four changes."""
        for _ in range(dice.randint(1, _MOST_STEPS)):
            change: Callable[[bytes, random.Random], bytes] = dice.choice(
                (self._lines, self._lines, self._bytes, self._whole)
            )
            data = change(data, dice)
        return data

    def _lines(self, data: bytes, dice: random.Random) -> bytes:
        lines = data.split(self._end)
        at = dice.randrange(len(lines))
        match dice.randrange(5):
            case 0:
                lines[at] = dice.choice(self._fragments)
            case 1:
                lines.insert(at, lines[dice.randrange(len(lines))])
            case 2:
                del lines[at]
            case _:
                lines.insert(at, dice.choice(self._fragments))
        return self._end.join(lines)

    def _bytes(self, data: bytes, dice: random.Random) -> bytes:
        at = dice.randrange(len(data) + 1)
        taken = dice.choice((0, 0, 1, 2))
        put = dice.choice((b"", dice.choice(_TELLING), dice.choice(self._fragments), dice.randbytes(1)))
        return data[:at] + put + data[at + taken :]

    def _whole(self, data: bytes, dice: random.Random) -> bytes:
        other = dice.choice(self._seeds)
        return dice.choice((data + other, other + data, data[: dice.randrange(len(data) + 1)] + other, data * 2))
