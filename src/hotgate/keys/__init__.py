"""The gateway's own secrets: files that are made at the first start and kept in a private folder.

May import `observe`, `config` and `http`. Start with `kept_secret`; `key_ring` says which of the signing keys signs
when, `rotation` how one takes the place of another.
"""
