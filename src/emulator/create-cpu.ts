/** Composes a core: decoder and lifter on one side, executors on the other. */
import { MicroTier, type MicroTierOptions } from './backends/wasm/cold/micro-tier.ts';
import { ReferenceTier } from './backends/reference.ts';
import type { Cpu, CpuPorts, CpuState } from './cpu.ts';
import { chooseEngine, type Engine, type EngineName } from './engine.ts';
import type { Executor, ExecutorServices } from './executor.ts';
import type { Exit, Fault } from './exit.ts';
import type { Block } from './ir/block.ts';
import type { AddressSpace } from './memory/address-space.ts';
import { CodePages } from './memory/code-pages.ts';
import { GUEST_LIMIT } from './memory/address-space.ts';
import { PAGE, PAGE_SIZE } from './memory/page-permissions.ts';
import { CpuCounters, type CpuStatistics } from './statistics.ts';
import { boundTemplates, loadPreparedHandlers } from './translate/prepare-handlers.ts';
import { StateSlots } from './thread-state.ts';
import type { CodeBudget } from './translate/code-budget.ts';
import type { CodeStore } from './translate/code-store.ts';
import { ColdExecutor } from './translate/cold-executor.ts';
import { createTranslator } from './translate/create-translator.ts';
import type { TranslationOptions } from './translate/translating-executor.ts';
import { assert } from './util/assert.ts';
import { type CpuLevel, cpuid, DEFAULT_CPU_LEVEL } from './x86/cpuid.ts';
import { buildDecodeTable, type DecodeTable } from './x86/decode/decode-table.ts';
import { type CodeSource, Decoder } from './x86/decode/decoder.ts';
import { describeMissing } from './x86/decode/describe-missing.ts';
import { formatInstruction } from './x86/disassemble.ts';
import { usesStackSegment } from './x86/fault-vector.ts';
import { INSTRUCTIONS } from './x86/instructions/index.ts';
import { liftBlock } from './x86/lift-block.ts';
import { microBlock } from './x86/micro-block.ts';

export interface CpuOptions {
  readonly engine: Engine;
  readonly ports: CpuPorts;
  /** What CPUID advertises; DEFAULT_CPU_LEVEL when absent. */
  readonly level?: CpuLevel;
  readonly translation?: TranslationOptions;
  /** What runs cold code: micro-ops, which need WebAssembly, with engine wasm. */
  readonly coldTier?: 'reference' | 'micro-ops';
  /** Shared by the cores of a machine; absent: this core's own. */
  readonly counters?: CpuCounters;
  /** Compiled code shared by the cores of a machine, all of one level; absent: this core keeps its own. */
  readonly codeStore?: CodeStore;
  /** Room for code, shared by the cores of a machine; absent: this core has it alone. */
  readonly codeBudget?: CodeBudget;
}

/** A core for `space`. Cost: some milliseconds the first time, when the decode table is built. */
export function createCpu(space: AddressSpace, options: CpuOptions): Cpu {
  return new Core(space, options);
}

// One table for all cores; made when the first is.
let decodeTable: DecodeTable | null = null;

class Core implements Cpu {
  readonly space: AddressSpace;
  readonly engine: EngineName;
  readonly #table: DecodeTable;
  readonly #source: CodeSource;
  readonly #decoder: Decoder;
  readonly #executor: Executor;
  readonly #slots: StateSlots;
  readonly #counters: CpuCounters;

