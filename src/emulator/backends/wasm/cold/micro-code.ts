/**
 * The blocks of micro-ops of one space: written into the machine's area of its memory, found by address, forgotten by
 * page. Memory is given out upwards and taken back all at once when the area is full; a block that is forgotten only
 * gets a first micro-op that leaves, since links may still lead to it.
 */
import type { ExecutorServices } from '../../../executor.ts';
import { STATE_VARIABLES } from '../../../ir/state-layout.ts';
import type { MicroBlock, MicroStep } from '../../../ir/template.ts';
import { MICRO_CODE_END } from '../../../memory/address-space.ts';
import { PAGE_SHIFT } from '../../../memory/page-permissions.ts';
import { IntMap } from '../../../util/int-map.ts';
import type { Handler } from './handler.ts';
import type { HandlerLibrary } from './handlers.ts';
import type { HandlerLayout } from './handler-layout.ts';
import { JumpCache, JUMPS_END, JUMPS_TO } from '../jump-cache.ts';
import { BLOCK, LAST, MICRO_OP, SLOT } from './layout.ts';
import type { MicroStore } from './micro-store.ts';

/** A micro-op whose handler is not compiled yet. */
interface Waiting {
  readonly handler: Handler;
  readonly addr: number;
}

const GUEST_END = 0x1_0000_0000;

export class MicroCode {
  readonly #services: ExecutorServices;
  readonly #library: HandlerLibrary;
  /** Addresses of blocks by guest address. */
  readonly #blocks = new IntMap();
  /** Where indirect jumps find blocks and passages. */
  readonly #jumps: JumpCache;
  /** Blocks that only lead to regions, by address; not in #blocks. */
  readonly #passages = new Map<number, number>();
  /** Page → addresses of blocks with code bytes in it. */
  readonly #byPage = new Map<number, number[]>();
  readonly #stopListening: () => void;
  #waiting: Waiting[] = [];
  #next = JUMPS_END;
  readonly #end: number;
  /** Changes whenever a block is forgotten. */
  generation = 0;

  /** @param limitBytes of blocks, after which all are forgotten. */
  constructor(services: ExecutorServices, library: HandlerLibrary, limitBytes: number) {
    this.#services = services;
    this.#library = library;
    this.#end = Math.min(JUMPS_END + limitBytes, MICRO_CODE_END);
    services.space.ensureSize(MICRO_CODE_END);
    this.#jumps = new JumpCache(services.space, JUMPS_TO.microOps);
    this.#stopListening = services.codePages.onDrop((page) => this.#dropPage(page));
  }

  dispose(): void {
    this.#stopListening();
    this.#jumps.clear();
    this.#erase();
  }

