/** One instruction over two mappings of one shared page, which single ownership would keep from ever ending. */
import { type Exit, VECTOR, WINDOW_END } from '../../emulator/index.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../abi/mman.ts';
import type { GuestTask } from './guest-task.ts';

const TF = 0x100n;
/** An instruction touches fewer places than this, each for reading and for writing. */
const MOST_FAULTS = 64;

/**
 * Makes one instruction with all views of its pages in place.
 * @returns undefined when it is done; else the exit that it ended with, to be handled as usual
 * @throws NotResident, ENOMEM
 */
export function stepOverTwoViews({ cpuState, namespace: { cpu, map } }: GuestTask): Exit | undefined {
  const isTraced = (cpuState.rflags & TF) !== 0n;
  map.startLending();
  try {
    for (let faults = 0; ; faults++) {
      cpuState.rflags |= TF;
      const exit = cpu.run(cpuState, 1);
      if (!isTraced) cpuState.rflags &= ~TF;
      if (exit.kind !== 'fault') return exit;
      const { fault } = exit;
      if (fault.vector === VECTOR.DB && fault.isStep === true) return isTraced ? exit : undefined;
      if (fault.vector !== VECTOR.PF || faults > MOST_FAULTS || fault.address >= WINDOW_END) return exit;
      const wanted = fault.access === 'write' ? PROT_WRITE : fault.access === 'fetch' ? PROT_EXEC : PROT_READ;
      const result = map.touch(map.space.fold(Number(fault.address)), wanted);
      if (result !== 'ok' && result !== 'present') return exit;
    }
  } finally {
    map.endLending();
  }
}
