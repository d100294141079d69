/**
 * npm run bench:translation: CPU time per block of each stage of translation, over code of the host's libc: decode, lift
 * (which decodes), passes, and the text or binary of regions of one block, without V8's own compile time.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { batchSource } from '../../src/emulator/backends/js/compile.ts';
import { directTargets, type Region } from '../../src/emulator/backends/region/region.ts';
import { compileRegions } from '../../src/emulator/backends/wasm/compile.ts';
import { optimise } from '../../src/emulator/ir/passes/index.ts';
import { buildDecodeTable } from '../../src/emulator/x86/decode/decode-table.ts';
import { Decoder } from '../../src/emulator/x86/decode/decoder.ts';
import { INSTRUCTIONS } from '../../src/emulator/x86/instructions/index.ts';
import { liftBlock } from '../../src/emulator/x86/lift-block.ts';

const LIBRARY = '/lib/x86_64-linux-gnu/libc.so.6';
const BASE = 0x40_0000;
const MOST_BLOCKS = 6_000;
const ROUNDS = 7;

const file = readFileSync(LIBRARY);
const u8 = new Uint8Array(BASE + file.length);
u8.set(file, BASE);
const decoder = new Decoder(buildDecodeTable(INSTRUCTIONS), { u8, isExecutable: (addr) => addr >= BASE });

/** Addresses of blocks that direct jumps reach from the library's functions (its text lies in the file as in memory). */
function blockAddresses(): number[] {
  const symbols = execFileSync('objdump', ['-T', LIBRARY], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const functions = [...symbols.matchAll(/^([0-9a-f]{16}) \S*\s+(?:i?DF|iD) \.text/gm)].map(
    ([, at]) => BASE + parseInt(at, 16),
  );
  const seen = new Set<number>();
  const queue = functions.toSorted((a, b) => a - b);
  for (const rip of queue) {
    if (seen.size >= MOST_BLOCKS) break;
    if (seen.has(rip) || rip >= u8.length || rip < BASE) continue;
    seen.add(rip);
    for (const target of directTargets(liftBlock(decoder, rip, 32), 'calls')) queue.push(target);
  }
  return [...seen];
}

const addresses = blockAddresses();
const blocks = addresses.map((rip) => liftBlock(decoder, rip, 32));
const optimised = blocks.map(optimise);
const instructions = blocks.reduce((sum, block) => sum + block.instructionCount, 0);

function decodeAll(): void {
  for (const { rip, instructionCount } of blocks) {
    let at = rip;
    for (let i = 0; i < instructionCount; i++) {
      const result = decoder.decode(at);
      at += result.kind === 'instruction' ? result.decoded.length : 1;
    }
  }
}

/** As many regions at once as a batch usually holds. */
const BATCH = 24;
const batches = Array.from({ length: Math.ceil(optimised.length / BATCH) }, (_, i) =>
  optimised.slice(BATCH * i, BATCH * (i + 1)).map((block): Region => ({ blocks: [block], joins: 'calls' })),
);

const STAGES: readonly (readonly [name: string, run: () => void])[] = [
  ['decode', decodeAll],
  ['decode and lift', () => addresses.forEach((rip) => liftBlock(decoder, rip, 32))],
  ['passes', () => blocks.forEach((block) => optimise(block))],
  ['text of JavaScript', () => batches.forEach((regions) => batchSource(regions))],
  ['binary of WebAssembly', () => batches.forEach((regions) => compileRegions(regions))],
];

const best = new Map<string, number>();
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of STAGES) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    best.set(name, Math.min(best.get(name) ?? Infinity, (user + system) / addresses.length));
  }
}
console.log(
  `${addresses.length} blocks of ${(instructions / addresses.length).toFixed(1)} instructions; µs of CPU a block, best of ${ROUNDS}`,
);
for (const [name, us] of best) console.log(`${name.padEnd(24)} ${us.toFixed(2)}`);
