/** ELF64: elf.h; System V ABI, AMD64 supplement. */
export const ELFCLASS64 = 2;
export const ELFDATA2LSB = 1;
export const ELFOSABI_NONE = 0;
export const ELFOSABI_LINUX = 3;
export const ET_EXEC = 2;
export const ET_DYN = 3;
export const ET_CORE = 4;
export const EM_X86_64 = 62;

export const EHDR_BYTES = 64;
export const PHDR_BYTES = 56;
export const SYM_BYTES = 24;

export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_NOTE = 4;
export const PT_PHDR = 6;
export const PT_GNU_STACK = 0x6474_e551;
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;

export const NT_PRSTATUS = 1;
export const NT_FPREGSET = 2;
export const NT_PRPSINFO = 3;
export const NT_AUXV = 6;
export const NT_FILE = 0x4649_4c45;
export const NT_SIGINFO = 0x5349_4749;

export const DT_NEEDED = 1;
export const DT_HASH = 4;
export const DT_STRTAB = 5;
export const DT_SYMTAB = 6;
export const DT_VERSYM = 0x6fff_fff0;
export const DT_VERDEF = 0x6fff_fffc;
export const DT_VERDEFNUM = 0x6fff_fffd;
export const DT_STRSZ = 10;
export const DT_SONAME = 14;
export const DT_GNU_HASH = 0x6fff_fef5;
export const DT_FLAGS_1 = 0x6fff_fffb;
export const DT_VERNEED = 0x6fff_fffe;
export const DT_VERNEEDNUM = 0x6fff_ffff;
export const DF_1_PIE = 0x0800_0000;

export const AT_NULL = 0;
export const AT_PHDR = 3;
export const AT_PHENT = 4;
export const AT_PHNUM = 5;
export const AT_PAGESZ = 6;
export const AT_BASE = 7;
export const AT_FLAGS = 8;
export const AT_ENTRY = 9;
export const AT_UID = 11;
export const AT_EUID = 12;
export const AT_GID = 13;
export const AT_EGID = 14;
export const AT_PLATFORM = 15;
export const AT_HWCAP = 16;
export const AT_CLKTCK = 17;
export const AT_SECURE = 23;
export const AT_RANDOM = 25;
export const AT_HWCAP2 = 26;
export const AT_EXECFN = 31;
export const AT_SYSINFO_EHDR = 33;
export const AT_MINSIGSTKSZ = 51;
