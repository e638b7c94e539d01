"""Which route a request takes: an immutable table, host → path → methods → conditions.

The most specific route wins, whatever the order in the file; two routes of which neither is more specific are refused
when the table is made. A look-up costs the same in a table of ten routes and of ten thousand.

The way of a route: `pattern` checks and canonicalises what the file says (with `path_shape` and `conditions`),
`ambiguity` compares it with its rivals, `trie` and `table` hold it. It imports nothing of Hotgate but `hotgate.http`.
Start in `table`.
"""
