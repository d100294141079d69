/** /proc: the machine and its programs as text (proc(5)). */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import { S_IFDIR } from '../../abi/stat.ts';
import type { Program } from '../../program/thread.ts';
import type { Inode } from '../../vfs/inode.ts';
import { VirtualDirectory, VirtualFilesystem, VirtualLink, type VirtualEntry } from '../virtual/virtual-inode.ts';
import { makeTree } from '../virtual/virtual-tree.ts';
import { machineFiles } from './machine-files.ts';
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
  let number = 2;
  const nextNumber = (): number => number++;
  const fixed = makeTree(machineFiles(source), { filesystem, root: '/proc', nextNumber });
  const self = (): ByteString => String(source.current()?.program.pid ?? 0);
  fixed.set('self', new VirtualLink({ filesystem, number: nextNumber() }, self));
  const threadSelf = (): ByteString => `${self()}/task/${source.current()?.id ?? 0}`;
  fixed.set('thread-self', new VirtualLink({ filesystem, number: nextNumber() }, threadSelf));
  const entries: readonly VirtualEntry[] = [...fixed].map(([name, inode]) => {
    return { name, inodeNumber: inode.number, fileType: inode.fileType };
  });
  const list = (): readonly VirtualEntry[] => {
    const programs = source.programs().toSorted((a, b) => a.pid - b.pid);
    return [...entries, ...programs.map(programEntry)];
  };
  return new VirtualDirectory({ filesystem, number: 1 }, list, (name) => {
    return fixed.get(name) ?? findProgram(filesystem, source, name);
  });
}

/** Linux FIRST_PROCESS_ENTRY: more than there are other names. */
const FIRST_PROGRAM_PLACE = 256;

function programEntry({ pid }: Program): VirtualEntry {
  return { name: String(pid), inodeNumber: inodeOf(pid), fileType: S_IFDIR, place: FIRST_PROGRAM_PLACE + pid };
}

function inodeOf(pid: number): number {
  return FIRST_PROGRAM_INODE + pid * PROGRAM_INODES;
}

/** A process directory, also found by the id of any of its threads, as on Linux. */
function findProgram(filesystem: VirtualFilesystem, source: ProcSource, name: ByteString): Inode | undefined {
  if (!/^\d+$/.test(name)) return undefined;
  const id = Number(name);
  for (const program of source.programs()) {
    const own = program.threads.get(id);
    if (own === undefined && program.pid !== id) continue;
    const task = own ?? program.threads.values().next().value;
    const { memory } = source.describe(program);
    const subject = { source, program, task, memory, isProgram: true };
    return makeProgramDirectory(filesystem, subject, inodeOf(id), `/proc/${name}`);
  }
  return undefined;
}
