// The part of the WebAssembly JavaScript interface that the emulator uses; the `lib` of this layer has no DOM types.
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBuffer;
    /** @returns the former size in 64 KiB pages; throws RangeError when the host refuses. */
    grow(pages: number): number;
  }
  interface Module {}
  /** Compiles at once. @throws CompileError where the bytes are not valid or a policy forbids it. */
  const Module: new (bytes: Uint8Array) => Module;
}
