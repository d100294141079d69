/**
 * A directory of the host as a filesystem of the guest (`osv run --mount`). Every operation is one of the host's, done
 * at once; the host's errors are the guest's. Files of the user who runs the machine seem to belong to root.
 */
import * as fs from 'node:fs';
import { errnos, type Filesystem, type FilesystemUsage, type Inode } from '../guest-kernel/index.ts';

type Attributes = ReturnType<Inode['attributes']>;
type Changes = Parameters<Inode['setAttributes']>[0];
type NewInode = Parameters<Inode['create']>[1];
type Entries = ReturnType<Inode['entries']>;
type Time = Attributes['accessTime'];

const { S_IFMT, S_IFDIR, S_IFREG, S_IFLNK } = fs.constants;

const V9FS_MAGIC = 0x0102_1997; // statfs(2): what other machines show host directories as
const DIRECTORY_ENTRY_TYPE_SHIFT = 12; // getdents64(2): d_type is S_IFMT >> 12

const ERRNOS = new Map<string, unknown>(Object.entries(errnos));

/** Far from the numbers that the kernel gives its own filesystems. */
let nextDevice = 0x4000;

export class HostDirectory implements Filesystem {
  readonly type = '9p';
  readonly isReadOnly = false;
  readonly deviceNumber = nextDevice++;
  readonly root: HostInode;
  readonly hostPath: string;
  readonly #inodes = new Map<number, HostInode>();

  /** @throws the host's error when there is no such directory */
  constructor(hostPath: string) {
    this.hostPath = fs.realpathSync(hostPath);
    if (!fs.statSync(this.hostPath).isDirectory()) raise('ENOTDIR');
    this.root = this.inodeAt(undefined, '');
  }

  /** The one object for what lies at `parent`/`name`. */
  inodeAt(parent: HostInode | undefined, name: string): HostInode {
    const path = parent === undefined ? Buffer.from(this.hostPath) : join(parent, name);
    const { ino, mode } = onHost(() => fs.lstatSync(path));
    const known = this.#inodes.get(ino);
    if (known?.fileType === (mode & S_IFMT)) {
      known.moved(parent, name);
      return known;
    }
    const inode = new HostInode(this, ino, mode & S_IFMT, parent, name);
    this.#inodes.set(ino, inode);
    return inode;
  }

  usage(): FilesystemUsage {
    const host = onHost(() => fs.statfsSync(this.hostPath));
    return {
      typeMagic: V9FS_MAGIC,
      blockSizeBytes: host.bsize,
      blocks: host.blocks,
      freeBlocks: host.bavail,
      files: host.files,
      freeFiles: host.ffree,
    };
  }

  sync(): undefined {
    return undefined; // the host's own page cache is as durable as a program of the host would have it
  }

  unmount(): void {}
}

class HostInode implements Inode {
  readonly filesystem: HostDirectory;
  readonly number: number;
  readonly fileType: number;
  #parent: HostInode | undefined;
  #name: string;
  #holders = 0;
  /** Open while the file has lost its name, or is read and written. */
  #fd: number | undefined;
  #isWritable = false;

  constructor(filesystem: HostDirectory, number: number, type: number, parent: HostInode | undefined, name: string) {
    this.filesystem = filesystem;
    this.number = number;
    this.fileType = type;
    this.#parent = parent;
    this.#name = name;
  }

  /** Where it is on the host; computed, since renaming a directory moves all below. */
  get path(): Buffer {
    return this.#parent === undefined ? Buffer.from(this.filesystem.hostPath) : join(this.#parent, this.#name);
  }

  moved(parent: HostInode | undefined, name: string): void {
    this.#parent = parent;
    this.#name = name;
  }

  attributes(): Attributes {
    const fd = this.#fd;
    const stat = onHost(() =>
      fd === undefined ? fs.lstatSync(this.path, { bigint: true }) : fs.fstatSync(fd, { bigint: true }),
    );
    return {
      inodeNumber: this.number,
      mode: Number(stat.mode),
      linkCount: Number(stat.nlink),
      uid: guestOwner(Number(stat.uid), process.getuid?.()),
      gid: guestOwner(Number(stat.gid), process.getgid?.()),
      rdev: Number(stat.rdev),
      sizeBytes: Number(stat.size),
      blockSizeBytes: Number(stat.blksize),
      blocks512: Number(stat.blocks),
      accessTime: timestamp(stat.atimeNs),
      modifyTime: timestamp(stat.mtimeNs),
      changeTime: timestamp(stat.ctimeNs),
    };
  }

