"""How many requests may pass: `rate_limit`, `concurrency` and `priority` of a route, and limits that callers have.

What counts is in `hotgate.limits`; how callers hear of it, in `limit_answer`.
"""
