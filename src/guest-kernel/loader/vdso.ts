/**
 * The vDSO: a shared object of one page that the kernel maps into every namespace, so that reading the clock costs no
 * system call (vdso(7)). The time stamp counter counts nanoseconds since boot (CpuPorts.timestamp), so the scale that
 * Linux keeps in its data page is 1; what is left of that page is the offset of real time, in the page before:
 *
 *   -4096  i64 realtime offset, ns       0x000 ELF header, tables       0x400 code
 *
 * The code, as GNU as translates it (R = dword ptr of the offset above, relative to rip):
 *   clock_gettime: cmp edi,7; ja S; mov eax,0xf3; bt eax,edi; jnc S      clocks 0 1 4 5 6 7, the rest by system call
 *                  rdtsc; shl rdx,32; or rax,rdx; (edi is 0 or 5) add rax,[R]
 *                  xor edx,edx; mov ecx,1000000000; div rcx; mov [rsi],rax; mov [rsi+8],rdx; xor eax,eax; ret
 *               S: mov eax,228; syscall; ret
 *   gettimeofday:  the same with [R] always, then the remainder divided by 1000; a time zone is cleared
 *   time:          the same, seconds only
 *   getcpu:        both results are 0: one processor
 */
import {
  DT_HASH,
  DT_SONAME,
  DT_STRSZ,
  DT_STRTAB,
  DT_SYMTAB,
  DT_VERDEF,
  DT_VERDEFNUM,
  DT_VERSYM,
  EHDR_BYTES,
  ELFCLASS64,
  ELFDATA2LSB,
  EM_X86_64,
  ET_DYN,
  PF_R,
  PF_X,
  PHDR_BYTES,
  PT_DYNAMIC,
  PT_LOAD,
  SYM_BYTES,
} from '../abi/elf.ts';

// oxfmt-ignore
const FUNCTIONS = [
  { name: '__vdso_clock_gettime', code:
      '83ff077737b8f30000000fa3f8732d0f3148c1e2204809d085ff740583ff057507480305d8ebffff31d2b900ca9a3b48' +
      'f7f14889064889560831c0c3b8e40000000f05c366662e0f1f84000000000090' },
  { name: '__vdso_gettimeofday', code:
      '0f3148c1e2204809d0480305a0ebffff31d2b900ca9a3b48f7f14885ff741248890789d031d2b9e8030000f7f1488947' +
      '084885f6740748c7060000000031c0c3' },
  { name: '__vdso_time', code:
      '0f3148c1e2204809d048030560ebffff31d2b900ca9a3b48f7f14885ff7403488907c366662e0f1f8400000000006690' },
  { name: '__vdso_getcpu', code:
      '31c04885ff740289074885f674028906c366662e0f1f8400000000000f1f4000' },
] as const;

/** The data page and the object, one page each. */
export const VDSO_BYTES = 8192;
/** Where the object starts within them. */
export const VDSO_IMAGE_OFFSET = 4096;

const CODE_OFFSET = 0x400;
const DT_SYMENT = 11;

/** Of the object itself and of its functions, as Linux names them; Go's runtime follows the list without a look. */
const VERSIONS = ['linux-vdso.so.1', 'LINUX_2.6'] as const;
const FUNCTIONS_VERSION = 2;
const VERDEF_BYTES = 20;
const VERDAUX_BYTES = 8;

/** Bytes of both pages; `realtimeOffsetNs` is what added to the monotonic clock gives real time. */
export function buildVdso(realtimeOffsetNs: bigint): Uint8Array {
  const bytes = new Uint8Array(VDSO_BYTES);
  new DataView(bytes.buffer).setBigInt64(0, realtimeOffsetNs, true);
  writeObject(new DataView(bytes.buffer, VDSO_IMAGE_OFFSET));
  return bytes;
}

function writeObject(image: DataView): void {
  const names = [...VERSIONS, ...FUNCTIONS.map((each) => each.name)];
  const nameOffsets: number[] = [];
  let strings = '\0';
  for (const name of names) {
    nameOffsets.push(strings.length);
    strings += `${name}\0`;
  }
  const symbolsAt = EHDR_BYTES + 2 * PHDR_BYTES;
  const symbolCount = FUNCTIONS.length + 1;
  const hashAt = symbolsAt + symbolCount * SYM_BYTES;
  const stringsAt = hashAt + (3 + symbolCount) * 4;
  const versionOfSymbolsAt = Math.ceil((stringsAt + strings.length) / 16) * 16;
  const versionsAt = Math.ceil((versionOfSymbolsAt + symbolCount * 2) / 16) * 16;
  const dynamicAt = Math.ceil((versionsAt + VERSIONS.length * (VERDEF_BYTES + VERDAUX_BYTES)) / 16) * 16;
  const codeEnd = writeFunctions(image, symbolsAt, nameOffsets.slice(VERSIONS.length));
  writeHash(image, hashAt, symbolCount);
  for (let i = 1; i < symbolCount; i++) image.setUint16(versionOfSymbolsAt + 2 * i, FUNCTIONS_VERSION, true);
  writeVersions(image, versionsAt, nameOffsets);
  for (let i = 0; i < strings.length; i++) image.setUint8(stringsAt + i, strings.charCodeAt(i));
  const dynamicBytes = writePairs(image, dynamicAt, [
    [DT_SONAME, nameOffsets[0] ?? 0],
    [DT_HASH, hashAt],
    [DT_STRTAB, stringsAt],
    [DT_SYMTAB, symbolsAt],
    [DT_STRSZ, strings.length],
    [DT_SYMENT, SYM_BYTES],
    [DT_VERSYM, versionOfSymbolsAt],
    [DT_VERDEF, versionsAt],
    [DT_VERDEFNUM, VERSIONS.length],
    [0, 0],
  ]);
  writeHeader(image);
  writeSegment(image, EHDR_BYTES, PT_LOAD, PF_R | PF_X, 0, codeEnd);
  writeSegment(image, EHDR_BYTES + PHDR_BYTES, PT_DYNAMIC, PF_R, dynamicAt, dynamicBytes);
}

