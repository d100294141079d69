libm-proof "$@"
