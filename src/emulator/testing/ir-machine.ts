/** Runs IR that a test builds itself on the executors: no x86 in between. */
import { ReferenceTier } from '../backends/reference.ts';
import type { Executor, ExecutorServices } from '../executor.ts';
import type { Exit } from '../exit.ts';
import type { Block } from '../ir/block.ts';
import { IrBuilder } from '../ir/builder.ts';
import { statusFlags } from '../ir/lazy-flags.ts';
import { STATES_BASE, STATE_OFFSET } from '../ir/state-layout.ts';
import type { EngineName } from '../engine.ts';
import { AddressSpace, GUEST_BASE } from '../memory/address-space.ts';
import { CodePages } from '../memory/code-pages.ts';
import { CpuCounters } from '../statistics.ts';
import { ColdExecutor } from '../translate/cold-executor.ts';
import { createTranslator } from '../translate/create-translator.ts';
import type { TranslationOptions } from '../translate/translating-executor.ts';

export const DATA = GUEST_BASE + 0x10_0000;
export const CODE = GUEST_BASE;

export interface IrMachine {
  readonly space: AddressSpace;
  readonly executor: Executor;
  readonly counters: CpuCounters;
  readonly S: number;
}

/** @param blocks by address; what is missing ends the run by a system call. */
export function irMachine(
  blocks: ReadonlyMap<number, Block>,
  engine: EngineName,
  options: TranslationOptions = { warmUp: 0 },
): IrMachine {
  const space = new AddressSpace();
  space.protect(CODE, 0x1000, 5);
  space.protect(DATA, 0x4000, 3);
  const counters = new CpuCounters();
  const services: ExecutorServices = {
    space,
    codePages: new CodePages(space),
    ports: { timestamp: () => 77, entropy: (dst) => void dst.fill(1), cpuid: () => [1, 2, 3, 4] },
    lift: (rip) => blocks.get(rip) ?? systemCallAt(rip),
    microBlock: () => null,
    counters,
    nowMs: () => 0,
    usesStackSegment: () => false,
    describeUndefined: () => ({ bytes: new Uint8Array(0), mnemonic: '', missingFeature: '' }),
  };
  const reference = new ReferenceTier(services);
  const executor =
    engine === 'reference'
      ? new ColdExecutor(services, reference)
      : createTranslator(engine, services, reference, options);
  return { space, executor, counters, S: STATES_BASE };
}

function systemCallAt(rip: number): Block {
  const b = new IrBuilder();
  b.instruction(rip, 1);
  b.syscall(rip + 1);
  return { rip, sizeBytes: 1, instructionCount: 1, ops: b.ops };
}

/** Copies `state` in, runs from `rip`, and gives the exit with the state and the data page afterwards. */
export function runIr(
  { space, executor, S }: IrMachine,
  state: Uint8Array,
  rip: number,
  fuel = 1_000_000,
): { exit: Exit; state: Uint8Array; data: Uint8Array; retired: number } {
  space.u8.set(state, S);
  space.data.setBigUint64(S + STATE_OFFSET.rip, BigInt(rip), true);
  const exit = executor.run(S, fuel);
  return {
    exit,
    state: space.u8.slice(S, S + STATE_OFFSET.scratch),
    data: space.u8.slice(DATA, DATA + 0x4000),
    retired: executor.retired,
  };
}

/** A state in a form that can be compared: lazy flags may be kept in different ways, what counts is what they mean. */
export function comparable(state: Uint8Array): { words: number[]; flags: number } {
  const words = [...new Int32Array(state.slice().buffer)];
  const at = STATE_OFFSET.flagsKind / 4;
  const [kind, , ...operands] = words.slice(at, at + 8);
  const [resultLow, resultHigh, firstLow, firstHigh, secondLow, secondHigh] = operands;
  const flags = statusFlags(kind, resultLow, resultHigh, firstLow, firstHigh, secondLow, secondHigh);
  return { words: [...words.slice(0, at), ...words.slice(at + 8)], flags };
}
