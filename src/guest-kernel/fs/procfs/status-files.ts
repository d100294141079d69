/** /proc/PID/stat, status, limits, io, sched and their like: accounts of a program or of one of its threads. */
import type { ByteString } from '../../../emulator/util/bytes.ts';
import { SCHED_DEADLINE, SCHED_IDLE, SCHED_OTHER } from '../../abi/sched.ts';
import { SIGNAL_COUNT } from '../../abi/signal.ts';
import type { ProcessImage } from '../../mm/process-image.ts';
import type { Program, Task } from '../../program/thread.ts';
import { mayInspect, rootCredentials } from '../../vfs/credentials.ts';
import { memorySizes, type MemorySizes, type MemorySubject } from './memory-files.ts';
import type { Capabilities, CapabilitySet } from '../../vfs/capabilities.ts';
import type { ProcSource, ProgramFacts, StateLetter, TaskFacts } from './proc-source.ts';

const TICKS_PER_NS = 1e-7;
const PAGE = 4096;
const SIGCHLD = 17;
const PF_FLAGS = 0x40_0000; // PF_RANDOMIZE: what a plain process of Linux shows

/** Whom a file tells of. `task` is absent for a zombie, whose threads are gone. */
export interface Subject extends MemorySubject {
  readonly source: ProcSource;
  readonly program: Program;
  readonly task: Task | undefined;
  /** The directory of the whole program, not of one thread. */
  readonly isProgram: boolean;
}

/** Whether who asks could trace the program (ptrace(2), PTRACE_MODE_READ_FSCREDS). */
export function isInspectable({ source, task }: Subject): boolean {
  const caller = source.current();
  return task === undefined || caller === undefined || mayInspect(caller, task);
}

interface Facts {
  readonly whole: ProgramFacts;
  readonly thread: TaskFacts | undefined;
}

function factsOf({ source, program, task }: Subject): Facts {
  return { whole: source.describe(program), thread: task === undefined ? undefined : source.describeTask(task) };
}

export function nameOf(subject: Subject): ByteString {
  return subject.task?.name ?? subject.source.describe(subject.program).name;
}

function stateOf({ whole, thread }: Facts): StateLetter {
  return whole.state === 'R' || whole.state === 'S' ? (thread?.state ?? 'Z') : whole.state;
}

/** What the scheduler calls priority: 20 for nice 0, negative for real-time (proc(5), field 18). */
function priorityOf(thread: TaskFacts | undefined): number {
  if (thread?.policy === SCHED_DEADLINE) return -101;
  return thread === undefined ? 20 : thread.effectivePriority > 0 ? -1 - thread.effectivePriority : 20 + thread.nice;
}

function low32(set: bigint): bigint {
  return set & 0x7fff_ffffn;
}

const ticks = (ns: number): number => Math.floor(ns * TICKS_PER_NS);

/** Where nobody may look: the code lies at 1, so that it is not taken for a thread of the kernel (Linux do_task_stat). */
const HIDDEN_IMAGE: Partial<ProcessImage> = { codeStart: 1, codeEnd: 1 };

/** proc(5), /proc/pid/stat: 52 fields; what there is no account of is 0, as are addresses for who could not trace it. */
export function stat(subject: Subject): ByteString {
  const { program, task, memory } = subject;
  const facts = factsOf(subject);
  const { whole, thread } = facts;
  const sizes = memorySizes(subject);
  const isShown = isInspectable(subject);
  const image = isShown || memory?.image === undefined ? memory?.image : HIDDEN_IMAGE;
  const shown = (value: number | undefined): number => (isShown ? (value ?? 0) : 0);
  const { reaped } = whole;
  const own = (subject.isProgram ? whole : (thread ?? whole)).usage;
  // oxfmt-ignore
  const fields = [
    task?.id ?? program.pid, `(${nameOf(subject)})`, stateOf(facts), program.parentPid, program.processGroup,
    program.session, whole.terminal, whole.foregroundGroup, PF_FLAGS,
    own.minorFaults, reaped.minorFaults, own.majorFaults, reaped.majorFaults,
    ticks(own.userNs), ticks(own.systemNs), ticks(reaped.userNs), ticks(reaped.systemNs), priorityOf(thread), thread?.nice ?? 0, Math.max(1, program.threads.size), 0,
    ticks(thread?.startNs ?? whole.startNs), sizes.virtual, Math.floor(sizes.resident / PAGE), '18446744073709551615',
    image?.codeStart ?? 0, image?.codeEnd ?? 0, image?.stackStart ?? 0, shown(thread?.stackPointer),
    shown(thread?.instructionPointer), low32(thread?.pending ?? 0n), low32(thread?.blocked ?? 0n), low32(whole.ignored),
    low32(whole.caught), shown(stateOf(facts) === 'S' ? 1 : 0), 0, 0, SIGCHLD, 0, thread?.realtimePriority ?? 0,
    thread?.policy ?? 0, 0, 0, 0, image?.dataStart ?? 0, image?.dataEnd ?? 0, shown(memory?.brkStart),
    image?.argvStart ?? 0, image?.argvEnd ?? 0, image?.environmentStart ?? 0, image?.environmentEnd ?? 0, shown(whole.exitCode),
  ];
  return `${fields.join(' ')}\n`;
}

