/** linux/seccomp.h, linux/audit.h. */
export const SECCOMP_MODE_STRICT = 1;
export const SECCOMP_MODE_FILTER = 2;

export const SECCOMP_SET_MODE_STRICT = 0;
export const SECCOMP_SET_MODE_FILTER = 1;
export const SECCOMP_GET_ACTION_AVAIL = 2;

export const SECCOMP_FILTER_FLAG_TSYNC = 0x01;
export const SECCOMP_FILTER_FLAG_LOG = 0x02;
export const SECCOMP_FILTER_FLAG_SPEC_ALLOW = 0x04;
export const SECCOMP_FILTER_FLAG_TSYNC_ESRCH = 0x10;

export const SECCOMP_RET_KILL_PROCESS = 0x8000_0000;
export const SECCOMP_RET_KILL_THREAD = 0x0000_0000;
export const SECCOMP_RET_TRAP = 0x0003_0000;
export const SECCOMP_RET_ERRNO = 0x0005_0000;
export const SECCOMP_RET_USER_NOTIF = 0x7fc0_0000;
export const SECCOMP_RET_TRACE = 0x7ff0_0000;
export const SECCOMP_RET_LOG = 0x7ffc_0000;
export const SECCOMP_RET_ALLOW = 0x7fff_0000;
export const SECCOMP_RET_ACTION_FULL = 0xffff_0000;
export const SECCOMP_RET_DATA = 0xffff;

/** si_code of SIGSYS. */
export const SYS_SECCOMP = 1;
export const AUDIT_ARCH_X86_64 = 0xc000_003e;

/** struct sock_fprog: 0 len u16, 8 filter. */
export const SOCK_FPROG_BYTES = 16;
