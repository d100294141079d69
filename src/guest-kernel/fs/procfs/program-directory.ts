/** /proc/PID: what there is to know of a program, and of each of its threads below task/. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import { EACCES } from '../../abi/errno.ts';
import { O_ACCMODE, O_CLOEXEC, O_PATH, O_RDONLY, O_WRONLY } from '../../abi/fcntl.ts';
import { S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG } from '../../abi/stat.ts';
import type { Program, Task } from '../../program/thread.ts';
import { DentryNode, type Place } from '../../vfs/dentry.ts';
import type { Inode } from '../../vfs/inode.ts';
import type { Location } from '../../vfs/location.ts';
import type { OpenFile } from '../../vfs/open-file.ts';
import type { ProgramInode } from '../../vfs/process-file.ts';
import {
  VirtualDirectory,
  type VirtualEntry,
  VirtualInode,
  VirtualLink,
  type VirtualOwner,
  VirtualText,
  type VirtualFilesystem,
} from '../virtual/virtual-inode.ts';
import { directoryOf, makeTree } from '../virtual/virtual-tree.ts';
import { auxv, commandLine, environment, maps, smaps, smapsRollup, statm } from './memory-files.ts';
import { mountinfo, mounts, mountstats } from './mount-files.ts';
import { netFiles } from './net-files.ts';
import type { ProcSource } from './proc-source.ts';
import { writerOf } from './program-settings.ts';
import {
  io,
  isInspectable,
  limits,
  nameOf,
  sched,
  schedstat,
  stat,
  status,
  type Subject,
  wchan,
} from './status-files.ts';

/** Inode numbers kept for one program: files, net/, descriptors, infos of descriptors, threads. */
export const PROGRAM_INODES = 1 << 16;
const NET_INODES = 200;
const DESCRIPTOR_INODES = 256;
const INFO_INODES = 20_480;
const THREAD_INODES = 40_960;
/** Threads have no more room than this; two of one program may then show the same number. */
const THREADS = 8192;
/** Of the namespaces that Linux makes at boot (linux/proc_ns.h). */
const NAMESPACES: Readonly<Record<string, number>> = {
  ipc: 0xefff_ffff,
  mnt: 0xf000_0000,
  net: 0xf000_0001,
  pid: 0xefff_fffc,
  user: 0xefff_fffd,
  uts: 0xefff_fffe,
};

/** Files of /proc/PID and /proc/PID/task/TID. */
const FILES: readonly (readonly [ByteString, (subject: Subject) => ByteString])[] = [
  ['auxv', auxv],
  ['cgroup', () => '0::/\n'],
  ['cmdline', commandLine],
  ['comm', (subject) => `${nameOf(subject)}\n`],
  ['coredump_filter', () => '00000033\n'],
  ['environ', environment],
  ['gid_map', () => '         0          0 4294967295\n'],
  ['io', io],
  ['limits', limits],
  ['loginuid', ({ program }) => String(program.loginUid ?? 0xffff_ffff)],
  ['maps', maps],
  ['mountinfo', ({ source }) => mountinfo(source)],
  ['mounts', ({ source }) => mounts(source)],
  ['mountstats', ({ source }) => mountstats(source)],
  ['oom_score', () => '0\n'],
  ['oom_score_adj', ({ program }) => `${program.oomScoreAdjustment ?? 0}\n`],
  ['personality', () => '00000000\n'],
  ['sched', sched],
  ['schedstat', schedstat],
  ['sessionid', () => '4294967295'],
  ['setgroups', () => 'allow\n'],
  ['smaps', smaps],
  ['smaps_rollup', smapsRollup],
  ['stat', stat],
  ['statm', statm],
  ['status', status],
  ['uid_map', () => '         0          0 4294967295\n'],
  ['wchan', wchan],
];
/** What tells secrets of a program is its owner's alone (Linux fs/proc/base.c: tgid_base_stuff). */
const PRIVATE = new Set(['auxv', 'environ', 'io', 'personality']);

/** What only who could trace the program may open, whoever may name it (Linux fs/proc/base.c: proc_mem_open). */
const INSPECTED = new Set([...PRIVATE, 'maps', 'smaps', 'smaps_rollup']);

/** @throws EACCES who asks could not trace the program */
function requireInspection(subject: Subject): void {
  if (!isInspectable(subject)) throw EACCES;
}

class InspectedText extends VirtualText {
  readonly #subject: Subject;

  constructor(place: ConstructorParameters<typeof VirtualText>[0], text: () => ByteString, subject: Subject) {
    super(place, text);
    this.#subject = subject;
  }

