/** What programs cost each other: starting one, talking to one by a pipe, walking through a folder, and a shell's loop. */
import type { Job } from './column.ts';
import { compiled } from './jobs.ts';
import { TREE } from './programs.ts';

interface ProcessCost {
  readonly name: string;
  readonly mode: string;
  /** Turns in each of its batches. */
  readonly count: number;
  /** What it walks or starts, a path on the image; without it /bin/true is started. */
  readonly onImage?: string;
}

export const PROCESS_COSTS: readonly ProcessCost[] = [
  { name: 'fork and wait', mode: 'fork', count: 20 },
  { name: 'fork, exec and wait of /bin/true', mode: 'exec', count: 20 },
  { name: 'posix_spawn and wait of /bin/true', mode: 'spawn', count: 20 },
  { name: 'pipe ping-pong of two programs', mode: 'switch', count: 500 },
  { name: '64 KiB through a pipe', mode: 'stream', count: 500 },
  { name: 'a file met in a walk, with its attributes', mode: 'walk', count: 3_000, onImage: '/usr/lib' },
  { name: 'a turn of a for loop of bash', mode: 'loop', count: 20_000, onImage: '/usr/bin/bash' },
];

/** The host's, in every column. */
const TRUE = '/usr/bin/true';
const IN_GUEST = { program: '/bench-processes', true: '/bench-true' };

/** Its output is the figure, in ns. */
export function processJob({ name, mode, count, onImage }: ProcessCost, column: string): Job {
  const program = compiled('processes', ['-O2']);
  const words = [mode, String(count)];
  // Left to itself qemu would let the host's processor run what its program executes.
  const translator = column === 'qemu' ? ['/usr/bin/qemu-x86_64'] : [];
  return {
    name,
    files: { [IN_GUEST.program]: program, [IN_GUEST.true]: TRUE },
    host: [
      program,
      ...words,
      ...(mode === 'walk' ? [] : translator),
      onImage === undefined ? TRUE : `${TREE}${onImage}`,
    ],
    guest: [IN_GUEST.program, ...words, onImage ?? IN_GUEST.true],
  };
}
