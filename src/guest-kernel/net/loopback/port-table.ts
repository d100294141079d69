/** The ports of one protocol and who holds them, in both families (net/host.ts). */
import { EADDRINUSE } from '../../abi/errno.ts';
import { ANY4, ANY6, type Endpoint, type Host, isMapped } from '../host.ts';

/** A socket as far as its port matters; the flags are read whenever another one asks for the same port. */
export interface PortHolder {
  readonly reuseAddress: boolean;
  readonly reusePort: boolean;
  readonly isListening: boolean;
  /** IPV6_V6ONLY: bound to ::, it hears nothing of IPv4. */
  readonly isV6Only: boolean;
}

interface Binding {
  readonly host: Host;
  readonly holder: PortHolder;
}

/** net.ipv4.ip_local_port_range of Linux. */
const EPHEMERAL_FIRST = 32_768;
const EPHEMERAL_LAST = 60_999;

export class PortTable<T extends PortHolder> {
  readonly #bindings = new Map<number, (Binding & { readonly holder: T })[]>();
  #nextEphemeral = EPHEMERAL_FIRST;

  /** Gives `holder` a port, a free one when `port` is 0. @returns the port. @throws EADDRINUSE */
  bind(holder: T, host: Host, port: number): number {
    const chosen = port === 0 ? this.#ephemeral() : port;
    const others = this.#bindings.get(chosen) ?? [];
    if (others.some((other) => conflicts({ host, holder }, other))) throw EADDRINUSE;
    this.#bindings.set(chosen, [...others, { host, holder }]);
    return chosen;
  }

  /** The socket got an address while it was bound to any (connect), or lost it again. */
  move(holder: T, host: Host, port: number): void {
    const bindings = (this.#bindings.get(port) ?? []).map((each) => (each.holder === holder ? { host, holder } : each));
    this.#bindings.set(port, bindings);
  }

  release(holder: T, port: number): void {
    const left = (this.#bindings.get(port) ?? []).filter((binding) => binding.holder !== holder);
    if (left.length > 0) this.#bindings.set(port, left);
    else this.#bindings.delete(port);
  }

  /**
   * Who gets what comes for `to`: the nearest binding; of those the highest rank; of those the one bound last, or, with
   * SO_REUSEPORT, one that the sender's port picks, so that a sender keeps to one and senders spread over all.
   * @param rank of a holder that would take it; below 0 for one that would not
   */
  find(to: Endpoint, from: Endpoint, rank: (holder: T) => number): T | undefined {
    let best: T[] = [];
    let bestScore = -1;
    for (const { host, holder } of this.#bindings.get(to.port) ?? []) {
      const near = nearness(host, holder, to.host);
      const own = near < 0 ? -1 : rank(holder);
      const score = own < 0 ? -1 : near * NEARNESS_WEIGHT + own;
      if (score < 0 || score < bestScore) continue;
      if (score > bestScore) best = [];
      bestScore = score;
      best.push(holder);
    }
    const last = best.at(-1);
    if (last === undefined || !last.reusePort) return last;
    return best[from.port % best.length];
  }

  /** All who have a port. */
  holders(port: number): readonly T[] {
    return (this.#bindings.get(port) ?? []).map(({ holder }) => holder);
  }

  /** All who would take what comes for `to` (multicast, broadcast). */
  hearers(to: Endpoint): readonly T[] {
    return (this.#bindings.get(to.port) ?? [])
      .filter(({ host, holder }) => nearness(host, holder, to.host) >= 0)
      .map(({ holder }) => holder);
  }

  /** Ports with a holder that passes, rising. */
  ports(accepts: (holder: T) => boolean): readonly number[] {
    return [...this.#bindings]
      .filter(([, bindings]) => bindings.some((binding) => accepts(binding.holder)))
      .map(([port]) => port)
      .toSorted((a, b) => a - b);
  }

  #ephemeral(): number {
    for (let tried = EPHEMERAL_FIRST; tried <= EPHEMERAL_LAST; tried++) {
      const port = this.#nextEphemeral;
      this.#nextEphemeral = port === EPHEMERAL_LAST ? EPHEMERAL_FIRST : port + 1;
      if (!this.#bindings.has(port)) return port;
    }
    throw EADDRINUSE;
  }
}

/** More than any rank. */
const NEARNESS_WEIGHT = 256;

// Linux net/ipv4/inet_hashtables.c, compute_score: the very address, then 0.0.0.0, then :: that hears IPv4 too.
function nearness(bound: Host, holder: PortHolder, to: Host): number {
  if (bound === to) return 2;
  if (bound === ANY4) return isMapped(to) ? 1 : -1;
  if (bound !== ANY6) return -1;
  return isMapped(to) && holder.isV6Only ? -1 : 0;
}

/** Whether something could come for both. Linux net/ipv4/inet_connection_sock.c: ipv6_rcv_saddr_equal */
function overlaps(a: Binding, b: Binding): boolean {
  return nearness(a.host, a.holder, b.host) >= 0 || nearness(b.host, b.holder, a.host) >= 0;
}

// Linux inet_csk_bind_conflict: SO_REUSEADDR shares with a holder that does not listen, SO_REUSEPORT with any.
function conflicts(newcomer: Binding, other: Binding): boolean {
  if (!overlaps(newcomer, other)) return false;
  if (newcomer.holder.reusePort && other.holder.reusePort) return false;
  return !(newcomer.holder.reuseAddress && other.holder.reuseAddress && !other.holder.isListening);
}
