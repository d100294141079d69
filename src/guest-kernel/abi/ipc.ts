// linux/ipc.h, linux/sem.h, linux/msg.h, linux/shm.h, linux/mqueue.h; layouts of x86-64.
export const IPC_PRIVATE = 0;
export const IPC_CREAT = 0o1000;
export const IPC_EXCL = 0o2000;
export const IPC_NOWAIT = 0o4000;

export const IPC_RMID = 0;
export const IPC_SET = 1;
export const IPC_STAT = 2;
export const IPC_INFO = 3;

/** struct ipc64_perm. */
export const IPC_PERM = { size: 48, key: 0, uid: 4, gid: 8, cuid: 12, cgid: 16, mode: 20, seq: 24 } as const;

export const GETPID = 11;
export const GETVAL = 12;
export const GETALL = 13;
export const GETNCNT = 14;
export const GETZCNT = 15;
export const SETVAL = 16;
export const SETALL = 17;
export const SEM_STAT = 18;
export const SEM_INFO = 19;
export const SEM_STAT_ANY = 20;
export const SEM_UNDO = 0x1000;
/** Limits of sysctl kernel.sem: per set, operations per call, value. */
export const SEMMSL = 32_000;
export const SEMMNI = 32_000;
/** All sets together. Linux allows 1,024,000,000; each takes some 400 bytes of the host's memory here. */
export const SEMMNS = 128_000;
export const SEMOPM = 500;
export const SEMVMX = 32_767;
export const SEMBUF = { size: 6, sem_num: 0, sem_op: 2, sem_flg: 4 } as const;
export const SEMID_DS = { size: 104, sem_otime: 48, sem_ctime: 64, sem_nsems: 80 } as const;

export const MSG_STAT = 11;
export const MSG_INFO = 12;
export const MSG_STAT_ANY = 13;
export const MSG_NOERROR = 0o10000;
export const MSG_EXCEPT = 0o20000;
export const MSG_COPY = 0o40000;
export const MSGMAX = 8192;
export const MSGMNB = 16_384;
export const MSGMNI = 32_000;
// oxfmt-ignore
export const MSQID_DS = {
  size: 120, msg_stime: 48, msg_rtime: 56, msg_ctime: 64, msg_cbytes: 72, msg_qnum: 80, msg_qbytes: 88, msg_lspid: 96,
  msg_lrpid: 100,
} as const;

export const SHM_LOCK = 11;
export const SHM_UNLOCK = 12;
export const SHM_STAT = 13;
export const SHM_INFO = 14;
export const SHM_STAT_ANY = 15;
export const SHM_RDONLY = 0o10000;
export const SHM_RND = 0o20000;
export const SHM_REMAP = 0o40000;
export const SHM_EXEC = 0o100000;
export const SHM_HUGETLB = 0o4000;
/** In the mode of a segment that goes with its last attachment. */
export const SHM_DEST = 0o1000;
export const SHMMNI = 4096;
// oxfmt-ignore
export const SHMID_DS = {
  size: 112, shm_segsz: 48, shm_atime: 56, shm_dtime: 64, shm_ctime: 72, shm_cpid: 80, shm_lpid: 84, shm_nattch: 88,
} as const;

export const MQ_ATTR = { size: 64, mq_flags: 0, mq_maxmsg: 8, mq_msgsize: 16, mq_curmsgs: 24 } as const;
export const MQ_PRIO_MAX = 32_768;
