/**
 * An ELF core (Linux fs/binfmt_elf.c: elf_core_dump) of a program that dies: notes with the registers of its threads, its
 * auxiliary vector and mapped files, then the bytes of its memory.
 *
 *   header · program headers · notes · [page boundary] mappings: what nobody touched is a hole, or comes from its file
 */
import { PAGE_SIZE, REG } from '../../emulator/index.ts';
import { bytesOf, concatenate, type ByteString } from '../../emulator/util/bytes.ts';
import * as elf from '../abi/elf.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../abi/mman.ts';
import type { Area } from '../mm/area-list.ts';
import type { GuestTask } from './guest-task.ts';
import { encodeSignalInfo } from './signal-frame.ts';
import type { SignalInfo } from './signals.ts';

const PRSTATUS_BYTES = 336;
const PRPSINFO_BYTES = 136;
const FXSAVE_BYTES = 512;
const SIGINFO_BYTES = 128;
/** struct user_regs_struct. */
const REGISTERS = 112;
// oxfmt-ignore
const GENERAL = [
  REG.R15, REG.R14, REG.R13, REG.R12, REG.RBP, REG.RBX, REG.R11, REG.R10, REG.R9, REG.R8, REG.RAX, REG.RCX, REG.RDX,
  REG.RSI, REG.RDI,
] as const;
const USER_CS = 0x33n;
const USER_SS = 0x2bn;

/** A piece of the file. */
export interface CorePiece {
  readonly offset: number;
  readonly sizeBytes: number;
  /** A view of memory, not kept. @throws NotResident, ENOMEM */
  bytes(): Uint8Array;
}

interface Segment {
  readonly area: Area;
  /** Bytes that are in the file: all or none, or the first page of an ELF file. */
  readonly fileBytes: number;
}

/** The pieces in rising order. `tasks`: the one that dies first. */
export function* coreImage(tasks: readonly GuestTask[], info: SignalInfo): Generator<CorePiece> {
  const [dying] = tasks;
  if (dying === undefined) return;
  const { map } = dying.namespace;
  const segments = map.areas.all.filter(({ isMachine }) => isMachine !== true).map(segmentOf);
  const notes = concatenate(notesOf(dying, tasks, info));
  const headBytes = elf.EHDR_BYTES + elf.PHDR_BYTES * (segments.length + 1);
  const start = Math.ceil((headBytes + notes.length) / PAGE_SIZE) * PAGE_SIZE;
  yield piece(0, heads(segments, headBytes, notes.length, start));
  yield piece(headBytes, notes);
  let offset = start;
  for (const { area, fileBytes } of segments) {
    const endAddr = area.startAddr + fileBytes;
    const runs = area.inode === undefined ? map.residentRuns(area.startAddr, endAddr) : pages(area.startAddr, endAddr);
    for (const run of runs) {
      const load = (): Uint8Array => {
        if (area.inode !== undefined) map.touch(run.startAddr, PROT_READ);
        return map.space.u8.subarray(run.startAddr, run.endAddr);
      };
      yield { offset: offset + run.startAddr - area.startAddr, sizeBytes: run.endAddr - run.startAddr, bytes: load };
    }
    offset += fileBytes;
  }
  // The file is as long as its headers say, even where it ends in a hole.
  if (offset > start) yield piece(offset - 1, lastByte(segments.at(-1), map.space.u8));
}

function piece(offset: number, bytes: Uint8Array): CorePiece {
  return { offset, sizeBytes: bytes.length, bytes: () => bytes };
}

/** A mapping of a file page by page: those that nobody touched are brought in. */
function* pages(startAddr: number, endAddr: number): Generator<{ startAddr: number; endAddr: number }> {
  for (let at = startAddr; at < endAddr; at += PAGE_SIZE) yield { startAddr: at, endAddr: at + PAGE_SIZE };
}

function lastByte(segment: Segment | undefined, memory: Uint8Array): Uint8Array {
  const end = segment === undefined ? 0 : segment.area.startAddr + segment.fileBytes;
  return segment === undefined || segment.fileBytes === 0 ? new Uint8Array(1) : memory.slice(end - 1, end);
}

/** What a file has as well is not told again, but for its first page, by which debuggers know it (coredump_filter 0x33). */
function segmentOf(area: Area): Segment {
  const size = area.endAddr - area.startAddr;
  if (area.protection === 0) return { area, fileBytes: 0 };
  const isFiles =
    area.inode !== undefined &&
    (area.isPristine === true ||
      (area.isShared && !area.name.startsWith('/SYSV') && !area.name.startsWith('/dev/zero')));
  if (!isFiles) return { area, fileBytes: size };
  return { area, fileBytes: area.offset === 0 && (area.protection & PROT_READ) !== 0 ? PAGE_SIZE : 0 };
}

function heads(segments: readonly Segment[], headBytes: number, noteBytes: number, start: number): Uint8Array {
  const bytes = new Uint8Array(headBytes);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, elf.ELFCLASS64, elf.ELFDATA2LSB, 1]);
  view.setUint16(16, elf.ET_CORE, true);
  view.setUint16(18, elf.EM_X86_64, true);
  view.setUint32(20, 1, true);
  view.setUint32(32, elf.EHDR_BYTES, true);
  view.setUint16(52, elf.EHDR_BYTES, true);
  view.setUint16(54, elf.PHDR_BYTES, true);
  view.setUint16(56, segments.length + 1, true);
  const put = (index: number, fields: readonly [type: number, flags: number, ...numbers: number[]]): void => {
    const at = elf.EHDR_BYTES + index * elf.PHDR_BYTES;
    const [type, flags, ...numbers] = fields;
    view.setUint32(at, type, true);
    view.setUint32(at + 4, flags, true);
    numbers.forEach((number, i) => view.setBigUint64(at + 8 + i * 8, BigInt(number), true));
  };
  put(0, [elf.PT_NOTE, 0, headBytes, 0, 0, noteBytes, 0, 4]);
  let offset = start;
  segments.forEach(({ area, fileBytes }, i) => {
    const { startAddr, endAddr } = area;
    put(i + 1, [elf.PT_LOAD, flagsOf(area), offset, startAddr, 0, fileBytes, endAddr - startAddr, PAGE_SIZE]);
    offset += fileBytes;
  });
  return bytes;
}

