import type { Command } from '../command.ts';

const power = (name: string, summary: string): Command => ({
  name,
  usage: '',
  summary,
  *run(shell) {
    yield* shell.api.bytes('POST', `/os/${name}`);
  },
});

export const poweroff = power('poweroff', 'Ends all programs and switches the machine off.');
export const reboot = power('reboot', 'Ends all programs and starts the machine again.');
