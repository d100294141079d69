/** syslog(2), which C calls klogctl(3): what dmesg(1) shows is the ring of the machine's own log. */
import { bytesOf } from '../../emulator/util/bytes.ts';
import { CAP_SYSLOG } from '../abi/capability.ts';
import { EINVAL } from '../abi/errno.ts';
import { asGuest } from '../program/guest-task.ts';
import { type Blocked, blocked } from '../program/blocked.ts';
import type { Thread } from '../program/thread.ts';
import { requireCapability } from '../vfs/credentials.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

const ACTION_CLOSE = 0;
const ACTION_OPEN = 1;
const ACTION_READ = 2;
const ACTION_READ_ALL = 3;
const ACTION_READ_CLEAR = 4;
const ACTION_CLEAR = 5;
const ACTION_CONSOLE_OFF = 6;
const ACTION_CONSOLE_ON = 7;
const ACTION_CONSOLE_LEVEL = 8;
const ACTION_SIZE_UNREAD = 9;
const ACTION_SIZE_BUFFER = 10;
const LEVELS = 8;

interface Arguments {
  readonly type: number;
  readonly buffer: number;
  readonly size: number;
}

/** Copies out the last whole lines of `text` that fit. */
function storeLines(thread: Thread, text: string, { buffer, size }: Arguments): number {
  let shown = text;
  while (shown.length > size) {
    const end = shown.indexOf('\n') + 1;
    if (end === 0) return 0;
    shown = shown.slice(end);
  }
  thread.memory.writable(buffer, shown.length).set(bytesOf(shown));
  return shown.length;
}

function read(thread: Thread, { buffer, size }: Arguments): number | Blocked {
  const { log } = asGuest(thread).machine;
  const unread = log.unread();
  if (unread === '') return blocked(log.written);
  const part = unread.slice(0, size);
  thread.memory.writable(buffer, part.length).set(bytesOf(part));
  log.markRead(part.length);
  return part.length;
}

/** Linux kernel/printk/printk.c: do_syslog. */
function syslog(thread: Thread, args: Arguments): Result {
  const { type, buffer, size } = args;
  const { log } = asGuest(thread).machine;
  // dmesg_restrict is 0: everybody may look.
  if (type !== ACTION_READ_ALL && type !== ACTION_SIZE_BUFFER) requireCapability(thread.credentials, CAP_SYSLOG);
  switch (type) {
    case ACTION_CLOSE:
    case ACTION_OPEN:
    case ACTION_CONSOLE_OFF:
    case ACTION_CONSOLE_ON:
      return 0;
    case ACTION_READ:
    case ACTION_READ_ALL:
    case ACTION_READ_CLEAR: {
      if (buffer === 0 || size < 0) throw EINVAL;
      if (size === 0) return 0;
      if (type === ACTION_READ) return read(thread, args);
      const count = storeLines(thread, log.records(), args);
      if (type === ACTION_READ_CLEAR) log.clear();
      return count;
    }
    case ACTION_CLEAR:
      log.clear();
      return 0;
    case ACTION_CONSOLE_LEVEL:
      if (size < 1 || size > LEVELS) throw EINVAL;
      return 0;
    case ACTION_SIZE_UNREAD:
      return log.unread().length;
    case ACTION_SIZE_BUFFER:
      return log.sizeBytes;
    default:
      throw EINVAL;
  }
}

// oxfmt-ignore
export const systemLog: readonly Syscall[] = [
  syscall({ nr: 103, name: 'syslog', args: { type: 'int', buffer: 'ptr', size: 'int' }, support: 'full', run: syslog }),
];