function kilobytes(bytes: number): string {
  return `${String(Math.floor(bytes / 1024)).padStart(8)} kB`;
}

const STATES: Readonly<Record<StateLetter, string>> = {
  R: 'R (running)',
  S: 'S (sleeping)',
  T: 'T (stopped)',
  Z: 'Z (zombie)',
};

type Rows = readonly (readonly [string, string | number])[];

function memoryRows({
  virtual,
  resident,
  peak,
  residentFile,
  residentShared,
  data,
  stack,
  code,
  libraries,
  locked,
}: MemorySizes): Rows {
  const anonymous = resident - residentFile;
  // oxfmt-ignore
  return [
    ['VmPeak', kilobytes(virtual)], ['VmSize', kilobytes(virtual)], ['VmLck', kilobytes(locked)], ['VmPin', kilobytes(0)],
    ['VmHWM', kilobytes(peak)], ['VmRSS', kilobytes(resident)], ['RssAnon', kilobytes(anonymous)],
    ['RssFile', kilobytes(residentFile - residentShared)], ['RssShmem', kilobytes(residentShared)],
    ['VmData', kilobytes(data)], ['VmStk', kilobytes(stack)], ['VmExe', kilobytes(code)], ['VmLib', kilobytes(libraries)],
    ['VmPTE', kilobytes(0)], ['VmSwap', kilobytes(0)], ['HugetlbPages', kilobytes(0)], ['CoreDumping', 0],
    ['THP_enabled', 0],
  ];
}

function setText(set: bigint): string {
  return BigInt.asUintN(64, set).toString(16).padStart(16, '0');
}

const capabilityText = (set: CapabilitySet): string => setText(BigInt(set));

function capabilityRows({ inheritable, permitted, effective, bounding, ambient }: Capabilities): Rows {
  // oxfmt-ignore
  return [
    ['CapInh', capabilityText(inheritable)], ['CapPrm', capabilityText(permitted)], ['CapEff', capabilityText(effective)], ['CapBnd', capabilityText(bounding)],
    ['CapAmb', capabilityText(ambient)],
  ];
}

function signalRows(subject: Subject, { whole, thread }: Facts): Rows {
  const { task } = subject;
  const all = subject.source.programs().length;
  // oxfmt-ignore
  return [
    ['Threads', subject.program.threads.size], ['SigQ', `${task === undefined ? 0 : bitCount(whole.pending)}/${all + 16_384}`],
    ['SigPnd', setText(thread?.pending ?? 0n)], ['ShdPnd', setText(whole.pending)], ['SigBlk', setText(thread?.blocked ?? 0n)],
    ['SigIgn', setText(whole.ignored)], ['SigCgt', setText(whole.caught)],
  ];
}

function bitCount(set: bigint): number {
  let count = 0;
  for (let i = 0n; i < BigInt(SIGNAL_COUNT); i++) if (((set >> i) & 1n) === 1n) count++;
  return count;
}

