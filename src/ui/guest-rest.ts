/**
 * The guest's REST API on port 8000 as the page uses it. The page has no other way into the machine than any other
 * client of OSv has: what a panel can do, a script can do.
 */
import type { DoorClient } from '../workers/client.ts';

/** A program as `GET /app/` lists it. */
export interface ProgramModel {
  readonly tid: number;
  readonly command: string;
  readonly state: 'running' | 'exited' | 'killed';
  readonly exitCode: number | undefined;
  readonly signal: number | undefined;
  readonly cpuMs: number;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly endedMs: number | undefined;
  readonly isNative: boolean;
}

export interface DiskUsage {
  readonly mount: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** Which system calls are recorded or shown; '' takes all. */
export interface CallFilter {
  /** A pid, or a part of a program's path. */
  readonly program: string;
  readonly thread: string;
  /** Names of calls, separated by commas. */
  readonly names: string;
  readonly onlyErrors: boolean;
}

/** A system call that is over. */
export interface CallRecord {
  readonly sequence: number;
  readonly timeUs: number;
  readonly durationUs: number;
  readonly pid: number;
  readonly tid: number;
  readonly program: string;
  readonly name: string;
  readonly args: string;
  readonly result: string;
  readonly isError: boolean;
}

export interface CallPage {
  readonly isRecording: boolean;
  readonly next: number;
  readonly dropped: number;
  readonly records: readonly CallRecord[];
}

/** The guest refused; `message` is what it said. */
class RestError extends Error {
  override readonly name = 'RestError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The address names nothing outside: the door leads to the guest whatever the host says. */
const BASE = 'http://localhost:8000';

export class GuestRest {
  readonly #door: DoorClient;

  constructor(door: DoorClient) {
    this.#door = door;
  }

  /** @returns the thread ids of what was started */
  async start(command: string, isNewProgram: boolean): Promise<readonly number[]> {
    const query = new URLSearchParams({ command, new_program: String(isNewProgram) });
    const ids = await this.#json('PUT', `/app/?${query}`);
    return typeof ids === 'string' ? ids.split(' ').filter(Boolean).map(Number) : [];
  }

  async programs(): Promise<readonly ProgramModel[]> {
    const list = await this.#json('GET', '/app/');
    return Array.isArray(list) ? list.map(programFrom) : [];
  }

  async program(tid: number): Promise<ProgramModel> {
    return programFrom(await this.#json('GET', `/app/${tid}`));
  }

  async output(tid: number): Promise<string> {
    const reply = fields(await this.#json('GET', `/app/${tid}/output`));
    const text = typeof reply['text'] === 'string' ? reply['text'] : '';
    const droppedBytes = Number(reply['dropped_bytes'] ?? 0);
    return droppedBytes === 0 ? text : `[${droppedBytes} bytes before this are not kept]\n${text}`;
  }

  async signal(tid: number, signal: 'TERM' | 'KILL' | 'INT'): Promise<void> {
    await this.#request('POST', `/app/${tid}/signal?signal=${signal}`);
  }

  async diskUsage(): Promise<readonly DiskUsage[]> {
    const list = await this.#json('GET', '/fs/df/');
    return Array.isArray(list) ? list.map(diskUsageFrom) : [];
  }

  async version(): Promise<string> {
    return String(await this.#json('GET', '/os/version'));
  }

  async readFile(path: string): Promise<Uint8Array> {
    const response = await this.#request('GET', `/file${encodePath(path)}?op=GET`);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Replaces the file and makes it executable. */
  async writeFile(path: string, content: Blob): Promise<void> {
    const form = new FormData();
    form.append('file', content, path.slice(path.lastIndexOf('/') + 1));
    await this.#request('POST', `/file${encodePath(path)}`, form);
    // The upload of OSv has no mode; appending nothing sets it.
    await this.#request('PUT', `/file${encodePath(path)}?op=WRITE&permission=755&content=`);
  }

  async removeFile(path: string): Promise<void> {
    await this.#request('DELETE', `/file${encodePath(path)}?op=DELETE`);
  }

  async recordSyscalls(isRecording: boolean, filter: CallFilter): Promise<void> {
    const query = filterQuery(filter);
    query.set('enabled', String(isRecording));
    await this.#request('POST', `/trace/syscalls?${query}`);
  }

  async syscalls(after: number, filter: CallFilter): Promise<CallPage> {
    const query = filterQuery(filter);
    query.set('after', String(after));
    const page = fields(await this.#json('GET', `/trace/syscalls?${query}`));
    return {
      isRecording: page['enabled'] === true,
      next: Number(page['next']),
      dropped: Number(page['dropped']),
      records: Array.isArray(page['list']) ? page['list'].map(recordFrom) : [],
    };
  }

  async clearSyscalls(): Promise<void> {
    await this.#request('DELETE', '/trace/syscalls');
  }

  async #json(method: string, target: string): Promise<unknown> {
    return await (await this.#request(method, target)).json();
  }

  async #request(method: string, target: string, body?: FormData): Promise<Response> {
    const init = body === undefined ? { method } : { method, body };
    const response = await this.#door.fetch(new Request(BASE + target, init));
    if (response.ok) return response;
    throw new RestError(response.status, errorMessage(await response.text()));
  }
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function errorMessage(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    const message = fields(parsed)['message'];
    return typeof message === 'string' ? message : body;
  } catch {
    return body;
  }
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function programFrom(value: unknown): ProgramModel {
  const model = fields(value);
  const state = model['state'];
  return {
    tid: Number(model['tid']),
    command: typeof model['command'] === 'string' ? model['command'] : '',
    state: state === 'exited' || state === 'killed' ? state : 'running',
    exitCode: optionalNumber(model['exit_code']),
    signal: optionalNumber(model['signal']),
    cpuMs: Number(model['cpu_ms'] ?? 0),
    startedMs: Number(model['started_ms'] ?? 0),
    endedMs: optionalNumber(model['ended_ms']),
    isNative: model['native'] === true,
  };
}

function filterQuery({ program, thread, names, onlyErrors }: CallFilter): URLSearchParams {
  const trimmed = { program: program.trim(), thread: thread.trim(), names: names.replaceAll(/\s*,\s*|\s+/g, ',') };
  const query = new URLSearchParams(Object.entries(trimmed).filter(([, value]) => value !== ''));
  if (onlyErrors) query.set('errors', 'true');
  return query;
}

function recordFrom(value: unknown): CallRecord {
  const model = fields(value);
  return {
    sequence: Number(model['sequence']),
    timeUs: Number(model['time_us']),
    durationUs: Number(model['duration_us']),
    pid: Number(model['pid']),
    tid: Number(model['tid']),
    program: String(model['program']),
    name: String(model['name']),
    args: String(model['args']),
    result: String(model['result']),
    isError: model['error'] !== undefined,
  };
}

function diskUsageFrom(value: unknown): DiskUsage {
  const model = fields(value);
  const blockBytes = Number(model['blocksize'] ?? 4096);
  return {
    mount: String(model['mount']),
    totalBytes: Number(model['btotal']) * blockBytes,
    freeBytes: Number(model['bfree']) * blockBytes,
  };
}

function optionalNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
