import type { Location } from '../vfs/location.ts';

/** mm_struct of Linux: addresses that /proc tells. */
export interface ProcessImage {
  readonly codeStart: number;
  readonly codeEnd: number;
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly stackStart: number;
  readonly argvStart: number;
  readonly argvEnd: number;
  readonly environmentStart: number;
  readonly environmentEnd: number;
  /** The file it was made from. */
  readonly executable?: Location;
  /** The auxiliary vector as it lies on the stack. */
  readonly auxv: Uint8Array;
}
