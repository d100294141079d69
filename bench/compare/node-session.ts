/** This VM under Node: one machine in a process of its own (machine-in-node.ts). */
import { fork } from 'node:child_process';
import type { Session } from './column.ts';
import { type MachineReply, type MachineRequest } from './machine-in-node.ts';
import { guestCommand, type MachineSession } from './machine-session.ts';
import { threadTimeMs } from './thread-time.ts';

export async function nodeSession(bundle: string, image: string, engine: string): Promise<MachineSession> {
  const child = fork(bundle, [image, engine], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const pid = child.pid ?? 0;
  let take: ((reply: MachineReply) => void) | undefined;
  child.on('message', (reply) => take?.(reply as MachineReply));
  child.on('exit', (code) => take?.({ kind: 'error', message: `the machine in Node ended with ${code}` }));
  const next = async (): Promise<MachineReply> => await new Promise((resolve) => (take = resolve));
  const ask = async (request: MachineRequest): Promise<MachineReply> => {
    const answer = next();
    child.send(request);
    return checked(await answer);
  };
  checked(await next());
  const written = new Set<string>();
  const run: Session['run'] = async (job) => {
    for (const [to, from] of Object.entries(job.files)) {
      if (!written.has(to)) await ask({ kind: 'write', to, from });
      written.add(to);
    }
    const startMs = threadTimeMs(pid, '');
    const reply = await ask({ kind: 'run', command: guestCommand(job.guest), isWatched: !job.isUnwatched });
    if (reply.kind !== 'outcome') throw new Error(`${job.name}: no outcome`);
    return { ...reply.outcome, cpuMs: threadTimeMs(pid, '') - startMs };
  };
  return {
    run,
    statistics: async () => {
      const reply = await ask({ kind: 'statistics' });
      if (reply.kind !== 'statistics') throw new Error('no statistics');
      return reply.statistics;
    },
    close: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await gone;
    },
  };
}

function checked(reply: MachineReply): MachineReply {
  if (reply.kind === 'error') throw new Error(reply.message);
  return reply;
}
