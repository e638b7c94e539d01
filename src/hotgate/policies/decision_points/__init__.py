"""`authorize: {decide: […]}`: somebody else is asked whether a request may pass.

    request → question (CEL, per route) → kept answer? → one call for all who ask the same → verdict → headers, refusal

Owns: what is asked (`question`), who is asked and when not (`remote_point`), what an answer must look like (one file
for each kind: `authzen`, `opa`, `ext_authz`, `openfga`), how long it is believed (`decision_cache`), and what becomes
of the request (`decided_by`). `cedar` decides here. Start reading at `contract`, then `decide`.

Whatever is not clearly a permission is none: a question that cannot be made denies, and an answer that is not exactly
as its protocol says counts as no answer at all.
"""
