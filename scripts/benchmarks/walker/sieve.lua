local timed = require("timing")

timed(function()
  local n, prime = 1000000, {}
  for i = 0, n - 1 do prime[i] = 1 end
  local i = 2
  while i * i < n do
    if prime[i] == 1 then
      local j = i * i
      while j < n do
        prime[j] = 0
        j = j + i
      end
    end
    i = i + 1
  end
  local count = -2
  for k = 0, n - 1 do count = count + prime[k] end
  return count
end)
