/** Kinds of rows for argument-words.ts: names of flags, buffers, structs. All but the first read guest memory. */
import { type ByteString, byteStringFrom, utf8FromBytes } from '../../emulator/util/bytes.ts';
import * as poll from '../abi/poll.ts';
import * as fcntl from '../abi/fcntl.ts';
import * as mman from '../abi/mman.ts';
import * as sched from '../abi/sched.ts';
import * as signal from '../abi/signal.ts';
import * as socket from '../abi/socket.ts';
import { decodeSocketAddress, familyOf, SOCKADDR_MAX } from '../abi/socket-address.ts';
import { formatHost, mapped } from '../net/host.ts';
import * as stat from '../abi/stat.ts';
import { STAT, S_IFMT } from '../abi/stat.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import { type Symbols, countedSymbols, formatBits, formatChoice, formatHex, symbolsOf } from './symbols.ts';

export type ArgumentValues = Readonly<Record<string, number | bigint | ByteString>>;

/** A call as a row sees it. */
export interface SeenCall {
  readonly args: ArgumentValues;
  /** Absent: the memory is another one now, or goes with the program. */
  readonly memory: UserMemory | undefined;
  /** What it returned; negative: an errno. */
  readonly result: number;
}

export type Words = (value: number, call: SeenCall & { readonly memory: UserMemory }) => string | undefined;

const MOST_TEXT = 64;
export const MOST_PATH = 256;
const MOST_ITEMS = 8;

export function quote(text: ByteString, most = MOST_TEXT): string {
  return text.length > most
    ? `${JSON.stringify(utf8FromBytes(text.slice(0, most)))}…`
    : JSON.stringify(utf8FromBytes(text));
}

// Kinds of rows.

export const choice =
  (symbols: Symbols): Words =>
  (value) =>
    formatChoice(symbols, value);
export const bits =
  (symbols: Symbols, none?: string): Words =>
  (value) =>
    formatBits(symbols, value, none);
export const octal: Words = (value) => (value === 0 ? '0' : `0${value.toString(8)}`);

/** A row for what lies at a pointer; NULL stays. */
const at =
  (format: (addr: number, call: SeenCall & { readonly memory: UserMemory }) => string): Words =>
  (addr, call) =>
    addr === 0 ? 'NULL' : format(addr, call);
/** The same for what the kernel writes: only after success. */
const out =
  (format: (addr: number, call: SeenCall & { readonly memory: UserMemory }) => string): Words =>
  (addr, call) =>
    addr === 0 ? 'NULL' : call.result < 0 ? undefined : format(addr, call);

const bytesAt = (memory: UserMemory, addr: number, sizeBytes: number): string => {
  const text = quote(byteStringFrom(memory.readable(addr, Math.min(sizeBytes, MOST_TEXT))));
  return sizeBytes > MOST_TEXT ? `${text}…` : text;
};
export const bufferOf = (sizeName: string): Words =>
  at((addr, { memory, args }) => bytesAt(memory, addr, Number(args[sizeName])));
export const filledBuffer: Words = out((addr, { memory, result }) => bytesAt(memory, addr, result));

// Structs.

const timespecAt = (memory: UserMemory, addr: number): string =>
  `{${memory.loadNumber(addr)} s, ${memory.loadNumber(addr + 8)} ns}`;
export const timespec = at((addr, { memory }) => timespecAt(memory, addr));
export const filledTimespec = out((addr, { memory }) => timespecAt(memory, addr));
export const timeval = at((addr, { memory }) => `{${memory.loadNumber(addr)} s, ${memory.loadNumber(addr + 8)} us}`);
export const itimerspec = at(
  (addr, { memory }) => `{every ${timespecAt(memory, addr)}, in ${timespecAt(memory, addr + 16)}}`,
);

const signalSetAt = (memory: UserMemory, addr: number): string => {
  const set = BigInt.asUintN(64, memory.loadI64(addr));
  const names: string[] = [];
  for (let i = 1; i <= signal.SIGNAL_COUNT; i++)
    if (((set >> BigInt(i - 1)) & 1n) === 1n) names.push(signal.signalName(i));
  return names.length > 32 ? `~[${64 - names.length} signals]` : `[${names.join(' ')}]`;
};
export const signalSet = at((addr, { memory }) => signalSetAt(memory, addr));
export const filledSignalSet = out((addr, { memory }) => signalSetAt(memory, addr));

