/** Extended attributes (xattr(7)): no filesystem of ours shows any yet. */
import { EOPNOTSUPP } from '../abi/errno.ts';
import { partial, syscall, type Syscall } from './syscall.ts';

const MISSING = partial('EOPNOTSUPP, as a filesystem without extended attributes answers');

function refuse(): never {
  throw EOPNOTSUPP;
}

// oxfmt-ignore
export const xattrs: readonly Syscall[] = [
  syscall({ nr: 188, name: 'setxattr', args: { path: 'path', name: 'path', value: 'ptr', size: 'size', flags: 'flags' }, support: MISSING, run: refuse }),
  syscall({ nr: 189, name: 'lsetxattr', args: { path: 'path', name: 'path', value: 'ptr', size: 'size', flags: 'flags' }, support: MISSING, run: refuse }),
  syscall({ nr: 190, name: 'fsetxattr', args: { fd: 'fd', name: 'path', value: 'ptr', size: 'size', flags: 'flags' }, support: MISSING, run: refuse }),
  syscall({ nr: 191, name: 'getxattr', args: { path: 'path', name: 'path', value: 'ptr', size: 'size' }, support: MISSING, run: refuse }),
  syscall({ nr: 192, name: 'lgetxattr', args: { path: 'path', name: 'path', value: 'ptr', size: 'size' }, support: MISSING, run: refuse }),
  syscall({ nr: 193, name: 'fgetxattr', args: { fd: 'fd', name: 'path', value: 'ptr', size: 'size' }, support: MISSING, run: refuse }),
  syscall({ nr: 194, name: 'listxattr', args: { path: 'path', list: 'ptr', size: 'size' }, support: MISSING, run: refuse }),
  syscall({ nr: 195, name: 'llistxattr', args: { path: 'path', list: 'ptr', size: 'size' }, support: MISSING, run: refuse }),
  syscall({ nr: 196, name: 'flistxattr', args: { fd: 'fd', list: 'ptr', size: 'size' }, support: MISSING, run: refuse }),
  syscall({ nr: 197, name: 'removexattr', args: { path: 'path', name: 'path' }, support: MISSING, run: refuse }),
  syscall({ nr: 198, name: 'lremovexattr', args: { path: 'path', name: 'path' }, support: MISSING, run: refuse }),
  syscall({ nr: 199, name: 'fremovexattr', args: { fd: 'fd', name: 'path' }, support: MISSING, run: refuse }),
];
