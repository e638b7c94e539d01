"""Counters that several nodes share, in Valkey or Redis: one script (`leases.lua`), and who has it run."""
