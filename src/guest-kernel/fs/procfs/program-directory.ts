/** /proc/PID: what there is to know of a program, and of each of its threads below task/. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import { O_CLOEXEC } from '../../abi/fcntl.ts';
import { S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG } from '../../abi/stat.ts';
import type { Mapping, Program, Task } from '../../program/thread.ts';
import { DentryNode, type Place } from '../../vfs/dentry.ts';
import type { Inode } from '../../vfs/inode.ts';
import type { Location } from '../../vfs/location.ts';
import type { OpenFile } from '../../vfs/open-file.ts';
import {
  VirtualDirectory,
  VirtualInode,
  VirtualLink,
  VirtualText,
  type VirtualFilesystem,
} from '../virtual/virtual-inode.ts';
import type { ProcSource } from './proc-source.ts';

/** Inode numbers kept for one program. */
export const PROGRAM_INODES = 1 << 16;
const TICKS_PER_NS = 1e-7;
const PAGE = 4096;

interface Subject {
  readonly source: ProcSource;
  readonly task: Task;
  readonly program: Program;
}

/** Files of /proc/PID and /proc/PID/task/TID. */
const FILES: readonly (readonly [ByteString, (subject: Subject) => ByteString])[] = [
  ['cmdline', ({ program }) => program.argv.map((argument) => `${argument}\0`).join('')],
  ['comm', ({ task }) => `${task.name}\n`],
  [
    'environ',
    ({ source, program }) =>
      source
        .environment(program)
        .map((entry) => `${entry}\0`)
        .join(''),
  ],
  ['maps', ({ program }) => (program.namespace?.mappings() ?? []).map(mapsLine).join('')],
  ['stat', statLine],
  ['statm', statm],
  ['status', status],
  ['mounts', mounts],
  ['mountinfo', mountinfo],
  ['limits', limits],
  ['cgroup', () => '0::/\n'],
  ['io', () => 'rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n'],
  ['oom_score', () => '0\n'],
  ['oom_score_adj', () => '0\n'],
  ['coredump_filter', () => '00000033\n'],
];

export function makeProgramDirectory(
  filesystem: VirtualFilesystem,
  source: ProcSource,
  task: Task,
  number: number,
  path: string,
  isProgram: boolean,
): Inode {
  const { program } = task;
  const subject: Subject = { source, task, program };
  const owner = { uid: task.credentials.euid, gid: task.credentials.egid };
  const base = (offset: number): { filesystem: VirtualFilesystem; number: number; owner: typeof owner } => {
    return { filesystem, number: number + offset, owner };
  };
  const nodes = new Map<ByteString, Inode>();
  FILES.forEach(([name, text], i) => {
    nodes.set(name, new VirtualText({ ...base(i + 1), path: `${path}/${name}` }, () => text(subject)));
  });
  const { vfs } = source;
  nodes.set('exe', new VirtualLink(base(60), () => program.path));
  nodes.set(
    'cwd',
    new VirtualLink(
      base(61),
      () => vfs.pathOf(task.fs.cwd),
      () => task.fs.cwd,
    ),
  );
  nodes.set(
    'root',
    new VirtualLink(
      base(62),
      () => vfs.pathOf(task.fs.root),
      () => task.fs.root,
    ),
  );
  nodes.set('fd', makeDescriptors(subject, base(63), number + 256));
  nodes.set('fdinfo', makeDescriptorInfos(subject, base(64), number + 20_480, path));
  if (isProgram) nodes.set('task', makeTasks(filesystem, subject, number, path));
  const entries = [...nodes].map(([name, inode]) => ({ name, inodeNumber: inode.number, fileType: inode.fileType }));
  return new VirtualDirectory(
    base(0),
    () => entries,
    (name) => nodes.get(name),
  );
}

type Base = {
  readonly filesystem: VirtualFilesystem;
  readonly number: number;
  readonly owner: { uid: number; gid: number };
};

