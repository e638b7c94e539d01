"""What is still there although nobody needs it any more, for tests that look for reference cycles."""

import gc
from collections.abc import Iterator

import pytest

from hotgate.edge.relay import Relay


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Only reference counts free anything."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def objects(kind: type) -> int:
    """How many of this very class there are."""
    return sum(isinstance(each, kind) for each in gc.get_objects())


def relays() -> int:
    """Exchanges that are still there."""
    return objects(Relay)
