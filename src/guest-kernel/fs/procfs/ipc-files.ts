/** /proc/sysvipc: the tables of System V objects that ipcs(1) reads (Linux ipc/util.c: sysvipc_proc_show). */
import type { IpcObject } from '../../ipc/ipc-table.ts';
import type { TreeRow } from '../virtual/virtual-tree.ts';
import type { ProcSource } from './proc-source.ts';

const right = (value: number | string, width: number): string => String(value).padStart(width);

function head({ key, id, mode }: IpcObject): string {
  return `${right(key | 0, 10)} ${right(id, 10)}  ${right(mode.toString(8), 4)}`;
}

function owner({ uid, gid, cuid, cgid }: IpcObject): string {
  return [uid, gid, cuid, cgid].map((id) => right(id, 5)).join(' ');
}

const MSG =
  '       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime';
const SEM = '       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime';
const SHM =
  '       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap';

const table = (title: string, lines: readonly string[]): string =>
  `${title}\n${lines.map((line) => `${line}\n`).join('')}`;
const times = (...seconds: readonly number[]): string => seconds.map((second) => right(second, 10)).join(' ');

export function ipcFiles({ systemV: { messages, semaphores, segments } }: ProcSource): readonly TreeRow[] {
  return [
    [
      'sysvipc/msg',
      () => {
        const lines = messages.all.map((queue) => {
          const { bytes, length, lastSender, lastReceiver, sentSeconds, receivedSeconds, changedSeconds } = queue;
          const counts = `${right(bytes, 10)} ${right(length, 10)} ${right(lastSender, 5)} ${right(lastReceiver, 5)}`;
          return `${head(queue)}  ${counts} ${owner(queue)} ${times(sentSeconds, receivedSeconds, changedSeconds)}`;
        });
        return table(MSG, lines);
      },
    ],
    [
      'sysvipc/sem',
      () => {
        const lines = semaphores.all.map((set) => {
          const { usedSeconds, changedSeconds } = set;
          return `${head(set)} ${right(set.semaphores.length, 10)} ${owner(set)} ${times(usedSeconds, changedSeconds)}`;
        });
        return table(SEM, lines);
      },
    ],
    [
      'sysvipc/shm',
      () => {
        const lines = segments.all.map((segment) => {
          const { sizeBytes, creator, lastPid, attachments, attachedSeconds, detachedSeconds, changedSeconds } =
            segment;
          const counts = `${right(sizeBytes, 21)} ${right(creator, 5)} ${right(lastPid, 5)}  ${right(attachments, 5)}`;
          const when = times(attachedSeconds, detachedSeconds, changedSeconds);
          return `${head(segment)} ${counts} ${owner(segment)} ${when} ${right(sizeBytes, 21)} ${right(0, 21)}`;
        });
        return table(SHM, lines);
      },
    ],
  ];
}
