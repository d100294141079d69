/**
 * Starting ELF files: an executable in a namespace of its own, a shared object through the resident launcher of the
 * default namespace or of a fresh one (DESIGN decision 2). All checks come before anything starts.
 */
import type { ByteString } from '../../emulator/util/bytes.ts';
import { EAGAIN, Errno } from '../abi/errno.ts';
import { S_IFMT, S_IFREG } from '../abi/stat.ts';
import { ElfError, parseElf } from '../loader/elf.ts';
import { type LoadedFile, STACK_BYTES } from '../loader/load-program.ts';
import type { SyscallDispatcher } from '../syscalls/dispatch.ts';
import { type FsContext, rootCredentials } from '../vfs/credentials.ts';
import type { FileTable } from '../vfs/file-table.ts';
import type { Viewer } from '../vfs/vfs.ts';
import { type ExecutableImage, baseName, loadInto, sourceOf } from './executable.ts';
import type { GuestNamespace, NamespacePool } from './guest-namespace.ts';
import { GuestTask } from './guest-task.ts';
import type { NativeCalls, Wait } from './native-program.ts';
import { type GuestStarter, consoleFiles, rootContext } from './program-table.ts';
import { LaunchError, type StartOptions } from './programs.ts';
import { ResidentLauncher } from './resident-launcher.ts';
import type { RunningMachine } from './running-machine.ts';
import { RunningProgram } from './running-program.ts';
import { SignalActions } from './signals.ts';

/** Where the image keeps the launcher (guest/apps/README.md). */
const LAUNCHER_PATH = '/usr/lib/osv/launcher';

interface ExecutableParts {
  readonly image: ExecutableImage;
  readonly argv: readonly ByteString[];
  readonly environment: readonly ByteString[];
  readonly fs: FsContext;
  readonly files: FileTable;
  readonly isHidden: boolean;
}

export class GuestPrograms implements GuestStarter {
  readonly #machine: RunningMachine;
  readonly #pool: NamespacePool;
  readonly #dispatcher: SyscallDispatcher;
  readonly #environment: ReadonlyMap<ByteString, ByteString>;
  #default: GuestNamespace | undefined;
  /** What the default launcher was given when it was started ahead, until its first run; the dynamic linker read it then. */
  #environmentAhead: string | undefined;

  constructor(
    machine: RunningMachine,
    pool: NamespacePool,
    dispatcher: SyscallDispatcher,
    environment: ReadonlyMap<ByteString, ByteString>,
  ) {
    this.#machine = machine;
    this.#pool = pool;
    this.#dispatcher = dispatcher;
    this.#environment = environment;
  }

  get defaultNamespace(): GuestNamespace | undefined {
    return this.#default;
  }

  start(argv: readonly ByteString[], options: StartOptions): RunningProgram {
    try {
      return this.#start(argv, options);
    } catch (error) {
      if (error instanceof ElfError) throw new LaunchError(error.message);
      if (error === EAGAIN) throw new LaunchError('out of namespaces');
      if (error instanceof Errno) throw new LaunchError(`Failed to load object: ${argv[0]}: ${error.message}`);
      throw error;
    }
  }

