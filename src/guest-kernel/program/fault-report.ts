/** What the console says when a program dies of a fault: where, what, the registers and the code around. */
import { type Cpu, type CpuState, type Fault, REG } from '../../emulator/index.ts';
import { signalDescription } from '../abi/signal.ts';
import type { AreaList } from '../mm/area-list.ts';

const ROWS: readonly (readonly (keyof typeof REG)[])[] = [
  ['RAX', 'RBX', 'RCX', 'RDX'],
  ['RSI', 'RDI', 'RBP', 'RSP'],
  ['R8', 'R9', 'R10', 'R11'],
  ['R12', 'R13', 'R14', 'R15'],
];
const INSTRUCTIONS = 4;

export interface FaultScene {
  readonly programName: string;
  readonly programId: number;
  readonly threadId: number;
  readonly signal: number;
  readonly fault: Fault;
  readonly cpu: Cpu;
  readonly state: CpuState;
  readonly areas: AreaList;
}

/** The lines of the report; the first names program, signal and address. */
export function faultReport(scene: FaultScene): readonly string[] {
  const { fault, state } = scene;
  const head = `${signalDescription(scene.signal)}: ${scene.programName} (program ${scene.programId}, thread ${scene.threadId})`;
  return [
    `${head}${whatHappened(fault)} at ${hex(fault.rip)}${place(scene.areas, fault.rip)}`,
    ...ROWS.map((row) => `  ${row.map((name) => `${name.padEnd(3)} ${register(state, REG[name])}`).join('  ')}`),
    `  RIP ${padded(state.rip)}  RFLAGS ${padded(state.rflags)}  FS ${padded(state.fsBase)}`,
    ...disassembly(scene.cpu, fault.rip),
  ];
}

/** One line for an instruction that the core does not have; '' for those that are there to fault (UD2). */
export function missingInstructionLine({ fault, programName, areas }: FaultScene): string {
  if (fault.mnemonic !== '' && fault.missingFeature === '') return '';
  const bytes = [...fault.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const what =
    fault.mnemonic === ''
      ? 'no such instruction'
      : `${fault.mnemonic} needs ${fault.missingFeature}, which this CPU lacks`;
  return `${programName}: ${what}: ${bytes} at ${hex(fault.rip)}${place(areas, fault.rip)}`;
}

function whatHappened(fault: Fault): string {
  if (fault.vector !== 14) return '';
  const verb = fault.access === 'read' ? 'reading' : fault.access === 'write' ? 'writing' : 'executing';
  return `, ${verb} ${hex(fault.address)}`;
}

/** ' (libc.so.6+0x1234)': the file and the offset in it. */
function place(areas: AreaList, rip: bigint): string {
  const area = areas.find(Number(rip));
  if (area === undefined || area.name === '') return '';
  const offset = area.offset + Number(rip) - area.startAddr;
  return ` (${area.name.slice(area.name.lastIndexOf('/') + 1)}+0x${offset.toString(16)})`;
}

function disassembly(cpu: Cpu, rip: bigint): string[] {
  const lines: string[] = [];
  let addr = Number(rip);
  for (let i = 0; i < INSTRUCTIONS; i++) {
    const { text, sizeBytes } = cpu.disassemble(addr);
    if (text === '' || sizeBytes === 0) break;
    lines.push(`  ${i === 0 ? '=>' : '  '} ${addr.toString(16)}: ${text}`);
    addr += sizeBytes;
  }
  return lines;
}

function register(state: CpuState, index: number): string {
  return padded(state.get64(index));
}

function padded(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16).padStart(16, '0');
}

function hex(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}
