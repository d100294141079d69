/**
 * Pseudo-terminals (pty(7)): a terminal whose other side is a program too.
 *
 *   program ── /dev/pts/N (TerminalFile) ── discipline ── Pty ── master (/dev/ptmx) ── xterm, script, sshd, tmux
 */
import { concatenate } from '../../emulator/util/bytes.ts';
import { EAGAIN, EINTR, EIO, EINVAL, ENOENT } from '../abi/errno.ts';
import { O_NOCTTY, O_NONBLOCK } from '../abi/fcntl.ts';
import { FIONREAD } from '../abi/ioctls.ts';
import { POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts';
import { S_IFCHR } from '../abi/stat.ts';
import { SIGCONT, SIGHUP } from '../abi/signal.ts';
import {
  TCFLSH,
  TCIFLUSH,
  TCIOFLUSH,
  TCOFLUSH,
  type Termios,
  TIOCGPKT,
  TIOCGPTLCK,
  TIOCGPTN,
  TIOCGPTPEER,
  TIOCPKT,
  TIOCSIG,
  TIOCSPTLCK,
} from '../abi/termios.ts';
import { VirtualDirectory, VirtualFilesystem, VirtualInode } from '../fs/virtual/virtual-inode.ts';
import { type Blocked, blocked } from '../program/blocked.ts';
import { WaitQueue } from '../program/wait-queue.ts';
import { BaseFile } from '../vfs/base-file.ts';
import type { AttributeChanges, FileAttributes, Timestamp } from '../vfs/inode.ts';
import type { Call, OpenFile, PollMask, UserMemory } from '../vfs/open-file.ts';
import { characterDeviceAttributes } from './character-device.ts';
import { type DeviceType, makeDevice } from './device.ts';
import { PacketMode, TIOCPKT_DATA, TIOCPKT_FLUSHREAD, TIOCPKT_FLUSHWRITE } from './packet-mode.ts';
import { Terminal, TerminalFile, terminalControl, type TtyOwners } from './terminal.ts';

const DEVPTS_MAGIC = 0x1cd1;
const PTMX = characterDeviceAttributes(makeDevice(5, 2), 0o666);
const SLAVE_MAJOR = 136;
/** What the master has not read yet; a slave that writes more waits. */
const BUFFER_BYTES = 65_536;
/** A master's write that is longer is cut short, and one waits while the slave has that much to read. */
const TYPED_BYTES = 65_536;
/** Short writes are kept together up to this. */
const MERGED_BYTES = 256;
const MAX_PTYS = 4096;

class Pty extends Terminal {
  /** Whose the slave's node is, and who may open it. */
  readonly node = { uid: 0, gid: 0, permissions: 0o620 };
  readonly isConsole = false;
  readonly number: number;
  readonly rdev: number;
  readonly masterReadiness = new WaitQueue();
  readonly packets = new PacketMode();
  readonly #output: Uint8Array[] = [];
  /** Bytes that wait for the master. */
  waitingBytes = 0;
  isLocked = true;
  slaves = 0;
  hasBeenOpened = false;

  constructor(number: number) {
    super({ rows: 0, columns: 0 });
    this.number = number;
    this.rdev = makeDevice(SLAVE_MAJOR, number);
  }

  protected show(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    if (this.waitingBytes + bytes.length > BUFFER_BYTES && this.waitingBytes > 0) return false;
    const last = this.#output.at(-1);
    // Bytes that come one by one would cost a hundred times their size.
    if (last !== undefined && last.length + bytes.length <= MERGED_BYTES)
      this.#output[this.#output.length - 1] = concatenate([last, bytes]);
    else this.#output.push(bytes.slice());
    this.waitingBytes += bytes.length;
    this.masterReadiness.wake();
    return true;
  }

  take(dst: Uint8Array): number {
    let done = 0;
    for (let chunk = this.#output[0]; chunk !== undefined && done < dst.length; chunk = this.#output[0]) {
      const count = Math.min(chunk.length, dst.length - done);
      dst.set(chunk.subarray(0, count), done);
      done += count;
      if (count === chunk.length) this.#output.shift();
      else this.#output[0] = chunk.subarray(count);
    }
    this.waitingBytes -= done;
    if (done > 0) this.readiness.wake();
    return done;
  }

  get typingRoom(): number {
    return TYPED_BYTES - this.discipline.unreadBytes;
  }

  override wasRead(): void {
    this.masterReadiness.wake();
  }

  override setTermios(termios: Termios): void {
    this.packets.tellSettings(this.discipline.termios, termios);
    super.setTermios(termios);
    this.masterReadiness.wake();
  }

  override flush(queue: number): void {
    super.flush(queue);
    if (queue !== TCIFLUSH) this.#dropOutput();
    this.packets.tell((queue === TCOFLUSH ? 0 : TIOCPKT_FLUSHREAD) | (queue === TCIFLUSH ? 0 : TIOCPKT_FLUSHWRITE));
    this.masterReadiness.wake();
  }

  /** tcflush(3) of the master: its input is what the slave wrote; what it wrote itself has reached the slave. */
  flushMaster(queue: number): void {
    if (queue > TCIOFLUSH) throw EINVAL;
    if (queue !== TCOFLUSH) this.#dropOutput();
  }

  protected override interrupted(): void {
    this.#dropOutput();
    this.packets.tell(TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
    this.masterReadiness.wake();
  }

  #dropOutput(): void {
    this.#output.length = 0;
    this.waitingBytes = 0;
    this.readiness.wake();
  }

  override stop(isStopped: boolean): void {
    super.stop(isStopped);
    this.packets.tellStopped(isStopped);
    this.masterReadiness.wake();
  }

  slaveClosed(): void {
    this.slaves--;
    this.masterReadiness.wake();
  }

  /** The master is gone: the session's leader hears SIGHUP (Linux tty_signal_session_leader), reads find the end. */
  hangUp(): void {
    this.isHungUp = true;
    const { session } = this;
    this.session = undefined;
    if (session !== undefined) {
      this.owners?.signalProgram(session, SIGHUP);
      this.owners?.signalProgram(session, SIGCONT);
    }
    this.readiness.wake();
  }
}

export class PtyMaster extends BaseFile {
  readonly kind = 'tty';
  readonly pty: Pty;
  override readonly readiness: WaitQueue;
  readonly #openSlave: (flags: number) => OpenFile;
  readonly #onClosed: () => void;

  constructor(pty: Pty, flags: number, parts: { openSlave: (flags: number) => OpenFile; onClosed: () => void }) {
    super('/dev/ptmx', flags);
    this.pty = pty;
    this.readiness = pty.masterReadiness;
    this.#openSlave = parts.openSlave;
    this.#onClosed = parts.onClosed;
  }

  attributes(): FileAttributes {
    return PTMX;
  }

  get #isDeserted(): boolean {
    return this.pty.slaves === 0 && this.pty.hasBeenOpened;
  }

  override read(call: Call, dst: Uint8Array): number | Blocked {
    if (dst.length === 0) return 0;
    const { packets } = this.pty;
    if (packets.isTold) {
      dst[0] = packets.take();
      return 1;
    }
    if (this.pty.waitingBytes > 0) return packets.isOn ? this.#readPacket(dst) : this.pty.take(dst);
    if (this.#isDeserted) throw EIO;
    if ((this.flags & O_NONBLOCK) !== 0) throw EAGAIN;
    if (call.isInterrupted) throw EINTR;
    return blocked(this.readiness);
  }

  override write(call: Call, src: Uint8Array): number | Blocked {
    const typed = src.subarray(0, Math.max(0, this.pty.typingRoom));
    if (typed.length > 0 || src.length === 0) {
      this.pty.type(typed);
      return typed.length;
    }
    if ((this.flags & O_NONBLOCK) !== 0) throw EAGAIN;
    if (call.isInterrupted) throw EINTR;
    return blocked(this.readiness);
  }

  poll(): PollMask {
    const told = this.pty.packets.isTold ? POLLPRI | POLLIN | POLLRDNORM : 0;
    const room = this.pty.typingRoom > 0 ? POLLOUT | POLLWRNORM : 0;
    const base = room | told | (this.pty.waitingBytes > 0 ? POLLIN | POLLRDNORM : 0);
    return this.#isDeserted ? base | POLLHUP : base;
  }

  override ioctl(call: Call, request: number, argument: number, memory: UserMemory): number | Blocked {
    const { pty } = this;
    switch (request) {
      case TIOCGPTN:
        memory.storeU32(argument, pty.number);
        return 0;
      case TIOCSPTLCK:
        pty.isLocked = memory.loadU32(argument) !== 0;
        return 0;
      case TIOCGPTLCK:
        memory.storeU32(argument, pty.isLocked ? 1 : 0);
        return 0;
      case TIOCPKT:
        pty.packets.isOn = memory.loadU32(argument) !== 0;
        return 0;
      case TIOCGPKT:
        memory.storeU32(argument, pty.packets.isOn ? 1 : 0);
        return 0;
      case TIOCSIG:
        if (argument < 1 || argument > 64) throw EINVAL;
        pty.signalForeground(argument);
        return 0;
      case FIONREAD:
        memory.storeU32(argument, pty.waitingBytes);
        return 0;
      case TCFLSH:
        pty.flushMaster(argument);
        return 0;
      default:
        return terminalControl(pty, call, { request, argument, memory });
    }
  }

  #readPacket(dst: Uint8Array): number {
    dst[0] = TIOCPKT_DATA;
    return 1 + this.pty.take(dst.subarray(1));
  }

  /** TIOCGPTPEER. */
  openPeer(flags: number): OpenFile {
    return this.#openSlave(flags);
  }

  protected override closed(): void {
    this.pty.hangUp();
    this.#onClosed();
  }
}

