local timed = require("timing")

timed(function()
  local r = {sum = 0, last = 0, count = 0}
  for i = 0, 999999 do
    r.sum = r.sum + i
    r.last = i
    r.count = r.count + 1
  end
  return r.sum + r.last + r.count
end)
