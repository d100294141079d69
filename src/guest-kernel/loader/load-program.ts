/**
 * Maps an executable, its interpreter, the vDSO and a stack into an empty memory, as Linux' execve does
 * (fs/binfmt_elf.c), and says where to start.
 */
import { PAGE_SIZE } from '../../emulator/index.ts';
import type { ByteString } from '../../emulator/util/bytes.ts';
import {
  AT_BASE,
  AT_CLKTCK,
  AT_EGID,
  AT_ENTRY,
  AT_EUID,
  AT_EXECFN,
  AT_FLAGS,
  AT_GID,
  AT_HWCAP,
  AT_HWCAP2,
  AT_MINSIGSTKSZ,
  AT_NULL,
  AT_PAGESZ,
  AT_PHDR,
  AT_PHENT,
  AT_PHNUM,
  AT_PLATFORM,
  AT_RANDOM,
  AT_SECURE,
  AT_SYSINFO_EHDR,
  AT_UID,
  PF_R,
  PF_W,
  PF_X,
  PHDR_BYTES,
  PT_GNU_STACK,
  PT_LOAD,
  PT_PHDR,
} from '../abi/elf.ts';
import { E2BIG, EFAULT } from '../abi/errno.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../abi/mman.ts';
import { type MemoryMap, pageUp, STACK_TOP } from '../mm/memory-map.ts';
import type { ProcessImage } from '../mm/process-image.ts';
import type { Credentials } from '../vfs/credentials.ts';
import type { Inode } from '../vfs/inode.ts';
import type { Location } from '../vfs/location.ts';
import type { ElfImage, Segment } from './elf.ts';
import { VDSO_BYTES, VDSO_IMAGE_OFFSET, buildVdso } from './vdso.ts';

/** Position-independent programs go where ld puts the others, so that brk has the room up to the stack. */
const PIE_BASE = 0x40_0000;
/**
 * A static PIE may be ld.so with a program as its argument, which may want to lie where ld puts programs: so it goes
 * among the libraries, and its brk starts behind any such program (Linux fs/binfmt_elf.c: ELF_ET_DYN_BASE).
 */
const STATIC_PIE_BRK = 0x600_0000;
export const STACK_BYTES = 8 << 20;
/** The largest stack that RLIMIT_STACK can ask for, and the smallest. */
const MAX_STACK_BYTES = 64 << 20;
const MIN_STACK_BYTES = 128 << 10;
/** brk ends a guard of 1 MiB below the largest stack. */
export const BRK_LIMIT = STACK_TOP - MAX_STACK_BYTES - (1 << 20);
// CPUID.1:EDX of x86-64-v1: FPU TSC MSR PAE CX8 CMOV CLFLUSH MMX FXSR SSE SSE2 and their like.
const HWCAP = 0x078b_fbfd;

export interface LoadedFile {
  readonly elf: ElfImage;
  readonly inode: Inode;
  readonly location: Location;
  readonly path: ByteString;
}

export interface LoadRequest {
  readonly program: LoadedFile;
  readonly interpreter: LoadedFile | undefined;
  readonly argv: readonly ByteString[];
  readonly environment: readonly ByteString[];
  readonly random: Uint8Array;
  readonly realtimeOffsetNs: bigint;
  /** RLIMIT_STACK; absent: 8 MiB. */
  readonly stackLimitBytes?: number;
  /** As whom the program runs; absent: root. */
  readonly credentials?: Pick<Credentials, 'uid' | 'euid' | 'gid' | 'egid'>;
}

const ROOT: NonNullable<LoadRequest['credentials']> = { uid: 0, euid: 0, gid: 0, egid: 0 };

export interface StartPoint {
  readonly entryAddr: number;
  readonly stackAddr: number;
}

