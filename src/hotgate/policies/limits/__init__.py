"""How many requests may pass: `rate_limit` and `max_concurrent` of a route, and limits that callers have of their own.

What counts is in `hotgate.limits`; how callers hear of it, in `limit_answer`.
"""
