"""`authorization:`: what routes share to decide who may do what."""

from hotgate.config.settings import Settings


class Authorization(Settings):
    """Roles, named policies and decision points, each defined once and named by routes."""
