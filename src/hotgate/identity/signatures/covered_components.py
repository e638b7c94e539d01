"""The list of components that a signature covers, compiled once for each text of it: clients repeat theirs."""

from hotgate.http.bounded_cache import BoundedCache
from hotgate.http.content_digest import CONTENT_DIGEST, DIGEST_KINDS
from hotgate.http.structured_fields import parse_inner_list
from hotgate.http.structured_values import Item, write_inner_list
from hotgate.identity.signatures.component import Component, InvalidComponent

MAX_COMPONENTS = 64  # of one signature
_MAX_KNOWN = 512  # lists
_MAX_KNOWN_BYTES = 1024  # of each


class CoveredComponents:
    """written: canonical, with its parentheses. names: of those without parameters, which mean the whole component.

    digest: whether a digest of the body is among them.
    """

    __slots__ = ("components", "digest", "names", "written")

    def __init__(self, items: tuple[Item, ...]) -> None:
        """Raises InvalidComponent."""
        if len(items) > MAX_COMPONENTS:
            raise InvalidComponent(f"more than {MAX_COMPONENTS} components")
        self.components = tuple(map(Component, items))
        if len({each.key for each in self.components}) < len(items):
            raise InvalidComponent("a component is covered twice")  # RFC 9421 §2.5: an error
        self.names = frozenset(each.name for each, item in zip(self.components, items, strict=True) if _is_whole(item))
        self.digest = any(map(_is_digest, items))
        self.written = write_inner_list(items)


def _is_whole(item: Item) -> bool:
    """`bs` and `sf` spell the same value otherwise; `key`, `tr`, `req` and `name` take a part, or another one."""
    return not item.parameters.keys() - {"bs", "sf"}


def _is_digest(item: Item) -> bool:
    """Whether it says what the body is: `content-digest`, or the member of it by a hash that bodies are compared by."""
    if item.value != CONTENT_DIGEST.decode("ascii"):
        return False
    return _is_whole(item) or (item.parameters.keys() <= {"key", "sf"} and item.parameters["key"] in DIGEST_KINDS)


def covered_components(text: bytes) -> CoveredComponents:
    """What `(…)` lists. Raises InvalidField, InvalidComponent."""
    return CoveredComponents(parse_inner_list(text))


def known_components() -> BoundedCache[CoveredComponents]:
    """`covered_components`, remembered; texts come from clients, so the memory is bounded."""
    return BoundedCache(covered_components, max_entries=_MAX_KNOWN, max_key_bytes=_MAX_KNOWN_BYTES)