  /** The tier looks behind a block's last micro-op: what stood there before must not look like one. */
  #erase(): void {
    this.#services.space.u8.fill(0, JUMPS_END, this.#next);
    this.#next = JUMPS_END;
  }

  /** Address of the block at `rip`, 0 when there is none. */
  find(rip: number): number {
    return this.#blocks.get(rip);
  }

  /** Executions of the block at `rip`, those of former countdowns of `countdown` included; 0 when there is none. */
  executions(rip: number, countdown: number): number {
    const addr = this.#blocks.get(rip);
    if (addr === 0) return 0;
    const { i32 } = this.#services.space;
    return i32[(addr + BLOCK.turns) >> 2] * countdown + (countdown - i32[(addr + BLOCK.countdown) >> 2]);
  }

  /** The block at `rip` was executed `countdown` times, and counts anew. */
  countAnew(rip: number, countdown: number): void {
    const addr = this.#blocks.get(rip);
    if (addr === 0) return;
    const { i32 } = this.#services.space;
    i32[(addr + BLOCK.turns) >> 2]++;
    // One more, so that a block that nobody wants to compile is executed.
    i32[(addr + BLOCK.countdown) >> 2] = countdown + 1;
  }

  /** Writes a block. @param countdown executions until the dispatcher is asked; 0: never. @returns its address. */
  add(block: MicroBlock, countdown: number): number {
    const { steps } = block;
    const handlers: Handler[] = [];
    let sizeBytes: number = BLOCK.code;
    // Plain loops: a program's start writes some ten thousand blocks, mostly before the host has optimised this.
    for (let i = 0; i < steps.length; i++) {
      const handler = this.#library.handlerOf(steps[i]);
      handlers.push(handler);
      sizeBytes += handler.layout.sizeBytes;
    }
    const addr = this.#allocate(sizeBytes);
    const { i32 } = this.#services.space;
    const waitingBefore = this.#waiting.length;
    i32[(addr + BLOCK.rip) >> 2] = block.rip;
    i32[(addr + BLOCK.cost) >> 2] = block.instructionCount;
    i32[(addr + BLOCK.countdown) >> 2] = countdown;
    i32[(addr + BLOCK.turns) >> 2] = 0;
    let at = addr + BLOCK.code;
    let left = block.instructionCount;
    for (let i = 0; i < steps.length; i++) {
      this.#write(steps[i], handlers[i], at, left);
      if (i + 1 === steps.length) this.#services.space.u8[at + MICRO_OP.words] |= LAST;
      at += handlers[i].layout.sizeBytes;
      left -= steps[i].instructionCount;
    }
    this.#register(block, addr);
    if (this.#waiting.length === waitingBefore) this.#share(block, addr, sizeBytes);
    const last = steps.length - 1;
    this.#linkToKnown(
      steps[last],
      handlers[last].layout,
      at - handlers[last].layout.sizeBytes,
      block.rip + block.sizeBytes,
    );
    return addr;
  }

  /** Ways from the last micro-op to blocks that are there already: without this each would come out once to be linked. */
  #linkToKnown(step: MicroStep, { targetLink, nextLink }: HandlerLayout, at: number, end: number): void {
    const { i32 } = this.#services.space;
    if (targetLink !== 0) {
      const field = step.template.fields.find(({ part }) => part === 'target');
      const target = field === undefined ? end : step.numberOf(field);
      if (target >= 0 && target < GUEST_END) i32[(at + targetLink) >> 2] = this.find(target);
    }
    if (nextLink !== 0) i32[(at + nextLink) >> 2] = this.find(end);
  }

  get #store(): MicroStore | undefined {
    return this.#services.codeStore?.microOps.of(this.#library.generation);
  }

  #allocate(sizeBytes: number): number {
    if (this.#next + sizeBytes > this.#end) this.flush();
    const addr = this.#next;
    this.#next += (sizeBytes + 15) & ~15;
    return addr;
  }

  /** For other spaces: the block as it was written. One with handlers that are not compiled yet would stay slow there. */
  #share({ rip, sizeBytes: codeBytes }: MicroBlock, addr: number, sizeBytes: number): void {
    this.#store?.put(this.#services.space, rip, codeBytes, addr, sizeBytes >> 2);
  }

  /** Takes over a block that another space decoded from the same bytes. @returns its address, 0 when there is none */
  copy(rip: number, countdown: number): number {
    const { codePages, space } = this.#services;
    const known = codePages.isVolatile(rip >>> PAGE_SHIFT) ? null : this.#store?.find(rip);
    if (known === undefined || known === null || !codePages.isIntact(known.code)) return 0;
    const { bytes } = known.code;
    if (codePages.isVolatile((rip + bytes.length - 1) >>> PAGE_SHIFT)) return 0;
    const addr = this.#allocate(known.words.length * 4);
    space.i32.set(known.words, addr >> 2);
    space.i32[(addr + BLOCK.countdown) >> 2] = countdown;
    space.i32[(addr + BLOCK.turns) >> 2] = 0;
    this.#register({ rip, sizeBytes: bytes.length }, addr);
    return addr;
  }

  #register({ rip, sizeBytes }: Pick<MicroBlock, 'rip' | 'sizeBytes'>, addr: number): void {
    this.#blocks.set(rip, addr);
    this.#services.codePages.add(rip, sizeBytes);
    for (let page = rip >>> PAGE_SHIFT; page <= (rip + sizeBytes - 1) >>> PAGE_SHIFT; page++) {
      const list = this.#byPage.get(page);
      if (list === undefined) this.#byPage.set(page, [addr]);
      else list.push(addr);
    }
  }

  #write(step: MicroStep, handler: Handler, at: number, left: number): void {
    const { i32 } = this.#services.space;
    const { layout } = handler;
    if (handler.sample === '') handler.sample = sampleOf(step, this.#services.space.u8);
    const isFit = writeFields(this.#services.space, step, layout, at);
    const slot = isFit ? handler.slot : SLOT.slow;
    if (isFit && handler.isPending) this.#waiting.push({ handler, addr: at });
    i32[(at + MICRO_OP.slot) >> 2] = slot | (left << 16) | ((layout.sizeBytes >> 2) << 24);
    i32[(at + MICRO_OP.rip) >> 2] = step.rip;
  }

  /** To be called when handlers were compiled: the micro-ops that waited get their slots. */
  connectWaiting(): void {
    const { u8 } = this.#services.space;
    const still: Waiting[] = [];
    for (const waiting of this.#waiting) {
      const { handler, addr } = waiting;
      if (handler.isPending) still.push(waiting);
      else if (u8[addr] === SLOT.slow && u8[addr + 1] === 0) {
        u8[addr] = handler.slot & 0xff;
        u8[addr + 1] = handler.slot >> 8;
      }
    }
    this.#waiting = still;
  }

  /** A block without code at `rip`, which is compiled: links lead through it to the region. */
  passage(rip: number): number {
    const known = this.#passages.get(rip);
    if (known !== undefined) return known;
    const addr = this.#allocate(BLOCK.code + MICRO_OP.fields);
    this.#passages.set(rip, addr);
    const { i32 } = this.#services.space;
    i32.set([rip, 0, 0, 0, SLOT.gone | ((LAST | (MICRO_OP.fields >> 2)) << 24), rip], addr >> 2);
    return addr;
  }

  /** The next entry of the block goes on at a region, or comes out at the dispatcher. */
  forget(rip: number): void {
    const addr = this.#blocks.get(rip);
    if (addr !== 0) this.#forget(rip, addr);
  }

  #forget(rip: number, addr: number): void {
    const { u8 } = this.#services.space;
    this.#blocks.delete(rip);
    this.generation++;
    u8[addr + BLOCK.code] = SLOT.gone;
    u8[addr + BLOCK.code + 1] = 0;
    this.#jumps.forget(rip);
  }

  #dropPage(page: number): void {
    const list = this.#byPage.get(page);
    if (list === undefined) return;
    this.#byPage.delete(page);
    const { i32 } = this.#services.space;
    for (const addr of list) {
      const rip = i32[(addr + BLOCK.rip) >> 2] >>> 0;
      if (this.#blocks.get(rip) === addr) this.#forget(rip, addr);
    }
  }

  /** Indirect jumps to `rip` find the block from now on. */
  cacheJump(rip: number, addr: number): void {
    this.#jumps.remember(rip, addr);
  }

  /** Forgets all blocks. No block may be running. */
  flush(): void {
    this.#blocks.clear();
    this.#byPage.clear();
    this.#passages.clear();
    this.#waiting = [];
    this.#erase();
    this.generation++;
    this.#jumps.clear();
    this.#services.counters.flushes++;
  }
}

