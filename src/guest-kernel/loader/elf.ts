/**
 * Reading ELF files: the header with all of OSv's checks and texts (core/elf.cc: load_elf_header, load_program_headers),
 * the program headers, and what the dynamic section tells (libraries, versions, whether there is a `main`).
 * Pure: everything comes from an ElfSource.
 */
import { type ByteString, byteStringFrom } from '../../emulator/util/bytes.ts';
import {
  DF_1_PIE,
  DT_FLAGS_1,
  DT_GNU_HASH,
  DT_HASH,
  DT_NEEDED,
  DT_SONAME,
  DT_STRSZ,
  DT_STRTAB,
  DT_SYMTAB,
  DT_VERNEED,
  DT_VERNEEDNUM,
  EHDR_BYTES,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFOSABI_LINUX,
  ELFOSABI_NONE,
  EM_X86_64,
  ET_DYN,
  ET_EXEC,
  PHDR_BYTES,
  PT_DYNAMIC,
  PT_INTERP,
  PT_LOAD,
  SYM_BYTES,
} from '../abi/elf.ts';

/** Bytes of a file; a read past the end comes back short. */
export interface ElfSource {
  readonly sizeBytes: number;
  read(offset: number, sizeBytes: number): Uint8Array;
}

export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly vaddr: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly align: number;
}

/** The file cannot be loaded; `message` is OSv's text (facts 1.3). */
export class ElfError extends Error {
  override readonly name = 'ElfError';
}

export interface ElfImage {
  readonly type: 'executable' | 'shared-object';
  /** ET_EXEC: addresses are absolute. */
  readonly isFixed: boolean;
  readonly entry: number;
  readonly programHeaderOffset: number;
  readonly segments: readonly Segment[];
  readonly interpreter: ByteString | undefined;
  readonly dynamic: DynamicSection | undefined;
}

export interface VersionNeed {
  readonly library: ByteString;
  readonly version: ByteString;
}

export interface DynamicSection {
  readonly needed: readonly ByteString[];
  readonly soname: ByteString | undefined;
  readonly versions: readonly VersionNeed[];
  readonly hasMain: boolean;
  readonly isPie: boolean;
}

/** Bounds for what a hostile file may claim. */
const MAX_HEADERS = 128;
const MAX_PATH = 4096;
const MAX_ENTRIES = 65_536;

/** Parses and checks a file. @throws ElfError */
export function parseElf(source: ElfSource): ElfImage {
  const header = view(source.read(0, EHDR_BYTES));
  checkIdent(source, header);
  const elfType = header.getUint16(16, true);
  if (elfType !== ET_EXEC && elfType !== ET_DYN) {
    throw new ElfError('bad executable type (only shared-object or PIE supported)');
  }
  if (header.getUint16(18, true) !== EM_X86_64) throw new ElfError('bad elf machine');
  const programHeaderOffset = number64(header, 32);
  const segments = readSegments(source, header, programHeaderOffset);
  const interpreter = readInterpreter(source, segments);
  const dynamic = readDynamic(source, segments);
  const isFixed = elfType === ET_EXEC;
  const entry = number64(header, 24);
  const isExecutable = isFixed || interpreter !== undefined || isSelfContained(dynamic, entry);
  const type = isExecutable ? 'executable' : 'shared-object';
  return { type, isFixed, entry, programHeaderOffset, segments, interpreter, dynamic };
}

// A static PIE says so; a dynamic linker is a shared object without libraries and without main that has an entry.
function isSelfContained(dynamic: DynamicSection | undefined, entry: number): boolean {
  if (dynamic === undefined || dynamic.isPie) return true;
  return entry !== 0 && !dynamic.hasMain && dynamic.needed.length === 0;
}

function checkIdent(source: ElfSource, header: DataView): void {
  if (header.byteLength < 16 || header.getUint32(0) !== 0x7f45_4c46) throw new ElfError('bad elf header');
  if (header.getUint8(4) !== ELFCLASS64) throw new ElfError('bad elf class');
  if (header.getUint8(5) !== ELFDATA2LSB) throw new ElfError('bad elf endianness');
  if (header.getUint8(6) !== 1) throw new ElfError('bad elf version');
  const abi = header.getUint8(7);
  if (abi !== ELFOSABI_NONE && abi !== ELFOSABI_LINUX) throw new ElfError('bad os abi');
  if (source.sizeBytes < EHDR_BYTES || header.byteLength < EHDR_BYTES) throw new ElfError('bad elf header');
}

