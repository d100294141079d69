/** The tree of mounted filesystems: Vfs over a dentry cache. */
import { CAP_MKNOD } from '../abi/capability.ts';
import { requireCapability, rootCredentials } from './credentials.ts';
import type { ByteString } from '../../emulator/util/bytes.ts';
import {
  EACCES,
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
  ENXIO,
  EOPNOTSUPP,
  EPERM,
  EROFS,
  ETXTBSY,
  EXDEV,
} from '../abi/errno.ts';
import {
  O_ACCMODE,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOATIME,
  O_NONBLOCK,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  RENAME_WHITEOUT,
} from '../abi/fcntl.ts';
import {
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_MODIFY,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_MOVE_SELF,
  IN_OPEN,
} from '../abi/inotify.ts';
import {
  R_OK,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  S_ISGID,
  W_OK,
} from '../abi/stat.ts';
import { ENDLESS_MEMORY, type KeptMemory } from '../program/kept-memory.ts';
import { DentryCache, DentryNode, MountNode, pathOfPlace, type Place, setReadOnly } from './dentry.ts';
import { DirectoryFile } from './directory-file.ts';
import type { AttributeChanges, FileAttributes, Filesystem, Inode, NewInode } from './inode.ts';
import { breakLeases } from './leases.ts';
import type { Location, Mount } from './location.ts';
import type { OpenFile } from './open-file.ts';
import { type Resolved, type WalkRequest, enterMounts, resolve } from './path-walk.ts';
import { PathFile } from './path-file.ts';
import { isAppendOnly, isImmutable, requireChangeable } from './file-flags.ts';
import {
  fileGroup,
  fileUser,
  isPermitted,
  modeInGroup,
  permittedChanges,
  requireOwner,
  requirePermission,
  requireRemovable,
  requireSearch,
} from './permissions.ts';
import { openFifo } from './pipe.ts';
import { RegularFile } from './regular-file.ts';
import { requireResizable } from './seals.ts';
import { fileTruncated } from './shared-pages.ts';
import type { PathFrom, Vfs, Viewer } from './vfs.ts';
import { tellDirectory, tellFile, tellInode } from './watches.ts';

/** Opens the device that a node stands for; @throws ENXIO when there is none. */
export type DeviceOpener = (node: Inode, flags: number, path: ByteString) => OpenFile;

/** Those below are the kernel's own (location.ts). */
const FIRST_MOUNT_ID = 20;
/** Each recursive bind of / doubles them. Linux has a like bound (fs.mount-max). */
const MOST_MOUNTS = 10_000;

export class MountTable implements Vfs {
  readonly #mounts: MountNode[];
  #lastMountId = FIRST_MOUNT_ID;
  readonly #cache = new DentryCache();
  readonly #openDevice: DeviceOpener;
  /** Where the bytes in FIFOs lie; boot.ts knows. */
  keptMemory: KeptMemory = ENDLESS_MEMORY;
  /** Whether a program runs from a file, which must then not change; boot.ts knows. */
  isExecuting: (inode: Inode) => boolean = () => false;
  /** Renames so far: ties the two events of one together. */
  #moves = 0;

  constructor(root: Filesystem, source: ByteString, options: ByteString, openDevice: DeviceOpener = noDevices) {
    this.#mounts = [new MountNode(FIRST_MOUNT_ID, root, source, options)];
    this.#openDevice = openDevice;
  }

  get mounts(): readonly Mount[] {
    return this.#mounts;
  }

  get root(): Place {
    const mount = this.#mounts[0] as MountNode;
    return enterMounts({ mount, dentry: mount.root });
  }

  mount(filesystem: Filesystem, path: ByteString, source: ByteString, options: ByteString): Mount {
    const at = this.#fromRoot(path);
    if (at.dentry.inode.fileType !== S_IFDIR) throw ENOTDIR;
    this.#requireRoom(1);
    return this.#attach(new MountNode(++this.#lastMountId, filesystem, source, options), at);
  }

