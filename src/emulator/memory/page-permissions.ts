/**
 * One byte per 4 KiB guest page, kept inside the guest's memory (see address-space.ts) so that translated code can
 * test it with one load.
 *
 *   bit  7          6      5      4      3 2   1            0
 *        HAS_CODE   EXEC   WRITE  READ   0 0   FAST_WRITE   FAST_READ
 *
 * Translated code tests the FAST bits only. They are set when the access needs nothing but the protection itself:
 * FAST_WRITE = WRITE and no translated code on the page; both FAST bits are clear while another namespace owns a
 * shared page. A clear FAST bit is not yet a fault: the slow path looks at READ, WRITE and EXEC (DESIGN decision 6).
 */
export const PAGE = {
  FAST_READ: 0x01,
  FAST_WRITE: 0x02,
  READ: 0x10,
  WRITE: 0x20,
  EXEC: 0x40,
  HAS_CODE: 0x80,
} as const;

export const PAGE_SIZE = 4096;
export const PAGE_SHIFT = 12;

/** Protection of a mapping as mmap(2) numbers it: PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4. */
export type Protection = number;
