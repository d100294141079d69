/**
 * A core whose run is cut into chunks of a few thousand instructions, each of which leaves a record. By the fuel rule
 * (src/emulator/fuel.ts) chunks end at the same instruction on every engine, so two runs of one program leave the same
 * records until an engine errs.
 */
import type { AddressSpace, Cpu, CpuState, Exit } from '../../emulator/index.ts';
import { GUEST_BASE, PAGE, PAGE_SIZE } from '../../emulator/index.ts';
import { explainFrom } from './explain-code.ts';

/** What is looked at, and how closely. Chunks are counted over all cores of a machine. */
export interface RecordPlan {
  /** Fuel of a chunk. */
  readonly every: number;
  /** All writable memory is hashed after chunks that this tells. */
  readonly hashesMemory: (chunk: number) => boolean;
  /** The chunk that is the last of interest, and the fuel it gets. */
  readonly lastChunk: number;
  readonly lastFuel: number;
}

/** State after a chunk. */
export interface RunRecord {
  readonly chunk: number;
  /** Cores in the order in which they were made. */
  readonly core: number;
  readonly startRip: number;
  readonly rip: number;
  readonly exit: string;
  readonly retired: number;
  /** Hash of all architectural registers. */
  readonly registers: number;
  /** Hash of memory; 0 where it was not taken. */
  readonly memory: number;
}

/** A thread and its memory at one moment. */
export interface Snapshot {
  readonly registers: ReadonlyMap<string, string>;
  /** Writable pages by address. */
  readonly pages: ReadonlyMap<number, Int32Array>;
  /** The code at RIP, explained. */
  readonly code: readonly string[];
}

export class Recorder {
  readonly plan: RecordPlan;
  /** Taken out by the comparer. */
  records: RunRecord[] = [];
  chunk = 0;
  retired = 0;
  /** Taken after the plan's last chunk. */
  snapshot: Snapshot | null = null;
  #cores = 0;

  constructor(plan: RecordPlan) {
    this.plan = plan;
  }

  record(cpu: Cpu): Cpu {
    return new RecordedCpu(cpu, this.#cores++, this);
  }
}

class RecordedCpu implements Cpu {
  readonly #cpu: Cpu;
  readonly #core: number;
  readonly #recorder: Recorder;
  lastRetired = 0;

  constructor(cpu: Cpu, core: number, recorder: Recorder) {
    this.#cpu = cpu;
    this.#core = core;
    this.#recorder = recorder;
  }

  get space(): AddressSpace {
    return this.#cpu.space;
  }

  get engine(): Cpu['engine'] {
    return this.#cpu.engine;
  }

  get statistics(): Cpu['statistics'] {
    return this.#cpu.statistics;
  }

  createState(): CpuState {
    return this.#cpu.createState();
  }

  interrupt(): void {
    this.#cpu.interrupt();
  }

  disassemble(addr: number): ReturnType<Cpu['disassemble']> {
    return this.#cpu.disassemble(addr);
  }

  dispose(): void {
    this.#cpu.dispose();
  }

  run(state: CpuState, fuel: number): Exit {
    const recorder = this.#recorder;
    this.lastRetired = 0;
    for (;;) {
      const { every, lastChunk, lastFuel } = recorder.plan;
      const chunkFuel = Math.min(every, fuel - this.lastRetired);
      const exit = this.#runChunk(state, recorder.chunk === lastChunk ? Math.min(chunkFuel, lastFuel) : chunkFuel);
      recorder.chunk++;
      if (exit.kind !== 'budget' || this.lastRetired >= fuel) return exit;
    }
  }

  #runChunk(state: CpuState, fuel: number): Exit {
    const recorder = this.#recorder;
    const startRip = Number(state.rip);
    const exit = this.#cpu.run(state, fuel);
    const { lastRetired } = this.#cpu;
    this.lastRetired += lastRetired;
    recorder.retired += lastRetired;
    // What comes after the last chunk is of no interest.
    if (recorder.chunk > recorder.plan.lastChunk) return exit;
    if (recorder.chunk === recorder.plan.lastChunk) recorder.snapshot = snapshotOf(state, this.space);
    recorder.records.push({
      chunk: recorder.chunk,
      core: this.#core,
      startRip,
      rip: Number(state.rip),
      exit: describeExit(exit),
      retired: lastRetired,
      registers: hashOfRegisters(state),
      memory: recorder.plan.hashesMemory(recorder.chunk) ? hashOfMemory(this.space) : 0,
    });
    return exit;
  }
}

function describeExit(exit: Exit): string {
  if (exit.kind !== 'fault') return exit.kind;
  const { vector, rip, address, access } = exit.fault;
  return `fault ${vector} at ${rip.toString(16)} (${access} ${address.toString(16)})`;
}

/** Every register by name, as text. */
function registersOf(state: CpuState): ReadonlyMap<string, string> {
  const names = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
  const fxsave = new Uint8Array(512);
  state.saveFpu(fxsave);
  return new Map([
    ...names.map((name, i): [string, string] => [name, state.get64(i).toString(16)]),
    ['rip', state.rip.toString(16)],
    ['rflags', state.rflags.toString(16)],
    ['fs', state.fsBase.toString(16)],
    ['gs', state.gsBase.toString(16)],
    ['x87', Buffer.from(fxsave.subarray(0, 160)).toString('hex')],
    ...Array.from({ length: 16 }, (_, i): [string, string] => {
      return [`xmm${i}`, Buffer.from(fxsave.subarray(160 + 16 * i, 176 + 16 * i)).toString('hex')];
    }),
  ]);
}

const FNV_PRIME = 0x01000193;
const fpu = new Uint8Array(512);

function hashOfRegisters(state: CpuState): number {
  let hash = 0x811c9dc5 | 0;
  const add = (word: number): void => void (hash = Math.imul(hash ^ word, FNV_PRIME) ^ (hash >>> 15));
  for (let i = 0; i < 16; i++) {
    add(state.low(i));
    add(state.high(i));
  }
  add(Number(state.rflags));
  add(Number(BigInt.asIntN(32, state.fsBase)));
  add(Number(BigInt.asIntN(32, state.gsBase)));
  state.saveFpu(fpu);
  for (const byte of fpu.subarray(0, 416)) add(byte);
  return hash >>> 0;
}

function snapshotOf(state: CpuState, space: AddressSpace): Snapshot {
  const pages = new Map(
    writablePages(space).map((page) => [page, space.i32.slice(page >> 2, (page + PAGE_SIZE) >> 2)]),
  );
  return { registers: registersOf(state), pages, code: explainFrom(space, Number(state.rip)) };
}

/** Addresses of pages that can change. */
function writablePages(space: AddressSpace): number[] {
  const pages: number[] = [];
  for (let page = GUEST_BASE; page < space.sizeBytes; page += PAGE_SIZE) {
    if ((space.permissionsAt(page) & PAGE.WRITE) !== 0) pages.push(page);
  }
  return pages;
}

function hashOfMemory(space: AddressSpace): number {
  const { i32 } = space;
  let hash = 0x811c9dc5 | 0;
  for (const page of writablePages(space)) {
    hash = Math.imul(hash ^ page, FNV_PRIME);
    for (let i = page >> 2; i < (page + PAGE_SIZE) >> 2; i++) {
      hash = Math.imul(hash ^ (i32[i] ?? 0), FNV_PRIME) ^ (hash >>> 13);
    }
  }
  return hash >>> 0;
}
