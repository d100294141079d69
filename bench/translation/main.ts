/**
 * npm run bench:translation: CPU time per block of each stage of translation, over code of the host's libc: decode, lift
 * (which decodes), passes, and the text or binary of regions of one block, without V8's own compile time.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { batchSource } from '../../src/emulator/backends/js/compile.ts';
import { directTargets, type Region } from '../../src/emulator/backends/region/region.ts';
import { compileRegions } from '../../src/emulator/backends/wasm/compile.ts';
import { sharedLibrary } from '../../src/emulator/backends/wasm/cold/handlers.ts';
import { MicroCode } from '../../src/emulator/backends/wasm/cold/micro-code.ts';
import type { ExecutorServices } from '../../src/emulator/executor.ts';
import { AddressSpace, GUEST_BASE, MICRO_CODE_END } from '../../src/emulator/memory/address-space.ts';
import { CodePages } from '../../src/emulator/memory/code-pages.ts';
import { CpuCounters } from '../../src/emulator/statistics.ts';
import { microBlock } from '../../src/emulator/x86/micro-block.ts';
import { optimise } from '../../src/emulator/ir/passes/index.ts';
import { buildDecodeTable } from '../../src/emulator/x86/decode/decode-table.ts';
import { Decoder } from '../../src/emulator/x86/decode/decoder.ts';
import { INSTRUCTIONS } from '../../src/emulator/x86/instructions/index.ts';
import { liftBlock } from '../../src/emulator/x86/lift-block.ts';

const LIBRARY = '/lib/x86_64-linux-gnu/libc.so.6';
const MOST_BLOCKS = 6_000;
const ROUNDS = 7;

const file = readFileSync(LIBRARY);
const BASE = GUEST_BASE;
const space = new AddressSpace();
space.ensureSize(MICRO_CODE_END);
space.protect(BASE, file.length, 5);
space.u8.set(file, BASE);
const { u8 } = space;
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
    if (seen.has(rip) || rip >= BASE + file.length || rip < BASE) continue;
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

const services: ExecutorServices = {
  space,
  codePages: new CodePages(space),
  counters: new CpuCounters(),
  ports: { timestamp: () => 0, entropy: () => {}, cpuid: () => [0, 0, 0, 0] },
  lift: (rip, most) => liftBlock(decoder, rip, most),
  microBlock: (rip, most) => microBlock(decoder, rip, most),
  nowMs: () => 0,
  usesStackSegment: () => false,
  describeUndefined: () => ({ bytes: new Uint8Array(0), mnemonic: '', missingFeature: '' }),
};
const code = new MicroCode(services, sharedLibrary(), Infinity);

/** All that a block costs that runs on the cold tier; handlers are made in the first round. */
function writeMicroOps(): void {
  code.flush();
  for (const rip of addresses) {
    const block = services.microBlock(rip, 32);
    if (block !== null) code.add(block, 0);
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
  ['decode to micro-ops', writeMicroOps],
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
