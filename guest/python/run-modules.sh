# Runs modules of Python's regression tests one after the other: run-modules.sh SECONDS OPTIONS MODULE…
# A line tells where each has ended. They share what the machine has translated, not more; those of a word with commas
# share a process of Python too.
exec 2>&1
seconds=$1 options=$2
shift 2
for module; do
  cd /tmp
  /usr/bin/python3.11 -m test -v --timeout "$seconds" $options $(echo "$module" | tr , " ")
  printf '\n--- %s ended with %d\n' "$module" $?
  cd /
  rm -rf /tmp/* /tmp/.[!.]*
done