  setAttributes(changes: Changes): void {
    const { mode, uid, gid, sizeBytes, accessTime, modifyTime } = changes;
    if (sizeBytes !== undefined) onHost(() => fs.ftruncateSync(this.#open(true), sizeBytes));
    if (mode !== undefined && this.fileType !== S_IFLNK) onHost(() => fs.chmodSync(this.path, mode & 0o7777));
    // Only root may give files away; without it owners stay, as on a mounted FAT or 9p of an ordinary user.
    if ((uid ?? gid) !== undefined && process.getuid?.() === 0) {
      const now = this.attributes();
      onHost(() => fs.lchownSync(this.path, uid ?? now.uid, gid ?? now.gid));
    }
    if (accessTime !== undefined || modifyTime !== undefined) {
      const now = this.attributes();
      onHost(() =>
        fs.lutimesSync(this.path, seconds(accessTime ?? now.accessTime), seconds(modifyTime ?? now.modifyTime)),
      );
    }
  }

  lookup(name: string): HostInode | undefined {
    try {
      return this.filesystem.inodeAt(this, name);
    } catch (error) {
      if (error === errnos.ENOENT) return undefined;
      throw error;
    }
  }

  entries(offset: number): Entries {
    // The cookie is the place in the sorted list: good enough while nobody else changes the directory.
    const names = onHost(() => fs.readdirSync(this.path, 'latin1')).toSorted();
    const all = ['.', '..', ...names].slice(offset);
    return all.flatMap((name, index) => {
      const inode = name === '.' ? this : name === '..' ? (this.#parent ?? this) : this.lookup(name);
      if (inode === undefined) return []; // gone since
      const type = inode.fileType >> DIRECTORY_ENTRY_TYPE_SHIFT;
      return [{ name, inodeNumber: inode.number, type, nextOffset: offset + index + 1 }];
    });
  }

  create(name: string, init: NewInode): HostInode {
    const path = join(this, name);
    const type = init.mode & S_IFMT;
    onHost(() => {
      if (type === S_IFDIR) fs.mkdirSync(path, init.mode & 0o7777);
      else if (type === S_IFLNK) fs.symlinkSync(Buffer.from(init.target ?? '', 'latin1'), path);
      else if (type === S_IFREG) fs.closeSync(fs.openSync(path, 'wx', init.mode & 0o7777));
      else raise('EPERM'); // device nodes and FIFOs belong to the guest's own disk
    });
    return this.filesystem.inodeAt(this, name);
  }

  link(name: string, target: Inode): void {
    onHost(() => fs.linkSync((target as HostInode).path, join(this, name)));
  }

  unlink(name: string): void {
    const inode = this.lookup(name);
    if (inode?.fileType === S_IFREG && inode.#holders > 0) inode.#open(false);
    onHost(() => fs.unlinkSync(join(this, name)));
  }

  rmdir(name: string): void {
    onHost(() => fs.rmdirSync(join(this, name)));
  }

  rename(name: string, newParent: Inode, newName: string, whiteout?: NewInode): undefined {
    if (whiteout !== undefined) raise('EINVAL');
    const parent = newParent as HostInode;
    const inode = this.lookup(name);
    onHost(() => fs.renameSync(join(this, name), join(parent, newName)));
    inode?.moved(parent, newName);
  }

  readLink(): string {
    return onHost(() => fs.readlinkSync(this.path, 'latin1'));
  }

  read(offset: number, dst: Uint8Array): number {
    let done = 0;
    while (done < dst.length) {
      const count = onHost(() => fs.readSync(this.#open(false), dst, done, dst.length - done, offset + done));
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  write(offset: number, src: Uint8Array): number {
    for (let done = 0; done < src.length;) {
      done += onHost(() => fs.writeSync(this.#open(true), src, done, src.length - done, offset + done));
    }
    return src.length;
  }

  retain(): void {
    this.#holders++;
  }

  release(): void {
    this.#holders--;
    if (this.#holders === 0) this.#close();
  }

  #open(isWritable: boolean): number {
    if (this.#fd !== undefined && (this.#isWritable || !isWritable)) return this.#fd;
    // A file that has lost its name is reached only through the descriptor there is.
    const path = this.#fd === undefined ? this.path : `/proc/self/fd/${this.#fd}`;
    const fd = onHost(() => fs.openSync(path, isWritable ? 'r+' : 'r'));
    this.#close();
    this.#isWritable = isWritable;
    this.#fd = fd;
    return fd;
  }

  #close(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** Guest names are bytes; Buffers carry them unchanged. */
function join(parent: HostInode, name: string): Buffer {
  return Buffer.concat([parent.path, Buffer.from(`/${name}`, 'latin1')]);
}

function guestOwner(id: number, own: number | undefined): number {
  return id === own ? 0 : id;
}

function timestamp(ns: bigint): Time {
  return { seconds: Number(ns / 1_000_000_000n), nanoseconds: Number(ns % 1_000_000_000n) };
}

function seconds(time: Time): number {
  return time.seconds + time.nanoseconds / 1e9;
}

/** Does something on the host. @throws Errno, the host's own */
function onHost<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && ERRNOS.has(code)) raise(code);
    throw error;
  }
}

function raise(name: string): never {
  // oxlint-disable-next-line typescript/only-throw-error -- an Errno of the kernel, which the rule knows by its file only
  throw ERRNOS.get(name);
}
