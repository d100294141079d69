-- lua5.4 /examples/fib.lua [N]: the Nth Fibonacci number the slow way.
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

local n = tonumber(arg[1]) or 24
print(string.format("fib(%d) = %d", n, fib(n)))
