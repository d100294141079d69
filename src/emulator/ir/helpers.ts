/**
 * Helpers: routines of the host that work on a thread state as it lies in memory, for instructions too large or too rare
 * for ops. An executor writes all state back before it calls one and forgets what it knew of it afterwards.
 */
import { loadFxImage, saveFxImage } from './fxsave-image.ts';
import type { Helper, HelperContext } from './helper-context.ts';
import { STATE_OFFSET } from './state-layout.ts';
import { VECTOR_HELPERS } from './vector-helpers.ts';
import { helperName, OPERATIONS, type X87Operation } from './x87/operations.ts';
import { X87 } from './x87/unit.ts';

export const HELPERS: ReadonlyMap<string, Helper> = new Map<string, Helper>([
  ['cpuid', cpuid],
  ['rdtsc', rdtsc],
  ['random', random],
  ['crc32c', crc32c],
  ...VECTOR_HELPERS,
  ['fxsave', fxsave],
  ['fxrstor', fxrstor],
  ...OPERATIONS.map(([name, operation]): [string, Helper] => [helperName(name), x87Helper(operation)]),
]);

function cpuid({ space, state, ports }: HelperContext): number {
  const at = (state + STATE_OFFSET.gpr) >> 2;
  const leaf = ports.cpuid(space.i32[at], space.i32[at + 2]);
  const order = [0, 3, 1, 2]; // EAX, EBX, ECX, EDX by register number
  for (let i = 0; i < 4; i++) {
    space.i32[at + 2 * order[i]] = leaf[i];
    space.i32[at + 2 * order[i] + 1] = 0;
  }
  return 0;
}

/** EDX:EAX = cycles since boot. */
function rdtsc({ space, state, ports }: HelperContext): number {
  const cycles = ports.timestamp();
  const at = (state + STATE_OFFSET.gpr) >> 2;
  space.i32[at] = cycles % 0x1_0000_0000;
  space.i32[at + 1] = 0;
  space.i32[at + 4] = cycles / 0x1_0000_0000;
  space.i32[at + 5] = 0;
  return 0;
}

/** Four random bytes. */
function random({ space, state, ports }: HelperContext): number {
  const at = state + STATE_OFFSET.scratch;
  ports.entropy(space.u8.subarray(at, at + 4));
  return space.i32[at >> 2];
}

/** `width` bits of data, already added to the checksum, shifted through the reflected Castagnoli polynomial. */
function crc32c(_context: HelperContext, sum: number, width: number): number {
  let crc = sum;
  for (let done = 0; done < width; done += 8) crc = (crc >>> 8) ^ CRC32C[crc & 0xff];
  return crc;
}

/** What a byte becomes when it is shifted out. */
const CRC32C = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0x82f6_3b78 & -(crc & 1));
  return crc;
});

/** To the guest address `addr`, whose access was checked. */
function fxsave({ space, state }: HelperContext, addr: number): number {
  saveFxImage(space.u8, state, space.u8, addr >>> 0);
  return 0;
}

/** From the guest address `addr`, whose access and MXCSR were checked. */
function fxrstor({ space, state }: HelperContext, addr: number): number {
  loadFxImage(space.u8, state, space.u8, addr >>> 0);
  return 0;
}

function x87Helper(operation: X87Operation): Helper {
  const unit = new X87();
  // Generated code gives addresses as signed numbers.
  return ({ space, state }, first, second) => operation(unit.attach(space.u8, space.data, state), first >>> 0, second);
}
