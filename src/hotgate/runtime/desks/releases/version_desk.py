"""Who still uses which version of an API, over all workers, since the control process was started."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hotgate.config.apis import Api, Version
from hotgate.config.gateway import Gateway
from hotgate.observe.label import label
from hotgate.runtime.workers.channel import Message

MAX_CALLERS = 10_000  # of one version; who has not come for longest makes room


@dataclass(frozen=True, slots=True)
class _Caller:
    """last_seen: epoch seconds."""

    requests: int
    last_seen: float


class VersionDesk:
    """clock: epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._apis: Mapping[str, Api] = {}
        self._callers: dict[tuple[str, str], dict[str, _Caller]] = {}  # who came last is last

    def follow(self, config: Gateway) -> None:
        """A configuration is in force: forget what it no longer has."""
        self._apis = config.apis
        names = [(api, version) for api, settings in config.apis.items() for version in settings.versions]
        self._callers = {name: self._callers.get(name, {}) for name in names}

    def received(self, message: Message) -> None:
        """A `version_uses` message. Raises KeyError, TypeError or ValueError."""
        for name, counts in dict(message["uses"]).items():
            api, _, version = str(name).partition(" ")
            callers = self._callers.get((api, version))
            if callers is not None:
                self._add(callers, dict(counts))

    def state(self) -> list[dict[str, Any]]:
        """One object for each version, for the admin interface."""
        return [
            self._shown(api, name, version)
            for api, settings in self._apis.items()
            for name, version in settings.versions.items()
        ]

    def callers(self, api: str, version: str) -> list[dict[str, Any]] | None:
        """Who has used a version, the most frequent first; None if there is no such version."""
        callers = self._callers.get((api, version))
        if callers is None:
            return None
        found = sorted(callers.items(), key=lambda each: -each[1].requests)
        return [{"caller": name, "requests": each.requests, "last_seen": each.last_seen} for name, each in found]

    def _add(self, callers: dict[str, _Caller], counts: Mapping[Any, Any]) -> None:
        now = self._clock()
        for text, count in counts.items():
            name = label(str(text))
            known = callers.pop(name, None)
            callers[name] = _Caller(int(count) + (known.requests if known else 0), now)
            if len(callers) > MAX_CALLERS:
                del callers[next(iter(callers))]

    def _shown(self, api: str, name: str, version: Version) -> dict[str, Any]:
        callers = self._callers[api, name]
        return {
            "api": api,
            "version": name,
            "is_default": self._apis[api].default == name,
            "deprecated": version.deprecated.timestamp() if version.deprecated else None,
            "sunset": version.sunset.timestamp() if version.sunset else None,
            "after_sunset": version.after_sunset,
            "callers": len(callers),
            "requests": sum(each.requests for each in callers.values()),
            "last_seen": max((each.last_seen for each in callers.values()), default=None),
        }
