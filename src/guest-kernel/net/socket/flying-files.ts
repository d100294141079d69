/**
 * Descriptors in a message that nobody has received yet (SCM_RIGHTS, unix(7)). Their sender's user is counted: what was
 * sent and closed is in no table of descriptors, and sockets that were sent into themselves nobody will ever receive.
 */
import { SLOT_BYTES } from '../../vfs/file-table.ts';
import type { OpenFile } from '../../vfs/open-file.ts';
import type { Network } from '../network.ts';

export class FlyingFiles {
  #files: readonly OpenFile[];
  readonly #network: Network | undefined;
  readonly #uid: number;

  private constructor(network: Network | undefined, files: readonly OpenFile[], uid: number) {
    this.#network = network;
    this.#files = files;
    this.#uid = uid;
  }

  static readonly none = new FlyingFiles(undefined, [], 0);

  /** Holds each of them once more. */
  static of(network: Network, files: readonly OpenFile[] | undefined, senderThread: number): FlyingFiles {
    if (files === undefined || files.length === 0) return FlyingFiles.none;
    for (const file of files) file.retain();
    const flying = new FlyingFiles(network, files, network.host.identityOf(senderThread).uid);
    flying.#count(files.length);
    return flying;
  }

  get length(): number {
    return this.#files.length;
  }

  /** They have arrived: each is held once for the receiver. */
  take(): readonly OpenFile[] {
    const files = this.#files;
    this.#files = [];
    this.#count(-files.length);
    return files;
  }

  /** The same for who only looks at the message. */
  copy(): readonly OpenFile[] {
    for (const file of this.#files) file.retain();
    return this.#files;
  }

  /** The message is thrown away. */
  drop(): void {
    for (const file of this.take()) file.release();
  }

  #count(change: number): void {
    if (this.#network === undefined || change === 0) return;
    const { flyingFiles, host } = this.#network;
    host.memory.account(change * SLOT_BYTES);
    const left = (flyingFiles.get(this.#uid) ?? 0) + change;
    if (left === 0) flyingFiles.delete(this.#uid);
    else flyingFiles.set(this.#uid, left);
  }
}
