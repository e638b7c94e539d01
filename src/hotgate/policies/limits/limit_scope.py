"""Where a limit counts: the name of its buckets, as `hotgate limits` and `hotgate quotas` show it."""


def limit_scope(own: str, shared: str, *, route: str, name: str | None, share: str | None) -> str:
    """own, shared: what the scopes of this kind begin with. name: among the limits of the route. share: among all."""
    if share:
        return f"{shared}/{share}"
    return f"{own}/{route}/{name}" if name else f"{own}/{route}"
