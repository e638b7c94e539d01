"""Limits that several nodes share: the control process borrows chunks of tokens from a counter store for its workers.

Owns: what a node asks the store for, what it does with the answer, and how it serves its workers meanwhile. Does no
I/O: `runtime/desks/limits/counter_desk` carries the calls to `store/counters`, whose script is the other half.

The promise is that of `hotgate.limits`, over all nodes. It holds because of these rules:

1. spent + lent <= capacity, in one step of one script. What is lent counts until its node says so, or its time is over.
2. A node stops spending what it was lent before the store takes that for over: it measures from before it asked, with
   its own monotonic clock, and the store keeps it for a tenth longer (`terms`).
3. A call has a sequence number and tells the absolute state. A late, repeated or lost one can only lose tokens.
4. Time goes on by the store's clock, and no further than a node's monotonic clock confirms (`store_clock`).
5. What the store may have forgotten (a restart, another primary, an eviction) counts as spent, wholly: it begins again
   from nothing, once every lease from before is over.
6. Refill goes on for the share of those nodes that are there. A node that is not lives on its share of the rate, which
   it accrues only when the store has surely stopped counting it as there.

Start reading at `shared_authority`, then `partition`.
"""
