# Debian's /bin/sh: what scripts of packages rely on.
trap 'echo "exit $?"' EXIT
for i in 1 2 3; do echo $i; done | while read -r x; do printf '<%s>' "$x"; done; echo
set -- a 'b c' d; echo "$# $* ${2} ${4:-none} ${1+set}"; shift; echo "$@"
name=/usr/share/file.tar.gz; echo "${name##*/} ${name%%.*} ${name%.gz} ${#name} ${name#*/}"
f() { local x=$1; [ "$x" -le 1 ] && { echo 1; return; }; echo $((x * $(f $((x - 1))))); }; f 6
case abc in a?c) echo glob ;; esac
cat <<END
here $((1 << 10)) $(echo nested $(echo more))
END
(exit 7); echo $?; ! true; echo $?; false || echo or; true && echo and
(echo out; echo err >&2) 2>&1 | sort
exec 4>/tmp/dash.out; echo four >&4; exec 4>&-; read -r line < /tmp/dash.out; echo "$line"; rm /tmp/dash.out
sleep 0.05 & wait $!; echo "waited $?"; kill -0 $! 2>/dev/null || echo gone
trap 'echo hup' HUP; kill -HUP $$; trap - HUP
IFS=:; set -- $(echo a:b:c); echo $#; unset IFS
i=0; while :; do i=$((i + 1)); [ $i -ge 300 ] && break; done; echo $i
getopts ab: opt -b value; echo "$opt $OPTARG"
umask 027; umask; ulimit -n > /dev/null && echo limits; times > /dev/null && echo times
eval 'echo ev"al"'; command -v ls; type cd; test -d / -a ! -f / && echo test
set -u; (echo "$undefined") 2>/dev/null || echo unbound; set -e; (false; echo no) || echo stopped
set +e; sh -c 'ulimit -c 0; kill -SEGV $$' 2> /dev/null; echo "child $?"
trap - EXIT
