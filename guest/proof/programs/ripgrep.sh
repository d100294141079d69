# Rust with its threads: both walk folders in parallel.
cd /usr/share/vim
rg --version | sed -n 1p; fdfind --version
rg -c 'function' --sort path . | head -20; rg -c 'function' . | sort | md5sum
rg -oNI '\b[A-Z][a-z]+Changed\b' . | sort | uniq -c | sort -rn | head; rg -l -e 'setlocal' -e 'syntax' -g '*.vim' . | sort | md5sum; rg -i -w 'utf.?8' --stats . | grep -E 'matches|files contained'
rg -U 'if [^\n]*\n\s*finish' --count-matches . | sort | head -5; rg -j1 -n --no-heading -m1 'ftplugin' . | sort | head -5; rg -P x . 2>&1 | wc -l
fdfind -e vim . | wc -l; fdfind -t d | sort | head -8; fdfind -H -j 4 'syn' -x basename | sort | head -8; fdfind -S +100k | sort
