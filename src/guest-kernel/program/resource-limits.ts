/** The limits of a program (getrlimit(2)): soft ones act where their resource is handed out, hard ones bound them. */
import {
  RLIMIT_AS,
  RLIMIT_CORE,
  RLIMIT_MEMLOCK,
  RLIMIT_MSGQUEUE,
  RLIMIT_NICE,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
  RLIMIT_RTPRIO,
  RLIMIT_SIGPENDING,
  RLIMIT_STACK,
  RLIM_INFINITY,
} from '../abi/resource.ts';

/** 64 bits each; RLIM_INFINITY is -1. */
export type Limit = readonly [soft: bigint, hard: bigint];

const UNLIMITED: Limit = [RLIM_INFINITY, RLIM_INFINITY];
/** Those not named are infinite. */
const DEFAULTS: ReadonlyMap<number, Limit> = new Map<number, Limit>([
  [RLIMIT_STACK, [8n << 20n, RLIM_INFINITY]],
  [RLIMIT_CORE, [0n, RLIM_INFINITY]],
  [RLIMIT_NPROC, [4096n, 4096n]],
  [RLIMIT_NOFILE, [16_384n, 16_384n]], // facts 7
  [RLIMIT_AS, [1n << 32n, 1n << 32n]], // the 4 GiB of a namespace
  [RLIMIT_SIGPENDING, [4096n, 4096n]],
  [RLIMIT_MSGQUEUE, [819_200n, 819_200n]],
  [RLIMIT_MEMLOCK, [8n << 20n, 8n << 20n]],
  [RLIMIT_NICE, [0n, 0n]],
  [RLIMIT_RTPRIO, [0n, 0n]],
]);

export class ResourceLimits {
  readonly #limits: Map<number, Limit>;

  constructor(from?: ResourceLimits) {
    this.#limits = new Map(from === undefined ? DEFAULTS : from.#limits);
  }

  get(resource: number): Limit {
    return this.#limits.get(resource) ?? UNLIMITED;
  }

  set(resource: number, limit: Limit): void {
    this.#limits.set(resource, limit);
  }

  /** The soft limit as a number; Infinity where there is none. */
  soft(resource: number): number {
    const [soft] = this.get(resource);
    return soft === RLIM_INFINITY ? Number.POSITIVE_INFINITY : Number(BigInt.asUintN(64, soft));
  }

  hard(resource: number): number {
    const [, hard] = this.get(resource);
    return hard === RLIM_INFINITY ? Number.POSITIVE_INFINITY : Number(BigInt.asUintN(64, hard));
  }
}
