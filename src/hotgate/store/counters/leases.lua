--[[ Lends tokens of limits to the nodes that share them. One call is one step for everybody else.

KEYS[1]: a hash with everything of one partition, so that a server cannot lose a part of it: "m" says who takes part and
how time goes, "n…" what unknown keys of a limit have spent at least, "b…" the buckets.
ARGV[1]: the call, ARGV[2]: what is asked, both in JSON (`limits/shared/partition.py` and `ask.py` name their members).

A bucket keeps what is spent and has not come back (s, at the time t) and what is lent (l: node → {tokens, end}). It lends
what `capacity - spent - lent` leaves. What is lent counts as spent when its node says so, or when its time is over. ]]

local STEP_BACK = 1 -- seconds by which a clock may go back without being distrusted
local SCANNED, SWEPT = 32, 2 -- buckets looked at to find one that can go: when the hash is full, for each new one
local PARTS = 100 -- of a sliding window; what was used in one counts until it has certainly left the window
local FRACTION = 50 -- a chunk is at most 1/50 of what is left, over all nodes
local FORGOTTEN = 60 -- seconds after which a silent node is forgotten
local MOST_NODES = 64
local KEPT = 40 * 24 * 3600 -- seconds that a partition outlives its last call: longer than any period
local ROUNDING = 1e-6

local call, asks, clock, now, all, speed, present
local refusal -- what the server said instead of doing a command

local function command(...)
  local result = redis.pcall(...)
  if type(result) == 'table' and result.err then
    refusal = result
    error(result.err)
  end
  return result
end

-- What this server does not remember, or remembers from another time, counts as spent. Leases of before end meanwhile.
local function begin(run)
  if command('EXISTS', KEYS[1]) == 1 then command('UNLINK', KEYS[1]) end
  return {
    run = run, epoch = run .. string.format(':%.6f', clock), clock = clock, now = clock, flow = 0,
    opens = clock + (call.trusted and 0 or call.opening), blank = not call.trusted, nodes = {}, heard = {},
    owed = {0, 0},
  }
end

local function recall()
  local time = command('TIME')
  clock = tonumber(time[1]) + tonumber(time[2]) / 1e6
  local run = string.match(command('INFO', 'server'), 'run_id:(%x+)')
  local packed = command('HGET', KEYS[1], 'm')
  all = packed and cmsgpack.unpack(packed)
  local is_good = all and all.run == run and clock >= all.clock - STEP_BACK
  if not is_good or (call.leapt and call.epoch == all.epoch) then all = begin(run) end
end

-- Time goes on by the server's clock, but no further than the node's own clock says that it can have gone. Refill goes on
-- for the share of those nodes that are there: one that is not may be serving its share by itself.
local function pass_time()
  now = math.max(all.now, call.epoch == all.epoch and math.min(clock, call.latest) or clock)
  local from = math.max(all.now, all.opens)
  for place, node in pairs(all.nodes) do
    local seconds = math.min(node[1], now) - from
    if call.nodes > 0 and seconds > 0 then all.flow = all.flow + seconds * node[2] end
    if node[1] < now - FORGOTTEN then all.nodes[place] = nil end
  end
  if call.nodes == 0 and now > from then all.flow = all.flow + now - from end
  for node, heard in pairs(all.heard) do
    if heard[2] < now - FORGOTTEN then all.heard[node] = nil end
  end
  all.now, all.clock = now, math.max(all.clock, clock)
end

local function look_around()
  speed, present = 0, 0
  for _, node in pairs(all.nodes) do
    if node[1] > now then speed, present = speed + node[2], present + 1 end
  end
  speed = call.nodes == 0 and 1 or math.min(1, speed)
end

