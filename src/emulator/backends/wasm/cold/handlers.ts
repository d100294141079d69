/**
 * The handlers of the micro-op interpreter: made from templates when first needed, in batches, once for all spaces of the
 * process. A space instantiates each module into its own table (interpreter.ts).
 */
import type { MicroStep } from '../../../ir/template.ts';
import type { Op } from '../../../ir/block.ts';
import { IntTable } from '../../../util/int-map.ts';
import { emitterOf } from '../emit/emit-table.ts';
import { ModuleWriter } from '../encoder/module-writer.ts';
import type { Handler } from './handler.ts';
import { HandlerFrame } from './handler-frame.ts';
import { importAll } from './handler-imports.ts';
import { layoutOf } from './handler-layout.ts';
import { SLOT } from './layout.ts';

/** Handlers compiled in an earlier run, without their module. */
export interface PreparedHandlers {
  /** In the order of their functions. */
  readonly keys: readonly number[];
  /** Keys of those that only the reference interpreter knows. */
  readonly slow: readonly number[];
}

/** Compiled handlers whose slots follow each other. */
export interface HandlerModule {
  readonly module: WebAssembly.Module;
  readonly firstSlot: number;
  readonly count: number;
  /** How often it was made of smaller ones. */
  readonly level: number;
  /** Empty when it came compiled. */
  readonly handlers: readonly Handler[];
}

/**
 * So many modules of a level become one. Each instance has a copy of the table in V8 before version 12: what handlers
 * cost a space must not grow with the square of their number where they come one by one.
 */
const FANOUT = 8;
/** That of what came compiled. */
const PREPARED_LEVEL = Infinity;

/** Exits that no handler makes: the reference interpreter executes the whole instruction. */
const SLOW_EXITS: ReadonlySet<string> = new Set(['raise', 'fetchFault']);

export class HandlerLibrary {
  /** By slots, without a gap. Modules at the end are replaced by one that is all of them. */
  readonly modules: HandlerModule[] = [];
  /** By template, direction and flags. */
  readonly #handlers = new IntTable<Handler>();
  /** Slots of handlers that were compiled in an earlier run, by key; SLOT.slow for what cannot be. */
  #prepared: ReadonlyMap<number, number> = new Map();
  #pending: Handler[] = [];
  #nextSlot: number = SLOT.firstHandler;
  bytesGenerated = 0;
  /** Changes when all is forgotten: slots mean something else from then on. */
  generation = 0;

  /** Handlers that wait for being compiled. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** Forgets all handlers, since templates were. Spaces keep what they have until they see the generation. */
  clear(): void {
    this.generation++;
    this.modules.length = 0;
    this.#handlers.clear();
    this.#prepared = new Map();
    this.#pending = [];
    this.#nextSlot = SLOT.firstHandler;
  }

  handlerOf(step: MicroStep): Handler {
    const isBack = goesBack(step);
    const { template, findsFlags, isFlagless } = step;
    const key = template.id * TEMPLATE_KEYS + ((isBack ? 2 : 0) + (isFlagless ? 1 : 0)) * FLAG_CODES + findsFlags;
    const known = this.#handlers.get(key);
    if (known !== undefined) return known;
    const handler = this.#make(step, isBack, key);
    this.#handlers.add(key, handler);
    return handler;
  }