  override open(flags: number): OpenFile {
    requireInspection(this.#subject);
    return super.open(flags);
  }
}

/** A link that tells where something of the program lies (Linux proc_pid_readlink, proc_pid_get_link). */
function inspectedLink(
  place: ConstructorParameters<typeof VirtualLink>[0],
  subject: Subject,
  target: () => ByteString,
  follow: () => Location | undefined = () => undefined,
): VirtualLink {
  const inspected =
    <T>(tell: () => T) =>
    (): T => {
      requireInspection(subject);
      return tell();
    };
  return new VirtualLink(place, inspected(target), inspected(follow));
}

/** Linux fs/proc/base.c: task_dump_owner. What anybody may enter stays the user's. */
function ownerOf({ program, task }: Subject, isOpenDirectory: boolean): VirtualOwner {
  if (task === undefined || (program.isDumpable === false && !isOpenDirectory)) return { uid: 0, gid: 0 };
  return { uid: task.credentials.euid, gid: task.credentials.egid };
}

class ProgramDirectory extends VirtualDirectory implements ProgramInode {
  readonly program: Program;

  constructor(program: Program, ...directory: ConstructorParameters<typeof VirtualDirectory>) {
    super(...directory);
    this.program = program;
  }
}

/** @param task absent: a zombie */
export function makeProgramDirectory(
  filesystem: VirtualFilesystem,
  subject: Subject,
  number: number,
  path: string,
): Inode {
  const { source, program, task } = subject;
  const owner = ownerOf(subject, false);
  const base = (offset: number): Base => ({ filesystem, number: number + offset, owner });
  const nodes = new Map<ByteString, Inode>();
  FILES.forEach(([name, text], i) => {
    const write = writerOf(name, subject);
    const place = { ...base(i + 1), path: `${path}/${name}`, ...(PRIVATE.has(name) && { permissions: 0o400 }) };
    const content = (): ByteString => text(subject);
    const isInspected = INSPECTED.has(name);
    nodes.set(name, isInspected ? new InspectedText(place, content, subject) : new VirtualText(place, content, write));
  });
  nodes.set(
    'exe',
    inspectedLink(
      base(60),
      subject,
      () => program.path,
      () => program.executable,
    ),
  );
  if (task !== undefined) addPlaces(nodes, base, subject, task);
  nodes.set('fd', makeDescriptors(subject, base(63), number + DESCRIPTOR_INODES));
  nodes.set('fdinfo', makeDescriptorInfos(subject, base(64), number + INFO_INODES, path));
  nodes.set('ns', makeNamespaces(subject, base(66), number + 70));
  let next = number + NET_INODES;
  const net = makeTree(netFiles(source), { filesystem, root: `${path}/net`, nextNumber: () => next++ });
  nodes.set('net', directoryOf(net, number + 67, { filesystem }));
  if (subject.isProgram) nodes.set('task', makeTasks(filesystem, subject, number, path));
  const entries = [...nodes].map(([name, inode]) => ({ name, inodeNumber: inode.number, fileType: inode.fileType }));
  const list = (): readonly VirtualEntry[] => entries;
  const find = (name: ByteString): Inode | undefined => nodes.get(name);
  const place = { ...base(0), owner: ownerOf(subject, true) };
  return subject.isProgram ? new ProgramDirectory(program, place, list, find) : new VirtualDirectory(place, list, find);
}

type Base = {
  readonly filesystem: VirtualFilesystem;
  readonly number: number;
  readonly owner: VirtualOwner;
};

/** cwd and root. */
function addPlaces(
  nodes: Map<ByteString, Inode>,
  base: (offset: number) => Base,
  subject: Subject,
  { fs }: Task,
): void {
  const link = (offset: number, place: () => Location): VirtualLink =>
    inspectedLink(base(offset), subject, () => subject.source.vfs.pathOf(place()), place);
  nodes.set(
    'cwd',
    link(61, () => fs.cwd),
  );
  nodes.set(
    'root',
    link(62, () => fs.root),
  );
}

function makeNamespaces(subject: Subject, base: Base, firstNumber: number): Inode {
  const nodes = new Map<ByteString, Inode>();
  Object.entries(NAMESPACES).forEach(([name, inode], i) => {
    nodes.set(
      name,
      inspectedLink({ ...base, number: firstNumber + i }, subject, () => `${name}:[${inode}]`),
    );
  });
  return directoryOf(nodes, base.number, { filesystem: base.filesystem });
}

function makeTasks(filesystem: VirtualFilesystem, subject: Subject, number: number, path: string): Inode {
  const { program } = subject;
  const inodeOf = (id: number): number => number + THREAD_INODES + (id % THREADS);
  const list = (): VirtualEntry[] =>
    idsOf(program).map((id) => ({ name: String(id), inodeNumber: inodeOf(id), fileType: S_IFDIR, place: id }));
  const owner = ownerOf(subject, true);
  return new VirtualDirectory({ filesystem, number: number + 65, owner }, list, (name) => {
    const id = /^\d+$/.test(name) ? Number(name) : -1;
    if (!idsOf(program).includes(id)) return undefined;
    const thread = { ...subject, task: program.threads.get(id), isProgram: false };
    return makeProgramDirectory(filesystem, thread, inodeOf(id), `${path}/task/${name}`);
  });
}

/** A zombie still has its first thread. */
function idsOf({ pid, threads }: Program): readonly number[] {
  return threads.size === 0 ? [pid] : [...threads.keys()].toSorted((a, b) => a - b);
}

/** What the file was opened for (Linux fs/proc/fd.c: proc_fd_instantiate); lsof(8) reads it there. */
function rightsOf({ flags }: OpenFile): number {
  if ((flags & O_PATH) !== 0) return 0;
  const access = flags & O_ACCMODE;
  return (access === O_WRONLY ? 0 : 0o500) | (access === O_RDONLY ? 0 : 0o300);
}

function makeDescriptors(subject: Subject, base: Base, firstNumber: number): Inode {
  const { source, task } = subject;
  const list = (): VirtualEntry[] => descriptorEntries(task, firstNumber, S_IFLNK);
  return new VirtualDirectory({ ...base, permissions: 0o500 }, list, (name) => {
    const file = descriptor(task, name);
    if (file === undefined) return undefined;
    const link = { ...base, number: firstNumber + Number(name), permissions: rightsOf(file) };
    return inspectedLink(
      link,
      subject,
      () => describe(source, file),
      () => placeOf(base.filesystem, source, file),
    );
  });
}

function makeDescriptorInfos(subject: Subject, base: Base, firstNumber: number, path: string): Inode {
  const { task } = subject;
  const list = (): VirtualEntry[] => descriptorEntries(task, firstNumber, S_IFREG);
  return new VirtualDirectory({ ...base, owner: ownerOf(subject, true) }, list, (name) => {
    const file = descriptor(task, name);
    if (file === undefined) return undefined;
    const text = (): ByteString => {
      const flags = file.flags | (task?.files.isCloseOnExec(Number(name)) === true ? O_CLOEXEC : 0);
      const inode = file.attributes().inodeNumber;
      return `pos:\t${file.offset}\nflags:\t0${flags.toString(8)}\nmnt_id:\t${file.location?.mount.id ?? 0}\nino:\t${inode}\n`;
    };
    const place = { ...base, number: firstNumber + Number(name), path: `${path}/fdinfo/${name}` };
    return new InspectedText(place, text, subject);
  });
}

function descriptorEntries(task: Task | undefined, firstNumber: number, fileType: number): VirtualEntry[] {
  return descriptorsOf(task).map((fd) => ({ name: String(fd), inodeNumber: firstNumber + fd, fileType, place: fd }));
}

function descriptorsOf(task: Task | undefined): readonly number[] {
  return task?.files.descriptors() ?? [];
}

function descriptor(task: Task | undefined, name: ByteString): OpenFile | undefined {
  const fd = /^\d+$/.test(name) ? Number(name) : -1;
  return descriptorsOf(task).includes(fd) ? task?.files.get(fd) : undefined;
}

function describe({ vfs }: ProcSource, { location, path }: OpenFile): ByteString {
  if (location === undefined) return path;
  return `${vfs.pathOf(location)}${location.dentry.isRemoved === true ? ' (deleted)' : ''}`;
}

/** Where the link of a descriptor leads: the file's own place, or one made for what has none (a terminal, a pipe). */
function placeOf(filesystem: VirtualFilesystem, { vfs }: ProcSource, file: OpenFile): Location {
  if (file.location !== undefined) return file.location;
  const terminal = file.kind === 'tty' ? file.inode : undefined;
  const dentry = new DentryNode(file.path, undefined, terminal ?? new HeldFile(filesystem, file));
  return { mount: (vfs.root as Place).mount, dentry };
}

/** Opening it gives the very open file: what a pipe opened again amounts to. */
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