function readSegments(source: ElfSource, header: DataView, offset: number): Segment[] {
  const count = header.getUint16(56, true);
  if (header.getUint16(54, true) !== PHDR_BYTES || count === 0 || count > MAX_HEADERS) {
    throw new ElfError('bad elf program headers');
  }
  const table = view(source.read(offset, count * PHDR_BYTES));
  if (table.byteLength < count * PHDR_BYTES) throw truncated();
  const segments = Array.from({ length: count }, (_, i) => readSegment(table, i * PHDR_BYTES));
  for (const segment of segments) if (segment.type === PT_LOAD) checkLoad(source, segment);
  if (!segments.some((segment) => segment.type === PT_LOAD)) throw new ElfError('bad elf: nothing to load');
  return segments;
}

function readSegment(table: DataView, at: number): Segment {
  return {
    type: table.getUint32(at, true),
    flags: table.getUint32(at + 4, true),
    offset: number64(table, at + 8),
    vaddr: number64(table, at + 16),
    fileBytes: number64(table, at + 32),
    memoryBytes: number64(table, at + 40),
    align: number64(table, at + 48),
  };
}

function checkLoad(source: ElfSource, segment: Segment): void {
  if (segment.offset + segment.fileBytes > source.sizeBytes) throw truncated();
  if (segment.fileBytes > segment.memoryBytes) throw new ElfError('bad elf: segment larger in the file than in memory');
  if (segment.vaddr % 4096 !== segment.offset % 4096) throw new ElfError('bad elf: segment not aligned to pages');
  if (segment.vaddr + segment.memoryBytes > 0x1_0000_0000) {
    throw new ElfError('bad elf: segment beyond the 4 GiB of this machine');
  }
}

function readInterpreter(source: ElfSource, segments: readonly Segment[]): ByteString | undefined {
  const segment = segments.find((each) => each.type === PT_INTERP);
  if (segment === undefined) return undefined;
  if (segment.fileBytes > MAX_PATH) throw new ElfError('bad elf interpreter');
  const text = byteStringFrom(source.read(segment.offset, segment.fileBytes));
  if (text.length < segment.fileBytes) throw truncated();
  const nul = text.indexOf('\0');
  if (nul < 1) throw new ElfError('bad elf interpreter');
  return text.slice(0, nul);
}

function readDynamic(source: ElfSource, segments: readonly Segment[]): DynamicSection | undefined {
  const segment = segments.find((each) => each.type === PT_DYNAMIC);
  if (segment === undefined) return undefined;
  const table = new DynamicTable(source, segments, segment);
  const offsets = table.all(DT_NEEDED);
  const soname = table.get(DT_SONAME);
  return {
    needed: offsets.map((offset) => table.string(offset)),
    soname: soname === undefined ? undefined : table.string(soname),
    versions: table.versions(),
    hasMain: table.definesSymbol('main'),
    isPie: ((table.get(DT_FLAGS_1) ?? 0) & DF_1_PIE) !== 0,
  };
}

/** The dynamic section, whose pointers are addresses that the segments translate to file offsets. */
class DynamicTable {
  readonly #source: ElfSource;
  readonly #loads: readonly Segment[];
  readonly #entries: readonly (readonly [tag: number, value: number])[];
  readonly #strings: Uint8Array;

  constructor(source: ElfSource, segments: readonly Segment[], segment: Segment) {
    this.#source = source;
    this.#loads = segments.filter((each) => each.type === PT_LOAD);
    const size = Math.min(segment.fileBytes, MAX_ENTRIES);
    const bytes = view(source.read(segment.offset, size));
    const entries: [number, number][] = [];
    for (let at = 0; at + 16 <= bytes.byteLength; at += 16) {
      const tag = number64(bytes, at);
      if (tag === 0) break;
      entries.push([tag, number64(bytes, at + 8)]);
    }
    this.#entries = entries;
    this.#strings = this.#at(this.get(DT_STRTAB), Math.min(this.get(DT_STRSZ) ?? 0, source.sizeBytes));
  }

