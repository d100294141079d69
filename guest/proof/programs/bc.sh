# 2,000 digits of pi, and what else bc's library has.
/usr/bin/bc -lq <<'END'
scale=2000
4*a(1)
scale=60
e(1); l(2); s(1); c(1); j(2,3)
sqrt(2)
obase=16
2^500+7
obase=10
define f(n) { if (n < 2) return 1; return n*f(n-1); }
f(200)
END