/** @throws ENOMEM, E2BIG, NotResident (the memory is then to be cleared) */
export function loadProgram(map: MemoryMap, request: LoadRequest): StartPoint {
  const { program, interpreter, credentials: { uid, euid, gid, egid } = ROOT } = request;
  const isStaticPie = interpreter === undefined && !program.elf.isFixed;
  const bias = mapFile(map, program, isStaticPie ? undefined : PIE_BASE);
  map.brkStart = isStaticPie ? STATIC_PIE_BRK : pageUp(imageEnd(program.elf) + bias);
  map.brkEnd = map.brkStart;
  const interpreterBias = interpreter === undefined ? 0 : mapFile(map, interpreter, undefined);
  const vdsoAddr = mapVdso(map, request.realtimeOffsetNs);
  const stackBytes = stackSize(request.stackLimitBytes ?? STACK_BYTES);
  mapStack(map, program.elf, stackBytes);
  const entry = program.elf.entry + bias;
  const auxv: readonly (readonly [number, number | 'random' | 'platform' | 'path'])[] = [
    [AT_SYSINFO_EHDR, vdsoAddr],
    [AT_HWCAP, HWCAP],
    [AT_PAGESZ, PAGE_SIZE],
    [AT_CLKTCK, 100],
    [AT_PHDR, headersAddr(program.elf) + bias],
    [AT_PHENT, PHDR_BYTES],
    [AT_PHNUM, program.elf.segments.length],
    [AT_BASE, interpreterBias],
    [AT_FLAGS, 0],
    [AT_ENTRY, entry],
    [AT_UID, uid],
    [AT_EUID, euid],
    [AT_GID, gid],
    [AT_EGID, egid],
    [AT_SECURE, Number(euid !== uid || egid !== gid)], // ld.so then trusts no environment
    [AT_RANDOM, 'random'],
    [AT_HWCAP2, 0],
    [AT_EXECFN, 'path'],
    [AT_PLATFORM, 'platform'],
    [AT_MINSIGSTKSZ, 2048],
    [AT_NULL, 0],
  ];
  const stack = new StackWriter(map, stackBytes / 4).write(request, auxv); // a quarter: Linux bprm_stack_limits
  map.image = { ...imageRanges(program.elf, bias), ...stack, executable: program.location };
  return {
    entryAddr: interpreter === undefined ? entry : interpreter.elf.entry + interpreterBias,
    stackAddr: stack.stackStart,
  };
}

/** Maps the segments; `base` undefined: wherever there is room. @returns what to add to the file's addresses */
function mapFile(map: MemoryMap, file: LoadedFile, base: number | undefined): number {
  const loads = file.elf.segments.filter((each) => each.type === PT_LOAD);
  const low = pageDown(Math.min(...loads.map((each) => each.vaddr)));
  let bias = 0;
  if (!file.elf.isFixed) {
    const sizeBytes = imageEnd(file.elf) - low;
    const at = map.map({ addr: base ?? 0, sizeBytes, protection: 0, isFixed: base !== undefined });
    bias = at - low;
  }
  for (const segment of loads) mapSegment(map, file, segment, bias);
  return bias;
}

function mapSegment(map: MemoryMap, file: LoadedFile, segment: Segment, bias: number): void {
  const start = pageDown(segment.vaddr);
  const lead = segment.vaddr - start;
  const protection =
    ((segment.flags & PF_R) !== 0 ? PROT_READ : 0) |
    ((segment.flags & PF_W) !== 0 ? PROT_WRITE : 0) |
    ((segment.flags & PF_X) !== 0 ? PROT_EXEC : 0);
  const fileEnd = segment.fileBytes === 0 ? start : pageUp(segment.vaddr + segment.fileBytes);
  const memoryEnd = pageUp(segment.vaddr + segment.memoryBytes);
  if (fileEnd > start) {
    const hasZeros = segment.memoryBytes > segment.fileBytes;
    map.map({
      addr: start + bias,
      sizeBytes: fileEnd - start,
      protection,
      isFixed: true,
      inode: file.inode,
      offset: segment.offset - lead,
      fileBytes: hasZeros ? lead + segment.fileBytes : Number.POSITIVE_INFINITY,
      name: file.path,
    });
  }
  if (memoryEnd > fileEnd) {
    map.map({ addr: fileEnd + bias, sizeBytes: memoryEnd - fileEnd, protection, isFixed: true });
  }
}

function mapVdso(map: MemoryMap, realtimeOffsetNs: bigint): number {
  const protection = PROT_READ | PROT_EXEC;
  const addr = map.map({ addr: 0, sizeBytes: VDSO_BYTES, protection, name: '[vdso]' });
  fill(map, addr, buildVdso(realtimeOffsetNs));
  return addr + VDSO_IMAGE_OFFSET;
}

export function stackSize(limitBytes: number): number {
  return pageUp(Math.min(Math.max(limitBytes, MIN_STACK_BYTES), MAX_STACK_BYTES));
}

/** What strings take on the stack, with their pointers. */
export function argumentBytes(strings: readonly ByteString[]): number {
  return strings.reduce((sum, text) => sum + text.length + 9, 0);
}

function mapStack(map: MemoryMap, elf: ElfImage, sizeBytes: number): void {
  const stack = elf.segments.find((each) => each.type === PT_GNU_STACK);
  const protection = PROT_READ | PROT_WRITE | (stack !== undefined && (stack.flags & PF_X) === 0 ? 0 : PROT_EXEC);
  map.map({ addr: STACK_TOP - sizeBytes, sizeBytes, protection, isFixed: true, name: '[stack]' });
}

