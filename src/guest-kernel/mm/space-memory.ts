/** Guest memory for system calls: bounds and rights are checked, absent pages brought in, then plain views are given. */
import { type AddressSpace, PAGE, PAGE_SIZE } from '../../emulator/index.ts';
import { type ByteString, byteStringFrom } from '../../emulator/util/bytes.ts';
import { EFAULT, ENAMETOOLONG } from '../abi/errno.ts';
import { PROT_READ, PROT_WRITE } from '../abi/mman.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import type { MemoryMap } from './memory-map.ts';

const HIGH = 0x1_0000_0000;

export class SpaceMemory implements UserMemory {
  readonly #space: AddressSpace;
  readonly #map: MemoryMap;

  constructor(map: MemoryMap) {
    this.#map = map;
    this.#space = map.space;
  }

  readable(addr: number, sizeBytes: number): Uint8Array {
    const at = this.#check(addr, sizeBytes, PAGE.READ, PROT_READ);
    return this.#space.u8.subarray(at, at + sizeBytes);
  }

  writable(addr: number, sizeBytes: number): Uint8Array {
    const at = this.#check(addr, sizeBytes, PAGE.WRITE, PROT_WRITE);
    this.#space.noteStore(at, sizeBytes);
    return this.#space.u8.subarray(at, at + sizeBytes);
  }

  prefix(address: number, sizeBytes: number, isWriting: boolean): number {
    const addr = this.#space.fold(address);
    const [bits, wanted] = isWriting ? [PAGE.WRITE, PROT_WRITE] : [PAGE.READ, PROT_READ];
    if (this.#space.allows(addr, sizeBytes, bits)) return sizeBytes;
    let end = addr;
    while (end < addr + sizeBytes && end < HIGH && this.#map.populate(end, end + 1, wanted)) {
      end = end - (end % PAGE_SIZE) + PAGE_SIZE;
    }
    return Math.min(end - addr, sizeBytes);
  }

  cString(address: number, maxBytes: number): ByteString {
    const addr = this.#space.fold(address);
    for (let end = addr; end < addr + maxBytes;) {
      const pageEnd = Math.min(end - (end % PAGE_SIZE) + PAGE_SIZE, addr + maxBytes);
      this.#check(end, pageEnd - end, PAGE.READ, PROT_READ);
      const nul = this.#space.u8.subarray(end, pageEnd).indexOf(0);
      if (nul >= 0) return byteStringFrom(this.#space.u8.subarray(addr, end + nul));
      end = pageEnd;
    }
    throw ENAMETOOLONG;
  }

  fold(addr: number): number {
    return this.#space.fold(addr);
  }

  loadU32(addr: number): number {
    return this.#space.data.getUint32(this.#check(addr, 4, PAGE.READ, PROT_READ), true);
  }

  loadI64(addr: number): bigint {
    return this.#space.data.getBigInt64(this.#check(addr, 8, PAGE.READ, PROT_READ), true);
  }

  loadNumber(addr: number): number {
    const at = this.#check(addr, 8, PAGE.READ, PROT_READ);
    return this.#space.data.getInt32(at + 4, true) * HIGH + this.#space.data.getUint32(at, true);
  }

  storeU32(addr: number, value: number): void {
    const at = this.#check(addr, 4, PAGE.WRITE, PROT_WRITE);
    this.#space.noteStore(at, 4);
    this.#space.data.setUint32(at, value, true);
  }

  storeI64(addr: number, value: bigint): void {
    const at = this.#check(addr, 8, PAGE.WRITE, PROT_WRITE);
    this.#space.noteStore(at, 8);
    this.#space.data.setBigInt64(at, value, true);
  }

  storeNumber(addr: number, value: number): void {
    const at = this.#check(addr, 8, PAGE.WRITE, PROT_WRITE);
    this.#space.noteStore(at, 8);
    this.#space.data.setUint32(at, value >>> 0, true);
    this.#space.data.setInt32(at + 4, Math.floor(value / HIGH), true);
  }

  /** @returns where the bytes lie. @throws EFAULT, NotResident */
  #check(addr: number, sizeBytes: number, bits: number, wanted: number): number {
    if (this.#space.allows(addr, sizeBytes, bits)) return addr;
    const at = this.#space.fold(addr);
    if (!(at >= 0 && at + sizeBytes <= HIGH)) throw EFAULT;
    if (!this.#map.populate(at, at + sizeBytes, wanted)) throw EFAULT;
    return at;
  }
}
