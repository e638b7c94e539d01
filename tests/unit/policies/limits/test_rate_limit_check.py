"""`hotgate check` says at which place of the file a limit is wrong."""

from pathlib import Path

import pytest

from hotgate.config.errors import ConfigurationErrors
from hotgate.runtime.compiling.compile_errors import compile_errors
from hotgate.runtime.compiling.load import load_configuration

HEAD = 'listeners: [{name: web, bind: "127.0.0.1:0"}]\ndefaults: {public: true, respond: {}}\nroutes:\n'


def errors(folder: Path, limits: str) -> list[str]:
    """Each error as line:column: path: the beginning of its message."""
    file = folder / "hotgate.yaml"
    file.write_text(f'{HEAD}  - name: r\n    match: {{path: "/{{id}}"}}\n    rate_limit:\n{limits}')
    try:
        found = compile_errors(load_configuration(file))
    except ConfigurationErrors as raised:
        found = raised.errors
    return [str(error).partition("hotgate.yaml:")[2] for error in found]


def test_every_wrong_limit_of_a_list_is_named(tmp_path: Path) -> None:
    text = """\
      - {limit: 5/day, by: path:nr}
      - {name: b, limit: 5/day, when: "principal.teir == 'gold'"}
      - {name: c, limit: 5/day, cost: {cel: '"x"', most: 3}}
      - {name: d, limit: 5/day, by: [route, {cel: "1 +"}]}
      - {name: b, limit: 5/day}
      - {name: e, limit: 5/day, cost: 9}
"""
    starts = [
        "7:28: routes[0].rate_limit[0].by: the path of the route has no parameter 'nr'",
        "8:39: routes[0].rate_limit[1].when: at column 10 of the expression: there is no attribute 'principal.teir'",
        "9:45: routes[0].rate_limit[2].cost.cel: the expression must be int",
        "10:51: routes[0].rate_limit[3].by[1].cel: at column 4",
        "11:16: routes[0].rate_limit[4].name: another one of the route has the same buckets",
        "12:39: routes[0].rate_limit[5].cost: costs more than a bucket of 5 in 1d ever holds",
    ]
    found = errors(tmp_path, text)
    assert [error[: len(start)] for error, start in zip(found, starts, strict=True)] == starts


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("{limit: 5/day, by: 'cookie:x'}", "rate_limit.by: use principal, consumer, group, address, route"),
        ("{limt: 5/day}", "rate_limit.limt: unknown key 'limt'; did you mean 'limit'?"),
        ("{limit: 5/day, by: {sel: x}}", "rate_limit.by.sel: unknown key 'sel'; did you mean 'cel'?"),
        ("{limit: 5/day, cost: {most: 5}}", "rate_limit.cost: key 'header' is missing"),
        ("{limit: 5/day, cost: {cel: '1'}}", "rate_limit.cost: key 'most' is missing"),
        ("[{limit: 5/day}, {limit: 5/dya}]", "rate_limit[1].limit: write a rate"),
    ],
)
def test_what_is_misspelt_is_named(tmp_path: Path, limit: str, message: str) -> None:
    assert any(message in error for error in errors(tmp_path, f"      {limit}\n"))
