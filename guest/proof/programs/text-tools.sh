# gawk, grep, sed, find, xargs, diff over the headers of libc.
cd /usr/include
gawk 'BEGIN { for (i = 0; i < 5; i++) printf "%d %.6f %s\n", i, sin(i), substr("hello", i + 1, 2); print strftime("%F", 0, 1), gensub(/(l+)/, "<\\1>", "g", "hello") }'
gawk '{ for (i = 1; i <= NF; i++) n[$i]++ } END { for (w in n) if (n[w] > 60) print n[w], w }' stdio.h stdlib.h string.h math.h | sort -rn
grep -rlE '__(int|uint)(8|16)_t' . | sort | head -12
grep -c define *.h | sort -t: -k2 -rn | head -8
grep -oP '(?<=define )__?[A-Z]{3,}(?=_H\b)' *.h | head -8
sed -n '/struct tm$/,/};/p' time.h time/*.h bits/types/struct_tm.h 2>/dev/null | sed -E 's/\bint\b/INT/g; s,/\*.*\*/,,' 
find . -name 's*.h' -size +8k | sort | head -8
find asm-generic -type f -print0 | sort -z | xargs -0 -n 20 md5sum | md5sum
diff -u stdlib.h string.h | grep -c '^[-+]'
