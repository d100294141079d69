/** The text that mount(2) of a tmpfs takes (tmpfs(5)): size, nr_blocks, nr_inodes, mode; others change nothing here. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import { EINVAL } from '../../abi/errno.ts';

export interface TmpfsOptions {
  readonly capacityBytes?: number;
  readonly capacityInodes?: number;
  readonly rootMode?: number;
}

const PAGE_BYTES = 4096;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const IGNORED = new Set(['uid', 'gid', 'mpol', 'huge', 'inode32', 'inode64', 'noswap']);

/** @throws EINVAL */
export function parseTmpfsOptions(text: ByteString): TmpfsOptions {
  let options: TmpfsOptions = {};
  for (const word of text.split(',').filter((each) => each !== '')) options = { ...options, ...optionOf(word) };
  return options;
}

function optionOf(word: ByteString): TmpfsOptions {
  const [name = '', value = ''] = word.split('=');
  if (name === 'mode' && /^[0-7]+$/.test(value)) return { rootMode: Number.parseInt(value, 8) & 0o7777 };
  if (IGNORED.has(name)) return {};
  const count = /^(\d+)([kmg]?)$/i.exec(value);
  if (count === null) throw EINVAL;
  const number = Number(count[1]) * (UNITS[(count[2] ?? '').toLowerCase()] ?? 1);
  if (name === 'nr_inodes') return { capacityInodes: number };
  if (name === 'size') return { capacityBytes: Math.ceil(number / PAGE_BYTES) * PAGE_BYTES };
  if (name === 'nr_blocks') return { capacityBytes: number * PAGE_BYTES };
  throw EINVAL;
}
