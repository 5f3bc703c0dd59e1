local timed = require("timing")

timed(function()
  local m = {}
  for i = 0, 999 do
    m[i] = {}
    for j = 0, 999 do m[i][j] = 0.0 end
  end
  for i = 0, 999 do
    for j = 0, 999 do m[i][j] = i - j end
  end
  return m[999][0] + m[0][1]
end)