function makeTasks(filesystem: VirtualFilesystem, { source, program }: Subject, number: number, path: string): Inode {
  const list = (): { name: string; inodeNumber: number; fileType: number }[] =>
    [...program.threads.keys()].map((id) => ({
      name: String(id),
      inodeNumber: number + 40_960 + (id % 8192),
      fileType: S_IFDIR,
    }));
  return new VirtualDirectory({ filesystem, number: number + 65 }, list, (name) => {
    const task = /^\d+$/.test(name) ? program.threads.get(Number(name)) : undefined;
    if (task === undefined) return undefined;
    return makeProgramDirectory(
      filesystem,
      source,
      task,
      number + 40_960 + (task.id % 8192),
      `${path}/task/${name}`,
      false,
    );
  });
}

function makeDescriptors({ source, task }: Subject, base: Base, firstNumber: number): Inode {
  const list = (): { name: string; inodeNumber: number; fileType: number }[] =>
    task.files.descriptors().map((fd) => ({ name: String(fd), inodeNumber: firstNumber + fd, fileType: S_IFLNK }));
  return new VirtualDirectory({ ...base, permissions: 0o500 }, list, (name) => {
    const file = descriptor(task, name);
    if (file === undefined) return undefined;
    const link = { ...base, number: firstNumber + Number(name) };
    return new VirtualLink(
      link,
      () => describe(source, file),
      () => placeOf(base.filesystem, source, file),
    );
  });
}

function makeDescriptorInfos({ task }: Subject, base: Base, firstNumber: number, path: string): Inode {
  const list = (): { name: string; inodeNumber: number; fileType: number }[] =>
    task.files.descriptors().map((fd) => ({ name: String(fd), inodeNumber: firstNumber + fd, fileType: S_IFREG }));
  return new VirtualDirectory({ ...base, permissions: 0o500 }, list, (name) => {
    const file = descriptor(task, name);
    if (file === undefined) return undefined;
    const text = (): ByteString => {
      const flags = file.flags | (task.files.isCloseOnExec(Number(name)) ? O_CLOEXEC : 0);
      return `pos:\t${file.offset}\nflags:\t0${flags.toString(8)}\nmnt_id:\t1\n`;
    };
    return new VirtualText({ ...base, number: firstNumber + Number(name), path: `${path}/fdinfo/${name}` }, text);
  });
}

function descriptor(task: Task, name: ByteString): OpenFile | undefined {
  const fd = /^\d+$/.test(name) ? Number(name) : -1;
  return task.files.descriptors().includes(fd) ? task.files.get(fd) : undefined;
}

function describe({ vfs }: ProcSource, { location, path }: OpenFile): ByteString {
  if (location === undefined) return path;
  return `${vfs.pathOf(location)}${location.dentry.isRemoved === true ? ' (deleted)' : ''}`;
}

/** Where the link of a descriptor leads: the file's own place, or one made for what has none (a pipe, a terminal). */
function placeOf(filesystem: VirtualFilesystem, { vfs }: ProcSource, file: OpenFile): Location {
  if (file.location !== undefined) return file.location;
  const dentry = new DentryNode(file.path, undefined, new HeldFile(filesystem, file));
  return { mount: (vfs.root as Place).mount, dentry };
}

/** Opening it gives the very open file: what a pipe or terminal opened again amounts to. */
class HeldFile extends VirtualInode {
  readonly fileType = S_IFCHR;
  readonly #file: OpenFile;

  constructor(filesystem: VirtualFilesystem, file: OpenFile) {
    super(filesystem, file.attributes().inodeNumber, 0o600);
    this.#file = file;
  }

  override attributes(): ReturnType<OpenFile['attributes']> {
    return this.#file.attributes();
  }