export const filledStat = out((addr, { memory }) => {
  const mode = memory.loadU32(addr + STAT.st_mode);
  const type = formatChoice(FILE_TYPES, mode & S_IFMT);
  return `{${type}|0${(mode & ~S_IFMT).toString(8)}, ${memory.loadNumber(addr + STAT.st_size)} bytes}`;
});

export const segments = (count: (call: SeenCall) => number): Words =>
  at((addr, call) => {
    const { memory } = call;
    const wanted = Number(call.args['count']);
    let rest = count(call);
    const items: string[] = [];
    for (let i = 0; i < Math.min(wanted, MOST_ITEMS); i++) {
      const sizeBytes = memory.loadNumber(addr + i * 16 + 8);
      const shown = Math.min(sizeBytes, rest);
      items.push(shown > 0 ? bytesAt(memory, memory.loadNumber(addr + i * 16), shown) : `[${sizeBytes} bytes]`);
      rest -= shown;
    }
    return `[${items.join(', ')}${wanted > MOST_ITEMS ? ', …' : ''}]`;
  });

const socketAddressAt = (memory: UserMemory, addr: number, sizeBytes: number): string => {
  const bytes = memory.readable(addr, Math.min(sizeBytes, SOCKADDR_MAX));
  const address = decodeSocketAddress(bytes);
  switch (address?.family) {
    case undefined:
    case 'other':
      return `{family ${formatChoice(FAMILIES, familyOf(bytes))}}`;
    case socket.AF_NETLINK:
      return `{AF_NETLINK ${address.portId} ${address.groups}}`;
    case socket.AF_UNIX:
      return `{AF_UNIX ${quote(address.path, 108)}}`;
    case socket.AF_INET:
      return `{AF_INET ${formatHost(mapped(address.host))}:${address.port}}`;
    case socket.AF_INET6:
      return `{AF_INET6 [${formatHost(address.host)}]:${address.port}}`;
  }
};
export const socketAddress = at((addr, { memory, args }) => socketAddressAt(memory, addr, Number(args['length'])));
export const filledSocketAddress = out((addr, { memory, args }) =>
  socketAddressAt(memory, addr, memory.loadU32(Number(args['lengthAddr']))),
);

export const pollList = at((addr, { memory, args }) => {
  const count = Number(args['nfds']);
  const items = Array.from({ length: Math.min(count, MOST_ITEMS) }, (_, i) => {
    const word = memory.loadU32(addr + i * 8 + 4);
    const happened = word >>> 16;
    const arrow = happened === 0 ? '' : ` → ${formatBits(POLL_EVENTS, happened)}`;
    return `{${memory.loadU32(addr + i * 8) | 0}, ${formatBits(POLL_EVENTS, word & 0xffff)}${arrow}}`;
  });
  return `[${items.join(', ')}${count > MOST_ITEMS ? ', …' : ''}]`;
});

export const epollEvent = at(
  (addr, { memory }) => `{${formatBits(EPOLL_EVENTS, memory.loadU32(addr))}, ${memory.loadNumber(addr + 4)}}`,
);
export const descriptorPair = out((addr, { memory }) => `[${memory.loadU32(addr)}, ${memory.loadU32(addr + 4)}]`);

/** wait(2): how a child ended. */
export const waitStatus = out((addr, { memory, result }) => {
  if (result === 0) return formatHex(addr);
  const status = memory.loadU32(addr);
  if ((status & 0x7f) === 0) return `exited ${status >>> 8}`;
  if ((status & 0xff) === 0x7f) return `stopped by ${signal.signalName(status >>> 8)}`;
  return status === 0xffff ? 'continued' : `killed by ${signal.signalName(status & 0x7f)}`;
});

export const wordList = at((addr, { memory }) => {
  const items: string[] = [];
  for (let i = 0; i < MOST_ITEMS; i++) {
    const word = memory.loadNumber(addr + i * 8);
    if (word === 0) return `[${items.join(', ')}]`;
    items.push(quote(memory.cString(word, fcntl.PATH_MAX)));
  }
  return `[${items.join(', ')}, …]`;
});
export const wordCount = at((addr, { memory }) => {
  let count = 0;
  while (memory.loadNumber(addr + count * 8) !== 0) count++;
  return `[${count} words]`;
});