function flagsOf({ protection }: Area): number {
  const flag = (right: number, bit: number): number => ((protection & right) === 0 ? 0 : bit);
  return flag(PROT_READ, elf.PF_R) | flag(PROT_WRITE, elf.PF_W) | flag(PROT_EXEC, elf.PF_X);
}

function notesOf(dying: GuestTask, tasks: readonly GuestTask[], info: SignalInfo): readonly Uint8Array[] {
  const { image, areas } = dying.namespace.map;
  const siginfo = new Uint8Array(SIGINFO_BYTES);
  encodeSignalInfo(siginfo, info);
  const notes = [
    note(elf.NT_PRSTATUS, threadStatus(dying, info.signal)),
    note(elf.NT_PRPSINFO, programInfo(dying)),
    note(elf.NT_SIGINFO, siginfo),
    note(elf.NT_AUXV, image?.auxv ?? new Uint8Array(0)),
    note(elf.NT_FILE, mappedFiles(areas.all)),
    note(elf.NT_FPREGSET, floatState(dying)),
  ];
  for (const task of tasks.slice(1)) {
    notes.push(note(elf.NT_PRSTATUS, threadStatus(task, info.signal)), note(elf.NT_FPREGSET, floatState(task)));
  }
  return notes;
}

/** Elf64_Nhdr, name and content, each padded to four bytes. */
function note(type: number, content: Uint8Array): Uint8Array {
  const name = 'CORE\0';
  const nameEnd = 12 + Math.ceil(name.length / 4) * 4;
  const bytes = new Uint8Array(nameEnd + Math.ceil(content.length / 4) * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, name.length, true);
  view.setUint32(4, content.length, true);
  view.setUint32(8, type, true);
  bytes.set(bytesOf(name), 12);
  bytes.set(content, nameEnd);
  return bytes;
}

/** struct elf_prstatus. */
function threadStatus(
  { id, program, cpuState, cpuNs, pendingSignals, signalMask }: GuestTask,
  signal: number,
): Uint8Array {
  const bytes = new Uint8Array(PRSTATUS_BYTES);
  const view = new DataView(bytes.buffer);
  const put = (at: number, value: bigint): void => view.setBigUint64(at, BigInt.asUintN(64, value), true);
  view.setInt32(0, signal, true);
  view.setInt16(12, signal, true);
  put(16, pendingSignals.set);
  put(24, signalMask);
  [id, program.parentPid, program.processGroup, program.session].forEach((number, i) =>
    view.setInt32(32 + i * 4, number, true),
  );
  put(48, BigInt(Math.floor(cpuNs / 1e9)));
  put(56, BigInt(Math.floor((cpuNs % 1e9) / 1e3)));
  GENERAL.forEach((register, i) => put(REGISTERS + i * 8, cpuState.get64(register)));
  // orig_rax, rip, cs, eflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs
  const rest = [
    -1n,
    cpuState.rip,
    USER_CS,
    cpuState.rflags,
    cpuState.get64(REG.RSP),
    USER_SS,
    cpuState.fsBase,
    cpuState.gsBase,
  ];
  rest.forEach((value, i) => put(REGISTERS + (GENERAL.length + i) * 8, value));
  view.setInt32(328, 1, true);
  return bytes;
}

/** struct elf_prpsinfo. */
function programInfo({ program, name }: GuestTask): Uint8Array {
  const bytes = new Uint8Array(PRPSINFO_BYTES);
  const view = new DataView(bytes.buffer);
  bytes[1] = 'R'.charCodeAt(0);
  view.setUint32(16, program.credentials.uid, true);
  view.setUint32(20, program.credentials.gid, true);
  const ids = [program.pid, program.parentPid, program.processGroup, program.session];
  ids.forEach((number, i) => view.setInt32(24 + i * 4, number, true));
  bytes.set(bytesOf(name.slice(0, 15)), 40);
  bytes.set(bytesOf(program.argv.join(' ').slice(0, 79)), 56);
  return bytes;
}

function floatState({ cpuState }: GuestTask): Uint8Array {
  const bytes = new Uint8Array(FXSAVE_BYTES);
  cpuState.saveFpu(bytes);
  return bytes;
}

/** NT_FILE: a count, the page size, three numbers for each mapping, then the names. */
function mappedFiles(areas: readonly Area[]): Uint8Array {
  const files = areas.filter(({ inode, name }) => inode !== undefined && name.startsWith('/'));
  const names: ByteString = files.map(({ name }) => `${name}\0`).join('');
  const bytes = new Uint8Array(16 + files.length * 24 + names.length);
  const view = new DataView(bytes.buffer);
  const put = (index: number, value: number): void => view.setBigUint64(index * 8, BigInt(value), true);
  put(0, files.length);
  put(1, PAGE_SIZE);
  files.forEach(({ startAddr, endAddr, offset }, i) => {
    [startAddr, endAddr, offset / PAGE_SIZE].forEach((value, field) => put(2 + i * 3 + field, value));
  });
  bytes.set(bytesOf(names), 16 + files.length * 24);
  return bytes;
}
