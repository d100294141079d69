// The part of the WebAssembly JavaScript interface that the emulator uses; the `lib` of this layer has no DOM types.
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBuffer;
    /** @returns the former size in 64 KiB pages; throws RangeError when the host refuses. */
    grow(pages: number): number;
  }

  /** @throws CompileError when the bytes are not valid here, RangeError or an Error when the host has no room. */
  class Module {
    constructor(bytes: Uint8Array);
    /** The contents of the custom sections of that name. */
    static customSections(module: Module, name: string): ArrayBuffer[];
  }

  class Instance {
    constructor(module: Module, imports?: Readonly<Record<string, Readonly<Record<string, ImportValue>>>>);
    readonly exports: Readonly<Record<string, ExportValue>>;
  }

  /** A table of functions; free slots hold null. */
  class Table {
    constructor(descriptor: { element: 'anyfunc'; initial: number; maximum?: number });
    readonly length: number;
    get(index: number): ExportedFunction | null;
    set(index: number, value: ExportedFunction | null): void;
    /** @returns the former length. */
    grow(count: number): number;
  }

  class Global {
    constructor(descriptor: { value: 'i32' | 'i64' | 'f64'; mutable?: boolean }, value?: number);
    value: number;
  }

  /** i32 and floats only: an i64 would cross as a BigInt. */
  type ExportedFunction = (...values: number[]) => number;
  type ExportValue = ExportedFunction | Memory | Table | Global;
  type ImportValue = ExportValue | number;

  /** Whether the bytes are a module that this host can compile. */
  function validate(bytes: Uint8Array): boolean;
}