-- Whether this is the node's latest call; an earlier one that comes late must change nothing. What was kept free for a node
-- that returns may have been spent by it: each bucket owes that part (`owed`: the sum of them, and the flow of the last).
local function is_news()
  local heard = all.heard[call.node]
  if heard and call.seq <= heard[1] then return false end
  all.heard[call.node] = {call.seq, now}
  look_around()
  local before = speed
  all.nodes[call.place] = {call.epoch == all.epoch and call.vouched or 0, call.weight} -- of another epoch: another clock
  look_around()
  if speed > before then all.owed = {all.owed[1] + (1 - before) / 2, all.flow} end
  return true
end

local function is_shared_out(bucket)
  return bucket.k == 'bucket' and call.nodes > 0 and bucket.c >= 2 * call.nodes
end

local come_back = {
  bucket = function(bucket)
    local owed = math.min(0.5, all.owed[1] - bucket.o)
    if owed > 0 and is_shared_out(bucket) then
      local at = math.max(bucket.t, all.owed[2])
      bucket.s = math.max(0, bucket.s - bucket.a * (at - bucket.t)) + owed * bucket.c
      bucket.t = at
    end
    bucket.s = math.max(0, bucket.s - bucket.a * (all.flow - bucket.t))
    bucket.t, bucket.o = all.flow, all.owed[1]
  end,
  window = function(bucket)
    local part, known, kept = math.floor(now * PARTS / bucket.a), 0, {}
    for index = 2, #bucket.p, 2 do known = known + bucket.p[index] end
    if bucket.s > known then -- what was added since the last time is of now
      table.insert(bucket.p, part)
      table.insert(bucket.p, bucket.s - known)
    end
    bucket.s = 0
    for index = 2, #bucket.p, 2 do
      if bucket.p[index] > 0 and bucket.p[index - 1] >= part - PARTS then
        bucket.s = bucket.s + bucket.p[index]
        if kept[#kept - 1] == bucket.p[index - 1] then
          kept[#kept] = kept[#kept] + bucket.p[index]
        else
          table.insert(kept, bucket.p[index - 1])
          table.insert(kept, bucket.p[index])
        end
      end
    end
    bucket.p = kept
  end,
}

local function update(bucket)
  come_back[bucket.k](bucket)
  for node, lease in pairs(bucket.l) do
    if lease[2] <= now then
      bucket.s = bucket.s + lease[1]
      bucket.l[node] = nil
    end
  end
  return bucket
end

local put_back = {
  bucket = function(bucket, ask) bucket.s = math.max(0, bucket.s - ask.refunded) end,
  -- The oldest of those that count since they were spent, or later (`limits/sliding_window.py` says why). None, if that
  -- has left the window, or was before this memory began, or is told in the time of another one.
  window = function(bucket, ask)
    local since, part = math.floor(ask.spent * PARTS / bucket.a), math.floor(now * PARTS / bucket.a)
    if call.epoch ~= all.epoch or ask.spent < all.opens or since < part - PARTS then return end
    local left = ask.refunded
    come_back.window(bucket)
    for index = 2, #bucket.p, 2 do
      if bucket.p[index - 1] >= since then
        local taken = math.min(bucket.p[index], left)
        bucket.p[index], bucket.s, left = bucket.p[index] - taken, bucket.s - taken, left - taken
      end
    end
  end,
}

local function recalled(field)
  local packed = command('HGET', KEYS[1], field)
  return packed and cmsgpack.unpack(packed)
end

-- Of two windows that are as empty now, one may stay so for longer: since each part no less was used than in the other.
local function heed_times(bucket, other)
  local kept, total, mine, theirs = {}, 0, 0, 0
  local index, others = #bucket.p, #other.p
  while index > 0 or others > 0 do
    local part = math.max(bucket.p[index - 1] or -math.huge, other.p[others - 1] or -math.huge)
    if bucket.p[index - 1] == part then mine, index = mine + bucket.p[index], index - 2 end
    if other.p[others - 1] == part then theirs, others = theirs + other.p[others], others - 2 end
    local most = math.max(mine, theirs)
    if most > total then
      table.insert(kept, 1, most - total)
      table.insert(kept, 1, part)
    end
    total = most
  end
  bucket.p, bucket.s = kept, total
end

-- What the newcomers' bucket of the limit says that the bucket must have spent at least.
local function heed_newcomer(bucket, scope)
  local newcomer = recalled('n' .. scope)
  if not newcomer then return end
  update(newcomer)
  if bucket.k == 'window' and newcomer.k == 'window' and bucket.a == newcomer.a then return heed_times(bucket, newcomer) end
  local part = newcomer.k == bucket.k and newcomer.s / newcomer.c or 1
  bucket.s = math.max(bucket.s, part * bucket.c)
end

-- As if everything had been spent when the partition was opened, unless it is known to be new.
local function unknown(ask)
  local bucket = {k = ask.kind, c = ask.capacity, a = ask.a, s = 0, t = 0, o = 0, p = {}, l = {}}
  if all.blank then
    bucket.s = ask.capacity
    bucket.p = {math.floor(all.opens * PARTS / ask.a), ask.capacity}
  end
  heed_newcomer(update(bucket), ask.scope)
  return update(bucket)
end

-- Makes room: from now on no unknown key of this limit has spent less.
local function forget(field, bucket)
  local scope = string.sub(field, 2, 12)
  heed_newcomer(bucket, scope)
  update(bucket)
  command('HDEL', KEYS[1], field)
  command('HSET', KEYS[1], 'n' .. scope, cmsgpack.pack(bucket))
end

-- Removes those of some buckets that are full; in need, the fullest of them. Returns whether there is room now.
local function sweep(count, in_need)
  local found = command('HRANDFIELD', KEYS[1], count, 'WITHVALUES')
  local has_room, least, fullest, name = false, math.huge, nil, nil
  for index = 1, #found, 2 do
    local field = found[index]
    local bucket = field ~= 'm' and update(cmsgpack.unpack(found[index + 1]))
    if bucket and next(bucket.l) == nil then
      if bucket.s == 0 then
        command('HDEL', KEYS[1], field)
        has_room = true
      elseif string.sub(field, 1, 1) == 'b' and bucket.s / bucket.c < least then
        least, fullest, name = bucket.s / bucket.c, bucket, field
      end
    end
  end
  if not in_need or has_room or not fullest then return has_room end
  forget(name, fullest)
  return true
end

-- Another limit: what is spent stays the same part of the whole, and has come back at the slower rate until now. In a window
-- of the same length what was used stays used.
local function redefine(bucket, ask)
  if bucket.k == 'bucket' and ask.kind == 'bucket' then bucket.a = math.min(bucket.a, ask.a) end
  update(bucket)
  if not (bucket.k == 'window' and ask.kind == 'window' and bucket.a == ask.a) then
    bucket.s, bucket.p, bucket.t = bucket.s * ask.capacity / bucket.c, {}, all.flow
  end
  bucket.k, bucket.c, bucket.a = ask.kind, ask.capacity, ask.a
end

local function settle(bucket, ask)
  if ask.reset then bucket.s, bucket.p = 0, {} end
  local lease = bucket.l[call.node] or {0, 0}
  local held = math.min(ask.held, lease[1])
  local returned = math.min(ask.returned, lease[1] - held)
  bucket.s = bucket.s + lease[1] - held - returned
  if ask.refunded > 0 then put_back[bucket.k](bucket, ask) end
  bucket.s = bucket.s + ask.debt
  bucket.l[call.node] = held > 0 and {held, now + call.lease} or nil
  return held
end

-- What is kept free, and what may be lent: half is for nodes that serve alone, unless the bucket is too small for that.
local function bounds(bucket)
  if not is_shared_out(bucket) then return 0, bucket.c end
  return (1 - speed) * bucket.c / 2, math.floor(bucket.c / 2)
end

-- has_lent: there would be enough if all came back that is lent. Then a bucket is not asked again for each drop: who has its
-- tokens uses them. From a window much leaves at a time, and that is for everybody. missing: tokens; of what is lent, none
-- comes back if `has_lent`, else all.
local function seconds_until(bucket, missing, has_lent)
  if missing <= 0 or has_lent and bucket.k == 'bucket' then return 1 end
  if bucket.k == 'window' then
    for index = 2, #bucket.p, 2 do
      missing = missing - bucket.p[index]
      if missing <= 0 then
        local seconds = math.max(0, (bucket.p[index - 1] + PARTS + 1) * bucket.a / PARTS - now)
        return has_lent and math.min(1, seconds) or seconds
      end
    end
    return 1
  end
  return speed > 0 and math.max(0, all.opens - now) + missing / (bucket.a * speed) or 3600
end

local function lend(bucket, ask, held)
  local reserve, most_lent = bounds(bucket)
  local left, lent = bucket.c - bucket.s - reserve, 0
  for _, lease in pairs(bucket.l) do lent = lent + lease[1] end
  local room = math.floor(math.min(left, most_lent) - lent + ROUNDING)
  local spare = math.floor(math.max(0, left - lent) / (FRACTION * math.max(1, present)))
  local granted = math.max(0, math.min(room, math.max(ask.need, math.min(ask.want, spare))))
  if granted < ask.least then granted = 0 end
  if granted > 0 then bucket.l[call.node] = {held + granted, now + call.lease} end
  local retry = 0
  if granted == 0 and ask.need > 0 then
    local has_lent = left >= ask.least
    retry = seconds_until(bucket, ask.least - left + (has_lent and lent or 0), has_lent)
  end
  return granted, math.floor(left - lent - granted + ROUNDING), retry
end

-- Returns: what the node may hold of before, what it is lent, what is left, and seconds to wait if that was not enough.
local function serve(ask)
  local field = 'b' .. ask.scope .. ask.key
  local bucket = recalled(field)
  local is_known = bucket
  if is_known then
    redefine(bucket, ask)
  else
    if ask.need + ask.want + ask.debt == 0 then return 0, 0, 0, 0 end
    sweep(SWEPT, false)
    if command('HLEN', KEYS[1]) >= call.most and not sweep(SCANNED, true) then return 0, 0, 0, 1 end
    bucket = unknown(ask)
  end
  local held = settle(bucket, ask)
  local granted, remaining, retry = lend(update(bucket), ask, held)
  if bucket.s > 0 or next(bucket.l) ~= nil then
    command('HSET', KEYS[1], field, cmsgpack.pack(bucket))
  elseif is_known then
    command('HDEL', KEYS[1], field)
  end
  return held, granted, remaining, retry
end

local function exact(figure) return string.format('%.17g', figure) end

local function answer()
  call, asks = cjson.decode(ARGV[1]), cjson.decode(ARGV[2])
  recall()
  pass_time()
  if not is_news() then return {'stale', all.epoch, exact(now), exact(clock), '0'} end
  if present > MOST_NODES then return redis.error_reply('ERR too many nodes share these counters') end
  local said = {'ok', all.epoch, exact(now), exact(clock), exact(speed)}
  for _, ask in ipairs(asks) do
    for _, figure in ipairs({serve(ask)}) do said[#said + 1] = exact(figure) end
  end
  if call.sweep > 0 then sweep(call.sweep, false) end
  command('HSET', KEYS[1], 'm', cmsgpack.pack(all))
  command('EXPIRE', KEYS[1], KEPT)
  return said
end

-- What cannot be understood was not written by this script: it is forgotten, and everything begins again, from nothing.
local is_done, result = pcall(answer)
if is_done then return result end
if refusal then return refusal end
command('UNLINK', KEYS[1])
return redis.error_reply('ERR the counters were damaged and are forgotten')