  bind(from: Location, to: Location, isRecursive: boolean): void {
    const source = from as Place;
    const at = to as Place;
    if (isFolder(source) !== isFolder(at)) throw ENOTDIR;
    const copies = new Map<MountNode, MountNode>();
    const copy = (mount: MountNode, root: DentryNode): MountNode => {
      const made = new MountNode(++this.#lastMountId, mount.filesystem, mount.source, mount.options, root);
      copies.set(mount, made);
      return made;
    };
    const top = copy(source.mount, source.dentry);
    const below = isRecursive ? this.#mountsBelow(source) : [];
    this.#requireRoom(below.length + 1);
    this.#attach(top, at);
    // Each lies in one that was copied before it.
    for (const mount of below) {
      const parent = mount.point === undefined ? undefined : copies.get(mount.point.mount);
      if (mount.point !== undefined && parent !== undefined)
        this.#attach(copy(mount, mount.root), { mount: parent, dentry: mount.point.dentry });
    }
  }

  moveMount(from: Location, to: Location): void {
    const { mount, dentry } = from as Place;
    const at = to as Place;
    if (dentry !== mount.root || mount.point === undefined || isFolder(from) !== isFolder(at)) throw EINVAL;
    for (let above: MountNode | undefined = at.mount; above !== undefined; above = above.point?.mount)
      if (above === mount) throw ELOOP;
    mount.detach();
    mount.attach(at);
  }

  unmount(mount: Mount, isLazy = false): void {
    const top = mount as MountNode;
    if (top.point === undefined) throw EINVAL;
    const below = this.#mountsBelow({ mount: top, dentry: top.root });
    if (below.length > 0 && !isLazy) throw EBUSY;
    for (const each of [...below.toReversed(), top]) {
      each.detach();
      this.#mounts.splice(this.#mounts.indexOf(each), 1);
      if (!this.#mounts.some(({ filesystem }) => filesystem === each.filesystem)) each.filesystem.unmount(isLazy);
    }
  }

  #requireRoom(count: number): void {
    if (this.#mounts.length + count > MOST_MOUNTS) throw ENOSPC;
  }

  #attach(mount: MountNode, at: Place): MountNode {
    mount.attach(at);
    this.#mounts.push(mount);
    return mount;
  }

  /** What is mounted at or under a place, those above first. */
  #mountsBelow(place: Place): readonly MountNode[] {
    const found = new Set<MountNode>();
    for (const mount of this.#mounts) {
      const { point } = mount;
      if (point === undefined) continue;
      const isInPlace = point.mount === place.mount && isWithin(point.dentry, place.dentry);
      if (isInPlace || found.has(point.mount)) found.add(mount);
    }
    return [...found];
  }

  remount(mount: Mount, options: ByteString, isOfFilesystem: boolean): void {
    if (isOfFilesystem) setReadOnly(mount.filesystem, options.split(',').includes('ro'));
    (mount as MountNode).setOptions(options);
  }

  walk(viewer: Viewer, path: ByteString, options: { start?: Location; followLast?: boolean } = {}): Place {
    const { child } = this.#resolve(viewer, options.start, path, options.followLast ?? true);
    if (child === undefined) throw ENOENT;
    return child;
  }

  open(viewer: Viewer, path: ByteString, flags: number, mode: number, start?: Location, restrictions = 0): OpenFile {
    if ((flags & O_TMPFILE) === O_TMPFILE) return this.#openTemporary(viewer, path, flags, mode, start);
    const followLast = (flags & O_NOFOLLOW) === 0 && (flags & (O_CREAT | O_EXCL)) !== (O_CREAT | O_EXCL);
    const resolved = this.#resolve(viewer, start, path, followLast, restrictions);
    if ((flags & O_PATH) !== 0) return this.#openPath(resolved, flags);
    if (resolved.child !== undefined) return this.#openExisting(viewer, resolved.child, flags);
    if ((flags & O_CREAT) === 0) throw ENOENT;
    if (resolved.hasTrailingSlash) throw EISDIR;
    if ((flags & O_DIRECTORY) !== 0) throw EINVAL;
    const place = this.#make(viewer, resolved, { mode: S_IFREG | (mode & 0o7777 & ~viewer.fs.umask) });
    return this.#fileFor(place, flags);
  }

  attributes(location: Location): FileAttributes {
    return location.dentry.inode.attributes();
  }

  pathOf(location: Location): ByteString {
    return pathOfPlace(location as Place);
  }