export const futexOperation: Words = (value) => {
  const flags = `${(value & 0x80) === 0 ? '' : '|FUTEX_PRIVATE_FLAG'}${(value & 0x100) === 0 ? '' : '|FUTEX_CLOCK_REALTIME'}`;
  return `${formatChoice(FUTEX_OPERATIONS, value & 0x7f)}${flags}`;
};
export const openFlags: Words = (value) => {
  const mode = formatChoice(ACCESS_MODES, value & fcntl.O_ACCMODE);
  const rest = value & ~fcntl.O_ACCMODE;
  return rest === 0 ? mode : `${mode}|${formatBits(OPEN_FLAGS, rest)}`;
};
export const mapFlags: Words = (value) => {
  const type = formatChoice(MAP_TYPES, value & mman.MAP_TYPE);
  const rest = value & ~mman.MAP_TYPE;
  return rest === 0 ? type : `${type}|${formatBits(MAP_FLAGS, rest)}`;
};
export const cloneFlags: Words = (value) => {
  const ending = value & 0xff;
  const text = formatBits(symbolsOf(sched, 'CLONE_'), value & ~0xff);
  return ending === 0 ? text : `${value === ending ? '' : `${text}|`}${signal.signalName(ending)}`;
};
export const socketType: Words = (value) => {
  const type = formatChoice(SOCKET_TYPES, value & socket.SOCK_TYPE_MASK);
  const rest = value & ~socket.SOCK_TYPE_MASK;
  return rest === 0 ? type : `${type}|${formatBits(SOCKET_FLAGS, rest)}`;
};
export const statusFlags: Words = (value, call) =>
  Number(call.args['cmd']) === fcntl.F_SETFL ? openFlags(value, call) : undefined;
export const socketOption: Words = (value, { args }) => {
  const level = Number(args['level']);
  return formatChoice(symbolsOf(socket, OPTION_PREFIXES.get(level) ?? 'IP_'), value);
};

const OPTION_PREFIXES = new Map([
  [socket.SOL_SOCKET, 'SO_'],
  [socket.IPPROTO_TCP, 'TCP_'],
  [socket.IPPROTO_IPV6, 'IPV6_'],
]);
const ACCESS_MODES = countedSymbols('O_RDONLY O_WRONLY O_RDWR');
const OPEN_FLAGS = symbolsOf(fcntl, 'O_', /ACCMODE|RDONLY|WRONLY|RDWR/);
const MAP_TYPES = new Map([
  [1, 'MAP_SHARED'],
  [2, 'MAP_PRIVATE'],
  [3, 'MAP_SHARED_VALIDATE'],
]);
const MAP_FLAGS = symbolsOf(mman, 'MAP_', /TYPE|SHARED|PRIVATE/);
const FILE_TYPES = symbolsOf(stat, 'S_IF', /S_IFMT/);
export const FAMILIES = symbolsOf(socket, 'AF_');
const SOCKET_TYPES = symbolsOf(socket, 'SOCK_', /MASK|NONBLOCK|CLOEXEC/);
export const SOCKET_FLAGS = symbolsOf(socket, 'SOCK_', /MASK|STREAM|DGRAM|SEQPACKET/);
const POLL_EVENTS = symbolsOf(poll, 'POLL');
const FUTEX_OPERATIONS = countedSymbols(
  'FUTEX_WAIT FUTEX_WAKE FUTEX_FD FUTEX_REQUEUE FUTEX_CMP_REQUEUE FUTEX_WAKE_OP FUTEX_LOCK_PI FUTEX_UNLOCK_PI FUTEX_TRYLOCK_PI FUTEX_WAIT_BITSET FUTEX_WAKE_BITSET FUTEX_WAIT_REQUEUE_PI FUTEX_CMP_REQUEUE_PI FUTEX_LOCK_PI2',
);
const EPOLL_EVENTS: Symbols = new Map([
  ...[...POLL_EVENTS].map(([bit, name]) => [bit, `E${name}`] as const),
  ...symbolsOf(poll, 'EPOLL', /CTL/),
]);
