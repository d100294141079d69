/**
 * node scripts/lock-packages.mjs NAME…: writes into guest/images/packages.lock.json what Debian's main archive has of
 * these packages. Never of the security archive, which drops a version with the next one.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const LOCK = 'guest/images/packages.lock.json';
const lock = JSON.parse(readFileSync(LOCK, 'utf8'));
for (const name of process.argv.slice(2)) lock.packages[name] = locked(name);
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);

function locked(name) {
  const lines = aptCache('madison', name).split('\n');
  const inMain = lines.find((line) => line.includes(`/debian ${lock.suite}/main `));
  if (inMain === undefined) throw new Error(`apt knows no ${name} of ${lock.suite}/main`);
  const version = inMain.split('|')[1].trim();
  const record = aptCache('show', `${name}=${version}`);
  return { version, path: field(record, 'Filename'), sha256: field(record, 'SHA256') };
}

function aptCache(...args) {
  return execFileSync('apt-cache', args, { encoding: 'utf8' });
}

function field(record, name) {
  const [, value] = new RegExp(`^${name}: (.+)$`, 'm').exec(record) ?? [];
  if (value === undefined) throw new Error(`apt-cache shows no ${name}`);
  return value;
}
