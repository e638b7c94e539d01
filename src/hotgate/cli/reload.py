"""`hotgate reload`: have a running gateway read its configuration again."""

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.request import request


def reload(config: ConfigurationFile = DEFAULT_FILE) -> None:
    """Reload the configuration of a running gateway, and say whether it is in force."""
    request(config, "reload", "the configuration is in force")
