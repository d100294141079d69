/** A session with one of our machines. */
import type { MachineStatistics } from '../../src/workers/protocol/machine.ts';
import type { Session } from './column.ts';

export interface MachineSession extends Session {
  statistics(): Promise<MachineStatistics>;
}

/** The words as OSv's command line has them: quoted where they hold more than plain characters. */
export function guestCommand(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w./=:@%+-]+$/.test(word) ? word : `"${word.replaceAll(/["\\]/g, String.raw`\$&`)}"`))
    .join(' ');
}
