-- Strings, tables, integers of 64 bits, floats, closures, coroutines, the collector.
local function checksum(text)
  local sum = 5381
  for i = 1, #text do sum = (sum * 33 ~ text:byte(i)) & 0xffffffffffffffff end
  return string.format('%016x', sum)
end

local words = {}
for i = 1, 3000 do words[i] = string.format('%x-%g', i * 2654435761, math.sin(i) * 10 ^ (i % 40 - 20)) end
table.sort(words, function(a, b) return a:reverse() < b:reverse() end)
print(checksum(table.concat(words, ' ')))

local queens = 0
local function place(row, columns, left, right)
  if row == 7 then queens = queens + 1 return end
  for column = 0, 6 do
    local bit = 1 << column
    if (columns | left | right) & bit == 0 then
      place(row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    end
  end
end
place(0, 0, 0, 0)
print('queens', queens)

local primes = coroutine.wrap(function()
  for n = 2, math.huge do
    local is_prime = true
    for d = 2, math.floor(math.sqrt(n)) do if n % d == 0 then is_prime = false break end end
    if is_prime then coroutine.yield(n) end
  end
end)
local sum = 0
for _ = 1, 500 do sum = sum + primes() end
print('primes', sum)

for _, x in ipairs { 0.1, 1 / 3, 2 ^ 53, 1e308 * 10, -0.0, 5e-324, 123456.789e3, math.pi } do
  print(x, string.format('%.17g %a %e', x, x, x), x // 0.7, x % 0.7, math.fmod(x, 3))
end
print(math.maxinteger + 1 == math.mininteger, math.maxinteger // -1, 7 // -2, -7 % 3, 1 << 63, math.ult(1, -1))
print(string.pack('<i3 >d z s2', -5, 1.5, 'text', 'more'):byte(1, -1))
print(('the quick brown fox'):gsub('(%w+)', function(w) return w:upper():reverse() end))
print(pcall(error, { 1 }), select('#', table.unpack({}, 1, 100)), utf8.char(0x20ac, 0x1f600))
local garbage = {}
for i = 1, 20000 do garbage[i % 100] = { i, tostring(i) } end
collectgarbage()
print(#garbage, garbage[42][2])
