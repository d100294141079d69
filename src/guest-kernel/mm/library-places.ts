/**
 * Where shared libraries lie: each has an address of its own, the same in every program, so that what was translated and
 * decoded of it is found again everywhere (DESIGN decision 3). It follows from the file's number in its filesystem, so it is
 * also the same in the next life of the machine, but where two libraries want the same place: then the first one has it.
 *
 *   MMAP_BASE        LIBRARIES_BASE                 LIBRARIES_END
 *   | ld.so, mmap …      | libraries by file number      | mmap goes on …
 */
import { MICRO_CODE_END } from '../../emulator/index.ts';

/** Programs that map little stay below. */
export const LIBRARIES_BASE = MICRO_CODE_END + 0x200_0000;
export const LIBRARIES_END = LIBRARIES_BASE + 0xc00_0000;
const SLOT_BYTES = 0x1_0000;
const SLOTS = (LIBRARIES_END - LIBRARIES_BASE) / SLOT_BYTES;
/** 2^32 divided by the golden ratio: files with neighbouring numbers get places far apart (Knuth, TAOCP 3, 6.4). */
const GOLDEN = 0x9e37_79b1;

export interface LibraryFile {
  readonly deviceNumber: number;
  readonly inodeNumber: number;
  readonly sizeBytes: number;
}

interface Place {
  readonly firstSlot: number;
  readonly slots: number;
}

/** One for a machine. What it gives is a wish: a memory where something else lies there puts the library elsewhere. */
export class LibraryPlaces {
  readonly #places = new Map<string, Place>();
  readonly #taken = new Uint8Array(SLOTS);

  /** @returns the file's own address; 0 when there is no room left */
  addressOf({ deviceNumber, inodeNumber, sizeBytes }: LibraryFile): number {
    const key = `${deviceNumber},${inodeNumber}`;
    const slots = Math.ceil(sizeBytes / SLOT_BYTES);
    const known = this.#places.get(key);
    if (known !== undefined && known.slots >= slots) return addressOf(known);
    // The number belongs to another file now.
    if (known !== undefined) {
      this.#places.delete(key);
      this.#mark(known, 0);
    }
    const firstSlot = this.#freeSlots(((Math.imul(inodeNumber, GOLDEN) >>> 0) / 2 ** 32) * SLOTS, slots);
    if (firstSlot === undefined) return 0;
    const place = { firstSlot, slots };
    this.#places.set(key, place);
    this.#mark(place, 1);
    return addressOf(place);
  }

  /** The first room at or behind the slot, then from the start. */
  #freeSlots(from: number, count: number): number | undefined {
    const first = Math.floor(from);
    for (let i = 0; i < SLOTS; i++) {
      const slot = (first + i) % SLOTS;
      if (slot + count <= SLOTS && !this.#taken.subarray(slot, slot + count).includes(1)) return slot;
    }
    return undefined;
  }

  #mark({ firstSlot, slots }: Place, value: 0 | 1): void {
    this.#taken.fill(value, firstSlot, firstSlot + slots);
  }
}

function addressOf({ firstSlot }: Place): number {
  return LIBRARIES_BASE + firstSlot * SLOT_BYTES;
}
