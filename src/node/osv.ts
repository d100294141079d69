/** The command `osv` under Node: `npm run --silent osv -- …`. */
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CPU_LEVELS, HostError, type BootOptions, type CallFilter, type CpuLevel } from '../guest-kernel/index.ts';
import { HostDirectory } from './host-directory.ts';
import { recordBoot } from './record-boot.ts';
import type { EngineSpec } from './lock-step/deterministic-machine.ts';
import { lockStep } from './lock-step/lock-step.ts';
import { environment, type Program, programOfHost, programOfImage, run, type RunOptions } from './run-command.ts';

/** What OSv's run.py gives a machine (facts 6.2). */
const DEFAULT_MEMORY = '2G';

/** Where compiled guest code is kept: a folder for this very bundle, or empty for nowhere. */
const CODE_FOLDER = process.env['OSV_CODE'] === '' ? undefined : process.env['OSV_CODE'];

/** Where images are built; scripts/osv.mjs says it, since the cwd is the user's. */
const IMAGES = process.env['OSV_IMAGES'] ?? '.cache/images';

const EXIT_TROUBLE = 125; // as docker run and env -S: the tool itself failed, not the program

const ENGINES: readonly BootOptions['engine'][] = ['auto', 'reference', 'js', 'wasm'];

/** Which program, and on which machine. */
interface ProgramFlags {
  readonly cpu?: CpuLevel;
  readonly image: string;
  readonly memsize: number;
  readonly execute?: string;
  readonly env: readonly string[];
}

interface RunFlags extends ProgramFlags {
  readonly engine: BootOptions['engine'];
  readonly mount: readonly Mount[];
  readonly strace?: boolean;
  readonly calls?: string;
  readonly failed?: boolean;
  readonly stats?: boolean;
  readonly farDisk?: boolean;
  readonly restartCalls?: 'all' | number;
  readonly recordHandlers?: string;
}

type Mount = RunOptions['mounts'][number];

const program = new Command('osv').description('OSv, the unikernel, under Node.').enablePositionalOptions();

runner('run', 'run a Linux program to its end, with this terminal or these streams as its own')
  .option('--stats', 'tell on stderr at the end what was translated and where the time went')
  .option('--far-disk', 'fetch blocks of the disk before they are read, as the page does: for tests')
  .option(
    '--restart-calls <points>',
    'make every call begin anew at each point where it may have to (all), or at the one with this number: for tests',
    (text) => (text === 'all' ? text : Number(text)),
  )
  .addOption(
    new Option(
      '--record-handlers <file>',
      'add instructions whose handlers are not prepared to the list of those that are',
    ).hideHelp(),
  )
  .action(runAction);

runner('stats', 'run --stats: what was translated for a program, and where its time went').action(
  async (file: string | undefined, args: readonly string[], flags: RunFlags) =>
    await runAction(file, args, { ...flags, stats: true }),
);

withCallFilter(runner('strace', 'run --strace: tell system calls with arguments, result and time')).action(
  async (file: string | undefined, args: readonly string[], flags: RunFlags) =>
    await runAction(file, args, { ...flags, strace: true }),
);

programCommand('lockstep', 'run a program on two engines and tell the first instruction where they differ')
  .option('--engines <two>', 'what is compared; +TIER names the cold tier', 'js,reference')
  .option('--every <instructions>', 'how often registers are compared', '20000')
  .action(lockStepAction);

program
  .command('record-boot', { hidden: true })
  .description(
    'print the blocks that a boot of a raw image reads, and then its preparation for programs, in order, as JSON',
  )
  .argument('<image>')
  .action(async (image: string) => {
    console.log(JSON.stringify(await recordBoot(image)));
    process.exit(); // the machine runs on
  });

/** As OSv's run.py and QEMU take it: a plain number is MiB. */
function memorySize(text: string): number {
  const [, digits, unit] = /^(\d+)([MG]?)$/i.exec(text) ?? [];
  const bytes = Number(digits) * (unit?.toUpperCase() === 'G' ? 1024 ** 3 : 1024 ** 2);
  if (!(bytes > 0)) throw new InvalidArgumentError('It is a size, as 512M or 4G.');
  return bytes;
}

function withCallFilter(command: Command): Command {
  return command
    .option('-c, --calls <names>', 'only these calls, separated by commas; !name leaves one out')
    .option('-Z, --failed', 'only calls that fail');
}

function callFilter({ calls, failed }: RunFlags): CallFilter {
  return { ...(calls && { names: calls.split(',') }), ...(failed === true && { onlyErrors: true }) };
}