export function status(subject: Subject): ByteString {
  const { task, program, memory } = subject;
  const facts = factsOf(subject);
  const { thread } = facts;
  const [seccomp, filters] = thread?.seccomp ?? [0, 0];
  const {
    uid,
    euid,
    savedUid = euid,
    fsUid = euid,
    gid,
    egid,
    savedGid = egid,
    fsGid = egid,
    groups,
    capabilities,
  } = task?.credentials ?? rootCredentials();
  const id = task?.id ?? program.pid;
  // oxfmt-ignore
  const rows: Rows = [
    ['Name', nameOf(subject)],
    ...(task === undefined ? [] : [['Umask', task.fs.umask.toString(8).padStart(4, '0')] as const]),
    ['State', STATES[stateOf(facts)]], ['Tgid', program.pid], ['Ngid', 0], ['Pid', id], ['PPid', program.parentPid],
    ['TracerPid', 0], ['Uid', [uid, euid, savedUid, fsUid].join('\t')], ['Gid', [gid, egid, savedGid, fsGid].join('\t')],
    ['FDSize', Math.max(64, task?.files.descriptors().at(-1) ?? 0)], ['Groups', `${groups.join(' ')} `],
    ['NStgid', program.pid], ['NSpid', id], ['NSpgid', program.processGroup], ['NSsid', program.session], ['Kthread', 0],
    ...(memory === undefined ? [] : memoryRows(memorySizes(subject))),
    ...signalRows(subject, facts), ...capabilityRows(capabilities),
    ['NoNewPrivs', Number(thread?.hasNoNewPrivileges ?? false)], ['Seccomp', seccomp], ['Seccomp_filters', filters], ['Speculation_Store_Bypass', 'not vulnerable'],
    ['SpeculationIndirectBranch', 'not affected'], ['Cpus_allowed', 1], ['Cpus_allowed_list', 0],
    ['Mems_allowed', '00000000,00000001'], ['Mems_allowed_list', 0],
    ['voluntary_ctxt_switches', thread?.usage.sleeps ?? 0],
    ['nonvoluntary_ctxt_switches', thread?.usage.preemptions ?? 0],
  ];
  return rows.map(([name, value]) => `${name}:\t${value}\n`).join('');
}

/** proc(5), /proc/pid/limits, in the order of RLIMIT_*; the units of nice and real-time priorities are none. */
const LIMITS: readonly (readonly [title: string, unit: string])[] = [
  ['cpu time', 'seconds'],
  ['file size', 'bytes'],
  ['data size', 'bytes'],
  ['stack size', 'bytes'],
  ['core file size', 'bytes'],
  ['resident set', 'bytes'],
  ['processes', 'processes'],
  ['open files', 'files'],
  ['locked memory', 'bytes'],
  ['address space', 'bytes'],
  ['file locks', 'locks'],
  ['pending signals', 'signals'],
  ['msgqueue size', 'bytes'],
  ['nice priority', ''],
  ['realtime priority', ''],
  ['realtime timeout', 'us'],
];

function limitRow(name: string, soft: string, hard: string, unit: string): string {
  const head = `${name.padEnd(25)} ${soft.padEnd(20)} ${hard.padEnd(20)} `;
  return `${unit === '' ? head : head + unit.padEnd(10)}\n`;
}

const limitText = (value: bigint): string => (value < 0n ? 'unlimited' : value.toString());

export function limits({ source, program }: Subject): ByteString {
  const facts = source.describe(program);
  const rows = LIMITS.map(([title, unit], resource) => {
    const [soft, hard] = facts.limit(resource);
    return limitRow(`Max ${title}`, limitText(soft), limitText(hard), unit);
  });
  return limitRow('Limit', 'Soft Limit', 'Hard Limit', 'Units') + rows.join('');
}

/** What calls moved is counted by program; a thread's own file tells its disk accesses alone. */
export function io({ source, program, task, isProgram }: Subject): ByteString {
  const { readBytes, writtenBytes, readCalls, writeCalls } = program.io;
  const { usage } = isProgram || task === undefined ? source.describe(program) : source.describeTask(task);
  return `rchar: ${readBytes}\nwchar: ${writtenBytes}\nsyscr: ${readCalls}\nsyscw: ${writeCalls}\nread_bytes: ${usage.diskReadBytes}\nwrite_bytes: ${usage.diskWrittenBytes}\ncancelled_write_bytes: 0\n`;
}

export function schedstat(subject: Subject): ByteString {
  const { thread } = factsOf(subject);
  return `${Math.floor(subject.task?.cpuNs ?? 0)} 0 ${thread?.switches ?? 0}\n`;
}

export function sched(subject: Subject): ByteString {
  const { program, task } = subject;
  const { thread } = factsOf(subject);
  const rows: Rows = [
    ['se.sum_exec_runtime', ((task?.cpuNs ?? 0) / 1e6).toFixed(6)],
    ['nr_switches', thread?.switches ?? 0],
    ['nr_involuntary_switches', thread?.usage.preemptions ?? 0],
    ['policy', thread?.policy ?? SCHED_OTHER],
    ['prio', thread?.policy === SCHED_IDLE ? 120 : 100 + priorityOf(thread)],
  ];
  const head = `${nameOf(subject)} (${task?.id ?? program.pid}, #threads: ${program.threads.size})\n${'-'.repeat(67)}\n`;
  return head + rows.map(([name, value]) => `${name.padEnd(45)}:${String(value).padStart(21)}\n`).join('');
}

/** What the thread waits in is not told by name; 0 is what Linux says of one that runs. */
export function wchan(): ByteString {
  return '0';
}
