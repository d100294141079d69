/**
 * The handlers of the micro-op interpreter: made from templates when first needed, in batches, once for all spaces of the
 * process. A space instantiates each module into its own table (interpreter.ts).
 */
import type { Template } from '../../../ir/template.ts';
import { emitterOf } from '../emit/emit-table.ts';
import { ModuleWriter } from '../encoder/module-writer.ts';
import { HandlerFrame } from './handler-frame.ts';
import { importAll } from './handler-imports.ts';
import { type HandlerLayout, layoutOf } from './handler-layout.ts';
import { SLOT } from './layout.ts';

export interface Handler {
  readonly template: Template;
  readonly layout: HandlerLayout;
  /** Whether its branch goes back, so that fuel is tested on the way. */
  readonly isBack: boolean;
  /** Place in the table; SLOT.slow until it is compiled, and for good where only the reference interpreter knows how. */
  slot: number;
}

export interface HandlerModule {
  readonly module: WebAssembly.Module;
  readonly firstSlot: number;
  readonly count: number;
}

/** Exits that no handler makes: the reference interpreter executes the whole instruction. */
const SLOW_EXITS: ReadonlySet<string> = new Set(['raise', 'repeatString', 'fetchFault']);

export class HandlerLibrary {
  readonly modules: HandlerModule[] = [];
  /** By template and direction: 2 × id + isBack. */
  readonly #handlers: (Handler | undefined)[] = [];
  #pending: Handler[] = [];
  #nextSlot: number = SLOT.firstHandler;
  bytesGenerated = 0;

  /** Handlers that wait for being compiled. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  handlerOf(template: Template, isBack: boolean): Handler {
    const index = 2 * template.id + (isBack ? 1 : 0);
    return (this.#handlers[index] ??= this.#make(template, isBack));
  }

  #make(template: Template, isBack: boolean): Handler {
    const handler: Handler = { template, layout: layoutOf(template), isBack, slot: SLOT.slow };
    if (canBeWritten(template)) this.#pending.push(handler);
    return handler;
  }

  /** Compiles all that wait into one module, and gives them their slots. */
  compilePending(): void {
    const handlers = this.#pending;
    if (handlers.length === 0) return;
    this.#pending = [];
    const writer = new ModuleWriter();
    const imports = importAll(writer);
    const indices = handlers.map(({ template, layout, isBack }) => {
      const index = writer.declare(imports.handlerType);
      writer.define(index, new HandlerFrame(template, layout, imports, isBack).write());
      return index;
    });
    writer.fillTable(imports.firstSlot, indices);
    const bytes = writer.bytes();
    this.bytesGenerated += bytes.length;
    const firstSlot = this.#nextSlot;
    this.modules.push({ module: new WebAssembly.Module(bytes), firstSlot, count: handlers.length });
    for (const handler of handlers) handler.slot = this.#nextSlot++;
  }
}

/** Whether every op of the template has an emitter, and its exit is more than a way to the reference interpreter. */
function canBeWritten({ ops }: Template): boolean {
  return ops.every(({ name }) => emitterOf(name) !== undefined && !SLOW_EXITS.has(name));
}

let shared: HandlerLibrary | null = null;

/** Templates belong to all spaces (x86/micro-block.ts), so do handlers. */
export function sharedLibrary(): HandlerLibrary {
  return (shared ??= new HandlerLibrary());
}