  constructor(space: AddressSpace, options: CpuOptions) {
    const { engine, ports, level = DEFAULT_CPU_LEVEL, counters = new CpuCounters() } = options;
    this.space = space;
    this.engine = engineFor(engine);
    this.#counters = counters;
    decodeTable ??= buildDecodeTable(INSTRUCTIONS);
    this.#table = decodeTable;
    this.#source = codeSource(space);
    this.#decoder = new Decoder(this.#table, this.#source);
    this.#slots = new StateSlots(space);
    const codePages = new CodePages(space);
    const services: ExecutorServices = {
      space,
      codePages,
      counters,
      codeStore: options.codeStore,
      codeBudget: options.codeBudget,
      ports: {
        timestamp: () => ports.timestamp(),
        entropy: (dst) => ports.entropy(dst),
        cpuid: (leaf, subleaf) => cpuid(level, leaf, subleaf),
      },
      lift: (rip, maxInstructions) => {
        counters.blocksDecoded++;
        return this.#lift(codePages, rip, maxInstructions);
      },
      microBlock: (rip, maxInstructions) => {
        loadPreparedHandlers();
        boundTemplates();
        // Asked before each run of such a block, which the reference tier keeps.
        if (isVolatile(codePages, rip)) return null;
        const block = microBlock(this.#decoder, rip, maxInstructions);
        if (block === null || isVolatile(codePages, rip + block.sizeBytes - 1)) return null;
        counters.blocksDecoded++;
        return block;
      },
      nowMs: () => ports.nowMs?.() ?? 0,
      usesStackSegment: (rip, access) => {
        const result = this.#decoder.decode(rip);
        return result.kind === 'instruction' && usesStackSegment(result.decoded, access);
      },
      describeUndefined: (rip) => this.#describeUndefined(rip),
    };
    this.#executor = createExecutor(services, this.engine, options);
  }

  #lift(codePages: CodePages, rip: number, maxInstructions: number): Block {
    if (!isVolatile(codePages, rip)) {
      const block = liftBlock(this.#decoder, rip, maxInstructions);
      if (!isVolatile(codePages, rip + Math.max(block.sizeBytes, 1) - 1)) return block;
    }
    const block = liftBlock(this.#decoder, rip, maxInstructions, true);
    return { ...block, volatileBytes: this.space.u8.slice(rip, rip + block.sizeBytes) };
  }

  createState(): CpuState {
    return this.#slots.create();
  }

  run(state: CpuState, fuel: number): Exit {
    const caller = this.#counters.tier;
    const exit = this.#executor.run(state.addr, fuel);
    this.#counters.enter(caller);
    this.#counters.retired += this.#executor.retired;
    return exit;
  }

  get lastRetired(): number {
    return this.#executor.retired;
  }

  interrupt(): void {
    this.#executor.interrupt();
  }

  disassemble(addr: number): { text: string; sizeBytes: number } {
    const result = this.#decoder.decode(addr);
    if (result.kind === 'instruction') {
      return { text: formatInstruction(result.decoded), sizeBytes: result.decoded.length };
    }
    if (result.kind === 'fetch-fault') return { text: '', sizeBytes: 0 };
    const { mnemonic, length } = describeMissing(this.#bytesAt(addr), this.#table);
    return mnemonic === '' ? { text: '(bad)', sizeBytes: 1 } : { text: `(${mnemonic})`, sizeBytes: length };
  }

  get statistics(): CpuStatistics {
    return this.#counters.snapshot();
  }

  dispose(): void {
    this.#executor.dispose();
  }

  #describeUndefined(rip: number): Pick<Fault, 'bytes' | 'mnemonic' | 'missingFeature'> {
    const bytes = this.#bytesAt(rip);
    const result = this.#decoder.decode(rip);
    if (result.kind === 'instruction') {
      const { length } = result.decoded;
      return { bytes: bytes.subarray(0, length), mnemonic: formatInstruction(result.decoded), missingFeature: '' };
    }
    if (result.kind === 'undefined' && result.mnemonic !== '')
      return { bytes: bytes.subarray(0, result.length), mnemonic: result.mnemonic, missingFeature: '' };
    const { length, mnemonic, feature } = describeMissing(bytes, this.#table);
    return { bytes: mnemonic === '' ? bytes : bytes.subarray(0, length), mnemonic, missingFeature: feature };
  }

  /** As many bytes as an instruction may have, or as can be fetched. */
  #bytesAt(addr: number): Uint8Array {
    const bytes: number[] = [];
    while (bytes.length < 15 && this.#source.isExecutable(addr + bytes.length))
      bytes.push(this.space.u8[addr + bytes.length]);
    return Uint8Array.from(bytes);
  }
}

/** Whether the code at that address must check itself (memory/code-pages.ts). */
function isVolatile(codePages: CodePages, at: number): boolean {
  return codePages.isVolatile(Math.floor(at / PAGE_SIZE));
}

function engineFor(engine: Engine): EngineName {
  if (engine === 'reference') return engine;
  const { used } = chooseEngine(engine);
  assert(
    engine === 'auto' || used === engine,
    `cpu: engine '${engine}' is forbidden by this page's policy, or not there`,
  );
  return used;
}

function createExecutor(
  services: ExecutorServices,
  engine: EngineName,
  { translation, coldTier = engine === 'wasm' ? 'micro-ops' : 'reference' }: CpuOptions,
): Executor {
  const reference = new ReferenceTier(services);
  const cold = coldTier === 'micro-ops' ? new MicroTier(services, reference, microOptions(translation)) : reference;
  if (engine === 'reference') return new ColdExecutor(services, cold);
  return createTranslator(engine, services, cold, translation);
}

function microOptions({ warmUp, sizeLimit = Infinity }: TranslationOptions = {}): MicroTierOptions {
  return { isEager: warmUp === 0, limitBytes: sizeLimit };
}

function codeSource(space: AddressSpace): CodeSource {
  return {
    get u8() {
      return space.u8;
    },
    isExecutable: (addr) => addr < GUEST_LIMIT && (space.permissionsAt(addr) & PAGE.EXEC) !== 0,
  };
}
