/**
 * The least machine that runs a kernel: an ELF64 executable in an address space, a stack, write(2) and exit_group(2).
 * Measures the emulator alone, without the guest kernel.
 */
import {
  AddressSpace,
  createCpu,
  PAGE_SIZE,
  REG,
  type Cpu,
  type CpuOptions,
  type CpuStatistics,
  type Engine,
} from '../../src/emulator/index.ts';

export interface BareResult {
  readonly output: string;
  readonly retired: number;
  readonly statistics: CpuStatistics;
}

const STACK_SIZE = 0x10_0000;
const SYS_WRITE = 1;
const SYS_EXIT_GROUP = 231;

/** 'js', 'wasm', …; 'js+micro-ops': with micro-ops for cold code; 'micro-ops': with nothing else. */
function executorOf(name: string): Pick<CpuOptions, 'engine' | 'coldTier'> {
  const [engine, tier] = name.split('+');
  if (engine === 'micro-ops') return { engine: 'reference', coldTier: 'micro-ops' };
  return { engine: engine as Engine, coldTier: tier === 'micro-ops' ? tier : 'reference' };
}

/** Runs `elf` with the arguments until it exits. @throws Error at a fault or an unknown system call. */
export function runBare(elf: Uint8Array, args: readonly string[], name: string, warmUp?: number): BareResult {
  const space = new AddressSpace();
  const { entry, endAddr } = loadSegments(space, elf);
  const translation = warmUp === undefined ? {} : { translation: { warmUp } };
  const cpu = createCpu(space, {
    ...translation,
    ...executorOf(name),
    ports: { timestamp: () => 0, entropy: (dst) => void dst.fill(4), nowMs: () => performance.now() },
  });
  const state = cpu.createState();
  state.setNumber(REG.RSP, pushArguments(space, endAddr + STACK_SIZE, args));
  state.rip = entry;
  let output = '';
  for (let retired = 0; ;) {
    const exit = cpu.run(state, 1e9);
    retired += cpu.lastRetired;
    if (exit.kind === 'fault') throw new Error(`fault ${exit.fault.vector} at ${describe(cpu, exit.fault.rip)}`);
    if (exit.kind !== 'syscall') continue;
    const number = state.low(REG.RAX);
    if (number === SYS_EXIT_GROUP) {
      const { statistics } = cpu;
      cpu.dispose();
      return { output, retired, statistics };
    }
    if (number !== SYS_WRITE) throw new Error(`system call ${number}`);
    const bytes = space.u8.slice(state.low(REG.RSI), state.low(REG.RSI) + state.low(REG.RDX));
    output += new TextDecoder().decode(bytes);
    state.setNumber(REG.RAX, state.low(REG.RDX));
  }
}

function describe(cpu: Cpu, rip: bigint): string {
  return `${rip.toString(16)}: ${cpu.disassemble(Number(rip)).text}`;
}

function loadSegments(space: AddressSpace, elf: Uint8Array): { entry: bigint; endAddr: number } {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const phoff = Number(view.getBigUint64(32, true));
  let endAddr = 0;
  for (let i = 0; i < view.getUint16(56, true); i++) {
    const at = phoff + i * view.getUint16(54, true);
    if (view.getUint32(at, true) !== 1) continue; // PT_LOAD
    const word = (offset: number): number => Number(view.getBigUint64(at + offset, true));
    const [offset, addr, fileSize, memSize] = [word(8), word(16), word(32), word(40)];
    const pageAddr = addr - (addr % PAGE_SIZE);
    const end = Math.ceil((addr + memSize) / PAGE_SIZE) * PAGE_SIZE;
    const flags = view.getUint32(at + 4, true); // PF_X 1, PF_W 2, PF_R 4
    space.protect(pageAddr, end - pageAddr, ((flags & 4) >> 2) | (flags & 2) | ((flags & 1) << 2));
    space.u8.set(elf.subarray(offset, offset + fileSize), addr);
    endAddr = Math.max(endAddr, end);
  }
  return { entry: view.getBigUint64(24, true), endAddr };
}

/** argc, argv, an empty environment and an empty auxiliary vector below `stackEnd`; returns RSP. */
function pushArguments(space: AddressSpace, stackEnd: number, args: readonly string[]): number {
  space.protect(stackEnd - STACK_SIZE, STACK_SIZE, 3);
  let at = stackEnd;
  const pointers = args.map((text) => {
    const bytes = new TextEncoder().encode(text);
    at -= bytes.length + 1;
    space.u8.set(bytes, at);
    return at;
  });
  const words = [args.length, ...pointers, 0, 0, 0, 0];
  const rsp = (at - words.length * 8) & ~15;
  words.forEach((word, i) => space.data.setBigUint64(rsp + i * 8, BigInt(word), true));
  return rsp;
}
