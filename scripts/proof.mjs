/**
 * npm run proof -- [NAME…] [--resume] [--list]: Debian's programs in the VM against the host's processor
 * (guest/proof). NAME is a row or an image, none is everything; --resume leaves out what was equal since machine, image
 * and script are as they are; times are kept in .cache/proof/journal.json.
 */
import { spawnSync } from 'node:child_process';

const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith('-'));
const env = {
  ...process.env,
  PROOF: names.length === 0 ? 'all' : names.join(','),
  PROOF_RESUME: args.includes('--resume') ? '1' : '',
};
const mode = args.includes('--list') ? ['list'] : ['run', '--reporter=verbose'];
process.exitCode =
  spawnSync('node_modules/.bin/vitest', [...mode, 'guest/proof'], { stdio: 'inherit', env }).status ?? 1;