export function isPeerRequest(request: number): boolean {
  return request === TIOCGPTPEER;
}

/** The slaves of /dev/pts, and /dev/ptmx that makes them. */
export class PseudoTerminals {
  readonly filesystem: VirtualFilesystem;
  readonly device: DeviceType;
  readonly #ptys = new Map<number, Pty>();
  #owners: TtyOwners | undefined;
  /** A slave was opened without O_NOCTTY: whoever has no terminal yet takes it. Set in boot.ts. */
  onOpened: (terminal: Terminal) => void = () => {};

  constructor(options: { readonly deviceNumber: number; readonly now: () => Timestamp }) {
    this.device = { name: 'ptmx', major: 5, minor: 2, mode: 0o666, open: (flags) => this.#openMaster(flags) };
    this.filesystem = new VirtualFilesystem({
      ...options,
      type: 'devpts',
      typeMagic: DEVPTS_MAGIC,
      isVolatile: true,
      root: (filesystem) => this.#makeRoot(filesystem),
    });
  }

  attach(owners: TtyOwners): void {
    this.#owners = owners;
  }

  get all(): Iterable<Terminal> {
    return this.#ptys.values();
  }

  #openMaster(flags: number): OpenFile {
    let number = 0;
    while (this.#ptys.has(number)) number++;
    if (number >= MAX_PTYS) throw EAGAIN;
    const pty = new Pty(number);
    if (this.#owners !== undefined) pty.attach(this.#owners);
    this.#ptys.set(number, pty);
    return new PtyMaster(pty, flags, {
      openSlave: (slaveFlags) => {
        const node = this.filesystem.root.lookup(String(number));
        if (!(node instanceof SlaveNode)) throw EIO;
        return node.open(slaveFlags);
      },
      onClosed: () => this.#ptys.delete(number),
    });
  }

  #makeRoot(filesystem: VirtualFilesystem): VirtualDirectory {
    return new VirtualDirectory(
      { filesystem, number: 1, permissions: 0o755 },
      () => {
        const numbers = [...this.#ptys.keys()].toSorted((a, b) => a - b);
        return numbers.map((n) => ({ name: String(n), inodeNumber: n + 3, fileType: S_IFCHR, place: n }));
      },
      (name) => {
        const pty = /^\d+$/.test(name) ? this.#ptys.get(Number(name)) : undefined;
        return pty === undefined ? undefined : new SlaveNode(filesystem, pty, (opened) => this.onOpened(opened));
      },
    );
  }

  /** The node of a slave, for whoever opens its terminal by another name (/dev/tty). @throws ENOENT */
  openSlave(terminal: Terminal, flags: number): OpenFile {
    for (const [number, pty] of this.#ptys) {
      const node = pty === terminal ? this.filesystem.root.lookup(String(number)) : undefined;
      if (node instanceof SlaveNode) return node.open(flags | O_NOCTTY);
    }
    throw ENOENT;
  }
}

class SlaveNode extends VirtualInode {
  readonly fileType = S_IFCHR;
  readonly #pty: Pty;
  readonly #onOpened: (terminal: Terminal) => void;

  constructor(filesystem: VirtualFilesystem, pty: Pty, onOpened: (terminal: Terminal) => void) {
    super(filesystem, pty.number + 3, 0o620);
    this.#pty = pty;
    this.#onOpened = onOpened;
  }

  override get rdev(): number {
    return this.#pty.rdev;
  }

  override attributes(): FileAttributes {
    const { uid, gid, permissions } = this.#pty.node;
    return { ...super.attributes(), uid, gid, mode: S_IFCHR | permissions };
  }

  /** grantpt(3), login(1), sshd(8) and mesg(1). */
  override setAttributes({ uid, gid, mode }: AttributeChanges): void {
    const { node } = this.#pty;
    node.uid = uid ?? node.uid;
    node.gid = gid ?? node.gid;
    if (mode !== undefined) node.permissions = mode & 0o7777;
  }

  open(flags: number): OpenFile {
    const pty = this.#pty;
    if (pty.isLocked || pty.isHungUp) throw EIO;
    pty.slaves++;
    pty.hasBeenOpened = true;
    if ((flags & O_NOCTTY) === 0) this.#onOpened(pty);
    return new TerminalFile(pty, flags, {
      path: `/dev/pts/${pty.number}`,
      attributes: () => this.attributes(),
      inode: this,
      onClosed: () => pty.slaveClosed(),
    });
  }
}
