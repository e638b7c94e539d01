from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.config.document import MAX_DEPTH, MAX_FILE_SIZE, parse
from hotgate.config.errors import ConfigurationErrors
from hotgate.config.position import Position, SourceMap, find
from hotgate.config.variables import Variables


def tree_of(content: str | bytes, **environment: str) -> SourceMap:
    raw = content.encode() if isinstance(content, str) else content
    tree, errors = parse(raw, "f", Variables(environment))
    assert not errors
    return tree


def problem_of(content: str | bytes) -> str:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(ConfigurationErrors) as caught:
        parse(raw, "f", Variables({}))
    return str(caught.value)


def test_values_follow_yaml_1_2() -> None:
    tree = tree_of("on: on\nno: yes\na: 010\nb: 1:30\nc: 2024-01-01\nd: '1'\ne: !!str 1\nf:\n")
    expected: dict[str, Any] = {"on": "on", "no": "yes", "a": 10, "b": "1:30", "c": "2024-01-01", "d": "1", "e": "1"}
    assert tree == expected | {"f": None}


def test_keys_are_text() -> None:
    assert tree_of("1: a\nnull: b\ntrue: c\n") == {"1": "a", "null": "b", "true": "c"}


def test_positions_are_one_based_and_count_characters() -> None:
    tree = tree_of("ä: [ö, {ü: x}]\n")
    assert find(tree, ("ä", 1, "ü")) == Position("f", 1, 12)
    assert find(tree, ("ä", 1, "ü"), key=True) == Position("f", 1, 9)


def test_alias_keeps_the_place_of_its_anchor() -> None:
    tree = tree_of("a: &x [1, 2]\nb: *x\n")
    assert tree["b"] == [1, 2]
    assert find(tree, ("b", 1)) == Position("f", 1, 11)


def test_byte_order_mark_is_skipped() -> None:
    assert tree_of(b"\xef\xbb\xbfa: 1") == {"a": 1}


def test_duplicate_key_is_an_error_and_the_first_stays() -> None:
    tree, errors = parse(b"a: {b: 1,\n  b: 2}\n", "f", Variables({}))
    assert tree == {"a": {"b": 1}}
    assert [str(error) for error in errors] == ["f:2:3: a.b: key 'b' is already set in line 1; remove one"]


def test_missing_variables_come_all_at_once() -> None:
    _, errors = parse(b"a: ${A}\nb: ['${B}']\n", "f", Variables({}))
    assert [(error.line, error.column, error.path) for error in errors] == [(1, 4, "a"), (2, 5, "b")]


def test_variable_stays_text_whatever_it_holds() -> None:
    assert tree_of("a: ${A}\nb: ${B}\n", A="null", B="{c: 1}") == {"a": "null", "b": "{c: 1}"}


def test_variables_are_not_filled_into_keys() -> None:
    assert tree_of("${A}: 1", A="x") == {"${A}": 1}


@pytest.mark.parametrize(
    "content",
    [
        "a: !!python/object/apply:os.system [id]",
        "a: !!python/name:os.system",
        "a: !x 1",
        "!!int 1: 2",
        "a: !!binary eA==",
        "a: !!int ${A}",
    ],
)
def test_tags_are_refused(content: str) -> None:
    assert "tags are not supported" in problem_of(content)


@pytest.mark.parametrize("content", ["? [a]\n: b", "{a: 1}: 2", "a: &x k\n*x : 1"])
def test_keys_that_are_not_text_are_refused(content: str) -> None:
    assert "a key must be plain text" in problem_of(content)


@pytest.mark.parametrize("content", ["", "- a", "text", "a: 1\n---\nb: 1", "null"])
def test_a_file_is_one_mapping(content: str) -> None:
    assert "must" in problem_of(content)


@pytest.mark.parametrize("content", ["a: &x [*x]", "a: &x {b: &x [*x]}", "a: &x 1\nb: &x [*x]"])
def test_recursion_is_refused(content: str) -> None:
    assert "inside the value" in problem_of(content)


def test_unknown_alias_is_refused() -> None:
    assert problem_of("a: *b") == "f:1:4: a: alias '*b' has no anchor before it"


def test_billion_laughs_are_counted_not_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    assert "aliases expanded" in problem_of("\n".join(lines))


@pytest.mark.parametrize("content", ["[" * 1_000_000, "a: " + "[" * MAX_DEPTH, "a: " + "{b: " * MAX_DEPTH])
def test_depth_is_bounded(content: str) -> None:
    assert "nested deeper" in problem_of(content)


def test_size_is_bounded() -> None:
    assert problem_of(b"a" * (MAX_FILE_SIZE + 1)) == "f: the file is larger than 8 MiB"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: 1\nb: \x00", "f:2:4: control character U+0000 is not allowed"),
        (b"a: \xff", "f:1:4: this byte is not valid UTF-8"),
        ("a: ä\x1b".encode(), "f:1:5: control character U+001B is not allowed"),
    ],
)
def test_bytes_that_are_not_text_are_located(content: bytes, problem: str) -> None:
    assert problem_of(content) == problem


def test_syntax_error_is_located_with_a_hint() -> None:
    assert problem_of("a:\n\t- b").startswith("f:2:1: not valid YAML")
    assert "spaces, not tabs" in problem_of("a:\n\t- b")
    assert problem_of("a: b: c").startswith("f:1:5: not valid YAML")


@given(st.binary(max_size=300) | st.text(alphabet="ab:&*!{}[]-,#'\"\n\t |>?%~1", max_size=60).map(str.encode))
def test_any_input_is_a_tree_or_an_error(content: bytes) -> None:
    try:
        tree, _ = parse(content, "f", Variables({}))
    except ConfigurationErrors:
        return
    assert isinstance(tree, SourceMap)
