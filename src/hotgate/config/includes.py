"""`include:`: more files, whose routes, upstreams, identities and profiles join those of the main file."""

from collections.abc import Callable
from pathlib import Path

from hotgate.config.errors import ConfigurationError
from hotgate.config.position import Position, SourceList, SourceMap, find, path_text

SHARED_MAPPINGS = ("upstreams", "identity", "profiles")
MAX_FILES = 10_000
_WILDCARDS = frozenset("*?[")

ReadFile = Callable[[Path], SourceMap | None]


class Includes:
    """Resolves the `include` of one main file.

    watched: the files that are named, and the folders that patterns look into: a new file there is a change too.
    """

    def __init__(self, main: SourceMap, folder: Path, read: ReadFile) -> None:
        self.errors: list[ConfigurationError] = []
        self.warnings: list[ConfigurationError] = []
        self.watched: set[Path] = set()
        self._main = main
        self._folder = folder
        self._read = read

    def join(self) -> None:
        """Add what the included files hold to the main file's tree. Problems end up in `errors` and `warnings`."""
        for file in self._files():
            tree = self._read(file)
            if tree is not None:
                self._join_one(tree)

    def _files(self) -> list[Path]:
        patterns = self._main.get("include")
        files: dict[Path, None] = {}
        # Anything else than a list of text is reported when the models are validated.
        for index, pattern in enumerate(patterns if isinstance(patterns, SourceList) else ()):
            if find(self._main, ("include", index)).variable:
                # The names of files stand in every message, and values of variables in none.
                self.errors.append(self._problem(("include", index), "a file's name cannot hold variables"))
            elif isinstance(pattern, str) and pattern:
                files.update(dict.fromkeys(self._matches(pattern, index)))
        if len(files) > MAX_FILES:
            self.errors.append(self._problem(("include",), f"more than {MAX_FILES:,} files match"))
            return []
        return list(files)

    def _matches(self, pattern: str, index: int) -> list[Path]:
        where = ("include", index)
        if not _WILDCARDS & set(pattern):
            return self._one(self._folder / pattern, where)
        anchor = Path(pattern).anchor
        try:
            found = sorted((Path(anchor) if anchor else self._folder).glob(pattern.removeprefix(anchor)))
        except (ValueError, OSError):
            self.errors.append(self._problem(where, "not a pattern that can be looked up"))
            return []
        parent = _fixed_part(self._folder / pattern)
        self.watched.update([parent, *(file.parent for file in found)])
        if not parent.is_dir():
            self.errors.append(self._problem(where, "this folder does not exist"))
        elif not found:
            self.warnings.append(self._problem(where, "no file matches this pattern"))
        main = self._main.position.file  # `*.yaml` beside the main file does not mean the main file
        return [file for file in found if file.is_file() and str(file) != main]

    def _one(self, file: Path, where: tuple[str | int, ...]) -> list[Path]:
        self.watched.add(file)  # also when it is missing: the configuration is mended when it appears
        if file.is_file():
            return [file]
        self.errors.append(self._problem(where, "this file does not exist"))
        return []

    def _join_one(self, tree: SourceMap) -> None:
        for key in list(tree):
            if key == "routes":
                self._join_routes(tree)
            elif key in SHARED_MAPPINGS:
                self._join_mapping(tree, key)
            else:
                hint = "an included file may hold routes, upstreams, identity and profiles"
                self.errors.append(_error(tree.keys_at[key], (key,), f"unknown key '{key}'", hint))

    def _join_routes(self, tree: SourceMap) -> None:
        routes = tree["routes"]
        if not isinstance(routes, SourceList):
            self.errors.append(_error(tree.values_at["routes"], ("routes",), "must be a list"))
            return
        all_routes = self._main.get("routes")
        if all_routes is None:
            all_routes = SourceList(routes.position)
            self._main.put("routes", all_routes, tree.keys_at["routes"], tree.values_at["routes"])
        if isinstance(all_routes, SourceList):
            for route, position in zip(routes, routes.items_at, strict=True):
                all_routes.put(route, position)

    def _join_mapping(self, tree: SourceMap, key: str) -> None:
        entries = tree[key]
        if not isinstance(entries, SourceMap):
            self.errors.append(_error(tree.values_at[key], (key,), "must be a mapping"))
            return
        target = self._main.get(key)
        if target is None:
            target = SourceMap(entries.position)
            self._main.put(key, target, tree.keys_at[key], tree.values_at[key])
        for name in entries if isinstance(target, SourceMap) else ():
            if name in target:
                first = target.keys_at[name]
                message = (
                    f"'{name}' is already defined at {first.file}:{first.line}:{first.column}; rename or remove one"
                )
                self.errors.append(_error(entries.keys_at[name], (key, name), message))
            else:
                target.adopt(entries, name)

    def _problem(self, path: tuple[str | int, ...], message: str) -> ConfigurationError:
        return _error(find(self._main, path), path, message)


def _fixed_part(pattern: Path) -> Path:
    """The deepest folder above the first part with a wildcard."""
    wild = next(part for part in [*reversed(pattern.parents), pattern] if _WILDCARDS & set(part.name))
    return wild.parent


def _error(position: Position, path: tuple[str | int, ...], message: str, hint: str = "") -> ConfigurationError:
    return ConfigurationError(position.file, position.line, position.column, path_text(path), message, hint)
