"""Requests at once: places, who has one, who waits for one, and who is turned away when there is too much to do.

Start reading at `places` (who is inside, by key), then `waiting_room` (who waits: `priority_line` of `fair_queue`s, in
turns that `fair_turns` counts) and `place_book` (what a configuration allows, and what outlives a reload).
`adaptive_limit` finds out how much a backend bears, `pressure` how much this worker does; `worker_share` is its part of
a number. All of it is of one worker; nothing is leased.
"""
