import type { Command } from '../command.ts';
import { formatTable } from '../table.ts';

interface DFStat {
  readonly filesystem: string;
  readonly mount: string;
  readonly btotal: number;
  readonly bfree: number;
}

export const df: Command = {
  name: 'df',
  usage: '[MOUNT...]',
  summary: 'Shows how full the disks are, in blocks.',
  *run(shell, words) {
    const disks: DFStat[] = [];
    if (words.length === 0) disks.push(...(yield* shell.api.json<DFStat[]>('GET', '/fs/df/')));
    for (const { text } of words) disks.push(...(yield* shell.api.json<DFStat[]>('GET', `/fs/df/${text}`)));
    const rows = disks.map(({ filesystem, mount, btotal, bfree }) => {
      const used = btotal - bfree;
      const share = btotal === 0 ? 0 : (used / btotal) * 100;
      return [filesystem, String(btotal), String(used), `${share.toFixed(2)}%`, mount];
    });
    yield* shell.print(formatTable([['Filesystem', 'Total', 'Used', 'Use%', 'Mounted on'], ...rows], '<>>><'));
  },
};