  #start(argv: readonly ByteString[], options: StartOptions): RunningProgram {
    const [command = ''] = argv;
    const fs = this.#context(options.cwd);
    const image = this.#image({ fs, credentials: rootCredentials() }, command);
    const { elf } = image.program;
    if (elf.type === 'executable') {
      return this.#startExecutable({
        image,
        argv,
        environment: options.environment ?? environmentList(this.#environment),
        fs,
        files: options.files ?? consoleFiles(this.#machine),
        isHidden: false,
      });
    }
    if (elf.dynamic?.hasMain !== true) throw new LaunchError('Failed looking up main');
    return this.#startShared(argv, image.program.path, fs, options);
  }

  #context(cwd: ByteString | undefined): FsContext {
    const fs = rootContext(this.#machine);
    if (cwd !== undefined) fs.cwd = this.#machine.vfs.walk({ fs, credentials: rootCredentials() }, cwd);
    return fs;
  }

  /** Reads and checks the file and its interpreter. @throws LaunchError, ElfError, NotResident */
  #image(viewer: Viewer, command: ByteString): ExecutableImage {
    const program = this.#file(viewer, command);
    const { interpreter } = program.elf;
    return { program, interpreter: interpreter === undefined ? undefined : this.#file(viewer, interpreter) };
  }

  #file(viewer: Viewer, path: ByteString): LoadedFile {
    const { vfs } = this.#machine;
    try {
      const location = vfs.walk(viewer, path);
      const { inode } = location.dentry;
      const attributes = inode.attributes();
      if ((attributes.mode & S_IFMT) !== S_IFREG) throw new LaunchError(`Failed to load object: ${path}`);
      return { elf: parseElf(sourceOf(inode, attributes.sizeBytes)), inode, location, path: vfs.pathOf(location) };
    } catch (error) {
      // OSv names what the user asked for, whatever the reason.
      if (error instanceof Errno) throw new LaunchError(`Failed to load object: ${path}`);
      throw error;
    }
  }

  #startExecutable(parts: ExecutableParts): RunningProgram {
    const machine = this.#machine;
    const namespace = this.#pool.create();
    try {
      const start = loadInto(machine, namespace.map, parts);
      const cpuState = namespace.cpu.createState();
      cpuState.rip = BigInt(start.entryAddr);
      cpuState.setNumber(4, start.stackAddr);
      const program = new RunningProgram(machine, {
        pid: machine.allocateId(),
        parentPid: 1,
        path: parts.image.program.path,
        argv: parts.argv,
        namespace,
        files: parts.files,
        fs: parts.fs,
        credentials: rootCredentials(),
        actions: new SignalActions(),
        isHidden: parts.isHidden,
      });
      namespace.retain();
      program.onEnded = () => namespace.release();
      machine.registerProgram(program);
      const main = new GuestTask(machine, program, {
        id: program.pid,
        name: baseName(parts.image.program.path),
        namespace,
        cpuState,
        dispatcher: this.#dispatcher,
        stackSizeBytes: STACK_BYTES,
      });
      main.start();
      return program;
    } catch (error) {
      namespace.dispose();
      throw error;
    }
  }

  #startShared(
    argv: readonly ByteString[],
    path: ByteString,
    fs: FsContext,
    { isNewProgram, files, environment }: StartOptions,
  ): RunningProgram {
    // Descriptors of its own need a namespace of its own: those of the default one are shared.
    const isOwn = isNewProgram || files !== undefined;
    const namespace = isOwn ? this.#startLauncher(true, fs, { files, environment }) : this.#defaultLauncher();
    const { launcher } = namespace;
    if (launcher === undefined) throw EAGAIN;
    const shared = launcher.program;
    shared.files.retain();
    const program = new RunningProgram(this.#machine, {
      pid: this.#machine.allocateId(),
      parentPid: 1,
      path,
      argv,
      namespace,
      files: shared.files,
      fs: shared.fs,
      credentials: { ...shared.credentials },
      actions: shared.actions,
    });
    namespace.retain();
    program.onEnded = () => {
      launcher.runEnded(program);
      namespace.release();
    };
    this.#machine.registerProgram(program);
    launcher.add({ program, path, ...(isOwn && environment !== undefined && { environment }) });
    return program;
  }

  /** Starts the default launcher before anybody asks. On a disk without one there is nothing to start. */
  *startAhead(sys: NativeCalls): Wait<void> {
    try {
      yield* sys.retry(() => {
        if (this.#default !== undefined) return;
        this.#defaultLauncher();
        this.#environmentAhead = this.#environmentText();
      });
    } catch (error) {
      if (!(error instanceof LaunchError || error instanceof ElfError || error === EAGAIN)) throw error;
    }
  }

  #environmentText(): string {
    return environmentList(this.#environment).join('\0');
  }

  #defaultLauncher(): GuestNamespace {
    this.#dropOutdated();
    if (this.#default?.launcher?.isRetired === false) return this.#default;
    return (this.#default = this.#startLauncher(false, rootContext(this.#machine)));
  }

  /** A launcher that was started ahead with another environment, and has run nothing, was never there. */
  #dropOutdated(): void {
    const ahead = this.#environmentAhead;
    this.#environmentAhead = undefined;
    if (ahead === undefined || ahead === this.#environmentText()) return;
    const launcher = this.#default?.launcher;
    this.#default = undefined;
    launcher?.program.end({ kind: 'exited', code: 0 });
  }

  #startLauncher(
    isSingle: boolean,
    fs: FsContext,
    own: { files?: FileTable | undefined; environment?: readonly ByteString[] | undefined } = {},
  ): GuestNamespace {
    const image = this.#image({ fs, credentials: rootCredentials() }, LAUNCHER_PATH);
    const program = this.#startExecutable({
      image,
      argv: [LAUNCHER_PATH],
      environment: own.environment ?? environmentList(this.#environment),
      fs,
      files: own.files ?? consoleFiles(this.#machine),
      isHidden: true,
    });
    const namespace = program.namespace as GuestNamespace;
    const launcher = new ResidentLauncher(program, isSingle, (reason) => this.#retired(namespace, reason));
    namespace.launcher = launcher;
    const release = program.onEnded;
    program.onEnded = () => {
      launcher.launcherEnded();
      release();
    };
    return namespace;
  }

  #retired(namespace: GuestNamespace, reason: string): void {
    if (this.#default !== namespace) return;
    this.#default = undefined;
    if (this.#machine.isGoingDown) return;
    this.#machine.log.notice(
      `default namespace ${namespace.id} is retired: ${reason}; the next plain run gets a fresh one`,
    );
  }
}

export function environmentList(environment: ReadonlyMap<ByteString, ByteString>): ByteString[] {
  return [...environment].map(([name, value]) => `${name}=${value}`);
}