function writeHeader(image: DataView): void {
  image.setUint32(0, 0x7f45_4c46);
  image.setUint8(4, ELFCLASS64);
  image.setUint8(5, ELFDATA2LSB);
  image.setUint8(6, 1);
  image.setUint16(16, ET_DYN, true);
  image.setUint16(18, EM_X86_64, true);
  image.setUint32(20, 1, true);
  image.setUint32(32, EHDR_BYTES, true);
  image.setUint16(52, EHDR_BYTES, true);
  image.setUint16(54, PHDR_BYTES, true);
  image.setUint16(56, 2, true);
}

function writeSegment(image: DataView, at: number, type: number, flags: number, offset: number, size: number): void {
  image.setUint32(at, type, true);
  image.setUint32(at + 4, flags, true);
  for (const field of [8, 16, 24]) image.setUint32(at + field, offset, true);
  for (const field of [32, 40]) image.setUint32(at + field, size, true);
  image.setUint32(at + 48, type === PT_LOAD ? 4096 : 8, true);
}

/** Code and the symbol of each function. @returns the end of the code */
function writeFunctions(image: DataView, symbolsAt: number, names: readonly number[]): number {
  let codeAt = CODE_OFFSET;
  for (const [i, { code }] of FUNCTIONS.entries()) {
    const size = code.length / 2;
    for (let j = 0; j < size; j++) image.setUint8(codeAt + j, Number.parseInt(code.slice(2 * j, 2 * j + 2), 16));
    const at = symbolsAt + (i + 1) * SYM_BYTES;
    image.setUint32(at, names[i] ?? 0, true);
    image.setUint8(at + 4, 0x12); // STB_GLOBAL, STT_FUNC
    image.setUint16(at + 6, 1, true); // any section but SHN_UNDEF
    image.setUint32(at + 8, codeAt, true);
    image.setUint32(at + 16, size, true);
    codeAt += size;
  }
  return codeAt;
}

// One bucket that chains all symbols: four names need no hashing.
function writeHash(image: DataView, at: number, symbolCount: number): void {
  image.setUint32(at, 1, true);
  image.setUint32(at + 4, symbolCount, true);
  image.setUint32(at + 8, 1, true);
  for (let i = 1; i < symbolCount; i++) image.setUint32(at + 12 + i * 4, i + 1 < symbolCount ? i + 1 : 0, true);
}

/** A list of Elf64_Verdef, each with one Elf64_Verdaux behind it (gABI, symbol versioning of the LSB). */
function writeVersions(image: DataView, at: number, nameOffsets: readonly number[]): void {
  const entryBytes = VERDEF_BYTES + VERDAUX_BYTES;
  for (const [i, name] of VERSIONS.entries()) {
    const entry = at + i * entryBytes;
    image.setUint16(entry, 1, true);
    image.setUint16(entry + 2, i === 0 ? 1 : 0, true); // VER_FLG_BASE
    image.setUint16(entry + 4, i + 1, true);
    image.setUint16(entry + 6, 1, true);
    image.setUint32(entry + 8, elfHash(name), true);
    image.setUint32(entry + 12, VERDEF_BYTES, true);
    image.setUint32(entry + 16, i + 1 < VERSIONS.length ? entryBytes : 0, true);
    image.setUint32(entry + VERDEF_BYTES, nameOffsets[i] ?? 0, true);
  }
}

function elfHash(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) {
    hash = ((hash << 4) + name.charCodeAt(i)) & 0xffff_ffff;
    hash = (hash ^ ((hash >>> 24) & 0xf0)) & 0x0fff_ffff;
  }
  return hash;
}

function writePairs(image: DataView, at: number, pairs: readonly (readonly [number, number])[]): number {
  for (const [i, [tag, value]] of pairs.entries()) {
    image.setUint32(at + 16 * i, tag, true);
    image.setUint32(at + 16 * i + 8, value, true);
  }
  return pairs.length * 16;
}
