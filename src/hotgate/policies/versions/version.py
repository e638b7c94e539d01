"""`version: {api: orders}`: the route belongs to an API with versions, and serves all of them or some.

The route table has chosen: the compiled route knows which version it serves (`pipeline/route.py`). These steps say so
to the backend, tell the client what there is to know, and count.
"""

import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Annotated

from pydantic import Field

from hotgate.config.apis import VersionName, plain_version
from hotgate.config.settings import Name, Settings
from hotgate.http.reserved import spelling
from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec, WrongSetting, WrongSettings
from hotgate.pipeline.route import Outcome
from hotgate.policies.versions.version_facts import VersionFacts, naming_fields
from hotgate.policies.versions.version_uses import VersionUses


class VersionSettings(Settings):
    """Which versions of an API the route serves."""

    api: Name = Field(description="The name under `apis`.")
    only: Annotated[tuple[VersionName, ...], Field(min_length=1, max_length=64)] | None = Field(
        default=None, description="The versions that it serves. Not set: all of them."
    )


class VersionSteps:
    """facts: by plain version. counts, uses: of the worker. now: epoch seconds."""

    def __init__(
        self,
        facts: Mapping[str, VersionFacts],
        counts: MutableMapping[str, int],
        uses: VersionUses,
        now: Callable[[], float],
    ) -> None:
        self._facts = facts
        self._counts = counts
        self._uses = uses
        self._now = now

    def admit(self, exchange: Exchange) -> Outcome:
        """Say what there is to say of the version; 410 if it is gone."""
        facts = self._facts[exchange.route.version]
        exchange.answer_block += facts.block
        if facts.gone_at is not None and self._now() >= facts.gone_at:
            return _gone()
        exchange.request.headers.fields.append(facts.mark)
        return None

    def tell_end(self, exchange: Exchange) -> None:
        """The file says when a version ends, not the backend: two dates would be none (RFC 9745 §2.1: one Item)."""
        if exchange.response is not None:
            for field in self._facts[exchange.route.version].ends:
                exchange.response.headers.set(*field)

    def count(self, exchange: Exchange) -> None:
        """One request more, whatever became of it."""
        label = self._facts[exchange.route.version].label
        self._counts[label] = self._counts.get(label, 0) + 1
        self._uses.count(label, exchange.principal)


def _gone() -> Response:
    """RFC 9110 §15.5.11."""
    return Response.problem(410, code="version-gone", detail="This version of the API is no longer there.")


def compile_version(settings: VersionSettings, context: CompileContext) -> list[PhasedStep]:
    """Raises WrongSettings. What is no API has been told of (`config/references.py`)."""
    api = context.services["apis"].get(settings.api)
    if api is None:
        return []
    unknown = [index for index, name in enumerate(settings.only or ()) if name not in api.versions]
    if unknown:
        says = f"the API has no such version; it has {', '.join(api.versions)}"
        raise WrongSettings([WrongSetting(("only", index), says) for index in unknown])
    facts = {plain_version(name): VersionFacts(settings.api, name, api) for name in api.versions}
    services = context.services
    uses = services.get("version_uses") or VersionUses()
    steps = VersionSteps(facts, services.get("version_counts", {}), uses, services.get("wall_clock", time.time))
    told = [PhasedStep(Phase.RESPOND, steps.tell_end)] if any(each.ends for each in facts.values()) else []
    # The head has said which version; a trailer, which some servers take for a field of it, must not say another.
    owned = frozenset(spelling(name.lower().encode("ascii")) for name in naming_fields(api))
    admit = PhasedStep(Phase.ADMIT, steps.admit, owned_fields=owned)
    return [admit, *told, PhasedStep(Phase.FINISH, steps.count)]


POLICY = PolicySpec("version", VersionSettings, compile_version)