  get(tag: number): number | undefined {
    return this.#entries.find(([each]) => each === tag)?.[1];
  }

  all(tag: number): number[] {
    return this.#entries.filter(([each]) => each === tag).map(([, value]) => value);
  }

  string(offset: number): ByteString {
    const end = this.#strings.indexOf(0, offset);
    return byteStringFrom(this.#strings.subarray(offset, end < 0 ? this.#strings.length : end));
  }

  /** Elf64_Verneed and its Vernaux chains. */
  versions(): VersionNeed[] {
    const count = Math.min(this.get(DT_VERNEEDNUM) ?? 0, MAX_ENTRIES);
    const versions: VersionNeed[] = [];
    let at = this.get(DT_VERNEED) ?? 0;
    for (let i = 0; i < count; i++) {
      const need = view(this.#at(at, 16));
      if (need.byteLength < 16) break;
      const library = this.string(need.getUint32(4, true));
      let auxAt = at + need.getUint32(8, true);
      for (let j = need.getUint16(2, true); j > 0; j--) {
        const aux = view(this.#at(auxAt, 16));
        if (aux.byteLength < 16) break;
        versions.push({ library, version: this.string(aux.getUint32(8, true)) });
        auxAt += aux.getUint32(12, true);
      }
      at += need.getUint32(12, true);
    }
    return versions;
  }

  /** Whether the object exports `name`: a defined symbol of the dynamic table. */
  definesSymbol(name: ByteString): boolean {
    const symbols = view(this.#at(this.get(DT_SYMTAB), this.#symbolCount() * SYM_BYTES));
    for (let at = SYM_BYTES; at + SYM_BYTES <= symbols.byteLength; at += SYM_BYTES) {
      if (symbols.getUint16(at + 6, true) !== 0 && this.string(symbols.getUint32(at, true)) === name) return true;
    }
    return false;
  }

  // The count stands in the SysV hash table, or behind the last chain of the GNU one.
  #symbolCount(): number {
    const sysv = this.get(DT_HASH);
    if (sysv !== undefined) {
      const header = view(this.#at(sysv, 8));
      return header.byteLength < 8 ? 0 : Math.min(header.getUint32(4, true), MAX_ENTRIES);
    }
    const gnu = this.get(DT_GNU_HASH);
    if (gnu === undefined) return 0;
    const header = view(this.#at(gnu, 16));
    if (header.byteLength < 16) return 0;
    const bucketCount = Math.min(header.getUint32(0, true), MAX_ENTRIES);
    const firstHashed = header.getUint32(4, true);
    const bucketsAt = gnu + 16 + header.getUint32(8, true) * 8;
    const buckets = view(this.#at(bucketsAt, bucketCount * 4));
    let last = 0;
    for (let at = 0; at + 4 <= buckets.byteLength; at += 4) last = Math.max(last, buckets.getUint32(at, true));
    if (last < firstHashed) return firstHashed;
    const chainsAt = bucketsAt + bucketCount * 4;
    for (let symbol = last; symbol < MAX_ENTRIES; symbol++) {
      const hash = view(this.#at(chainsAt + (symbol - firstHashed) * 4, 4));
      if (hash.byteLength < 4 || (hash.getUint32(0, true) & 1) === 1) return symbol + 1;
    }
    return MAX_ENTRIES;
  }

  /** File bytes behind an address; empty where no segment has them. */
  #at(vaddr: number | undefined, sizeBytes: number): Uint8Array {
    if (vaddr === undefined || sizeBytes === 0) return new Uint8Array(0);
    const load = this.#loads.find((each) => vaddr >= each.vaddr && vaddr < each.vaddr + each.fileBytes);
    if (load === undefined) return new Uint8Array(0);
    const skipped = vaddr - load.vaddr;
    return this.#source.read(load.offset + skipped, Math.min(sizeBytes, load.fileBytes - skipped));
  }
}

function truncated(): ElfError {
  return new ElfError('bad elf: the file is truncated');
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A 64-bit field as a double; what lies beyond 2^53 fails the checks anyway. */
function number64(data: DataView, at: number): number {
  return data.getUint32(at + 4, true) * 0x1_0000_0000 + data.getUint32(at, true);
}
