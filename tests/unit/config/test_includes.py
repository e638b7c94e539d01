from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hotgate.config.errors import ConfigurationErrors
from hotgate.config.loader import load

if TYPE_CHECKING:
    from hotgate.config.gateway import Gateway
    from unit.config.conftest import Folder


HEAD = 'listeners: [{name: web, bind: "127.0.0.1:0"}]\ndefaults: {public: true, respond: {}}\n'


def test_files_of_a_folder_join_in_the_order_of_their_names(folder: Folder) -> None:
    folder.write("routes: [{name: b, match: {path: /b}}]\nupstreams: {u: {targets: ['http://h:1']}}\n", "r/2.yaml")
    folder.write("routes: [{name: a, match: {path: /a}}]\nprofiles: {p: {max_body: 1}}\n", "r/1.yaml")
    loaded = folder.load(HEAD + "include: ['r/*.yaml']\nroutes: [{name: m, match: {path: /m}, profiles: [p]}]\n")
    assert [route.name for route in loaded.config.routes] == ["m", "a", "b"]
    assert loaded.config.routes[0].max_body == 1
    assert set(loaded.config.upstreams) == {"u"}
    assert {file.name for file in loaded.files} == {"hotgate.yaml", "1.yaml", "2.yaml", "r"}


def test_pattern_that_matches_the_main_file_does_not_include_it(folder: Folder) -> None:
    folder.write("routes: [{name: a, match: {path: /a}}]\n", "a.yaml")
    assert len(folder.load(HEAD + "include: ['*.yaml']\n").config.routes) == 1


def test_errors_name_the_included_file(folder: Folder) -> None:
    folder.write("routes:\n  - {name: a, match: {path: a}}\n", "more.yaml")
    assert folder.errors(HEAD + "include: [more.yaml]\n")[0].startswith("more.yaml:2:29: routes[0].match.path: ")


def test_same_name_in_two_files_names_both_places(folder: Folder) -> None:
    folder.write("upstreams:\n  u: {targets: ['http://h:1']}\nroutes:\n  - {name: a, match: {path: /b}}\n", "more.yaml")
    text = (
        "include: [more.yaml]\nupstreams:\n  u: {targets: ['http://h:2']}\nroutes:\n  - {name: a, match: {path: /a}}\n"
    )
    errors = [error.replace(f"{folder.path}/", "") for error in folder.errors(HEAD + text)]
    assert errors == [
        "more.yaml:2:3: upstreams.u: 'u' is already defined at hotgate.yaml:5:3; rename or remove one",
        "more.yaml:4:12: routes[1].name: another route at hotgate.yaml:7:12 has this name; names must be unique",
    ]


def test_other_keys_are_refused(folder: Folder) -> None:
    folder.write("listeners: []\ninclude: [x.yaml]\n", "more.yaml")
    errors = folder.errors(HEAD + "include: [more.yaml]\n")
    assert [error.split(";")[0] for error in errors] == [
        "more.yaml:1:1: listeners: unknown key 'listeners'",
        "more.yaml:2:1: include: unknown key 'include'",
    ]


def test_missing_file_and_folder_are_errors(folder: Folder) -> None:
    assert folder.errors(HEAD + "include: ['no/*.yaml', gone.yaml]\n") == [
        "hotgate.yaml:3:11: include[0]: this folder does not exist",
        "hotgate.yaml:3:24: include[1]: this file does not exist",
    ]


def test_pattern_without_a_file_is_a_warning_and_its_folder_is_watched(folder: Folder) -> None:
    (folder.path / "r").mkdir()
    loaded = folder.load(HEAD + "include: ['r/*.yaml']\n")
    assert "no file matches" in str(loaded.warnings[0])
    assert folder.path / "r" in loaded.files


def test_errors_of_all_files_that_are_not_yaml_come_at_once(folder: Folder) -> None:
    folder.write("a: [", "1.yaml")
    folder.write("b: \x00", "2.yaml")
    errors = folder.errors(HEAD + "include: ['[12].yaml']\n")
    assert [error.split(":")[0] for error in errors] == ["1.yaml", "2.yaml"]


def test_files_of_a_configuration_that_cannot_be_used_are_known(folder: Folder, model: type[Gateway]) -> None:
    more = folder.write("routes: 7\n", "r/more.yaml")
    main = folder.write(HEAD + "include: ['r/*.yaml']\n")
    with pytest.raises(ConfigurationErrors) as caught:
        load(main, model, {})
    assert set(caught.value.files) == {main, more, more.parent}


def test_wrong_kinds_are_errors(folder: Folder) -> None:
    folder.write("routes: {}\nprofiles: []\n", "more.yaml")
    errors = folder.errors(HEAD + "include: [more.yaml]\n")
    assert errors == ["more.yaml:1:9: routes: must be a list", "more.yaml:2:11: profiles: must be a mapping"]
    assert folder.errors(HEAD + "include: 7\n") == ["hotgate.yaml:3:10: include: must be a list"]
