# What is bash's own: arrays, patterns, arithmetic, traps, pipelines, process substitution, jobs.
trap 'echo "exit trap, status $?"' EXIT
trap 'echo "got USR1"' USR1
kill -USR1 $$
for i in 1 2 3; do echo $i; done | while read -r x; do echo "<$x>"; done
list=(one two 'three four'); declare -A map=([key]=value [other]=x)
echo "${list[@]}" "${#list[@]}" "${map[key]}" $((2 ** 40 % 1000003)) "$(echo outer "$(echo inner)")"
printf '%05.2f|%-8s|%q\n' 3.14159 left 'a b'
[[ abcd =~ b(.)d ]] && echo "matched ${BASH_REMATCH[1]}"
text='The quick brown fox'; echo "${text,,} ${text//o/0} ${text:4:5} ${text%% *} ${text^^}"
sleep 0.05 & wait $!; echo "waited $?"
(exit 3); echo "subshell $?"
false | true; echo "${PIPESTATUS[@]}"
cat <<< 'here string'
diff <(printf 'a\nb\n') <(printf 'a\nc\n')
mapfile -t lines < <(seq 5 9); echo "${lines[2]} of ${#lines[@]}"
fibonacci() { local n=$1; if ((n < 2)); then echo "$n"; else echo $(($(fibonacci $((n - 1))) + $(fibonacci $((n - 2))))); fi; }
fibonacci 6
set -e; case $text in *brown*) echo brown ;; esac
exec 3> /tmp/proof.out; echo through three >&3; exec 3>&-; cat /tmp/proof.out; rm /tmp/proof.out
timeout 0.2 sleep 5 || echo "timed out: $?"
coproc { read -r line; echo "coproc heard $line"; }
echo hello >&"${COPROC[1]}"; read -r answer <&"${COPROC[0]}"; echo "$answer"
