"""How many tokens a request is about: whole, above zero, and no more than any limit has."""

from hotgate.limits.limit import MAX_QUOTA


def checked_amount(tokens: int) -> int:
    """The same number. Raises ValueError for zero, a negative number, or one that no limit could hold."""
    if not 1 <= tokens <= MAX_QUOTA:
        raise ValueError(f"tokens are a whole number from 1 to {MAX_QUOTA}")
    return tokens
