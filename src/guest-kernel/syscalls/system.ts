/** uname(2), sysinfo(2), getrandom(2), sethostname(2), personality(2). */
import { bytesOf, type ByteString } from '../../emulator/util/bytes.ts';
import { CAP_SYS_ADMIN } from '../abi/capability.ts';
import { EFAULT, EINVAL } from '../abi/errno.ts';
import { asGuest } from '../program/guest-task.ts';
import type { Thread } from '../program/thread.ts';
import { requireCapability } from '../vfs/credentials.ts';
import { type Result, type Syscall, syscall } from './syscall.ts';

const UTS_FIELD_BYTES = 65;
const UNAME: readonly ByteString[] = ['Linux', '', '5.15.0-osv', '#1 SMP OSv', 'x86_64', ''];
const HOSTNAME_BYTES = 64;
const SYSINFO_BYTES = 112;
/** Load averages of sysinfo(2) count in 65,536ths. */
const LOAD_UNIT = 1 << 16;
const RANDOM_CHUNK = 65_536;

function uname(thread: Thread, { buffer }: { buffer: number }): Result {
  const { hostname, settings } = asGuest(thread).machine;
  const fields = UNAME.with(1, hostname).with(5, settings.domainname);
  const dst = thread.memory.writable(buffer, fields.length * UTS_FIELD_BYTES);
  dst.fill(0);
  for (const [i, text] of fields.entries()) dst.set(bytesOf(text.slice(0, UTS_FIELD_BYTES - 1)), i * UTS_FIELD_BYTES);
  return 0;
}

// struct sysinfo: uptime, loads[3], total, free, shared, buffer, swap total and free, procs (16 bits), high, unit.
function sysinfo(thread: Thread, { buffer }: { buffer: number }): Result {
  const { machine } = asGuest(thread);
  const dst = thread.memory.writable(buffer, SYSINFO_BYTES);
  dst.fill(0);
  thread.memory.storeNumber(buffer, Math.floor(machine.clock.monotonicNs() / 1e9));
  machine.scheduler.load.values.forEach((load, i) => {
    thread.memory.storeNumber(buffer + 8 + i * 8, Math.floor(load * LOAD_UNIT));
  });
  thread.memory.storeNumber(buffer + 32, machine.memoryBytes);
  thread.memory.storeNumber(buffer + 40, machine.freeMemoryBytes);
  thread.memory.storeU32(buffer + 80, Math.min(0xffff, machine.tasks().length));
  thread.memory.storeU32(buffer + 104, 1);
  return 0;
}

const GRND_FLAGS = 7;

function getrandom(thread: Thread, args: { buffer: number; size: number; flags: number }): Result {
  if ((args.flags & ~GRND_FLAGS) !== 0) throw EINVAL;
  const wanted = Math.min(args.size, 0x1ff_ffff);
  const count = thread.memory.prefix(args.buffer, wanted, true); // what comes before memory that is not there
  if (count === 0 && wanted > 0) throw EFAULT;
  for (let done = 0; done < count; done += RANDOM_CHUNK) {
    const chunk = new Uint8Array(Math.min(RANDOM_CHUNK, count - done));
    // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- EntropyPort.fill, not an array's
    thread.machine.entropy.fill(chunk);
    thread.memory.writable(args.buffer + done, chunk.length).set(chunk);
  }
  return count;
}

function sethostname(thread: Thread, { name, size }: { name: number; size: number }): Result {
  requireCapability(thread.credentials, CAP_SYS_ADMIN);
  if (size < 0 || size > HOSTNAME_BYTES) throw EINVAL;
  thread.machine.hostname = String.fromCharCode(...thread.memory.readable(name, size));
  return 0;
}

/** personality(2): Linux, and nothing else. 0xffffffff asks. */
function personality(_thread: Thread, { persona }: { persona: number }): Result {
  const ADDR_NO_RANDOMIZE = 0x0004_0000;
  if (persona !== 0xffff_ffff && (persona & ~ADDR_NO_RANDOMIZE) !== 0) throw EINVAL;
  return 0;
}

// oxfmt-ignore
export const system: readonly Syscall[] = [
  syscall({ nr: 63, name: 'uname', args: { buffer: 'ptr' }, support: 'full', run: uname }),
  syscall({ nr: 99, name: 'sysinfo', args: { buffer: 'ptr' }, support: 'full', run: sysinfo }),
  syscall({ nr: 135, name: 'personality', args: { persona: 'uint' }, support: 'full', run: personality }),
  syscall({ nr: 170, name: 'sethostname', args: { name: 'ptr', size: 'int' }, support: 'full', run: sethostname }),
  syscall({ nr: 318, name: 'getrandom', args: { buffer: 'ptr', size: 'size', flags: 'flags' }, support: 'full', run: getrandom }),
];
