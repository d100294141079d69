/**
 * The kernels, each run twice in every column: short, from an empty code cache (the warm-up table), then whole. Columns that
 * take very long run only short, and their ratio to native there stands for the whole.
 */
import { buildPcKernel, type Kernel } from '../emulator/kernels.ts';
import type { ColumnName, Session } from './column.ts';
import type { Row, Samples } from './figures.ts';
import { hostSession } from './host-session.ts';
import { kernelJob } from './jobs.ts';
import type { MachineSession } from './machine-session.ts';
import { inEach, run, say, type Sessions } from './rounds.ts';
import type { PcSession } from './v86-session.ts';

/** Part of the rounds in a short run: about 50 ms natively, as a program that soon ends. */
const SHORT = 1 / 8;
const BUILT = '.cache/bench/kernels';

/** Whether a column's ratio is so large that a short run tells as much: qemu emulates floats in software. */
function isShortOnly(column: ColumnName, { group }: Kernel): boolean {
  return column === 'v86' || (column === 'qemu' && ['scalar', 'packed', 'extended', 'mode'].includes(group));
}

interface Counts {
  readonly short: number;
  readonly whole: number;
}

export async function runKernel(
  samples: Samples,
  kernel: Kernel,
  scale: number,
  sessions: Sessions,
  pc: PcSession | undefined,
): Promise<void> {
  const whole = Math.max(8, Math.round(kernel.rounds * scale));
  const counts = { whole, short: Math.max(1, Math.round(whole * SHORT)) };
  const native = await runNatively(kernel, counts);
  await inEach(
    () => kernelJob(kernel, counts.whole),
    sessions,
    async (column, session) => {
      const measured = column === 'native' ? native : await runIn(session, kernel, counts, native, column, samples);
      samples.add(warmUpRow(kernel), column, measured.short.ms);
      samples.add(rowOf(kernel), column, measured.whole?.ms ?? measured.short.ms * (native.whole.ms / native.short.ms));
    },
  );
  // The multiboot programs leave MXCSR as it is.
  if (pc !== undefined && kernel.group !== 'mode') await runOnPc(samples, kernel, counts.short, native, pc);
}

const rowOf = ({ name, group }: Kernel): Omit<Row, 'values'> => ({ name, group, unit: 'ms' });
const warmUpRow = ({ name }: Kernel): Omit<Row, 'values'> => ({ name, group: 'warm-up', unit: 'ms' });

interface Timed {
  readonly output: string;
  /** CPU time without start and end. */
  readonly ms: number;
}

interface Native {
  readonly short: Timed;
  readonly whole: Timed;
}

async function runNatively(kernel: Kernel, { short, whole }: Counts): Promise<Native> {
  const session = hostSession([]);
  const startUp = (await session.run(kernelJob(kernel, 0))).cpuMs;
  return {
    short: await timed(session, kernel, short, startUp),
    whole: await timed(session, kernel, whole, startUp),
  };
}

async function timed(session: Session, kernel: Kernel, count: number, startUpMs: number): Promise<Timed> {
  const { output, cpuMs } = await run(session, kernelJob(kernel, count));
  return { output, ms: cpuMs - startUpMs };
}

/** @throws Error when a checksum is not the native one */
async function runIn(
  session: Session,
  kernel: Kernel,
  counts: Counts,
  native: Native,
  column: ColumnName,
  samples: Samples,
): Promise<{ readonly short: Timed; readonly whole: Timed | undefined }> {
  const startUp = (await run(session, kernelJob(kernel, 0))).cpuMs;
  const short = await timed(session, kernel, counts.short, startUp);
  check(short.output, native.short.output);
  if (isShortOnly(column, kernel)) return { short, whole: undefined };
  const before = await retiredOf(session);
  const whole = await timed(session, kernel, counts.whole, startUp);
  check(whole.output, native.whole.output);
  const mips = ((await retiredOf(session)) - before) / 1_000 / whole.ms;
  if (mips > 0) samples.add({ name: kernel.name, group: 'speed', unit: 'Mips' }, column, mips);
  return { short, whole };
}

/** Guest instructions so far; 0 for columns that do not count. */
async function retiredOf(session: Session): Promise<number> {
  return 'statistics' in session ? ((await (session as MachineSession).statistics()).cpu?.retired ?? 0) : 0;
}

async function runOnPc(samples: Samples, kernel: Kernel, count: number, native: Native, pc: PcSession): Promise<void> {
  try {
    const { output, ms } = await pc.run(buildPcKernel(kernel, BUILT), count);
    check(output, native.short.output);
    samples.add(rowOf(kernel), 'v86', ms * (native.whole.ms / native.short.ms));
  } catch (error) {
    say(`${kernel.name}: v86 failed: ${String(error)}`);
  }
}

function check(output: string, expected: string): void {
  if (output !== expected) throw new Error(`checksum ${output.trim()} instead of ${expected.trim()}`);
}