/** A command that runs a program with the host's streams. */
function runner(name: string, description: string): Command {
  return programCommand(name, description)
    .addOption(new Option('--engine <engine>', 'what runs guest code').choices(ENGINES).default('auto'))
    .option('--mount <HOSTDIR:/GUESTDIR>', 'show a directory of the host in the guest (may be repeated)', addMount, [])
    .option('--strace', 'tell every system call on stderr');
}

/** A command that is about a program. */
function programCommand(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(new Option('--cpu <level>', 'what CPUID advertises: x86-64-v1 or -v2').choices(CPU_LEVELS))
    .option('-i, --image <image>', 'name of an image that was built, or path of a raw one', 'default')
    .addOption(
      new Option('-m, --memsize <size>', 'memory of the machine, as 512M or 4G')
        .argParser(memorySize)
        .default(memorySize(DEFAULT_MEMORY), DEFAULT_MEMORY),
    )
    .option('-e, --execute <command>', 'run what is on the image instead of FILE')
    .option('--env <K=V>', 'add to the environment (may be repeated)', addVariable, [])
    .argument('[file]', 'program of the host, copied to the root folder of a throw-away layer')
    .argument('[args...]')
    .passThroughOptions();
}

function wantedProgram(file: string | undefined, args: readonly string[], { execute }: ProgramFlags): Program {
  if ((file === undefined) === (execute === undefined)) throw new HostError('Give either FILE or -e COMMAND.');
  return execute === undefined ? programOfHost(file ?? '', args) : programOfImage(execute);
}

function imagePath({ image }: ProgramFlags): string {
  return /[./]/.test(image) ? image : join(IMAGES, `${image}.img`);
}

async function runAction(file: string | undefined, args: readonly string[], flags: RunFlags): Promise<void> {
  process.exitCode = await run(wantedProgram(file, args, flags), {
    engine: flags.engine,
    cpu: flags.cpu,
    image: imagePath(flags),
    memoryBytes: flags.memsize,
    environment: flags.env,
    mounts: flags.mount,
    ...(flags.strace === true && { strace: callFilter(flags) }),
    codeFolder: CODE_FOLDER,
    isDiskFar: flags.farDisk === true,
    ...(flags.restartCalls !== undefined && { restarts: flags.restartCalls }),
    hasStatistics: flags.stats === true,
    handlerList: flags.recordHandlers,
  });
}

type LockStepFlags = ProgramFlags & { readonly engines: string; readonly every: string };

function lockStepAction(file: string | undefined, args: readonly string[], flags: LockStepFlags): void {
  const [first, second] = flags.engines.split(',').map(engineSpec);
  if (first === undefined || second === undefined) throw new HostError('--engines takes two, as in js,reference.');
  const result = lockStep({
    engines: [first, second],
    every: Number(flags.every),
    program: wantedProgram(file, args, flags),
    ...(flags.cpu === undefined ? {} : { cpu: flags.cpu }),
    environment: environment(flags.env),
    image: imagePath(flags),
    memoryBytes: flags.memsize,
  });
  process.stdout.write(result.output);
  const millions = (result.retired / 1e6).toFixed(1);
  console.error(
    `${flags.engines}: ${millions} million instructions, ${result.comparisons} comparisons, ${result.ending}`,
  );
  if (result.difference === '') return;
  console.error(result.difference);
  process.exitCode = 1;
}

/** 'js', 'reference+micro-ops'. */
function engineSpec(text: string): EngineSpec {
  const [engine, coldTier] = text.split('+');
  if (!ENGINES.includes(engine as EngineSpec['engine'])) throw new HostError(`There is no engine '${engine}'.`);
  const spec = { engine: engine as EngineSpec['engine'] };
  return coldTier === undefined ? spec : { ...spec, coldTier: coldTier as NonNullable<EngineSpec['coldTier']> };
}

function addVariable(entry: string, before: readonly string[]): readonly string[] {
  if (!/^[^=]+=/.test(entry)) throw new InvalidArgumentError('K=V is expected.');
  return [...before, entry];
}

function addMount(wish: string, before: readonly Mount[]): readonly Mount[] {
  const [, host, path] = /^(.+):(\/.*)$/.exec(wish) ?? [];
  if (host === undefined || path === undefined) throw new InvalidArgumentError('HOSTDIR:/GUESTDIR is expected.');
  try {
    return [...before, { path: Buffer.from(path).toString('latin1'), filesystem: new HostDirectory(host) }];
  } catch (error) {
    throw new HostError(`${host} cannot be mounted: ${(error as Error).message}`, { cause: error });
  }
}

async function main(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    console.error(error instanceof HostError ? `osv: ${error.message}` : error);
    process.exitCode = EXIT_TROUBLE;
  }
  // Streams that are still open must not keep the process.
  process.exit();
}

void main();
