# Runs one module of Python's regression tests: run-module.sh MODULE SECONDS [OPTION…]
module=$1 seconds=$2
shift 2
cd /tmp
exec /usr/bin/python3.11 -m test -v --timeout "$seconds" "$@" "$module"
