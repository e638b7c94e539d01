"""The garbage collector rests while something is compiled, and no longer, whatever comes of it."""

import gc
from pathlib import Path
from typing import Any

import pytest

from hotgate.config.errors import ConfigurationErrors
from hotgate.config.gateway import Gateway
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.route import Route
from hotgate.runtime.compiling.compile import CompileProblems, Parts, compile_configuration, idle_services
from hotgate.runtime.compiling.compile_route import compile_route
from hotgate.runtime.compiling.load import load_configuration
from hotgate.runtime.compiling.without_collection import without_collection
from unit.runtime.explaining.asking import written

ROUTE = 'routes: [{name: all, match: {path: "%s"}, public: true, upstream: api}]\n'


def compiled(config: Gateway) -> None:
    compile_configuration(config, Parts(idle_services(config), WorkerMetrics()))


def test_it_rests_while_a_configuration_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def watched(*arguments: Any) -> Route:
        seen.append(gc.isenabled())
        return compile_route(*arguments)

    monkeypatch.setattr("hotgate.runtime.compiling.compile.compile_route", watched)
    compiled(written(tmp_path, ROUTE % "/*").config)
    assert seen == [False]
    assert gc.isenabled()


def test_it_works_again_after_what_cannot_be_compiled(tmp_path: Path) -> None:
    text = ROUTE % "/*" + "apis: {orders: {versions: {v1: {}}}}\n"
    text = text.replace("upstream: api", "upstream: api, version: {api: orders}")
    with pytest.raises(CompileProblems):
        compiled(written(tmp_path, text).config)
    assert gc.isenabled()


def test_it_works_again_after_what_cannot_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("routes: nonsense\n")
    with pytest.raises(ConfigurationErrors):
        load_configuration(tmp_path / "wrong.yaml")
    assert gc.isenabled()


def test_whoever_has_turned_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with without_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
