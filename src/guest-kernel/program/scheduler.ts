/**
 * Which thread runs next. Every ready thread has a virtual time that grows with the processor time it used, scaled by
 * its nice value; the one furthest behind runs (the idea of Linux' CFS, kernel/sched/fair.c). A thread that slept joins
 * at the present, so a prompt answers at once beside endless loops, and nobody can save up time.
 */
import type { ClockPort } from '../ports.ts';
import { LoadAverage } from './load-average.ts';
import { TimerHeap } from './timer-heap.ts';

/** What a slice left: to be queued again (of its own will: behind others), asleep on its own account, or over. */
export type SliceOutcome = 'ready' | 'yielded' | 'waiting' | 'over';

export interface Schedulable {
  /** -20 to 19. */
  readonly nice: number;
  /** Session: what is started together shares one share of the processor (Linux kernel/sched/autogroup.c). */
  readonly group: number;
  /** Above 0: runs before all of lower priority (sched(7)); what others lend it counts (program/lock-priority.ts). */
  readonly effectivePriority: number;
  /** Does not make room for others of its priority when its slice is over (SCHED_FIFO). */
  readonly keepsTurn: boolean;
  /** SCHED_IDLE. */
  readonly isIdlePolicy: boolean;
  virtualNs: number;
  cpuNs: number;
  /** Turns it got after somebody else's. */
  switches: number;
  /** Turns it ended by falling asleep, and turns that others got although it could have run on (getrusage(2)). */
  sleeps: number;
  preemptions: number;
  /** Its cpuNs has grown by the slice that is over. */
  accounted?(): void;
  /** Runs for about `sliceNs`. */
  runSlice(sliceNs: number): SliceOutcome;
}

const SLICE_NS = 2_000_000; // half of the host's 4 ms turn: two busy threads share each turn
const WAKE_CREDIT_NS = 1_000_000; // a woken thread goes before those that ran through its sleep
/**
 * How far a woken thread must be behind to take the processor from the one that woke it: who slept long does, those who
 * wake each other all the time go on in turns of this length (Linux: sched_wakeup_granularity_ns, check_preempt_wakeup).
 */
const WAKE_GRANULARITY_NS = 500_000;

/** Real-time threads may take this much of each second (Linux sched_rt_runtime_us): nobody shuts the prompt out. */
const REALTIME_NS = 950_000_000;
const REALTIME_PERIOD_NS = 1_000_000_000;
/** Weight of SCHED_IDLE is 3, of nice 0 it is 1024 (Linux kernel/sched/sched.h). */
const IDLE_FACTOR = 1024 / 3;

export class Scheduler {
  readonly timers = new TimerHeap();
  readonly load = new LoadAverage();
  /** Turns that threads had. */
  switches = 0;
  readonly #clock: ClockPort;
  readonly #ready: Schedulable[] = [];
  /** Ready threads of a group. */
  readonly #groupSizes = new Map<number, number>();
  /** Who had the last turn, and whether it wanted the next one too. */
  #last: Schedulable | undefined;
  #couldRunOn = false;
  #virtualNs = 0;
  #running: Schedulable | undefined;
  /** A thread that goes before the running one became ready. */
  #isPreempted = false;
  #realtimeUsedNs = 0;
  #realtimePeriodEndNs = 0;
  #sliceStartNs: number | undefined;
  #idleNs = 0;
  #idleSinceNs: number | undefined;
  /** Called when the first thread becomes ready. */
  onRunnable: () => void = () => {};

  constructor(clock: ClockPort) {
    this.#clock = clock;
  }

  /** Time in which nothing was ready, ns. */
  get idleNs(): number {
    return this.#idleNs + (this.#idleSinceNs === undefined ? 0 : this.#clock.monotonicNs() - this.#idleSinceNs);
  }

  get isIdle(): boolean {
    return this.#idleSinceNs !== undefined;
  }

  /** How long the slice under way has lasted, ns; not yet in its thread's cpuNs. */
  get currentSliceNs(): number {
    return this.#sliceStartNs === undefined ? 0 : this.#clock.monotonicNs() - this.#sliceStartNs;
  }

  /** The same for who knows the time. */
  sliceNsAt(nowNs: number): number {
    return this.#sliceStartNs === undefined ? 0 : nowNs - this.#sliceStartNs;
  }

  /** Threads that could run, without the one that does. */
  get readyCount(): number {
    return this.#ready.length;
  }

