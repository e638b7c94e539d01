"""The contract between the gateway and its policies, built-in ones and yours.

Owns: the `Exchange` a policy is given, the fixed order of `Phase`, what a compiled policy and a compiled `Route` are,
and the `policy` decorator. May import: `identity`, `limits`, `config`, `http`. No I/O and no knowledge of any policy.

A policy is a function from an exchange to None (go on), a `Response` (stop), or an awaitable of either. The steps of a
route lie in flat tuples, `before` and `after` its target; a loop calls one after another. No step calls the next.
Start reading at `exchange.py`, then `phase.py` and `policy.py`; authors of policies start at `declare.py`.
"""
