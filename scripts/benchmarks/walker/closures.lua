local timed = require("timing")

local function adder(k)
  return function(x) return x + k end
end

timed(function()
  local add = adder(3)
  local s = 0
  for i = 0, 2999999 do s = add(s) end
  return s
end)
