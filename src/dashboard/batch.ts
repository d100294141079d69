/** The machine's REST API as the dashboard asks it: everything in one POST /api/batch, as OSv's own dashboard did. */

export interface ThreadModel {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly cpu_ms: number;
  readonly switches: number;
  readonly stack_size: number;
}

export interface ProgramModel {
  readonly tid: number;
  readonly command: string;
  readonly state: 'running' | 'exited' | 'killed';
  readonly exit_code?: number;
  readonly signal_name?: string;
  readonly started_ms: number;
  readonly ended_ms?: number;
  readonly cpu_ms: number;
  readonly threads: number;
}

export interface DiskModel {
  readonly filesystem: string;
  readonly mount: string;
  readonly btotal: number;
  readonly bfree: number;
  readonly blocksize: number;
}

/** What one look at the machine gives; the keys are ours, the paths the API's. */
export interface MachineLook {
  readonly hostname: string;
  readonly version: string;
  readonly hypervisor: string;
  readonly processors: number;
  readonly uptimeSeconds: number;
  readonly memoryTotal: number;
  readonly memoryFree: number;
  readonly threads: { readonly list: readonly ThreadModel[]; readonly time_ms: number };
  readonly disks: readonly DiskModel[];
  readonly programs: readonly ProgramModel[];
}

const PATHS: Readonly<Record<keyof MachineLook, string>> = {
  hostname: '/os/hostname',
  version: '/os/version',
  hypervisor: '/hardware/hypervisor',
  processors: '/hardware/processor/count',
  uptimeSeconds: '/os/uptime',
  memoryTotal: '/os/memory/total',
  memoryFree: '/os/memory/free',
  threads: '/os/threads',
  disks: '/fs/df/',
  programs: '/app/',
};

/** @throws Error with a sentence for the user */
export async function lookAtMachine(signal: AbortSignal): Promise<MachineLook> {
  const keys = Object.keys(PATHS) as (keyof MachineLook)[];
  const form = new FormData();
  form.set('batch', JSON.stringify(keys.map((key) => ({ method: 'GET', relative_url: PATHS[key] }))));
  // Relative to the page, so that it works wherever the machine's port is mounted.
  const response = await fetch(new URL('../api/batch', location.href), { method: 'POST', body: form, signal });
  if (!response.ok) throw new Error(`The machine answered with status ${response.status}.`);
  const replies = (await response.json()) as readonly { readonly code: number; readonly body: unknown }[];
  const failed = replies.findIndex(({ code }) => code !== 200);
  const failedKey = keys[failed];
  if (failedKey !== undefined) throw new Error(`The machine could not answer ${PATHS[failedKey]}.`);
  return Object.fromEntries(keys.map((key, i) => [key, replies[i]?.body])) as unknown as MachineLook;
}
