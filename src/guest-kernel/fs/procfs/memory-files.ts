/** /proc/PID/maps, smaps, smaps_rollup, statm, auxv, cmdline and environ: what lies in a program's memory. */
import { byteStringFrom, type ByteString } from '../../../emulator/util/bytes.ts';
import { Errno } from '../../abi/errno.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../../abi/mman.ts';
import type { Mapping, Program } from '../../program/thread.ts';
import { NotResident } from '../../vfs/inode.ts';
import type { ProgramMemory } from './proc-source.ts';

const PAGE = 4096;
const KB = 1024;
/** Linux shows as much of a changed title as fits a page. */
const MAX_TITLE = 4096;

export interface MemorySubject {
  readonly program: Program;
  readonly memory: ProgramMemory | undefined;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function mapsLine(mapping: Mapping): ByteString {
  const { startAddr, endAddr, protection, isShared, offset, inode, name } = mapping;
  const bit = (mask: number, letter: string): string => ((protection & mask) === 0 ? '-' : letter);
  const rights = `${bit(PROT_READ, 'r')}${bit(PROT_WRITE, 'w')}${bit(PROT_EXEC, 'x')}${isShared ? 's' : 'p'}`;
  const device = inode === undefined ? '00:00' : deviceText(inode.filesystem.deviceNumber);
  const head = `${hex(startAddr)}-${hex(endAddr)} ${rights} ${hex(offset)} ${device} ${inode?.number ?? 0}`;
  return `${name === '' ? `${head} ` : `${head.padEnd(73)}${name}`}\n`;
}

function pair(value: number): string {
  return value.toString(16).padStart(2, '0');
}

function deviceText(device: number): string {
  return `${pair((device >>> 8) & 0xfff)}:${pair(device & 0xff)}`;
}

function mappings({ program }: MemorySubject): readonly Mapping[] {
  return program.namespace?.mappings() ?? [];
}

export function maps(subject: MemorySubject): ByteString {
  return mappings(subject).map(mapsLine).join('');
}

/** Resident bytes of one mapping, and what they are; a shared page lies in one memory at a time. */
interface Residence {
  readonly rss: number;
  readonly anonymous: number;
  readonly sharedClean: number;
  readonly sharedDirty: number;
  readonly privateClean: number;
  readonly privateDirty: number;
}

function residenceOf(mapping: Mapping, memory: ProgramMemory | undefined): Residence {
  const rss = (memory?.residentPages(mapping.startAddr, mapping.endAddr) ?? 0) * PAGE;
  const isDirty = (mapping.protection & PROT_WRITE) !== 0;
  return {
    rss,
    anonymous: mapping.inode === undefined || (isDirty && !mapping.isShared) ? rss : 0,
    sharedClean: mapping.isShared && !isDirty ? rss : 0,
    sharedDirty: mapping.isShared && isDirty ? rss : 0,
    privateClean: mapping.isShared || isDirty ? 0 : rss,
    privateDirty: !mapping.isShared && isDirty ? rss : 0,
  };
}

function sum(all: readonly Residence[]): Residence {
  const total = (key: keyof Residence): number => all.reduce((bytes, each) => bytes + each[key], 0);
  return {
    rss: total('rss'),
    anonymous: total('anonymous'),
    sharedClean: total('sharedClean'),
    sharedDirty: total('sharedDirty'),
    privateClean: total('privateClean'),
    privateDirty: total('privateDirty'),
  };
}

function kilobyteLine(name: string, bytes: number): string {
  return `${`${name}:`.padEnd(16)}${String(Math.floor(bytes / KB)).padStart(8)} kB\n`;
}

function residenceLines({ rss, anonymous, sharedClean, sharedDirty, privateClean, privateDirty }: Residence): string {
  // oxfmt-ignore
  const rows: readonly (readonly [string, number])[] = [
    ['Rss', rss], ['Pss', rss], ['Pss_Dirty', sharedDirty + privateDirty], ['Shared_Clean', sharedClean],
    ['Shared_Dirty', sharedDirty], ['Private_Clean', privateClean], ['Private_Dirty', privateDirty], ['Referenced', rss],
    ['Anonymous', anonymous], ['KSM', 0], ['LazyFree', 0], ['AnonHugePages', 0], ['ShmemPmdMapped', 0],
    ['FilePmdMapped', 0], ['Shared_Hugetlb', 0], ['Private_Hugetlb', 0], ['Swap', 0], ['SwapPss', 0], ['Locked', 0],
  ];
  return rows.map(([name, bytes]) => kilobyteLine(name, bytes)).join('');
}

function vmFlags({ protection, isShared }: Mapping): string {
  const flags = [
    [(protection & PROT_READ) !== 0, 'rd'],
    [(protection & PROT_WRITE) !== 0, 'wr'],
    [(protection & PROT_EXEC) !== 0, 'ex'],
    [isShared, 'sh'],
  ] as const;
  return [...flags.filter(([is]) => is).map(([, name]) => name), 'mr', 'mw', 'me'].join(' ');
}

export function smaps(subject: MemorySubject): ByteString {
  const one = (mapping: Mapping): string =>
    mapsLine(mapping) +
    kilobyteLine('Size', mapping.endAddr - mapping.startAddr) +
    kilobyteLine('KernelPageSize', PAGE) +
    kilobyteLine('MMUPageSize', PAGE) +
    residenceLines(residenceOf(mapping, subject.memory)) +
    `THPeligible:           0\nVmFlags: ${vmFlags(mapping)} \n`;
  return mappings(subject).map(one).join('');
}

export function smapsRollup(subject: MemorySubject): ByteString {
  const all = mappings(subject);
  const first = all[0];
  if (first === undefined) return '';
  const range = `${hex(first.startAddr)}-${hex(all.at(-1)?.endAddr ?? 0)} ---p 00000000 00:00 0`;
  return `${range.padEnd(73)}[rollup]\n${residenceLines(sum(all.map((each) => residenceOf(each, subject.memory))))}`;
}

/** Bytes by kind: what status and statm tell (Linux fs/proc/task_mmu.c). */
export interface MemorySizes {
  readonly virtual: number;
  readonly resident: number;
  /** The most that ever was resident. */
  readonly peak: number;
  readonly residentFile: number;
  readonly residentShared: number;
  readonly data: number;
  readonly stack: number;
  readonly code: number;
  readonly libraries: number;
  readonly locked: number;
}

const isStack = ({ name }: Mapping): boolean => name === '[stack]';

const isCode = ({ protection, inode }: Mapping): boolean => (protection & PROT_EXEC) !== 0 && inode !== undefined;

export function memorySizes(subject: MemorySubject): MemorySizes {
  const { program, memory } = subject;
  const all = mappings(subject);
  const bytes = (wanted: (mapping: Mapping) => boolean): number =>
    all.filter(wanted).reduce((total, { startAddr, endAddr }) => total + endAddr - startAddr, 0);
  const total = sum(all.map((each) => residenceOf(each, memory)));
  const image = memory?.image;
  const code =
    image === undefined ? 0 : Math.ceil(image.codeEnd / PAGE) * PAGE - Math.floor(image.codeStart / PAGE) * PAGE;
  return {
    virtual: bytes(() => true),
    resident: program.namespace?.residentBytes ?? 0,
    peak: program.namespace?.peakResidentBytes ?? 0,
    residentFile: total.rss - total.anonymous,
    residentShared: total.sharedClean + total.sharedDirty,
    data: bytes((each) => !each.isShared && (each.protection & PROT_WRITE) !== 0 && !isStack(each)),
    stack: bytes(isStack),
    code,
    libraries: Math.max(0, bytes(isCode) - code),
    locked: bytes((each) => each.isLocked === true),
  };
}

export function statm(subject: MemorySubject): ByteString {
  const { virtual, resident, residentFile, data, stack, code } = memorySizes(subject);
  const pages = [virtual, resident, residentFile, code, 0, data + stack, 0].map((bytes) => Math.floor(bytes / PAGE));
  return `${pages.join(' ')}\n`;
}

export function auxv({ memory }: MemorySubject): ByteString {
  return memory?.image === undefined ? '' : byteStringFrom(memory.image.auxv);
}

/**
 * The arguments as they lie in memory now, since programs write their titles there; those that a title pushed out of
 * their room end with it (Linux fs/proc/base.c: get_mm_cmdline).
 */
export function commandLine(subject: MemorySubject): ByteString {
  const { program, memory } = subject;
  const image = memory?.image;
  if (program.state.kind !== 'running') return '';
  const given = program.argv.map((argument) => `${argument}\0`).join('');
  if (image === undefined || image.argvEnd <= image.argvStart) return given;
  const text = bytesAt(subject, image.argvStart, image.argvEnd);
  if (text === undefined) return given;
  if (text.endsWith('\0')) return text;
  const title = bytesAt(subject, image.argvStart, Math.min(image.environmentEnd, image.argvStart + MAX_TITLE)) ?? text;
  const end = title.indexOf('\0');
  return end < 0 ? title : title.slice(0, end + 1);
}

export function environment(subject: MemorySubject): ByteString {
  const image = subject.memory?.image;
  if (image === undefined) return '';
  return bytesAt(subject, image.environmentStart, image.environmentEnd) ?? '';
}

function bytesAt({ memory }: MemorySubject, from: number, to: number): ByteString | undefined {
  try {
    return byteStringFrom(memory?.user.readable(from, to - from) ?? new Uint8Array(0));
  } catch (error) {
    if (error instanceof Errno || error instanceof NotResident) return undefined;
    throw error;
  }
}
