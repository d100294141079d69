-- Writes a C file of about `lines` lines: functions of many shapes, chosen by a fixed sequence of random numbers.
local lines = tonumber(arg[1])
local state = 20260101
local function random(n)
  state = state * 6364136223846793005 + 1442695040888963407
  return (state >> 33) % n
end

local written = 0
local function write(text, ...)
  local block = text:format(...)
  written = written + select(2, block:gsub('\n', '\n'))
  io.write(block)
end

local types = { 'int', 'unsigned', 'long', 'unsigned char', 'short', 'double', 'float', 'unsigned long' }
local operators = { '+', '-', '*', '^', '|', '&' }
local function operator() return operators[1 + random(#operators)] end

write 'struct point { int x, y; double weight; unsigned flag : 3, rest : 29; struct point *next; };\n'
write 'extern int printf(const char *, ...);\nextern void *malloc(unsigned long);\nstatic int shared[64];\n'

local shapes = {
  function(n)
    write('static int sum%d(const int *values, int count) {\n  int total = %d;\n', n, random(1000))
    write('  for (int i = 0; i < count; i++)\n    total += values[i] %s (i << %d);\n  return total;\n}\n', operator(), random(7))
  end,
  function(n)
    local kind = types[1 + random(#types)]
    write('%s mix%d(%s a, %s b) {\n  %s c = a * %d - b;\n', kind, n, kind, kind, kind, 3 + random(90))
    write('  if (c > a)\n    c += b / (%s)(%d);\n  else\n    c = (c + a) * (b - %d);\n  return c;\n}\n', kind, 3 + random(20), random(50))
  end,
  function(n)
    write('int choose%d(int which) {\n  switch (which) {\n', n)
    for i = 1, 5 + random(8) do write('  case %d:\n    shared[%d] %s= which;\n    return %d;\n', i * (1 + random(3)) + i * 40, random(64), operator(), random(5000)) end
    write('  default:\n    return -1;\n  }\n}\n')
  end,
  function(n)
    write('double weigh%d(struct point *p) {\n  double all = 0;\n  while (p) {\n', n)
    write('    if (p->flag == %d)\n      all += p->weight * p->x;\n    else\n      all -= p->y / %d.0;\n    p = p->next;\n  }\n  return all;\n}\n', random(8), 1 + random(30))
  end,
  function(n)
    write('unsigned long bits%d(unsigned long v) {\n', n)
    for _ = 1, 4 + random(6) do write('  v = (v %s (v %s %d)) * 0x%xUL;\n', operator(), random(2) == 0 and '<<' or '>>', 1 + random(62), random(1 << 30) * 2 + 1) end
    write('  return v;\n}\n')
  end,
  function(n)
    write('static const int table%d[] = {\n', n)
    for _ = 1, 12 do write('  %d,\n', random(100000) - 50000) end
    write('};\nint look%d(unsigned i) {\n  return table%d[i %% 12] + sum%d(table%d, 12);\n}\n', n, n, n - n % 7 , n)
  end,
  function(n)
    write('float blend%d(float *a, const float *b) {\n  float most = 0;\n  for (int i = 0; i < 32; i++) {\n', n)
    write('    a[i] = a[i] * %d.5f + b[i];\n    most = a[i] > most ? a[i] : most;\n  }\n  return most;\n}\n', random(9))
  end,
}

local n = 0
while written < lines - 20 do
  shapes[1 + n % 7](n)
  n = n + 1
end
write 'int main(void) {\n  return sum0(shared, 64);\n}\n'
while written < lines do write('/* line %d */\n', written + 1) end
