/**
 * An ELF namespace's address space: one WebAssembly.Memory whose offsets are guest addresses.
 *
 *   0          1 MiB                  2 MiB                                      4 GiB
 *   | machine  | permission bytes     | guest mappings, grown on demand          |
 *     thread states                     (never mapped below 2 MiB)
 *
 * Every use of the bytes goes through the view holders `u8`, `i32` and `data`, which `grow` replaces; nobody keeps
 * them across a call that may map memory.
 */
import { assert } from '../util/assert.ts';
import { PAGE, PAGE_SHIFT, PAGE_SIZE, type Protection } from './page-permissions.ts';

/** Lowest address a guest mapping may have. */
export const GUEST_BASE = 0x20_0000;
/** Offset of the permission byte of page 0; page p has its byte at PERMISSIONS_BASE + p. */
export const PERMISSIONS_BASE = 0x10_0000;
/** One past the highest guest address: 4 GiB. */
export const GUEST_LIMIT = 0x1_0000_0000;
/** Jump caches and micro-ops of the cold tier lie here, between stack and libraries; nothing of the guest is ever mapped there. */
export const MICRO_CODE_BASE = 0x1000_0000;
export const MICRO_CODE_END = 0x1200_0000;

/**
 * A space may have a window: addresses from here on are second names of those from 0 on, up to 12 GiB. It is for runtimes
 * that take no heap below 8 GiB (GHC's: rts/posix/OSMem.c, osReserveHeapMemory).
 */
export const WINDOW_BASE = 0x2_0000_0000;
export const WINDOW_END = WINDOW_BASE + GUEST_LIMIT;
/** Offset of an i64 in the machine area: the bits of an address that must be clear. Every executor tests by it. */
export const FAR_BITS = 0x800;

const WASM_PAGE = 0x1_0000;

/** Told which guest bytes changed behind the back of translated code. Addresses are page aligned outwards by the callee. */
export type CodeInvalidator = (addr: number, sizeBytes: number) => void;

export class AddressSpace {
  readonly memory: WebAssembly.Memory;
  u8!: Uint8Array<ArrayBuffer>;
  i32!: Int32Array<ArrayBuffer>;
  data!: DataView<ArrayBuffer>;
  /** Called for more room for thread states: bytes that no guest access reaches. @returns their address, if there is any */
  onStatesFull: (sizeBytes: number) => number | undefined = () => undefined;
  #invalidator: CodeInvalidator = () => {};

  /** @throws RangeError when the host has no room for another memory. */
  constructor(memory?: WebAssembly.Memory) {
    this.memory = memory ?? new WebAssembly.Memory({ initial: GUEST_BASE / WASM_PAGE, maximum: 0x1_0000 });
    this.#refreshViews();
    this.setWindow(false);
  }

  get hasWindow(): boolean {
    return this.i32[FAR_BITS / 4 + 1] !== -1;
  }

  setWindow(isOpen: boolean): void {
    this.i32[FAR_BITS / 4] = 0;
    this.i32[FAR_BITS / 4 + 1] = isOpen ? ~(WINDOW_BASE / GUEST_LIMIT) : -1;
  }

  /** The offset in memory that an address of the guest means; those outside stay what they are. */
  fold(addr: number): number {
    return addr >= WINDOW_BASE && addr < WINDOW_END && this.hasWindow ? addr - WINDOW_BASE : addr;
  }

  /** Bytes of memory that exist; guest addresses at or above have no permission bits set. */
  get sizeBytes(): number {
    return this.u8.length;
  }

  /** The translator registers here to hear of code that the kernel changed (copies, unmapping, protection). */
  onCodeChange(invalidator: CodeInvalidator): void {
    this.#invalidator = invalidator;
  }

  /** Makes [0, endAddr) exist. @throws RangeError when the host refuses to grow the memory. */
  ensureSize(endAddr: number): void {
    const missing = endAddr - this.sizeBytes;
    if (missing <= 0) return;
    this.memory.grow(Math.ceil(missing / WASM_PAGE));
    this.#refreshViews();
  }

  /**
   * Sets the protection of whole pages; PROT_NONE (0) makes them inaccessible and keeps their bytes.
   * Executable pages that were translated are forgotten, so unmapping and mprotect need no other call.
   * @throws RangeError when the memory must grow and the host refuses.
   */
  protect(addr: number, sizeBytes: number, protection: Protection): void {
    assert(addr % PAGE_SIZE === 0 && addr >= GUEST_BASE, `address space: protect at ${addr.toString(16)}`);
    const end = addr + Math.ceil(sizeBytes / PAGE_SIZE) * PAGE_SIZE;
    assert(end <= GUEST_LIMIT, `address space: protect up to ${end.toString(16)}`);
    if (protection !== 0) this.ensureSize(end);
    this.noteStore(addr, end - addr);
    const first = PERMISSIONS_BASE + (addr >>> PAGE_SHIFT);
    this.u8.fill(permissionByte(protection), first, PERMISSIONS_BASE + end / PAGE_SIZE);
  }

  /** The permission byte of the page that holds `addr` (PAGE bits); 0 where nothing is mapped. */
  permissionsAt(addr: number): number {
    return addr >= 0 && addr < GUEST_LIMIT ? (this.u8[PERMISSIONS_BASE + Math.floor(addr / PAGE_SIZE)] ?? 0) : 0;
  }

  /** Whether every byte of [addr, addr + sizeBytes) has all of `bits` (PAGE.READ, WRITE, EXEC). Cost: one byte per page. */
  allows(addr: number, sizeBytes: number, bits: number): boolean {
    if (sizeBytes === 0) return true;
    if (!(addr >= GUEST_BASE && addr + sizeBytes <= GUEST_LIMIT)) return false;
    const last = PERMISSIONS_BASE + Math.floor((addr + sizeBytes - 1) / PAGE_SIZE);
    for (let at = PERMISSIONS_BASE + Math.floor(addr / PAGE_SIZE); at <= last; at++) {
      if (((this.u8[at] ?? 0) & bits) !== bits) return false;
    }
    return true;
  }

  /** To be called before the kernel itself changes guest bytes: drops translations made from them. Cheap without code. */
  noteStore(addr: number, sizeBytes: number): void {
    if (sizeBytes === 0) return;
    const last = PERMISSIONS_BASE + Math.floor((addr + sizeBytes - 1) / PAGE_SIZE);
    for (let at = PERMISSIONS_BASE + Math.floor(addr / PAGE_SIZE); at <= last; at++) {
      if (((this.u8[at] ?? 0) & PAGE.HAS_CODE) !== 0) {
        this.#invalidator(addr, sizeBytes);
        return;
      }
    }
  }

  #refreshViews(): void {
    const { buffer } = this.memory;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.data = new DataView(buffer);
  }
}

// The x86 page table has no write-only and no execute-only pages: any access right implies reading (Intel SDM 3A 5.6).
function permissionByte(protection: Protection): number {
  if (protection === 0) return 0;
  let bits: number = PAGE.READ | PAGE.FAST_READ;
  if ((protection & 2) !== 0) bits |= PAGE.WRITE | PAGE.FAST_WRITE;
  if ((protection & 4) !== 0) bits |= PAGE.EXEC;
  return bits;
}
