/** /proc: the machine and its programs as text (proc(5)). */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import { S_IFDIR } from '../../abi/stat.ts';
import type { Program, Task } from '../../program/thread.ts';
import type { Inode } from '../../vfs/inode.ts';
import {
  VirtualDirectory,
  VirtualFilesystem,
  VirtualLink,
  VirtualText,
  type VirtualEntry,
} from '../virtual/virtual-inode.ts';
import { MACHINE_FILES } from './machine-files.ts';
import type { ProcSource } from './proc-source.ts';
import { makeProgramDirectory, PROGRAM_INODES } from './program-directory.ts';

const PROC_SUPER_MAGIC = 0x9fa0;
const FIRST_PROGRAM_INODE = 0x1_0000;

export function makeProcfs(source: ProcSource, options: { readonly deviceNumber: number }): VirtualFilesystem {
  return new VirtualFilesystem({
    ...options,
    type: 'proc',
    typeMagic: PROC_SUPER_MAGIC,
    isVolatile: true,
    now: () => source.now(),
    root: (filesystem) => makeRoot(filesystem, source),
  });
}

function makeRoot(filesystem: VirtualFilesystem, source: ProcSource): Inode {
  const fixed = new Map<ByteString, Inode>();
  let number = 2;
  for (const [name, text] of MACHINE_FILES) {
    if (!name.includes('/')) {
      fixed.set(name, new VirtualText({ filesystem, number: number++, path: `/proc/${name}` }, () => text(source)));
    }
  }
  const self = (): ByteString => String(source.current()?.program.pid ?? 0);
  fixed.set('self', new VirtualLink({ filesystem, number: number++ }, self));
  const threadSelf = (): ByteString => `${self()}/task/${source.current()?.id ?? 0}`;
  fixed.set('thread-self', new VirtualLink({ filesystem, number: number++ }, threadSelf));
  fixed.set('mounts', new VirtualLink({ filesystem, number: number++ }, () => 'self/mounts'));
  fixed.set('sys', makeSubtree(filesystem, source, 'sys', 0x1000));
  const entries: readonly VirtualEntry[] = [...fixed].map(([name, inode]) => {
    return { name, inodeNumber: inode.number, fileType: inode.fileType };
  });
  const list = (): readonly VirtualEntry[] => [...entries, ...source.programs().map(programEntry)];
  return new VirtualDirectory({ filesystem, number: 1 }, list, (name) => {
    return fixed.get(name) ?? findProgram(filesystem, source, name);
  });
}

function programEntry({ pid }: Program): VirtualEntry {
  return { name: String(pid), inodeNumber: inodeOf(pid), fileType: S_IFDIR };
}

function inodeOf(pid: number): number {
  return FIRST_PROGRAM_INODE + pid * PROGRAM_INODES;
}

/** A process directory, also found by the id of any of its threads, as on Linux. */
function findProgram(filesystem: VirtualFilesystem, source: ProcSource, name: ByteString): Inode | undefined {
  if (!/^\d+$/.test(name)) return undefined;
  const id = Number(name);
  for (const program of source.programs()) {
    const task = program.threads.get(id) ?? (program.pid === id ? firstTask(program) : undefined);
    if (task !== undefined) return makeProgramDirectory(filesystem, source, task, inodeOf(id), `/proc/${name}`, true);
  }
  return undefined;
}

function firstTask(program: Program): Task | undefined {
  return program.threads.values().next().value;
}

/** The directory of the fixed files below a path of /proc. */
function makeSubtree(filesystem: VirtualFilesystem, source: ProcSource, path: string, number: number): Inode {
  const files = new Map<ByteString, Inode>();
  let next = number + 1;
  for (const [name, text] of MACHINE_FILES) {
    if (!name.startsWith(`${path}/`)) continue;
    const rest = name.slice(path.length + 1);
    const [child = ''] = rest.split('/');
    if (files.has(child)) continue;
    const inode =
      child === rest
        ? new VirtualText({ filesystem, number: next, path: `/proc/${name}` }, () => text(source))
        : makeSubtree(filesystem, source, `${path}/${child}`, next * 16);
    next++;
    files.set(child, inode);
  }
  const entries = [...files].map(([name, inode]) => ({ name, inodeNumber: inode.number, fileType: inode.fileType }));
  return new VirtualDirectory(
    { filesystem, number },
    () => entries,
    (name) => files.get(name),
  );
}
