# GHC's runtime with its heap above 8 GiB: a parser of compiled Haskell.
set -eu
cat > /tmp/faulty.sh <<'END'
#!/bin/bash
for f in $(ls *.mp3); do echo $f; done
cat file | grep x > $1 && [ $unset == 1 ]
function g { local x=`date`; return $x; }
if [ -n $1 ]; then rm -rf "$2/*"; fi
END
shellcheck --format=tty --color=never /tmp/faulty.sh || echo "exit $?"
shellcheck --format=json /tmp/faulty.sh || echo "exit $?"
for script in /mnt/coreutils.sh /mnt/bash.sh /mnt/git.sh /mnt/redis.sh; do shellcheck --shell=dash --format=gcc "$script" || echo "exit $?"; done
