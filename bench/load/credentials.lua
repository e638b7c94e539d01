-- One request after another, each with the next credential of a file (the argument), a line each; then from the start.
-- Several fields of one request stand in one line, with a tab between them.
-- The file stays one string: a million small ones would keep the collector, and so the load, busy.
local lines, first, last = "", {}, {}
local head, count, current = "", 0, 0

function init(args)
  lines = assert(io.open(args[1])):read("*a")
  local start = 1
  while start <= #lines do
    local stop = lines:find("\n", start, true) or #lines + 1
    count = count + 1
    first[count], last[count] = start, stop - 1
    start = stop + 1
  end
  head = wrk.format("GET"):gsub("\r\n\r\n$", "\r\n")
end

function request()
  current = current % count + 1
  return head .. lines:sub(first[current], last[current]):gsub("\t", "\r\n") .. "\r\n\r\n"
end
