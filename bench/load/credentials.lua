-- One request after another, each with the next credential of a file (the argument), a line each; then from the start.
local requests = {}
local current = 0

function init(args)
  for line in io.lines(args[1]) do
    local name, value = line:match("^([^:]+): (.+)$")
    wrk.headers[name] = value
    requests[#requests + 1] = wrk.format("GET")
  end
end

function request()
  current = current % #requests + 1
  return requests[current]
end