  checkAccess(viewer: Viewer, location: Location, wanted: number): void {
    const { inode } = location.dentry;
    if ((wanted & W_OK) !== 0 && location.mount.isReadOnly && isOnDisk(inode.fileType)) throw EROFS;
    if ((wanted & W_OK) !== 0 && isImmutable(inode)) throw EPERM;
    if (!isPermitted(viewer.credentials, inode.attributes(), wanted)) throw EACCES;
  }

  mkdir(viewer: Viewer, at: PathFrom, mode: number): void {
    const resolved = this.#resolve(viewer, at.start, at.path, 'never');
    if (resolved.child !== undefined) throw EEXIST;
    this.#make(viewer, resolved, { mode: S_IFDIR | (mode & 0o1777 & ~viewer.fs.umask) });
  }

  mknod(viewer: Viewer, at: PathFrom, mode: number, rdev: number): void {
    const type = mode & S_IFMT || S_IFREG;
    if (![S_IFREG, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK].includes(type)) throw type === S_IFDIR ? EPERM : EINVAL;
    const isWhiteout = type === S_IFCHR && rdev === 0; // which anybody may make
    const isNode = (type === S_IFCHR || type === S_IFBLK) && !isWhiteout;
    if (isNode) requireCapability(viewer.credentials, CAP_MKNOD);
    const resolved = this.#resolve(viewer, at.start, at.path, 'never');
    if (resolved.child !== undefined) throw EEXIST;
    if (resolved.hasTrailingSlash) throw ENOENT;
    this.#make(viewer, resolved, { mode: type | (mode & 0o7777 & ~viewer.fs.umask), rdev });
  }

  symlink(viewer: Viewer, target: ByteString, at: PathFrom): void {
    if (target.length === 0) throw ENOENT;
    const resolved = this.#resolve(viewer, at.start, at.path, 'never');
    if (resolved.child !== undefined) throw EEXIST;
    if (resolved.hasTrailingSlash) throw ENOENT;
    this.#make(viewer, resolved, { mode: S_IFLNK | 0o777, target });
  }

  link(viewer: Viewer, target: Location, at: PathFrom): void {
    const resolved = this.#resolve(viewer, at.start, at.path, 'never');
    if (resolved.child !== undefined) throw EEXIST;
    if (resolved.hasTrailingSlash) throw ENOENT;
    const { inode } = target.dentry;
    if (target.mount !== resolved.parent.mount) throw EXDEV;
    if (inode.fileType === S_IFDIR) throw EPERM;
    const directory = this.#writableParent(viewer, resolved);
    requireChangeable(inode);
    directory.inode.link(resolved.name, inode);
    this.#cache.added(directory, resolved.name, inode);
    tellInode(inode, IN_ATTRIB);
    tellDirectory(directory.inode, resolved.name, IN_CREATE, inode);
  }

  unlink(viewer: Viewer, at: PathFrom): void {
    const { resolved, child } = this.#existing(viewer, at);
    if (child.dentry.inode.fileType === S_IFDIR) throw EISDIR;
    if (resolved.hasTrailingSlash) throw ENOTDIR;
    const directory = this.#removableFrom(viewer, resolved, child);
    directory.inode.unlink(resolved.name);
    this.#cache.removed(child.dentry);
    tellRemoved(directory.inode, resolved.name, child.dentry.inode);
  }

  rmdir(viewer: Viewer, at: PathFrom): void {
    const { resolved, child } = this.#existing(viewer, at);
    if (resolved.name === '.') throw EINVAL;
    if (resolved.name === '..') throw ENOTEMPTY;
    if (resolved.name === '') throw EBUSY;
    if (child.dentry.inode.fileType !== S_IFDIR) throw ENOTDIR;
    const directory = this.#removableFrom(viewer, resolved, child);
    directory.inode.rmdir(resolved.name);
    this.#cache.removed(child.dentry);
    tellRemoved(directory.inode, resolved.name, child.dentry.inode);
  }