/** The step as a line of the list that translate/prepare-handlers.ts reads. */
function sampleOf({ rip, sizes, findsFlags, isFlagless }: MicroStep, u8: Uint8Array): string {
  let at = rip;
  const parts = sizes.map((size) => hexBytes(u8.subarray(at, (at += size))));
  if (parts.length === 0) return '';
  return `${parts.join(' + ')}${findsFlags === 0 ? '' : ` f${findsFlags}`}${isFlagless ? ' d' : ''}`;
}

function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** @returns false when a number does not fit its field: then only the reference interpreter executes the instruction. */
function writeFields(
  { u8, i32 }: ExecutorServices['space'],
  step: MicroStep,
  { places, targetLink, nextLink }: HandlerLayout,
  at: number,
): boolean {
  let isFit = true;
  for (let i = 0; i < places.length; i++) {
    const { field, offset } = places[i];
    const value = step.numberOf(field);
    switch (field.format) {
      case 'variable': {
        const where = STATE_VARIABLES[value].offset;
        u8[at + offset] = where;
        u8[at + offset + 1] = where >> 8;
        break;
      }
      case 'u8':
        u8[at + offset] = value;
        break;
      case 'u16':
        u8[at + offset] = value;
        u8[at + offset + 1] = value >> 8;
        break;
      case 'u32':
        isFit &&= value >= 0 && value < GUEST_END;
        i32[(at + offset) >> 2] = value;
        break;
      case 'i32':
        i32[(at + offset) >> 2] = value;
        break;
      case 'i64':
        i32[(at + offset) >> 2] = value;
        i32[(at + offset + 4) >> 2] =
          field.part === 'immediate' ? step.highOf(field) : Math.floor(value / 0x1_0000_0000);
    }
  }
  if (targetLink !== 0) i32[(at + targetLink) >> 2] = 0;
  if (nextLink !== 0) i32[(at + nextLink) >> 2] = 0;
  return isFit;
}
