/**
 * A kernel without a processor, for the page's own development and the tests of this folder: a prompt that echoes,
 * `yes` that floods, `spin` that is always busy, and a port 8000 that answers in HTTP. Deterministic, never shipped.
 */
import type {
  BootOptions,
  EngineReport,
  HostConnection,
  Kernel,
  KernelPorts,
  KernelStatistics,
  SliceResult,
} from '../../guest-kernel/index.ts';
import { CpuCounters } from '../../emulator/index.ts';

const text = new TextEncoder();
const PROMPT = '/# ';

interface FakeProgram {
  readonly tid: number;
  readonly command: string;
  readonly start: string;
}

/** Boots at once, whatever the disk holds. */
export function bootFakeKernel(ports: KernelPorts, options: BootOptions): Kernel {
  return new FakeKernel(ports, options);
}

class FakeKernel implements Kernel {
  readonly engine: EngineReport;
  readonly #ports: KernelPorts;
  readonly #programs: FakeProgram[] = [];
  readonly #pending: (() => void)[] = [];
  #line = '';
  #mode: 'prompt' | 'flood' | 'spin' = 'prompt';
  #onRunnable: () => void = () => undefined;
  #isHalted = false;
  #nextTid = 200;

  constructor(ports: KernelPorts, options: BootOptions) {
    this.#ports = ports;
    this.engine = { asked: options.engine, used: 'reference', description: 'none (fake)' };
    const memory = `${options.memoryBytes / 2 ** 20} MiB`;
    this.#later(() => this.#print(`OSv v0.0-fake\r\n${memory} of memory, engine ${options.engine}\r\n${PROMPT}`));
    ports.console.onInput((bytes) => this.#later(() => this.#input(new TextDecoder().decode(bytes))));
    ports.console.onResize(({ rows, columns }) => this.#later(() => this.#print(`[${columns}×${rows}]`)));
  }

  runSlice(budgetUs: number): SliceResult {
    if (this.#isHalted) return { kind: 'halted' };
    for (const work of this.#pending.splice(0)) work();
    if (this.#mode === 'prompt') return { kind: 'idle', wakeAtNs: undefined };
    const end = this.#ports.clock.monotonicNs() + budgetUs * 1000;
    while (this.#ports.clock.monotonicNs() < end) if (this.#mode === 'flood') this.#print('y\r\n'.repeat(100));
    return { kind: 'busy' };
  }

  statistics(): KernelStatistics {
    return { cpu: new CpuCounters().snapshot(), namespaces: 0, usedMemoryBytes: 0 };
  }

  watchTime(): void {
    // It has no processor whose time could be taken.
  }

  onRunnable(listener: () => void): void {
    this.#onRunnable = listener;
  }

  connect(port: number): HostConnection | undefined {
    if (port !== 8000) return undefined;
    return new FakeConnection(
      (method, target) => this.#answer(method, target),
      (work) => this.#later(work),
    );
  }

  makeReady(): void {}

  listeningPorts(): readonly number[] {
    return [8000];
  }

  sync(done: (error?: Error) => void): void {
    this.#later(() => done());
  }

  shutDown(reason: 'poweroff' | 'reboot'): void {
    this.#later(() => {
      this.#print('Goodbye\r\n');
      this.#isHalted = true;
      this.#ports.power.onHalt(reason, '');
    });
  }

  #later(work: () => void): void {
    this.#pending.push(work);
    this.#onRunnable();
  }

  #print(line: string): void {
    this.#ports.console.write(text.encode(line));
  }

  #input(typed: string): void {
    for (const key of typed) {
      if (key === '\u0003') {
        this.#mode = 'prompt';
        this.#line = '';
        this.#print(`^C\r\n${PROMPT}`);
      } else if (key === '\r') this.#run(this.#line);
      else {
        this.#line += key;
        this.#print(key);
      }
    }
  }

  #run(line: string): void {
    this.#line = '';
    if (line === 'yes') this.#mode = 'flood';
    else if (line === 'spin') this.#mode = 'spin';
    else if (line === 'poweroff' || line === 'reboot') this.shutDown(line);
    this.#print(`\r\n${line === '' ? '' : `${line}: echoed\r\n`}${this.#mode === 'prompt' ? PROMPT : ''}`);
  }

  #answer(method: string, target: string): { readonly type: string; readonly body: string } {
    const url = new URL(target, 'http://guest');
    const route = `${method} ${url.pathname}`;
    if (route === 'GET /app/') return json(this.#programs.map(programModel));
    if (route === 'PUT /app/') return json(this.#start(url.searchParams.get('command') ?? ''));
    if (route === 'GET /fs/df/') {
      return json([
        { filesystem: 'ext4', mount: '/', btotal: 65_536, bfree: 60_000, ftotal: 0, ffree: 0, blocksize: 4096 },
      ]);
    }
    return {
      type: 'text/html',
      body: `<!doctype html><title>Fake guest</title><h1>${method} ${url.pathname}</h1><script>document.body.dataset.origin = location.origin</script>`,
    };
  }

  #start(command: string): string {
    const tid = this.#nextTid++;
    const start = new Date(Number(this.#ports.clock.realtimeNs() / 1_000_000n)).toISOString();
    this.#programs.push({ tid, command, start });
    this.#print(`${command}: started as ${tid}\r\n${PROMPT}`);
    return String(tid);
  }
}

function programModel(program: FakeProgram): object {
  return { ...program, state: 'exited', exit_code: 0, cpu_ms: 1 };
}

function json(value: unknown): { readonly type: string; readonly body: string } {
  return { type: 'application/json', body: JSON.stringify(value) };
}

/** Answers once the head is complete, then closes, like OSv's server. */
class FakeConnection implements HostConnection {
  readonly #answer: (method: string, target: string) => { readonly type: string; readonly body: string };
  readonly #later: (work: () => void) => void;
  #onData: (bytes: Uint8Array) => void = () => undefined;
  #onEnd: (reason: 'closed' | 'reset') => void = () => undefined;
  #head = '';
  #isAnswered = false;

  constructor(
    answer: (method: string, target: string) => { readonly type: string; readonly body: string },
    later: (work: () => void) => void,
  ) {
    this.#answer = answer;
    this.#later = later;
  }

  send(bytes: Uint8Array): void {
    this.#head += new TextDecoder('latin1').decode(bytes);
    if (this.#isAnswered || !this.#head.includes('\r\n\r\n')) return;
    this.#isAnswered = true;
    const [method = '', target = ''] = this.#head.split(' ');
    this.#later(() => this.#reply(method, target));
  }

  end(): void {
    this.#isAnswered = true;
  }

  pause(): void {
    // Its answers are small: they come at once.
  }

  resume(): void {
    // See pause.
  }

  close(): void {
    this.#isAnswered = true;
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.#onData = listener;
  }

  onEnd(listener: (reason: 'closed' | 'reset') => void): void {
    this.#onEnd = listener;
  }

  #reply(method: string, target: string): void {
    const { type, body } = this.#answer(method, target);
    const bytes = text.encode(body);
    const head = `HTTP/1.0 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
    this.#onData(text.encode(head));
    this.#onData(bytes);
    this.#onEnd('closed');
  }
}
