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
    this.#check(addr, sizeBytes, PAGE.READ, PROT_READ);
    return this.#space.u8.subarray(addr, addr + sizeBytes);
  }

  writable(addr: number, sizeBytes: number): Uint8Array {
    this.#check(addr, sizeBytes, PAGE.WRITE, PROT_WRITE);
    this.#space.noteStore(addr, sizeBytes);
    return this.#space.u8.subarray(addr, addr + sizeBytes);
  }

  prefix(addr: number, sizeBytes: number, isWriting: boolean): number {
    const [bits, wanted] = isWriting ? [PAGE.WRITE, PROT_WRITE] : [PAGE.READ, PROT_READ];
    if (this.#space.allows(addr, sizeBytes, bits)) return sizeBytes;
    let end = addr;
    while (end < addr + sizeBytes && end < HIGH && this.#map.populate(end, end + 1, wanted)) {
      end = end - (end % PAGE_SIZE) + PAGE_SIZE;
    }
    return Math.min(end - addr, sizeBytes);
  }

  cString(addr: number, maxBytes: number): ByteString {
    for (let end = addr; end < addr + maxBytes;) {
      const pageEnd = Math.min(end - (end % PAGE_SIZE) + PAGE_SIZE, addr + maxBytes);
      this.#check(end, pageEnd - end, PAGE.READ, PROT_READ);
      const nul = this.#space.u8.subarray(end, pageEnd).indexOf(0);
      if (nul >= 0) return byteStringFrom(this.#space.u8.subarray(addr, end + nul));
      end = pageEnd;
    }
    throw ENAMETOOLONG;
  }

  loadU32(addr: number): number {
    this.#check(addr, 4, PAGE.READ, PROT_READ);
    return this.#space.data.getUint32(addr, true);
  }

  loadI64(addr: number): bigint {
    this.#check(addr, 8, PAGE.READ, PROT_READ);
    return this.#space.data.getBigInt64(addr, true);
  }

  loadNumber(addr: number): number {
    this.#check(addr, 8, PAGE.READ, PROT_READ);
    return this.#space.data.getInt32(addr + 4, true) * HIGH + this.#space.data.getUint32(addr, true);
  }

  storeU32(addr: number, value: number): void {
    this.#check(addr, 4, PAGE.WRITE, PROT_WRITE);
    this.#space.noteStore(addr, 4);
    this.#space.data.setUint32(addr, value, true);
  }

  storeI64(addr: number, value: bigint): void {
    this.#check(addr, 8, PAGE.WRITE, PROT_WRITE);
    this.#space.noteStore(addr, 8);
    this.#space.data.setBigInt64(addr, value, true);
  }

  storeNumber(addr: number, value: number): void {
    this.#check(addr, 8, PAGE.WRITE, PROT_WRITE);
    this.#space.noteStore(addr, 8);
    this.#space.data.setUint32(addr, value >>> 0, true);
    this.#space.data.setInt32(addr + 4, Math.floor(value / HIGH), true);
  }

  /** @throws EFAULT, NotResident */
  #check(addr: number, sizeBytes: number, bits: number, wanted: number): void {
    if (this.#space.allows(addr, sizeBytes, bits)) return;
    if (!(addr >= 0 && addr + sizeBytes <= HIGH)) throw EFAULT;
    if (!this.#map.populate(addr, addr + sizeBytes, wanted)) throw EFAULT;
  }
}
