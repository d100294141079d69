/**
 * An ELF namespace: an address space with its core, and what the programs inside share. It lives until its last
 * program has ended; then its memory goes back to the pool.
 */
import { AddressSpace, type Cpu, PERMISSIONS_BASE } from '../../emulator/index.ts';
import { assert } from '../../emulator/util/assert.ts';
import { EAGAIN, ENOMEM } from '../abi/errno.ts';
import { NotResident } from '../vfs/inode.ts';
import type { UserMemory } from '../vfs/open-file.ts';
import { MemoryMap } from '../mm/memory-map.ts';
import type { MemoryBudget } from '../mm/residence.ts';
import { SpaceMemory } from '../mm/space-memory.ts';
import { type FutexPlace, FutexTable } from './futex-table.ts';
import type { ResidentLauncher } from './resident-launcher.ts';
import type { Mapping, Namespace } from './thread.ts';
import { WaitQueue } from './wait-queue.ts';

/** Warm memories kept for the next program: a fresh one costs a millisecond per MB it touches (DESIGN decision 2). */
const WARM_SPACES = 8;

/** More memories at a time nobody gets: a fork bomb must not take the host along. Chromium itself ends at 125. */
const MAX_LIVE = 256;
/** Of these, for what a person starts: a kill command must still find room. */
const RESERVED = 16;

export type MakeCpu = (space: AddressSpace) => Cpu;

export class NamespacePool {
  readonly #warm: AddressSpace[] = [];
  readonly #makeCpu: MakeCpu;
  readonly #budget: MemoryBudget;
  readonly #live = new Set<GuestNamespace>();
  readonly #wakeLater: (queue: WaitQueue) => void;
  /** For tests: puts something before the memory of each namespace. */
  decorate: (memory: UserMemory) => UserMemory = (memory) => memory;
  #keptBytes = 0;
  #nextId = 1;
  #hasWaited = false;

  /** `wakeLater` wakes a queue after the host's event loop had a turn. */
  constructor(makeCpu: MakeCpu, memoryBytes: number, wakeLater: (queue: WaitQueue) => void) {
    this.#makeCpu = makeCpu;
    this.#wakeLater = wakeLater;
    this.#budget = { usedPages: 0, limitPages: Math.floor(memoryBytes / 4096) };
  }

  /** Memory that programs use now, bytes. */
  get usedBytes(): number {
    return this.#budget.usedPages * 4096;
  }

  /** What the kernel keeps for programs counts too; below 0: it is given back. @throws ENOMEM */
  charge(bytes: number): void {
    const pages = Math.ceil((this.#keptBytes + bytes) / 4096) - Math.ceil(this.#keptBytes / 4096);
    if (pages > 0 && this.#budget.usedPages + pages > this.#budget.limitPages) throw ENOMEM;
    this.account(bytes);
  }

  /** As `charge`, for those who have looked at what is free. */
  account(bytes: number): void {
    this.#budget.usedPages += Math.ceil((this.#keptBytes + bytes) / 4096) - Math.ceil(this.#keptBytes / 4096);
    this.#keptBytes += bytes;
  }

  get live(): ReadonlySet<GuestNamespace> {
    return this.#live;
  }

  /**
   * A fresh namespace. Where the host has no room for another memory, its collector gets a turn of the event loop to
   * find dropped ones.
   * @throws NotResident once, then EAGAIN
   */
  create(isForked = false): GuestNamespace {
    if (this.#live.size >= (isForked ? MAX_LIVE - RESERVED : MAX_LIVE)) throw EAGAIN;
    const space = this.#warm.pop() ?? this.#allocate();
    const namespace = new GuestNamespace(
      this.#nextId++,
      this.#makeCpu(space),
      new MemoryMap(space, this.#budget),
      this.decorate,
      () => {
        this.#live.delete(namespace);
        if (this.#warm.length < WARM_SPACES) this.#warm.push(space);
      },
    );
    this.#live.add(namespace);
    return namespace;
  }

  #allocate(): AddressSpace {
    try {
      const space = new AddressSpace();
      this.#hasWaited = false;
      return space;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (this.#hasWaited) {
        this.#hasWaited = false;
        throw EAGAIN;
      }
      this.#hasWaited = true;
      const later = new WaitQueue();
      this.#wakeLater(later);
      throw new NotResident(later);
    }
  }
}

export class GuestNamespace implements Namespace {
  readonly id: number;
  readonly cpu: Cpu;
  readonly map: MemoryMap;
  readonly memory: UserMemory;
  readonly futexes = new FutexTable();
  /** Set in namespaces that run shared objects. */
  launcher: ResidentLauncher | undefined;
  readonly #giveBack: () => void;
  #users = 0;
  #isReleased = false;

  constructor(
    id: number,
    cpu: Cpu,
    map: MemoryMap,
    decorate: (memory: UserMemory) => UserMemory,
    giveBack: () => void,
  ) {
    this.id = id;
    this.cpu = cpu;
    this.map = map;
    this.memory = decorate(new SpaceMemory(map));
    this.#giveBack = giveBack;
  }

  /** Where waiters of a futex word stand: with its file when it is shared memory, else with the namespace. */
  futexPlace(addr: number, isPrivate: boolean): FutexPlace {
    const shared = isPrivate ? undefined : this.map.sharedPlace(addr);
    return shared ?? { table: this.futexes, key: addr };
  }

  get residentBytes(): number {
    return this.map.residentBytes;
  }

  get peakResidentBytes(): number {
    return this.map.peakResidentBytes;
  }

  mappings(): readonly Mapping[] {
    return this.map.areas.all;
  }

  /** More than one program lives here: memory that one of them alone may not replace. */
  get isShared(): boolean {
    return this.launcher !== undefined || this.#users > 1;
  }

  /** One more program lives here. */
  retain(): void {
    this.#users++;
  }

  /** A program ended; the last one takes the memory with it. */
  release(): void {
    assert(this.#users > 0, `namespace ${this.id}: released twice`);
    this.#users--;
    if (this.#users === 0) this.dispose();
  }

  /** Unmaps everything and gives the memory back, once. */
  dispose(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    const { space } = this.map;
    // First, so that nobody asks page by page which code goes with the memory.
    this.cpu.dispose();
    space.onCodeChange(() => {});
    this.map.dispose();
    space.u8.fill(0, 0, PERMISSIONS_BASE);
    space.setWindow(false);
    this.#giveBack();
  }
}
