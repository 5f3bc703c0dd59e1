local timed = require("timing")

timed(function()
  local total = 0
  for k = 0, 39 do
    local s = ""
    for i = 0, 4999 do s = s .. tostring(i) .. "," end
    total = total + #s
  end
  return total
end)