  open(_flags: number): OpenFile {
    this.#file.retain();
    return this.#file;
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function mapsLine(mapping: Mapping): ByteString {
  const { startAddr, endAddr, protection, isShared, offset, inode, name } = mapping;
  const bit = (mask: number, letter: string): string => ((protection & mask) === 0 ? '-' : letter);
  const rights = `${bit(1, 'r')}${bit(2, 'w')}${bit(4, 'x')}${isShared ? 's' : 'p'}`;
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

function virtualBytes(program: Program): number {
  return (program.namespace?.mappings() ?? []).reduce((sum, { startAddr, endAddr }) => sum + endAddr - startAddr, 0);
}

function stateLetter({ source, task, program }: Subject): string {
  if (program.state.kind !== 'running') return 'Z';
  return source.current() === task ? 'R' : 'S';
}

// proc(5), /proc/pid/stat: 52 fields; what there is no account of is 0.
function statLine(subject: Subject): ByteString {
  const { task, program } = subject;
  const ticks = Math.floor(task.cpuNs * TICKS_PER_NS);
  const pages = Math.floor((program.namespace?.residentBytes ?? 0) / PAGE);
  const head = [
    task.id,
    `(${task.name})`,
    stateLetter(subject),
    program.parentPid,
    program.processGroup,
    program.session,
  ];
  const fields = [
    ...head,
    0,
    -1,
    0,
    0,
    0,
    0,
    0,
    ticks,
    0,
    0,
    0,
    20,
    0,
    program.threads.size,
    0,
    0,
    virtualBytes(program),
    pages,
  ];
  const rest = Array.from({ length: 52 - fields.length }, () => 0);
  return `${[...fields, ...rest].join(' ')}\n`;
}

function statm({ program }: Subject): ByteString {
  const resident = Math.floor((program.namespace?.residentBytes ?? 0) / PAGE);
  return `${Math.floor(virtualBytes(program) / PAGE)} ${resident} 0 0 0 ${resident} 0\n`;
}

function kilobytes(bytes: number): string {
  return `${String(Math.floor(bytes / 1024)).padStart(8)} kB`;
}

function status(subject: Subject): ByteString {
  const { task, program } = subject;
  const { uid, euid, gid, egid, groups } = task.credentials;
  const letter = stateLetter(subject);
  const states: Readonly<Record<string, string>> = { R: 'R (running)', S: 'S (sleeping)', Z: 'Z (zombie)' };
  const resident = program.namespace?.residentBytes ?? 0;
  // oxfmt-ignore
  const rows: readonly (readonly [string, string | number])[] = [
    ['Name', task.name], ['Umask', task.fs.umask.toString(8).padStart(4, '0')], ['State', states[letter] ?? letter],
    ['Tgid', program.pid], ['Pid', task.id], ['PPid', program.parentPid], ['TracerPid', 0],
    ['Uid', [uid, euid, euid, euid].join('\t')], ['Gid', [gid, egid, egid, egid].join('\t')],
    ['FDSize', 64], ['Groups', groups.join(' ')], ['VmPeak', kilobytes(virtualBytes(program))],
    ['VmSize', kilobytes(virtualBytes(program))], ['VmHWM', kilobytes(resident)], ['VmRSS', kilobytes(resident)],
    ['Threads', program.threads.size], ['Cpus_allowed', 1], ['Cpus_allowed_list', 0], ['Mems_allowed_list', 0],
  ];
  return rows.map(([name, value]) => `${name}:\t${value}\n`).join('');
}

/** The escapes of getmntent(3). */
function escaped(text: ByteString): ByteString {
  return text.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function mounts({ source }: Subject): ByteString {
  return source.vfs.mounts
    .map(
      ({ source: from, path, filesystem, options }) =>
        `${escaped(from)} ${escaped(path)} ${filesystem.type} ${options} 0 0\n`,
    )
    .join('');
}

function mountinfo({ source }: Subject): ByteString {
  return source.vfs.mounts
    .map(({ source: from, path, filesystem, options }, i) => {
      const device = `${(filesystem.deviceNumber >>> 8) & 0xfff}:${filesystem.deviceNumber & 0xff}`;
      const parent = i === 0 ? 0 : 1;
      return `${i + 1} ${parent} ${device} / ${escaped(path)} ${options} - ${filesystem.type} ${escaped(from)} ${options}\n`;
    })
    .join('');
}

function row(name: string, soft: string, hard: string, units: string): string {
  return `${name.padEnd(26)}${soft.padEnd(21)}${hard.padEnd(21)}${units.padEnd(10)}\n`;
}

function limits(): ByteString {
  return (
    row('Limit', 'Soft Limit', 'Hard Limit', 'Units') +
    row('Max stack size', '8388608', 'unlimited', 'bytes') +
    row('Max open files', '16384', '16384', 'files') +
    row('Max address space', '4294967296', '4294967296', 'bytes')
  );
}
