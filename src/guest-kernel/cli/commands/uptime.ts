import { civilTime } from '../../rest/calendar.ts';
import type { Command } from '../command.ts';

export const uptime: Command = {
  name: 'uptime',
  usage: '',
  summary: 'Tells the time and how long the machine has been up.',
  *run(shell) {
    const seconds = yield* shell.api.json<number>('GET', '/os/uptime');
    const { time_ms: timeMs } = yield* shell.api.json<{ time_ms: number }>('GET', '/os/threads');
    const now = civilTime(Math.floor(timeMs / 1000));
    const clock = [now.hour, now.minute, now.second].map((each) => String(each).padStart(2, '0')).join(':');
    yield* shell.print(`${clock} up ${formatUptime(seconds)}\n`);
  },
};

/** '2 days, 3:07:09'. */
function formatUptime(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const clock = `${hours}:${String(minutes).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
  return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`;
}
