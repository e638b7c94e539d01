"""What outlives the processes: consumers, API keys, revocations. SQLite by default, PostgreSQL for several nodes.

The control process and the command line write it, with SQLAlchemy Core. Workers only ever read a local SQLite file,
and import nothing but the standard library for that.

May import `observe`, `config` and `http`.
"""