  rename(viewer: Viewer, from: PathFrom, to: PathFrom, flags = 0): void {
    if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) !== 0) throw EINVAL;
    const isExchange = (flags & RENAME_EXCHANGE) !== 0;
    const leavesWhiteout = (flags & RENAME_WHITEOUT) !== 0;
    if (isExchange && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)) !== 0) throw EINVAL;
    // The order of the checks is that of Linux fs/namei.c:do_renameat2.
    const source = this.#resolve(viewer, from.start, from.path, 'never');
    const target = this.#resolve(viewer, to.start, to.path, 'never');
    if (source.parent.mount !== target.parent.mount) throw EXDEV;
    if (isSpecial(source.name) || isSpecial(target.name)) throw EBUSY;
    requireWritable(source);
    const { child } = source;
    if (child === undefined) throw ENOENT;
    if (target.child !== undefined && (flags & RENAME_NOREPLACE) !== 0) throw EEXIST;
    if (isExchange) {
      this.#exchange(viewer, source, target, child);
      return;
    }
    const isDirectory = child.dentry.inode.fileType === S_IFDIR;
    if (!isDirectory && (target.hasTrailingSlash || source.hasTrailingSlash)) throw ENOTDIR;
    if (isDirectory && isWithin(target.parent.dentry, child.dentry)) throw EINVAL;
    const newParent = target.parent.dentry;
    if (target.child === undefined) this.#writableParent(viewer, target);
    else this.#checkReplacing(viewer, source, target, target.child, isDirectory);
    const oldParent = this.#removableFrom(viewer, source, child);
    if (target.child?.dentry.inode === child.dentry.inode) return; // rename(2): two names of one file stay as they are
    const init = leavesWhiteout ? owned(viewer, oldParent.inode, { mode: S_IFCHR, rdev: 0 }) : undefined;
    const whiteout = oldParent.inode.rename(source.name, newParent.inode, target.name, init);
    this.#cache.moved(child.dentry, newParent, target.name);
    if (whiteout !== undefined) this.#cache.added(oldParent, source.name, whiteout);
    this.#tellMoved(source, target, child.dentry.inode);
    if (target.child !== undefined) tellUnlinked(target.child.dentry.inode);
  }

  setAttributes(viewer: Viewer, location: Location, changes: AttributeChanges): void {
    if (location.mount.isReadOnly) throw EROFS;
    const { inode } = location.dentry;
    requireChangeable(inode);
    if (changes.sizeBytes !== undefined) {
      this.#requireNotExecuting(inode);
      requireResizable(inode, changes.sizeBytes);
    }
    inode.setAttributes(permittedChanges(viewer.credentials, inode.attributes(), changes));
    if (changes.sizeBytes !== undefined) fileTruncated(inode, changes.sizeBytes);
    tellFile(location.dentry, changes.sizeBytes === undefined ? IN_ATTRIB : IN_MODIFY);
  }

  #requireNotExecuting(inode: Inode): void {
    if (inode.fileType === S_IFREG && this.isExecuting(inode)) throw ETXTBSY;
  }

  /** RENAME_EXCHANGE: both names are there, and each leads to what the other did. */
  #exchange(viewer: Viewer, source: Resolved, target: Resolved, child: Place): void {
    const other = target.child;
    if (other === undefined) throw ENOENT;
    if (isWithin(target.parent.dentry, child.dentry) || isWithin(source.parent.dentry, other.dentry)) throw EINVAL;
    const oldParent = this.#removableFrom(viewer, source, child);
    const newParent = this.#removableFrom(viewer, target, other);
    if (oldParent.inode.exchange === undefined) throw EINVAL;
    if (other.dentry.inode === child.dentry.inode) return;
    oldParent.inode.exchange(source.name, newParent.inode, target.name);
    this.#cache.exchanged(child.dentry, other.dentry);
    this.#tellMoved(source, target, child.dentry.inode);
    this.#tellMoved(target, source, other.dentry.inode);
  }

  #tellMoved(from: Resolved, to: Resolved, inode: Inode): void {
    const cookie = ++this.#moves;
    tellDirectory(from.parent.dentry.inode, from.name, IN_MOVED_FROM, inode, cookie);
    tellDirectory(to.parent.dentry.inode, to.name, IN_MOVED_TO, inode, cookie);
    tellInode(inode, IN_MOVE_SELF);
  }

  #checkReplacing(viewer: Viewer, source: Resolved, target: Resolved, victim: Place, isDirectory: boolean): void {
    const isVictimDirectory = victim.dentry.inode.fileType === S_IFDIR;
    if (isWithin(source.parent.dentry, victim.dentry)) throw ENOTEMPTY;
    if (isDirectory && !isVictimDirectory) throw ENOTDIR;
    if (!isDirectory && isVictimDirectory) throw EISDIR;
    this.#removableFrom(viewer, target, victim);
  }

  #resolve(
    viewer: Viewer,
    start: Location | undefined,
    path: ByteString,
    followLast: WalkRequest['followLast'],
    restrictions = 0,
  ): Resolved {
    const from = (start ?? viewer.fs.cwd) as Place;
    return resolve(this.#cache, { viewer, path, start: from, root: viewer.fs.root as Place, followLast, restrictions });
  }

  #existing(viewer: Viewer, at: PathFrom): { resolved: Resolved; child: Place } {
    const resolved = this.#resolve(viewer, at.start, at.path, 'never');
    requireWritable(resolved);
    if (resolved.child === undefined) throw ENOENT;
    return { resolved, child: resolved.child };
  }

  #fromRoot(path: ByteString): Place {
    const viewer: Viewer = {
      fs: { cwd: this.root, root: this.root, umask: 0 },
      credentials: rootCredentials(),
    };
    return this.walk(viewer, path);
  }

  /** The directory of a name to be made or removed, once the viewer may write to it. */
  #writableParent(viewer: Viewer, { parent, name }: Resolved): DentryNode {
    if (isSpecial(name)) throw EEXIST;
    this.#requireWritable(viewer, parent);
    return parent.dentry;
  }

  #requireWritable({ credentials }: Viewer, { mount, dentry }: Place): void {
    if (mount.isReadOnly) throw EROFS;
    if (dentry.isRemoved) throw ENOENT;
    requireSearch(credentials, dentry.inode, W_OK);
  }

  #removableFrom(viewer: Viewer, resolved: Resolved, child: Place): DentryNode {
    if (child.mount !== resolved.parent.mount || child.dentry.parent === undefined) throw EBUSY; // a mount point
    const directory = this.#writableParent(viewer, resolved);
    requireRemovable(viewer.credentials, directory.inode, child.dentry.inode);
    return directory;
  }

  #make(viewer: Viewer, resolved: Resolved, init: Unowned): Place {
    const directory = this.#writableParent(viewer, resolved);
    const inode = directory.inode.create(resolved.name, owned(viewer, directory.inode, init));
    const dentry = this.#cache.added(directory, resolved.name, inode);
    tellDirectory(directory.inode, resolved.name, IN_CREATE, inode);
    return { mount: resolved.parent.mount, dentry };
  }

  #openExisting(viewer: Viewer, place: Place, flags: number): OpenFile {
    const { inode } = place.dentry;
    if ((flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL)) throw EEXIST;
    const isWriting = (flags & O_ACCMODE) !== O_RDONLY || (flags & O_TRUNC) !== 0;
    if (inode.fileType === S_IFLNK) throw ELOOP;
    if ((flags & O_DIRECTORY) !== 0 && inode.fileType !== S_IFDIR) throw ENOTDIR;
    if (inode.fileType === S_IFDIR && (isWriting || (flags & O_CREAT) !== 0)) throw EISDIR;
    if (inode.fileType === S_IFSOCK) throw ENXIO;
    if (isWriting && place.mount.isReadOnly && isOnDisk(inode.fileType)) throw EROFS;
    if (isDevice(inode.fileType) && place.mount.forbidsDevices) throw EACCES;
    const wanted = ((flags & O_ACCMODE) === O_WRONLY ? 0 : R_OK) | (isWriting ? W_OK : 0);
    requirePermission(viewer.credentials, inode, wanted);
    const isAppending = (flags & O_APPEND) !== 0 && (flags & O_TRUNC) === 0;
    if (isWriting && !isAppending && isAppendOnly(inode)) throw EPERM;
    if ((flags & O_NOATIME) !== 0) requireOwner(viewer.credentials, inode);
    if (isWriting) this.#requireNotExecuting(inode);
    breakLeases(inode, isWriting, (flags & O_NONBLOCK) !== 0);
    if ((flags & O_TRUNC) !== 0 && inode.fileType === S_IFREG) {
      requireResizable(inode, 0);
      inode.setAttributes({ sizeBytes: 0 });
      fileTruncated(inode, 0);
      tellFile(place.dentry, IN_MODIFY);
    }
    return this.#fileFor(place, flags);
  }

  #fileFor(place: Place, flags: number): OpenFile {
    const file = this.#makeFile(place, flags);
    tellFile(place.dentry, IN_OPEN);
    return file;
  }

  #makeFile(place: Place, flags: number): OpenFile {
    const { inode } = place.dentry;
    const status = flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC);
    const special = inode.open?.(status);
    if (special !== undefined) return special;
    switch (inode.fileType) {
      case S_IFDIR:
        return new DirectoryFile(place, this.pathOf(place), status);
      case S_IFIFO:
        return openFifo(place, this.pathOf(place), status, this.keptMemory);
      case S_IFCHR:
      case S_IFBLK:
        return this.#openDevice(inode, status, this.pathOf(place));
      default:
        return new RegularFile(place, this.pathOf(place), status);
    }
  }

  #openPath({ child }: Resolved, flags: number): OpenFile {
    if (child === undefined) throw ENOENT;
    if ((flags & O_DIRECTORY) !== 0 && child.dentry.inode.fileType !== S_IFDIR) throw ENOTDIR;
    return new PathFile(child, this.pathOf(child), O_PATH);
  }

  /** O_TMPFILE: a file that never had a name. */
  #openTemporary(viewer: Viewer, path: ByteString, flags: number, mode: number, start?: Location): OpenFile {
    if ((flags & O_ACCMODE) === O_RDONLY) throw EINVAL;
    const { mount, dentry: parent } = this.walk(viewer, path, start === undefined ? {} : { start });
    if (parent.inode.fileType !== S_IFDIR) throw ENOTDIR;
    if (parent.inode.createNameless === undefined) throw EOPNOTSUPP;
    this.#requireWritable(viewer, { mount, dentry: parent });
    const init = owned(viewer, parent.inode, { mode: S_IFREG | (mode & 0o7777 & ~viewer.fs.umask) });
    const inode = parent.inode.createNameless(init);
    const dentry = new DentryNode(`#${inode.number}`, parent, inode); // its name in /proc: Linux fs/dcache.c, d_tmpfile
    dentry.isRemoved = true;
    return this.#fileFor({ mount, dentry }, flags & ~O_TMPFILE);
  }
}

