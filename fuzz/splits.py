"""How an input is cut into reads: chosen by its own bytes, so that a finding can be repeated from them alone."""

import random
import zlib


def split(data: bytes) -> list[bytes]:
    """The input in one to eight pieces, or byte by byte if it is short and the dice say so."""
    dice = random.Random(zlib.crc32(data))
    if len(data) < 200 and dice.random() < 0.2:
        return [data[at : at + 1] for at in range(len(data))]
    cuts = sorted(dice.randrange(len(data) + 1) for _ in range(dice.randrange(1, 8)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True) if start < end]
