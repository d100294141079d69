/** SO_ATTACH_FILTER (socket(7)): a program that says how many bytes of each packet a socket takes. */
import { EINVAL, ENOENT, EPERM } from '../../abi/errno.ts';
import { type Program, check, packetSubject, run } from '../../bpf/classic-bpf.ts';

export class PacketFilter {
  #program: Program | undefined;
  #isLocked = false;

  get program(): Program | undefined {
    return this.#program;
  }

  get isLocked(): boolean {
    return this.#isLocked;
  }

  /** @throws EPERM, EINVAL */
  attach(load: () => Program): void {
    if (this.#isLocked) throw EPERM;
    const program = load();
    check(program);
    this.#program = program;
  }

  /** @throws EPERM, ENOENT */
  detach(): void {
    if (this.#isLocked) throw EPERM;
    if (this.#program === undefined) throw ENOENT;
    this.#program = undefined;
  }

  /** SO_LOCK_FILTER: there is no way back. @throws EPERM */
  setLocked(isLocked: boolean): void {
    if (this.#isLocked && !isLocked) throw EPERM;
    this.#isLocked = isLocked;
  }

  /** A packet as it is taken: cut, but not below `least` bytes; undefined: dropped. */
  admit(packet: Uint8Array, least = 1): Uint8Array | undefined {
    if (this.#program === undefined) return packet;
    const count = run(this.#program, packetSubject(packet));
    return count === 0 ? undefined : packet.subarray(0, Math.max(count, least));
  }

  /** What SO_GET_FILTER gives to a buffer of so many instructions; 0 asks how many there are. @throws EINVAL */
  read(room: number): { readonly count: number; readonly program: Program } {
    const program = this.#program ?? new Uint32Array(0);
    const count = program.length / 2;
    if (room !== 0 && room < count) throw EINVAL;
    return { count, program: room === 0 ? program.subarray(0, 0) : program };
  }
}
