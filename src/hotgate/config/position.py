"""Where a value was written. The tree of a file is made of dicts and lists that remember it, also after merging."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

Path = tuple[str | int, ...]


class Position(NamedTuple):
    """line, column: 1-based. variable: the environment variables that the value was filled from, if any."""

    file: str
    line: int
    column: int
    variable: str = ""


class SourceMap(dict[str, Any]):
    """A mapping of the file. position: its start. keys_at, values_at: the position of each key and of its value."""

    __slots__ = ("keys_at", "position", "values_at")

    def __init__(self, position: Position) -> None:
        super().__init__()
        self.position = position
        self.keys_at: dict[str, Position] = {}
        self.values_at: dict[str, Position] = {}

    def put(self, key: str, value: Any, key_at: Position, value_at: Position) -> None:
        """Set a key together with its positions."""
        self[key] = value
        self.keys_at[key] = key_at
        self.values_at[key] = value_at

    def adopt(self, other: "SourceMap", key: str) -> None:
        """Take a key over from another mapping; it keeps the place where it was written."""
        self.put(key, other[key], other.keys_at[key], other.values_at[key])

    def discard(self, key: str) -> None:
        """Remove a key, if it is there."""
        if key in self:
            del self[key], self.keys_at[key], self.values_at[key]


class SourceList(list[Any]):
    """A sequence of the file. items_at: the position of each item."""

    __slots__ = ("items_at", "position")

    def __init__(self, position: Position) -> None:
        super().__init__()
        self.position = position
        self.items_at: list[Position] = []

    def put(self, value: Any, value_at: Position) -> None:
        """Append an item together with its position."""
        self.append(value)
        self.items_at.append(value_at)


def written_path(tree: Any, location: Sequence[str | int]) -> Path:
    """`location` without the parts that the tree does not have: validators add the names of union members."""
    path: list[str | int] = []
    for part in location:
        child = _child(tree, part)
        if child is not None:
            path.append(part)
            tree = child[0]
    return tuple(path)


def find(tree: Any, path: Sequence[str | int], *, key: bool = False) -> Position:
    """Where the value at `path` is written, or its key if `key`; the nearest container when the path leads nowhere."""
    position: Position = tree.position
    for part in path:
        child = _child(tree, part)
        if child is None:
            return position
        position = tree.keys_at[str(part)] if key and isinstance(tree, SourceMap) else child[1]
        tree = child[0]
    return position


def value_at(tree: Any, path: Sequence[str | int]) -> Any:
    """The value at a path that exists."""
    for part in path:
        tree = tree[part]
    return tree


def variables_within(tree: Any, path: Sequence[str | int]) -> str:
    """The first environment variables that the value at `path`, or anything in it, was filled from; "" for none."""
    own = find(tree, path).variable
    return own or next(_variables(value_at(tree, path)), "")


def _variables(value: Any) -> Iterator[str]:
    if isinstance(value, SourceMap):
        positions, children = list(value.values_at.values()), list(value.values())
    elif isinstance(value, SourceList):
        positions, children = value.items_at, list(value)
    else:
        return
    yield from (position.variable for position in positions if position.variable)
    for child in children:
        yield from _variables(child)


def _child(tree: Any, part: str | int) -> tuple[Any, Position] | None:
    if isinstance(tree, SourceMap) and isinstance(part, str) and part in tree:
        return tree[part], tree.values_at[part]
    if isinstance(tree, SourceList) and isinstance(part, int) and 0 <= part < len(tree):
        return tree[part], tree.items_at[part]
    return None


def path_text(path: Sequence[str | int]) -> str:
    """`routes[0].match.path`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