/** What a directory's new inode is made of, but for its owner. */
type Unowned = Omit<NewInode, 'uid' | 'gid'>;

/** mkdir(2), open(2): in a set-gid directory the group is inherited, and a directory inherits the bit. */
function owned({ credentials }: Viewer, directory: Inode, init: Unowned): NewInode {
  const above = directory.attributes();
  const isGroupInherited = (above.mode & S_ISGID) !== 0;
  const mode = isGroupInherited ? modeInGroup(credentials, init.mode, above.gid) : init.mode;
  return { ...init, mode, uid: fileUser(credentials), gid: isGroupInherited ? above.gid : fileGroup(credentials) };
}

function tellRemoved(directory: Inode, name: ByteString, inode: Inode): void {
  if (inode.fileType !== S_IFDIR) tellInode(inode, IN_ATTRIB);
  tellDirectory(directory, name, IN_DELETE, inode);
  if (inode.fileType === S_IFDIR || inode.attributes().linkCount === 0) tellInode(inode, IN_DELETE_SELF);
}

/** What a rename replaced. */
function tellUnlinked(inode: Inode): void {
  if (inode.fileType !== S_IFDIR) tellInode(inode, IN_ATTRIB);
  if (inode.fileType === S_IFDIR || inode.attributes().linkCount === 0) tellInode(inode, IN_DELETE_SELF);
}

/** Linux fs/namei.c: mnt_want_write comes before the last name is looked for. */
function requireWritable({ parent, name }: Resolved): void {
  if (!isSpecial(name) && parent.mount.isReadOnly) throw EROFS;
}

function isSpecial(name: ByteString): boolean {
  return name === '' || name === '.' || name === '..';
}

function isOnDisk(fileType: number): boolean {
  return fileType === S_IFREG || fileType === S_IFDIR || fileType === S_IFLNK;
}

function isDevice(fileType: number): boolean {
  return fileType === S_IFCHR || fileType === S_IFBLK;
}

function isFolder({ dentry }: Location): boolean {
  return dentry.inode.fileType === S_IFDIR;
}

function isWithin(dentry: DentryNode, ancestor: DentryNode): boolean {
  for (let at: DentryNode | undefined = dentry; at !== undefined; at = at.parent) if (at === ancestor) return true;
  return false;
}

function noDevices(): OpenFile {
  throw ENXIO;
}
