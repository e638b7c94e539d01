"""HTTP messages as values, and the rules that make them safe to compare. No I/O and no policy.

It owns the canonical target and host (`targets`), header fields (`headers`, `hop_by_hop`), what proxies say about the
way of a request (`forwarded`) and which fields only they may say it in (`reserved`), trace and request ids (`trace`),
the two messages (`request`, `response`) and the one form of an error (`problem`). It imports nothing else of Hotgate.

Start with `targets`: everything that decides about a path relies on there being one spelling of it.
"""
