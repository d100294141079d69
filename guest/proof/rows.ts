/** What `npm run proof` compares: a script of `programs/` that runs in an image, natively and in the machine. */

export type ProofImage = 'proof' | 'programs' | 'tools' | 'servers' | 'languages' | 'java' | 'science';

export interface Row {
  /** Its script's name without ending, which selects the row: `npm run proof -- redis nginx`. */
  readonly name: string;
  readonly image: ProofImage;
  readonly args?: readonly string[];
  /** Also in `npm test`. */
  readonly isQuick?: boolean;
}

const on = (image: ProofImage, names: string): readonly Row[] =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => ({ name, image }));

export const ROWS: readonly Row[] = [
  { name: 'lua', image: 'proof', isQuick: true },
  { name: 'cc1', image: 'proof', args: ['5000'] },
  ...on('proof', 'openssl-digests openssl-ciphers openssl-signatures 7z 7z-benchmark bc perl python sqlite3'),
  ...on('programs', 'bash coreutils text-tools archives gcc tcc luajit git redis nginx memcached ipv6-servers'),
  ...on('tools', 'dash ash curl ssh-keygen ripgrep stress-ng python-tasks ipv6-python'),
  ...on('servers', 'rsync ssh ss dnsmasq mosquitto'),
  ...on('languages', 'ruby php node esbuild cxx openmp'),
  ...on('java', 'java java-server'),
  ...on('science', 'shellcheck age sbcl guile erlang stockfish solvers numpy sound jq'),
];

/** The rows that were asked for: 'all', names parted by commas, or none for the quick ones. */
export function selectRows(wish: string | undefined): readonly Row[] {
  if (wish === undefined || wish === '') return ROWS.filter((row) => row.isQuick);
  if (wish === 'all') return ROWS;
  const names = wish.split(',');
  return ROWS.filter((row) => names.includes(row.name) || names.includes(row.image));
}
