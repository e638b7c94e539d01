"""Rate limits that are exact over all workers of a node, without a round trip per request, and what else is counted.

Owns: the kinds of buckets, the authority that keeps every bucket, and the lease client that spends in a worker.
May import: `hotgate.config`, `hotgate.http`. Does no I/O: both sides exchange plain dictionaries that others carry.

The promise, for one limit and one key, is that of its kind: of a token bucket, that in any t seconds no more than
`burst + rate * t` tokens are taken; of a sliding window, that no window has more than the quota; of a quota, that no
period has. Think of a reference bucket from which every admitted request takes its cost; it never falls below zero.
It holds because of four rules:

1. level + tokens on lease <= capacity. A lease counts until its worker says that it is spent or given back, so a
   bucket cannot refill behind tokens that are still out (`leased_bucket`, `authority`).
2. A message has a sequence number and tells the absolute state (what is held), never a change. A late, repeated or
   lost message can only lose tokens (`members`, `lease_client`).
3. Without the authority a worker lives on its leases and on its share of the rate; all shares together are at most
   the rate, and half of each bucket is kept free for them (`members`, `share`).
4. A new authority takes for each key the lowest level that any worker saw, less what was admitted meanwhile. Where a
   witness is missing it assumes the worst (`recovery`).

A quota's tokens come from a database (`quotas`); its fifth rule is that they are counted there first.

`shared` is what several nodes count together, `concurrency` requests at once, `brute_force` failed attempts.

Both sides may have a hundred thousand keys, most of them quiet: no request and no tick does anything for all of them
(`lease_book`, `bucket_table`), only a reload and the loss of a process do; and what a quiet one does not need is not
there (`pending`).

Start reading at `bucket` and `token_bucket`, then `authority` (control process) and `lease_client` (worker).
"""
