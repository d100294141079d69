/** What /proc and /sys tell, read from the running machine. */
import type { CpuDescription } from '../emulator/index.ts';
import type { ByteString } from '../emulator/util/bytes.ts';
import { SIG_DFL, SIG_IGN, SIGNAL_COUNT } from './abi/signal.ts';
import type { ProcSource, ProgramFacts, ProgramMemory, TaskFacts } from './fs/procfs/proc-source.ts';
import { socketFacts } from './net/socket/socket-facts.ts';
import type { KernelPorts } from './ports.ts';
import { filterCount, seccompMode } from './program/confinement.ts';
import { GuestTask } from './program/guest-task.ts';
import type { KernelTask } from './program/kernel-task.ts';
import type { RunningMachine } from './program/running-machine.ts';
import type { RunningProgram } from './program/running-program.ts';
import { signalBit } from './program/signals.ts';
import type { Timestamp } from './vfs/inode.ts';

interface SourceParts {
  readonly ports: KernelPorts;
  readonly now: () => Timestamp;
  readonly filesystemTypes: ProcSource['filesystemTypes'];
  readonly devices: ProcSource['devices'];
  readonly cpu: () => CpuDescription;
  readonly commandLine: () => ByteString;
}

const DISK_BLOCK_BYTES = 4096;

export function runningProcSource(machine: RunningMachine, parts: SourceParts): ProcSource {
  const { ports } = parts;
  const { scheduler } = machine;
  const bootMs = machine.realtimeMs();
  const sinceBoot = (ms: number): number => Math.max(0, (ms - bootMs) * 1e6);
  const bootId = randomUuid(ports);
  return {
    now: parts.now,
    get uptimeNs() {
      return ports.clock.monotonicNs();
    },
    get idleNs() {
      return scheduler.idleNs;
    },
    memoryBytes: machine.memoryBytes,
    get freeMemoryBytes() {
      return machine.freeMemoryBytes;
    },
    get tmpfsBytes() {
      return tmpfsBytes(machine);
    },
    get hostname() {
      return machine.hostname;
    },
    set hostname(name) {
      machine.hostname = name;
    },
    bootTimeSeconds: Math.floor(bootMs / 1000),
    get loadAverages() {
      return scheduler.load.values;
    },
    get runnableThreads() {
      return scheduler.readyCount + (machine.current === undefined ? 0 : 1);
    },
    get allThreads() {
      return machine.taskCount;
    },
    get lastPid() {
      return machine.lastId;
    },
    get switches() {
      return scheduler.switches;
    },
    processorTime: machine.processorTime,
    diskTraffic: machine.diskTraffic,
    current: () => machine.current,
    programs: () => visiblePrograms(machine),
    describe: (program) => programFacts(machine, program as RunningProgram, sinceBoot),
    describeTask: (task) => taskFacts(machine, task as KernelTask, sinceBoot),
    sockets: () => socketFacts(machine.programs()),
    get traffic() {
      return machine.network.loopback;
    },
    vfs: machine.vfs,
    filesystemTypes: parts.filesystemTypes,
    devices: parts.devices,
    diskBytes: ports.disk.blockCount * DISK_BLOCK_BYTES,
    get commandLine() {
      return parts.commandLine();
    },
    randomUuid: () => randomUuid(ports),
    bootId,
    get cpu() {
      return parts.cpu();
    },
    systemV: machine.systemV,
    settings: machine.settings,
  };
}

/** Running ones and zombies; the kernel's own threads have no directory. */
function visiblePrograms(machine: RunningMachine): readonly RunningProgram[] {
  return machine
    .present()
    .filter((each) => !each.isKernel)
    .toSorted((a, b) => a.pid - b.pid);
}

function tmpfsBytes(machine: RunningMachine): number {
  const inMemory = machine.vfs.mounts.filter(({ filesystem: { type } }) => type === 'tmpfs' || type === 'ramfs');
  const usages = [...new Set(inMemory.map(({ filesystem }) => filesystem))].map((filesystem) => filesystem.usage());
  return usages.reduce(
    (sum, { blocks, freeBlocks, blockSizeBytes }) => sum + (blocks - freeBlocks) * blockSizeBytes,
    0,
  );
}

function programFacts(
  machine: RunningMachine,
  program: RunningProgram,
  sinceBoot: (ms: number) => number,
): ProgramFacts {
  const terminal = machine.terminalOf(program.session);
  const { actions, state } = program;
  const threads = [...program.threads.values()];
  const actionSet = (wanted: (handler: number) => boolean): bigint => {
    let set = 0n;
    for (let i = 1; i <= SIGNAL_COUNT; i++) if (wanted(actions.get(i).handler)) set |= signalBit(i);
    return set;
  };
  return {
    name: threads[0]?.name ?? program.lastName,
    state: state.kind !== 'running' ? 'Z' : program.isStopped ? 'T' : 'S',
    terminal: terminal?.rdev ?? 0,
    foregroundGroup: terminal?.foreground ?? -1,
    startNs: sinceBoot(program.startedMs),
    usage: program.usage,
    reaped: program.reapedUsage,
    pending: program.pendingSignals.set,
    ignored: actionSet((handler) => handler === SIG_IGN),
    caught: actionSet((handler) => handler !== SIG_IGN && handler !== SIG_DFL),
    exitCode: state.kind === 'exited' ? state.code << 8 : state.kind === 'killed' ? state.signal : 0,
    memory: memoryOf(program),
    limit: (resource) => program.limits.get(resource),
  };
}

function memoryOf({ namespace, isRunning }: RunningProgram): ProgramMemory | undefined {
  if (namespace === undefined || !isRunning) return undefined;
  const { map, memory } = namespace;
  return {
    user: memory,
    image: map.image,
    brkStart: map.brkStart,
    brkEnd: map.brkEnd,
    residentPages: (startAddr, endAddr) => map.residentPages(startAddr, endAddr),
  };
}

function taskFacts(machine: RunningMachine, task: KernelTask, sinceBoot: (ms: number) => number): TaskFacts {
  return {
    state: machine.current === task || !task.isWaiting ? 'R' : task.program.isStopped ? 'T' : 'S',
    nice: task.nice,
    policy: task.policy,
    realtimePriority: task.realtimePriority,
    effectivePriority: task.effectivePriority,
    startNs: sinceBoot(task.startedMs),
    usage: task.usage,
    switches: task.switches,
    // Linux shows these of a program that dumps core only (proc(5)).
    stackPointer: 0,
    instructionPointer: 0,
    pending: task.pendingSignals.set,
    blocked: task.signalMask,
    hasNoNewPrivileges: task instanceof GuestTask && task.hasNoNewPrivileges,
    seccomp: task instanceof GuestTask ? [seccompMode(task), filterCount(task.confinement)] : [0, 0],
  };
}

/** RFC 9562, version 4. */
function randomUuid(ports: KernelPorts): ByteString {
  const bytes = new Uint8Array(16);
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- EntropyPort.fill, not an array's
  ports.entropy.fill(bytes);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