  #make(step: MicroStep, isBack: boolean, key: number): Handler {
    const { template, findsFlags, isFlagless } = step;
    const prepared = this.#prepared.get(key);
    const isPrepared = prepared !== undefined;
    const ops = isPrepared ? [] : step.ops();
    // Written out: objects made by spreading had a hidden class each, and every look at one missed V8's caches.
    const handler: Handler = {
      key,
      ops,
      layout: layoutOf(template),
      isBack,
      findsFlags,
      isFlagless,
      slot: prepared ?? SLOT.slow,
      isPending: !isPrepared && this.#hasRoom() && canBeWritten(ops),
      sample: isPrepared ? PREPARED : '',
    };
    if (handler.isPending) this.#pending.push(handler);
    return handler;
  }

  #hasRoom(): boolean {
    return this.#nextSlot + this.#pending.length < MAX_SLOTS;
  }

  /** Compiles all that wait into one module, and gives them their slots. */
  compilePending(): void {
    const handlers = this.#pending;
    if (handlers.length === 0) return;
    this.#pending = [];
    for (const [i, handler] of handlers.entries()) {
      handler.slot = this.#nextSlot + i;
      handler.isPending = false;
    }
    this.#addModule(this.#compile(handlers, this.#nextSlot, 0));
    while (this.#mergeLast());
  }

  #compile(handlers: readonly Handler[], firstSlot: number, level: number): HandlerModule {
    const bytes = moduleOf(handlers);
    this.bytesGenerated += bytes.length;
    return { module: new WebAssembly.Module(bytes), firstSlot, count: handlers.length, level, handlers };
  }

  #addModule(module: HandlerModule): void {
    this.modules.push(module);
    this.#nextSlot = module.firstSlot + module.count;
  }

  /** @returns whether the last modules were of one level, and became one of the next */
  #mergeLast(): boolean {
    const last = this.modules.slice(-FANOUT);
    const [{ level, firstSlot }] = last;
    if (last.length < FANOUT || last.some((one) => one.level !== level)) return false;
    this.modules.splice(-FANOUT);
    this.#addModule(
      this.#compile(
        last.flatMap(({ handlers }) => handlers),
        firstSlot,
        level + 1,
      ),
    );
    return true;
  }

  /**
   * Sample micro-ops of the handlers that were made here, for the list of those to prepare. Those of x87 are none of them:
   * with the list's module all of their routines would have to be there.
   */
  samples(): string[] {
    return this.#handlers.values
      .filter(({ ops }) => ops.every(({ name }) => name !== 'x87'))
      .map(({ sample }) => sample)
      .filter((sample) => sample !== '' && sample !== PREPARED);
  }

  /** All handlers as one module, for `load` in later runs. */
  save(): { readonly handlers: PreparedHandlers; readonly bytes: Uint8Array<ArrayBuffer> } {
    const compiled: Handler[] = [];
    const slow: number[] = [];
    for (const handler of this.#handlers.values) {
      if (canBeWritten(handler.ops)) compiled.push(handler);
      else slow.push(handler.key);
    }
    return { handlers: { keys: compiled.map(({ key }) => key), slow }, bytes: moduleOf(compiled) };
  }

  /**
   * Takes over what an earlier run saved; what was made here already stays as it is.
   * @param firstTemplate number that the first template of that run has here (there it was 1)
   */
  load({ keys, slow }: PreparedHandlers, module: WebAssembly.Module, firstTemplate: number): void {
    const shift = (firstTemplate - 1) * TEMPLATE_KEYS;
    // Template 0 is the continuation, which every run has.
    const here = (key: number): number => (key < TEMPLATE_KEYS ? key : key + shift);
    const slots = new Map<number, number>();
    for (const [i, key] of keys.entries()) slots.set(here(key), this.#nextSlot + i);
    for (const key of slow) slots.set(here(key), SLOT.slow);
    this.#prepared = slots;
    this.#addModule({ module, firstSlot: this.#nextSlot, count: keys.length, level: PREPARED_LEVEL, handlers: [] });
  }
}

function moduleOf(handlers: readonly Handler[]): Uint8Array<ArrayBuffer> {
  const writer = new ModuleWriter();
  const imports = importAll(writer, handlers);
  const indices = handlers.map((handler) => {
    const index = writer.declare(imports.handlerType);
    writer.define(index, new HandlerFrame(handler, imports).write());
    return index;
  });
  writer.fillTable(imports.firstSlot, indices);
  return writer.bytes();
}

/** Micro-ops have 16 bits for a slot. What comes later stays slow. */
const MAX_SLOTS = 0x1_0000;
/** In the place of a sample: the handler is on the list already. */
const PREPARED = '-';
/** More than flagsCode gives. */
const FLAG_CODES = 0x1000;
/** Keys of one template: with both directions, and flags dead or not. */
const TEMPLATE_KEYS = 4 * FLAG_CODES;

/** Whether the step ends in a jump or branch to itself or back. */
function goesBack(step: MicroStep): boolean {
  const { exit, fields } = step.template;
  if (exit !== 'jump' && exit !== 'branch') return false;
  const target = fields.find(({ part }) => part === 'target');
  return target !== undefined && step.numberOf(target) <= step.exitRip;
}

/** Whether every op has an emitter, and the exit is more than a way to the reference interpreter. */
function canBeWritten(ops: readonly Op[]): boolean {
  return ops.every(({ name }) => emitterOf(name) !== undefined && !SLOW_EXITS.has(name));
}

let shared: HandlerLibrary | null = null;

/** Templates belong to all spaces (x86/micro-block.ts), so do handlers. */
export function sharedLibrary(): HandlerLibrary {
  return (shared ??= new HandlerLibrary());
}
