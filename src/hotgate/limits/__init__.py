"""Rate limits that are exact over all workers of a node, without a round trip per request.

Owns: the token bucket, the authority that keeps every bucket, and the lease client that spends in a worker.
May import: `hotgate.config`, `hotgate.http`. Does no I/O: both sides exchange plain dictionaries that others carry.

The promise, for one limit and one key: in any t seconds no more than `burst + rate * t` requests are admitted. Think
of a reference bucket from which every admitted request takes a token; the promise is that it never falls below zero.
It holds because of four rules:

1. level + tokens on lease <= capacity. A lease counts until its worker says that it is spent or given back, so a
   bucket cannot refill behind tokens that are still out (`leased_bucket`, `authority`).
2. A message has a sequence number and tells the absolute state (what is held), never a change. A late, repeated or
   lost message can only lose tokens (`members`, `lease_client`).
3. Without the authority a worker lives on its leases and on its share of the rate; all shares together are at most
   the rate, and half of each bucket is kept free for them (`members`, `share`).
4. A new authority takes for each key the lowest level that any worker saw, less what was admitted meanwhile. Where a
   witness is missing it assumes the worst (`recovery`).

Start reading at `bucket`, then `authority` (control process) and `lease_client` (worker).
"""