  /** A thread that was waiting, or is new, may run. */
  enqueue(task: Schedulable): void {
    task.virtualNs = Math.max(task.virtualNs, this.#joinsAt(task));
    this.#add(task, false);
    if (this.#ready.length === 1) this.onRunnable();
    if (this.#running !== undefined && !this.#isPreempted) this.#isPreempted = this.#goesBefore(task, this.#running);
  }

  /** Virtual time behind which nobody begins, however long it slept. */
  #joinsAt(task: Schedulable): number {
    const presentNs = this.#virtualNs - WAKE_CREDIT_NS;
    const isFirst = task.group !== this.#running?.group && !this.#groupSizes.has(task.group);
    if (!isFirst || this.#ready.length === 0) return presentNs;
    // The first of its group goes before the crowd of another: a command answers beside a fork bomb.
    return Math.min(presentNs, this.#leastVirtualNs() - 1);
  }

  /** Whether a thread that was woken runs before the slice of the running one is over. */
  #goesBefore(task: Schedulable, running: Schedulable): boolean {
    if (task.effectivePriority !== running.effectivePriority) return task.effectivePriority > running.effectivePriority;
    if (running.effectivePriority > 0) return false;
    const behindNs = running.virtualNs + this.#virtualCost(running, this.currentSliceNs) - task.virtualNs;
    return behindNs > WAKE_GRANULARITY_NS;
  }

  /** @param ns of the processor, which `task` used */
  #virtualCost(task: Schedulable, ns: number): number {
    const weight = task.isIdlePolicy ? IDLE_FACTOR : 1.25 ** task.nice; // Linux: each step of nice is a factor of 1.25
    // A thread among many of its group pays for all of them, so that the group as a whole gets no more than another.
    return ns * weight * (1 + (this.#groupSizes.get(task.group) ?? 0));
  }

  /** What somebody is lent has changed: the running thread may have to make room. */
  prioritiesChanged(): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#isPreempted ||= this.#ready.some((task) => task.effectivePriority > running.effectivePriority);
  }

  /** Asked by a running thread after a system call: somebody waits who goes before it. */
  mustYield(task: Schedulable): boolean {
    return this.#isPreempted && task === this.#running;
  }

  /** Runs threads until `untilNs`. @returns whether some are still ready. */
  run(untilNs: number): boolean {
    let nowNs = this.#clock.monotonicNs();
    this.#endIdle(nowNs);
    do {
      if (nowNs >= this.load.dueNs) this.load.advance(nowNs, this.#ready.length);
      this.timers.fireDue(nowNs);
      const task = this.#takeNext(nowNs);
      if (task === undefined) {
        this.#idleSinceNs = nowNs;
        return false;
      }
      nowNs = this.#runTask(task, nowNs, Math.max(Math.min(SLICE_NS, untilNs - nowNs), SLICE_NS / 8));
    } while (nowNs < untilNs);
    return this.#ready.length > 0;
  }

  #runTask(task: Schedulable, startNs: number, sliceNs: number): number {
    if (task !== this.#last) {
      task.switches++;
      this.switches++;
      if (this.#couldRunOn && this.#last !== undefined) this.#last.preemptions++;
    }
    this.#last = task;
    this.#sliceStartNs = startNs;
    this.#running = task;
    this.#isPreempted = false;
    const outcome = task.runSlice(sliceNs);
    this.#running = undefined;
    this.#sliceStartNs = undefined;
    const nowNs = this.#clock.monotonicNs();
    task.cpuNs += nowNs - startNs;
    task.accounted?.();
    task.virtualNs += this.#virtualCost(task, nowNs - startNs);
    if (task.effectivePriority > 0) this.#realtimeUsedNs += nowNs - startNs;
    if (outcome === 'yielded') task.virtualNs = Math.max(task.virtualNs, this.#leastVirtualNs() + 1);
    this.#couldRunOn = outcome === 'ready' || outcome === 'yielded';
    if (this.#couldRunOn) this.#add(task, outcome === 'ready' && task.keepsTurn);
    else task.sleeps++;
    return nowNs;
  }

  #add(task: Schedulable, isFirst: boolean): void {
    if (isFirst) this.#ready.unshift(task);
    else this.#ready.push(task);
    this.#groupSizes.set(task.group, (this.#groupSizes.get(task.group) ?? 0) + 1);
  }

  #leastVirtualNs(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { virtualNs } of this.#ready) least = Math.min(least, virtualNs);
    return Number.isFinite(least) ? least : 0;
  }

  /** Whether real-time threads have used up their part of this second, and others wait. */
  #isRealtimeThrottled(nowNs: number): boolean {
    if (nowNs >= this.#realtimePeriodEndNs) {
      this.#realtimePeriodEndNs = nowNs + REALTIME_PERIOD_NS;
      this.#realtimeUsedNs = 0;
    }
    return this.#realtimeUsedNs >= REALTIME_NS && this.#ready.some(({ effectivePriority }) => effectivePriority === 0);
  }

  /** Index of the thread to run: the first of the highest priority, or the one furthest behind. */
  #best(nowNs: number): number {
    let best = -1;
    const isThrottled = this.#isRealtimeThrottled(nowNs);
    for (const [i, task] of this.#ready.entries()) {
      const priority = task.effectivePriority;
      if (isThrottled && priority > 0) continue;
      const other = this.#ready[best];
      const isFirst =
        other === undefined ||
        priority > other.effectivePriority ||
        (priority === 0 && other.effectivePriority === 0 && task.virtualNs < other.virtualNs);
      if (isFirst) best = i;
    }
    return best;
  }

  #takeNext(nowNs: number): Schedulable | undefined {
    if (this.#ready.length === 0) return undefined;
    const best = this.#best(nowNs);
    const task = this.#ready[best];
    if (task === undefined) return undefined;
    this.#ready.splice(best, 1);
    const size = this.#groupSizes.get(task.group) ?? 0;
    if (size > 1) this.#groupSizes.set(task.group, size - 1);
    else this.#groupSizes.delete(task.group);
    if (task.effectivePriority === 0) this.#virtualNs = Math.max(this.#virtualNs, task.virtualNs);
    return task;
  }

  #endIdle(nowNs: number): void {
    if (this.#idleSinceNs === undefined) return;
    this.load.advance(nowNs, 0);
    this.#idleNs += nowNs - this.#idleSinceNs;
    this.#idleSinceNs = undefined;
  }
}
