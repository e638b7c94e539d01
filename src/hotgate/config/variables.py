"""`${NAME}` and `${NAME:-default}` in values; `$${` stands for a literal `${`.

What a variable holds is text and stays text: it is never read as YAML and never filled in again.
"""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-[^{}]*)?\}|(?P<broken>\$\{)")
_SHORTEST_REDACTED = 4


class Variables:
    """Fills references from `environment` and remembers the values, so that no error message can show one."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._used: dict[str, str] = {}

    def fill(self, text: str) -> tuple[str, str]:
        """The text with its references filled in, and their names. Raises ValueError: not set, or not well formed."""
        names: list[str] = []

        def replacement(match: re.Match[str]) -> str:
            if match["broken"]:
                raise ValueError("'${' starts a variable: write ${NAME} or ${NAME:-default}, or $${ for the characters")
            if match["name"] is None:
                return "${"
            names.append(match["name"])
            return self._value(match["name"], match["default"])

        return _REFERENCE.sub(replacement, text), ", ".join(names)

    def hide(self, value: str, name: str) -> None:
        """Never show `value` in a message; show `name` in its place."""
        # Shorter values would turn every "80" or "on" of a message into a name; they are no secrets.
        if len(value) >= _SHORTEST_REDACTED:
            self._used[value] = name

    def redact(self, message: str) -> str:
        """The message with every value that was filled in replaced by the name of its variable."""
        for value in sorted(self._used, key=len, reverse=True):
            message = message.replace(value, self._used[value])
        return message

    def _value(self, name: str, default: str | None) -> str:
        value = self._environment.get(name)
        if value is None and default is None:
            raise ValueError(f"environment variable {name} is not set; set it, or write ${{{name}:-default}}")
        if default is not None and not value:
            return default.removeprefix(":-")
        self.hide(value or "", f"${{{name}}}")
        return value or ""