/** The kernel's own stores, whatever the rights of the page. */
function fill(map: MemoryMap, addr: number, bytes: Uint8Array): void {
  if (!map.populate(addr, addr + bytes.length, PROT_READ)) throw EFAULT;
  map.space.noteStore(addr, bytes.length);
  map.space.u8.set(bytes, addr);
}

/**
 * The initial stack (System V ABI, AMD64 supplement, figure 3.9), from high to low addresses:
 *   path, environment and argument strings, platform, 16 random bytes
 *   auxv, 0, environment pointers, 0, argument pointers, argc ← rsp, 16-byte aligned
 */
class StackWriter {
  readonly #map: MemoryMap;
  readonly #limitBytes: number;
  #at = STACK_TOP - 8;

  constructor(map: MemoryMap, limitBytes: number) {
    this.#map = map;
    this.#limitBytes = limitBytes;
  }

  write(
    request: LoadRequest,
    auxv: readonly (readonly [number, number | 'random' | 'platform' | 'path'])[],
  ): Omit<ProcessImage, keyof ImageRanges> {
    if (argumentBytes([...request.argv, ...request.environment]) > this.#limitBytes) throw E2BIG;
    const places = {
      path: this.#pushString(request.program.path),
      random: 0,
      platform: 0,
    };
    const environmentEnd = this.#at;
    const environment = request.environment.toReversed().map((text) => this.#pushString(text));
    const argvEnd = this.#at;
    const argv = request.argv.toReversed().map((text) => this.#pushString(text));
    const argvStart = this.#at;
    places.platform = this.#pushString('x86_64');
    places.random = this.#push(request.random);
    const words = [
      request.argv.length,
      ...argv.toReversed(),
      0,
      ...environment.toReversed(),
      0,
      ...auxv.flatMap(([tag, value]) => [tag, typeof value === 'number' ? value : places[value]]),
    ];
    this.#at = Math.floor((this.#at - words.length * 8) / 16) * 16;
    const table = new Uint8Array(words.length * 8);
    const view = new DataView(table.buffer);
    for (const [i, word] of words.entries()) view.setUint32(i * 8, word, true);
    fill(this.#map, this.#at, table);
    return {
      stackStart: this.#at,
      argvStart,
      argvEnd,
      environmentStart: argvEnd,
      environmentEnd,
      auxv: table.slice(-auxv.length * 16),
    };
  }

  #pushString(text: ByteString): number {
    const bytes = new Uint8Array(text.length + 1);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return this.#push(bytes);
  }

  #push(bytes: Uint8Array): number {
    this.#at -= bytes.length;
    fill(this.#map, this.#at, bytes);
    return this.#at;
  }
}

/** Address of the program headers in the file's own addresses: PT_PHDR, or where the first segment maps them. */
function headersAddr(elf: ElfImage): number {
  const own = elf.segments.find((each) => each.type === PT_PHDR);
  if (own !== undefined) return own.vaddr;
  const holder = elf.segments.find(
    (each) =>
      each.type === PT_LOAD &&
      each.offset <= elf.programHeaderOffset &&
      elf.programHeaderOffset < each.offset + each.fileBytes,
  );
  return holder === undefined ? 0 : elf.programHeaderOffset - holder.offset + holder.vaddr;
}

type ImageRanges = Pick<ProcessImage, 'codeStart' | 'codeEnd' | 'dataStart' | 'dataEnd'>;

/** Linux fs/binfmt_elf.c: code is what may be executed, data the segment that ends last. */
function imageRanges(elf: ElfImage, bias: number): ImageRanges {
  const loads = elf.segments.filter((each) => each.type === PT_LOAD);
  const code = loads.filter((each) => (each.flags & PF_X) !== 0);
  const last = loads.reduce((a, b) => (a.vaddr + a.fileBytes >= b.vaddr + b.fileBytes ? a : b));
  return {
    codeStart: Math.min(...loads.map((each) => each.vaddr)) + bias,
    codeEnd: Math.max(0, ...code.map((each) => each.vaddr + each.fileBytes)) + bias,
    dataStart: last.vaddr + bias,
    dataEnd: last.vaddr + last.fileBytes + bias,
  };
}

function imageEnd(elf: ElfImage): number {
  return Math.max(...elf.segments.map((each) => (each.type === PT_LOAD ? each.vaddr + each.memoryBytes : 0)));
}

function pageDown(addr: number): number {
  return addr - (addr % PAGE_SIZE);
}
