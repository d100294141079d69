/** Trees of made-up files from rows: a path below the root, and what stands there. Directories follow from the paths. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import type { Inode } from '../../vfs/inode.ts';
import { VirtualDirectory, VirtualLink, VirtualText, type VirtualFilesystem } from './virtual-inode.ts';

/** A text, a text that can be written, or the target of a symlink. */
export type TreeNode =
  | (() => ByteString)
  | { readonly text: () => ByteString; readonly write: (text: Uint8Array) => void }
  | { readonly link: ByteString }
  /** A directory for other filesystems to be mounted on. */
  | 'directory';

export type TreeRow = readonly [path: ByteString, node: TreeNode];

interface TreeOptions {
  readonly filesystem: VirtualFilesystem;
  /** Where the tree is mounted, for the names of open files. */
  readonly root: ByteString;
  /** Gives each inode its number. */
  readonly nextNumber: () => number;
}

/** The names at the top of the tree and what they lead to, in the order of the rows. */
export function makeTree(rows: readonly TreeRow[], options: TreeOptions): Map<ByteString, Inode> {
  const nodes = new Map<ByteString, Inode>();
  const below = new Map<ByteString, TreeRow[]>();
  for (const [path, node] of rows) {
    const slash = path.indexOf('/');
    if (slash < 0) {
      nodes.set(path, makeNode(node, `${options.root}/${path}`, options));
      continue;
    }
    const name = path.slice(0, slash);
    const rest: TreeRow = [path.slice(slash + 1), node];
    const others = below.get(name);
    if (others === undefined) below.set(name, [rest]);
    else others.push(rest);
  }
  for (const [name, children] of below) {
    const number = options.nextNumber();
    nodes.set(name, directoryOf(makeTree(children, { ...options, root: `${options.root}/${name}` }), number, options));
  }
  return nodes;
}

export function directoryOf(
  nodes: ReadonlyMap<ByteString, Inode>,
  number: number,
  { filesystem }: Pick<TreeOptions, 'filesystem'>,
): VirtualDirectory {
  const entries = [...nodes].map(([name, inode]) => ({ name, inodeNumber: inode.number, fileType: inode.fileType }));
  return new VirtualDirectory(
    { filesystem, number },
    () => entries,
    (name) => nodes.get(name),
  );
}

function makeNode(node: TreeNode, path: ByteString, { filesystem, nextNumber }: TreeOptions): Inode {
  const number = nextNumber();
  if (node === 'directory') return directoryOf(new Map(), number, { filesystem });
  if (typeof node === 'function') return new VirtualText({ filesystem, number, path }, node);
  if ('link' in node) return new VirtualLink({ filesystem, number }, () => node.link);
  return new VirtualText({ filesystem, number, path }, node.text, node.write);
}
