/** What the parts of the benchmark share: a job in every column, with patience. */
import type { ColumnName, Job, Outcome, Session } from './column.ts';

export type Sessions = Map<ColumnName, Session>;

type Note = (column: ColumnName, session: Session, job: Job) => Promise<void>;

class Hang extends Error {}

const PATIENCE_MS = 300_000;

export const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);

/**
 * Runs a job in every column that still answers. A column that fails has no value there and is told; one that hangs is out
 * for the rest of the round.
 */
export async function inEach(job: (column: ColumnName) => Job, sessions: Sessions, note: Note): Promise<void> {
  for (const [column, session] of sessions) {
    const { name } = job(column);
    try {
      await note(column, session, job(column));
    } catch (error) {
      say(`${name}: ${column} failed: ${error instanceof Error ? error.message : String(error)}`);
      if (error instanceof Hang) sessions.delete(column);
    }
  }
}

/** @throws Hang when it does not end */
export async function run(session: Session, job: Job): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Hang(`${job.name} does not end`)), PATIENCE_MS);
  });
  return await Promise.race([session.run(job), hang]).finally(() => clearTimeout(timer));
}
