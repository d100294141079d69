/** Stands for the terminal until it is loaded: keeps what the machine writes, then hands all on. */
import type { MachineScreen } from './machine-store.ts';

export class ScreenRelay implements MachineScreen {
  #screen: MachineScreen | undefined;
  #waiting: (readonly [bytes: Uint8Array, drawn: () => void])[] = [];

  /** A terminal of 24 lines and 80 columns is what every program can do with. */
  get rows(): number {
    return this.#screen?.rows ?? 24;
  }

  get columns(): number {
    return this.#screen?.columns ?? 80;
  }

  write(bytes: Uint8Array, drawn: () => void): void {
    if (this.#screen === undefined) this.#waiting.push([bytes, drawn]);
    else this.#screen.write(bytes, drawn);
  }

  attach(screen: MachineScreen): void {
    this.#screen = screen;
    for (const [bytes, drawn] of this.#waiting.splice(0)) screen.write(bytes, drawn);
  }
}
