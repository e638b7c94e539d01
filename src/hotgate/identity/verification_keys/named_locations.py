"""Settings that say where verification keys are to be fetched from."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class HasKeyLocations(Protocol):
    """key_locations: of each set, as `JwtSettings.jwks_location` has it. Nothing else of a configuration is fetched."""

    @property
    def key_locations(self) -> tuple[str, ...]: ...
