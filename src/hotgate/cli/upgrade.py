"""`hotgate upgrade`: have a running gateway replaced by the version on the disk, without a refused connection."""

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.request import request


def upgrade(config: ConfigurationFile = DEFAULT_FILE) -> None:
    """Replace a running gateway by the version that is installed now, and say whether it has taken over."""
    request(config, "upgrade", "the new version has taken over")
