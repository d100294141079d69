/** clone(2), sched(7): linux/sched.h. */
export const CLONE_VM = 0x100;
export const CLONE_FS = 0x200;
export const CLONE_FILES = 0x400;
export const CLONE_SIGHAND = 0x800;
export const CLONE_PIDFD = 0x1000;
export const CLONE_VFORK = 0x4000;
export const CLONE_PARENT = 0x8000;
export const CLONE_THREAD = 0x1_0000;
export const CLONE_SETTLS = 0x8_0000;
export const CLONE_PARENT_SETTID = 0x10_0000;
export const CLONE_CHILD_CLEARTID = 0x20_0000;
export const CLONE_CHILD_SETTID = 0x100_0000;
/** Of clone3's flags the upper half. */
export const CLONE_CLEAR_SIGHAND_HIGH = 0x1;
export const CLONE_SYSVSEM = 0x4_0000;
/** Does nothing but in clone3, which refuses it. */
export const CLONE_DETACHED = 0x40_0000;
export const CLONE_NEWNS = 0x2_0000;
export const CLONE_NEWIPC = 0x800_0000;
export const CLONE_NEWUSER = 0x1000_0000;
export const CLONE_NEWPID = 0x2000_0000;
/** Namespaces of Linux: time, mount, cgroup, UTS, IPC, user, pid, network. */
export const CLONE_NEW_ANY = 0x7e02_0080;

export const SCHED_OTHER = 0;
export const SCHED_FIFO = 1;
export const SCHED_RR = 2;
export const SCHED_BATCH = 3;
export const SCHED_IDLE = 5;
export const SCHED_DEADLINE = 6;
