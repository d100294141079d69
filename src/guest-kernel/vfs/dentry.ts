/**
 * The dentry cache: names seen so far, as a tree under each mount's root.
 *
 * A directory's children map tells what its names lead to; null says that a name is known to be absent. Children of
 * volatile filesystems (procfs) are not remembered. When the cache is full, names of files and absences are forgotten;
 * directories stay, since a Location (a cwd, an open directory) must see renames of what is above it.
 */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { S_IFDIR } from '../abi/stat.ts';
import type { Filesystem, Inode } from './inode.ts';
import type { Dentry, Location, Mount } from './location.ts';

// About 8 MB of names; `find /` of a large image stays inside.
const MAX_CACHED = 40_000;

/** Filesystems that were made read-only as a whole, whatever their mounts say. */
const readOnly = new WeakSet<Filesystem>();

export function setReadOnly(filesystem: Filesystem, isReadOnly: boolean): void {
  if (isReadOnly) readOnly.add(filesystem);
  else readOnly.delete(filesystem);
}

export class MountNode implements Mount {
  readonly id: number;
  readonly filesystem: Filesystem;
  readonly source: ByteString;
  #options: ByteString = '';
  forbidsDevices = false;
  forbidsExecution = false;
  #isReadOnly = false;
  readonly root: DentryNode;
  /** What this mount covers; undefined for the machine's root. */
  point: Place | undefined;

  /** `root`: what of the filesystem shows; absent: all of it, with names of its own. */
  constructor(id: number, filesystem: Filesystem, source: ByteString, options: ByteString, root?: DentryNode) {
    this.id = id;
    this.filesystem = filesystem;
    this.source = source;
    this.setOptions(options);
    this.root = root ?? new DentryNode('/', undefined, filesystem.root);
  }

  get parentId(): number {
    return this.point?.mount.id ?? 1;
  }

  get path(): ByteString {
    return this.point === undefined ? '/' : pathOfPlace(this.point);
  }

  /** Shows at a place, on top of what shows there already. */
  attach(point: Place): void {
    this.point = point;
    point.dentry.mounted = [...(point.dentry.mounted ?? []), this];
  }

  detach(): void {
    const { point } = this;
    if (point === undefined) return;
    const others = point.dentry.mounted?.filter((each) => each !== this);
    point.dentry.mounted = others === undefined || others.length === 0 ? undefined : others;
    this.point = undefined;
  }

  get isReadOnly(): boolean {
    return this.filesystem.isReadOnly || this.#isReadOnly || readOnly.has(this.filesystem);
  }

  get options(): ByteString {
    return this.isReadOnly ? this.#options.replace(/^rw\b/, 'ro') : this.#options;
  }

  /** As in /proc/mounts: 'ro,noexec'. */
  setOptions(options: ByteString): void {
    const words = options.split(',');
    this.#options = options;
    this.#isReadOnly = words.includes('ro');
    this.forbidsDevices = words.includes('nodev');
    this.forbidsExecution = words.includes('noexec');
  }
}

/** A Location whose classes are known. */
export interface Place extends Location {
  readonly mount: MountNode;
  readonly dentry: DentryNode;
}

/** What is mounted on a place. */
export function mountedAt({ mount, dentry }: Place): MountNode | undefined {
  return dentry.mounted?.findLast(({ point }) => point?.mount === mount);
}

/** Absolute path of a place, seen from the machine's root. */
export function pathOfPlace(place: Place): ByteString {
  let here = place;
  let path = '';
  for (;;) {
    const { mount, dentry } = here;
    if (dentry === mount.root) {
      if (mount.point === undefined) return path === '' ? '/' : path;
      here = mount.point;
    } else {
      path = `/${dentry.name}${path}`;
      if (dentry.parent === undefined) return path; // a file without a name
      here = { mount, dentry: dentry.parent };
    }
  }
}

export class DentryNode implements Dentry {
  name: ByteString;
  parent: DentryNode | undefined;
  readonly inode: Inode;
  children: Map<ByteString, DentryNode | null> | undefined;
  /** What is mounted over it, in this or another mount that shows it. */
  mounted: readonly MountNode[] | undefined;
  /** The name was removed while something still held the place. */
  isRemoved = false;

  constructor(name: ByteString, parent: DentryNode | undefined, inode: Inode) {
    this.name = name;
    this.parent = parent;
    this.inode = inode;
  }
}

export class DentryCache {
  #count = 0;
  readonly #directories = new Set<DentryNode>();

  /** The child of a directory, from the cache or the filesystem; undefined: no such name. */
  lookup(directory: DentryNode, name: ByteString): DentryNode | undefined {
    const known = directory.children?.get(name);
    if (known !== undefined) return known ?? undefined;
    const inode = directory.inode.lookup(name);
    const child = inode === undefined ? null : new DentryNode(name, directory, inode);
    if (directory.inode.filesystem.isVolatile !== true) this.#remember(directory, name, child);
    return child ?? undefined;
  }

  /** A name was made. */
  added(directory: DentryNode, name: ByteString, inode: Inode): DentryNode {
    const child = new DentryNode(name, directory, inode);
    this.#remember(directory, name, child);
    return child;
  }

  /** A name was removed. */
  removed(child: DentryNode): void {
    child.isRemoved = true;
    if (child.parent !== undefined) this.#remember(child.parent, child.name, null);
  }

  /** A name moved; what it replaced is gone. */
  moved(child: DentryNode, newParent: DentryNode, newName: ByteString): void {
    const replaced = newParent.children?.get(newName);
    if (replaced) replaced.isRemoved = true;
    if (child.parent !== undefined) this.#remember(child.parent, child.name, null);
    child.parent = newParent;
    child.name = newName;
    this.#remember(newParent, newName, child);
  }

  /** Two names swapped what they lead to. */
  exchanged(a: DentryNode, b: DentryNode): void {
    const [parent, name] = [a.parent, a.name];
    a.parent = b.parent;
    a.name = b.name;
    b.parent = parent;
    b.name = name;
    if (a.parent !== undefined) this.#remember(a.parent, a.name, a);
    if (b.parent !== undefined) this.#remember(b.parent, b.name, b);
  }

  #remember(directory: DentryNode, name: ByteString, child: DentryNode | null): void {
    if (directory.children === undefined) {
      directory.children = new Map();
      this.#directories.add(directory);
    }
    if (!directory.children.has(name) && ++this.#count > MAX_CACHED) this.#prune();
    directory.children.set(name, child);
  }

  #prune(): void {
    this.#count = 1;
    for (const directory of this.#directories) {
      for (const [name, child] of directory.children ?? []) {
        if (child !== null && (child.inode.fileType === S_IFDIR || child.mounted !== undefined)) this.#count++;
        else directory.children?.delete(name);
      }
    }
  }
}
