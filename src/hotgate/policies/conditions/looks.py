"""What an expression looks at: which attributes, and which members of those that are maps.

So only that much is read for a request, and a name that is misspelt is found before one comes.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.conditions.checked_expression import Node

Members = tuple[str, ...] | None  # None: all of them, or nobody can tell which

_INDEX, _IN = "_[_]", "@in"
_COMPARISONS = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"})
_NUMBERS = frozenset({"int", "uint", "double"})
_HEADERS = "request.headers"


def looks_of(tree: Node, attributes: Mapping[str, Attribute]) -> dict[str, Members]:
    """Attributes by name, with the members that are named; None where all may be looked at."""
    named: dict[str, set[str]] = {}
    whole: set[str] = set()
    seen: set[int] = set()
    for node in tree.everything():
        if (found := member_of(node)) is not None:
            named.setdefault(found[0].text, set()).add(found[1])
            seen.add(id(found[0]))
        elif node.kind == "name" and id(node) not in seen:
            whole.add(node.text)
    used = [name for name in attributes if name in named or name in whole]
    return {name: None if name in whole else tuple(sorted(named[name])) for name in used}


def member_of(node: Node) -> tuple[Node, str] | None:
    """`claims.level`, `has(claims.level)`, `claims["level"]` and `"level" in claims` → the map, and the name."""
    if node.kind in ("select", "has") and node.children[0].kind == "name":
        return node.children[0], node.text
    if node.kind == "call" and node.text in (_INDEX, _IN):
        container, key = node.children if node.text == _INDEX else node.children[::-1]
        if container.kind == "name" and container.type == "map" and key.kind == "constant" and key.type == "string":
            return container, key.text
    return None


def wrong_members(tree: Node, attributes: Mapping[str, Attribute]) -> Iterator[tuple[int, str]]:
    """Members that can never be there, or never be what they are compared with: offset and message of each."""
    named = set()
    for node in tree.everything():
        if (found := member_of(node)) is not None and found[0].text in attributes:
            named.add(id(found[0]))
            if message := _wrong_name(attributes[found[0].text], found[1]):
                yield found[0].offset, message
        elif node.kind == "name" and id(node) not in named and node.type == "map":
            members = attributes[node.text].members if node.text in attributes else None
            if members is not None:
                yield node.offset, f"name what is looked at, as `{node.text}.{next(iter(members))}`"
        if node.kind == "call" and node.text in _COMPARISONS:
            yield from _wrong_comparison(node, attributes)


def _wrong_name(attribute: Attribute, name: str) -> str:
    if attribute.name == _HEADERS and name != name.lower():
        return "names of headers are in lower case here"
    if attribute.members is None or name in attribute.members:
        return ""
    close = get_close_matches(name, attribute.members, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"declare it in `authorization.{attribute.name}`"
    return f"'{name}' is not declared; {hint}"


def _wrong_comparison(node: Node, attributes: Mapping[str, Attribute]) -> Iterator[tuple[int, str]]:
    """CEL knows nothing of what a member holds, and finds two of different kinds unequal without a word."""
    left, right = (_kind(each, attributes) for each in node.children)
    if "dyn" not in (left, right) and left != right and not {left, right} <= _NUMBERS:
        yield node.offset, f"compares {left} with {right}"


def _kind(node: Node, attributes: Mapping[str, Attribute]) -> str:
    found = member_of(node)
    if found is None or node.type == "bool" or found[0].text not in attributes:
        return node.type
    kind = (attributes[found[0].text].members or {}).get(found[1], node.type)
    return "dyn" if kind == "any" else kind
