/**
 * From a path to a place (path_resolution(7), Linux fs/namei.c:link_path_walk).
 *
 * `resolve` walks to the last component and looks it up too; what it returns serves both walk (the child) and the
 * calls that make or remove a name (parent and name).
 */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EXDEV } from '../abi/errno.ts';
import {
  NAME_MAX,
  PATH_MAX,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from '../abi/fcntl.ts';
import { S_IFDIR, S_IFLNK } from '../abi/stat.ts';
import { type DentryCache, mountedAt, type Place } from './dentry.ts';
import { requireSearch } from './permissions.ts';
import type { Viewer } from './vfs.ts';

const MAX_SYMLINKS = 40; // Linux include/linux/namei.h: MAXSYMLINKS
const SLASH = 47;

export interface Resolved {
  /** Directory that holds (or would hold) the last component. */
  readonly parent: Place;
  /** The last component; '.', '..' and '' (the root) cannot be made or removed. */
  readonly name: ByteString;
  /** What the name leads to, mounts crossed; undefined: nothing there. */
  readonly child: Place | undefined;
  readonly hasTrailingSlash: boolean;
}

export interface WalkRequest {
  readonly viewer: Viewer;
  readonly path: ByteString;
  readonly start: Place;
  readonly root: Place;
  /** 'never': the last component is a name to make, move or remove; a slash behind it does not follow it either. */
  readonly followLast: boolean | 'never';
  /** RESOLVE_* of openat2(2); 0: none. */
  readonly restrictions: number;
}

/** @throws ENOENT, ENOTDIR, ELOOP, EACCES, ENAMETOOLONG */
export function resolve(cache: DentryCache, request: WalkRequest): Resolved {
  const { viewer, followLast, restrictions, start } = request;
  const root = (restrictions & RESOLVE_IN_ROOT) === 0 ? request.root : start;
  let path = request.path;
  if (path.length === 0) throw ENOENT;
  if (path.length >= PATH_MAX) throw ENAMETOOLONG;
  let links = 0;
  let here = path.charCodeAt(0) === SLASH ? rootFor(request, root) : start;
  let at = skipSlashes(path, 0);
  let resolved: Resolved = { parent: here, name: '', child: here, hasTrailingSlash: false };
  while (at < path.length) {
    const end = endOfName(path, at);
    const name = path.slice(at, end);
    const next = skipSlashes(path, end);
    const isLast = next === path.length;
    const hasTrailingSlash = isLast && next > end;
    if (name === '..' && (restrictions & RESOLVE_BENEATH) !== 0 && isSame(here, start)) throw EXDEV;
    const child = step(cache, viewer, here, root, name);
    if (child !== undefined) checkMount(restrictions, here, child);
    if (
      child !== undefined &&
      child.dentry.inode.fileType === S_IFLNK &&
      (!isLast || isFollowed(followLast, hasTrailingSlash))
    ) {
      if (++links > MAX_SYMLINKS || (restrictions & RESOLVE_NO_SYMLINKS) !== 0) throw ELOOP;
      const jump = child.dentry.inode.followLink?.();
      if (jump !== undefined) checkJump(restrictions, here, jump as Place);
      if (jump === undefined) {
        const target = child.dentry.inode.readLink();
        if (target.length === 0) throw ENOENT;
        path = isLast && !hasTrailingSlash ? target : `${target}/${path.slice(next)}`;
        if (path.charCodeAt(0) === SLASH) here = rootFor(request, root);
        at = skipSlashes(path, 0);
        resolved = { parent: here, name: '', child: here, hasTrailingSlash: false };
        continue;
      }
      resolved = { parent: here, name, child: jump as Place, hasTrailingSlash };
    } else {
      resolved = { parent: here, name, child, hasTrailingSlash };
    }
    if (isLast) break;
    if (resolved.child === undefined) throw ENOENT;
    here = resolved.child;
    if (here.dentry.inode.fileType !== S_IFDIR) throw ENOTDIR;
    at = next;
  }
  if (resolved.hasTrailingSlash && resolved.child !== undefined && followLast !== 'never')
    requireDirectory(resolved.child);
  return resolved;
}

function isFollowed(followLast: WalkRequest['followLast'], hasTrailingSlash: boolean): boolean {
  return followLast === true || (followLast === false && hasTrailingSlash);
}

/** Where an absolute path starts. @throws EXDEV where it may not */
function rootFor({ restrictions, start }: WalkRequest, root: Place): Place {
  if ((restrictions & RESOLVE_BENEATH) !== 0) throw EXDEV;
  checkMount(restrictions, start, root);
  return root;
}

function checkMount(restrictions: number, from: Place, to: Place): void {
  if ((restrictions & RESOLVE_NO_XDEV) !== 0 && from.mount !== to.mount) throw EXDEV;
}

/** A link of /proc leads to an object, not to a name. */
function checkJump(restrictions: number, from: Place, to: Place): void {
  if ((restrictions & RESOLVE_NO_MAGICLINKS) !== 0) throw ELOOP;
  if ((restrictions & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) !== 0) throw EXDEV;
  checkMount(restrictions, from, to);
}

function isSame(a: Place, b: Place): boolean {
  return a.dentry === b.dentry && a.mount === b.mount;
}

function step(cache: DentryCache, viewer: Viewer, here: Place, root: Place, name: ByteString): Place | undefined {
  if (name.length > NAME_MAX) throw ENAMETOOLONG;
  requireDirectory(here);
  requireSearch(viewer.credentials, here.dentry.inode);
  if (name === '.') return here;
  if (name === '..') return parentOf(here, root);
  const dentry = cache.lookup(here.dentry, name);
  if (dentry === undefined) return undefined;
  return dentry.mounted === undefined ? { mount: here.mount, dentry } : enterMounts({ mount: here.mount, dentry });
}

/** The place above; the viewer's root is its own parent. */
function parentOf(place: Place, root: Place): Place {
  let here = place;
  for (;;) {
    if (here.dentry === root.dentry && here.mount === root.mount) return here;
    if (here.dentry === here.mount.root) {
      if (here.mount.point === undefined) return here;
      here = here.mount.point;
      continue;
    }
    const { parent } = here.dentry;
    if (parent === undefined) return here;
    return enterMounts({ mount: here.mount, dentry: parent });
  }
}

/** The root of what is mounted on top of a place, or the place itself. */
export function enterMounts(place: Place): Place {
  let here = place;
  while (here.dentry.mounted !== undefined) {
    const mount = mountedAt(here);
    if (mount === undefined) return here;
    here = { mount, dentry: mount.root };
  }
  return here;
}

function requireDirectory(place: Place): void {
  if (place.dentry.inode.fileType !== S_IFDIR) throw ENOTDIR;
}

function skipSlashes(path: ByteString, from: number): number {
  let at = from;
  while (at < path.length && path.charCodeAt(at) === SLASH) at++;
  return at;
}

function endOfName(path: ByteString, from: number): number {
  const end = path.indexOf('/', from);
  return end < 0 ? path.length : end;
}
