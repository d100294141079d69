/** Runs a CommonJS bundle with V8's compiled code kept beside it: start-up without compiling a megabyte of source. */
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

export function runBundle(bundle) {
  const source = `(function (exports, require, module) {${readFileSync(bundle, 'utf8')}\n})`;
  // V8 itself looks at the source's length only, so the name tells which bundle the code belongs to.
  const cache = `${bundle}.${Math.round(statSync(bundle).mtimeMs).toString(36)}.code`;
  const cachedData = readIfThere(cache);
  const script = new Script(source, { filename: bundle, ...(cachedData ? { cachedData } : {}) });
  // At the end, when the functions that a run needs have been compiled too.
  if (!cachedData || script.cachedDataRejected) process.on('exit', () => keepCode(script, bundle, cache));
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(bundle), module);
}

function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function keepCode(script, bundle, cache) {
  const folder = dirname(bundle);
  const isOurs = (name) => name.startsWith(`${basename(bundle)}.`) && name.endsWith('.code');
  try {
    for (const name of readdirSync(folder)) if (isOurs(name)) rmSync(join(folder, name), { force: true });
    writeFileSync(`${cache}.${process.pid}`, script.createCachedData());
    renameSync(`${cache}.${process.pid}`, cache);
  } catch {
    // A read-only folder: the next start compiles again.
  }
}
