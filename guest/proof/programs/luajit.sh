cat > /tmp/proof.lua <<'L'
local ffi = require 'ffi'
ffi.cdef 'int snprintf(char *, size_t, const char *, ...); typedef struct { int x; double y; } pair;'
local pairs_of = ffi.new('pair[?]', 100)
local sum = 0
for round = 1, 200 do for i = 0, 99 do pairs_of[i].x = i * round; sum = sum + pairs_of[i].x % 7 end end
local text = ffi.new 'char[64]'
ffi.C.snprintf(text, 64, '%s %.0f', 'sum', ffi.cast('double', sum))
print(ffi.string(text), bit.tohex(bit.bxor(0x12345678, sum)), 2 ^ 53 + 1ULL, (jit.status()))
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
print(fib(18), ('x'):rep(3), string.format('%.14g', math.sin(1)))
L
luajit /tmp/proof.lua
rm /tmp/proof.lua
