/** The ports of one protocol and who holds them. */
import { EADDRINUSE } from '../../abi/errno.ts';
import { INADDR_ANY } from '../../abi/socket.ts';

/** A socket as far as its port matters; the flags are read whenever another one asks for the same port. */
export interface PortHolder {
  readonly reuseAddress: boolean;
  readonly reusePort: boolean;
  readonly isListening: boolean;
}

interface Binding {
  readonly host: number;
  readonly holder: PortHolder;
}

/** net.ipv4.ip_local_port_range of Linux. */
const EPHEMERAL_FIRST = 32_768;
const EPHEMERAL_LAST = 60_999;

export class PortTable<T extends PortHolder> {
  readonly #bindings = new Map<number, (Binding & { readonly holder: T })[]>();
  #nextEphemeral = EPHEMERAL_FIRST;

  /** Gives `holder` a port, a free one when `port` is 0. @returns the port. @throws EADDRINUSE */
  bind(holder: T, host: number, port: number): number {
    const chosen = port === 0 ? this.#ephemeral() : port;
    const others = this.#bindings.get(chosen) ?? [];
    if (others.some((other) => conflicts({ host, holder }, other))) throw EADDRINUSE;
    this.#bindings.set(chosen, [...others, { host, holder }]);
    return chosen;
  }

  release(holder: T, port: number): void {
    const left = (this.#bindings.get(port) ?? []).filter((binding) => binding.holder !== holder);
    if (left.length > 0) this.#bindings.set(port, left);
    else this.#bindings.delete(port);
  }

  /** Who gets what is sent to host:port: the one bound to that very address before the one bound to all. */
  find(host: number, port: number, accepts: (holder: T) => boolean): T | undefined {
    const candidates = (this.#bindings.get(port) ?? []).filter((binding) => accepts(binding.holder));
    const exact = candidates.find((binding) => binding.host === host);
    return (exact ?? candidates.find((binding) => binding.host === INADDR_ANY))?.holder;
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

// Linux inet_csk_bind_conflict: SO_REUSEADDR shares with a holder that does not listen, SO_REUSEPORT with any.
function conflicts(newcomer: Binding, other: Binding): boolean {
  if (newcomer.host !== other.host && newcomer.host !== INADDR_ANY && other.host !== INADDR_ANY) return false;
  if (newcomer.holder.reusePort && other.holder.reusePort) return false;
  return !(newcomer.holder.reuseAddress && other.holder.reuseAddress && !other.holder.isListening);
}
