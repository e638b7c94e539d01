-- 10,000 different targets, spread evenly over the number of routes given as the argument.
local targets = {}
local current = 0

function init(args)
  local routes = tonumber(args[1])
  for i = 0, 9999 do
    targets[i] = wrk.format("GET", "/service-" .. (i % routes) .. "/" .. math.floor(i / routes))
  end
end

function request()
  current = (current + 1) % 10000
  return targets[current]
end
