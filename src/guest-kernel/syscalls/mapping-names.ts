/** PR_SET_VMA_ANON_NAME of prctl(2): names of mappings without a file, as /proc/PID/maps tells them. */
import { PAGE_SIZE } from '../../emulator/index.ts';
import type { ByteString } from '../../emulator/util/bytes.ts';
import { EBADF, EINVAL, ENAMETOOLONG, ENOMEM } from '../abi/errno.ts';
import { pageUp } from '../mm/memory-map.ts';
import type { GuestTask } from '../program/guest-task.ts';
import type { Result } from './syscall.ts';

const PR_SET_VMA_ANON_NAME = 0;
/** ANON_VMA_NAME_MAX_LEN, with the NUL. */
const NAME_BYTES = 80;
const ADDRESS_SPACE = 2 ** 64;
/** Linux is_valid_name_char: printable ASCII without what would confuse readers of maps. */
const VALID_NAME = /^[ !"#%-Z^-_a-~]*$/;

/** Undefined: the mappings lose their names. @throws EFAULT, EINVAL */
function loadName({ memory }: GuestTask, addr: number): ByteString | undefined {
  if (addr === 0) return undefined;
  try {
    const name = memory.cString(addr, NAME_BYTES);
    if (!VALID_NAME.test(name)) throw EINVAL;
    return name;
  } catch (error) {
    throw error === ENAMETOOLONG ? EINVAL : error;
  }
}

/** Names what is mapped up to a file's mapping; holes are told in the end (Linux mm/madvise.c: madvise_walk_vmas). */
export function setMappingName(task: GuestTask, kind: number, addr: number, size: number, nameAddr: number): Result {
  if (kind !== PR_SET_VMA_ANON_NAME) throw EINVAL;
  const name = loadName(task, nameAddr);
  const endAddr = addr + pageUp(size);
  if (addr % PAGE_SIZE !== 0 || endAddr >= ADDRESS_SPACE) throw EINVAL;
  if (endAddr === addr) return 0;
  const { areas } = task.namespace.map;
  const firstFile = areas
    .within(addr, endAddr)
    .find(({ inode, isMachine }) => inode !== undefined || isMachine === true);
  areas.replace(addr, firstFile?.startAddr ?? endAddr, (piece) => {
    // The heap and the stack are called so whatever their name.
    const isNamed = piece.name === '' || piece.name.startsWith('[anon:');
    return isNamed ? { ...piece, name: name === undefined ? '' : `[anon:${name}]` } : piece;
  });
  if (firstFile !== undefined) throw EBADF;
  if (!areas.covers(addr, endAddr)) throw ENOMEM;
  return 0;
}
