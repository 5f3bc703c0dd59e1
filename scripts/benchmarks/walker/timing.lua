-- What every program of this folder ends with: the result on one line, the median time of three calls on the error output.
-- The clock is the processor's: Lua has no finer one of the wall.
return function(work)
  local seconds, result = {}, nil
  for i = 1, 3 do
    local begin = os.clock()
    result = work()
    seconds[i] = os.clock() - begin
  end
  table.sort(seconds)
  print(math.type(result) == "float" and string.format("%.0f", result) or result)
  io.stderr:write(string.format("%.9f s\n", seconds[2]))
end
