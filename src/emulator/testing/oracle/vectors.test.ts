/**
 * Boundary cases of every form against what a processor was recorded to make of them. On x86-64, where the live oracle
 * runs, a part of them; elsewhere all. `npm run record:vectors` writes the file anew, on an x86-64 host.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { INSTRUCTIONS } from '../../x86/instructions/index.ts';
import { EXECUTOR_NAMES } from '../executors.ts';
import type { Case } from './case.ts';
import { boundaryCases } from './boundary-cases.ts';
import { describeMismatch, Differential } from './differential.ts';
import { type Subject, subjectsOf } from './subject.ts';
import { runOnHost, whyNoOracle } from './native.ts';
import { decodeRecording, digestOf, encodeRecording, type RecordedForm, type Recording } from './vectors.ts';

const FILE = new URL('vectors.bin', import.meta.url);
const MAX_FILE_BYTES = 300 * 1024;
const isRecording = process.env['RECORD_VECTORS'] !== undefined;
const isWhole = process.arch !== 'x64' || process.env['FUZZ_ROUNDS'] !== undefined;
const PART = 6;

const subjects = subjectsOf(INSTRUCTIONS);
const keyOf = (row: string, form: string): string => `${row}  ${form}`;
const byKey = new Map(subjects.map((subject) => [keyOf(subject.form.row.name, subject.form.text), subject]));

function casesOf(row: string, form: string): readonly Case[] {
  const subject = byKey.get(keyOf(row, form));
  return subject === undefined ? [] : boundaryCases(subject.form);
}

/** Null when they are others now. */
function casesAsRecorded(row: string, form: string, digest: string): readonly Case[] | null {
  const cases = casesOf(row, form);
  return cases.length > 0 && digestOf(cases) === digest ? cases : null;
}

function record(): Recording {
  const plan = subjects.map((subject) => ({ subject, cases: boundaryCases(subject.form) }));
  const endings = runOnHost(plan.flatMap(({ cases }) => cases));
  let at = 0;
  const forms = plan.map(({ subject: { form }, cases }): RecordedForm => {
    const own = endings.slice(at, (at += cases.length));
    return { row: form.row.name, form: form.text, digest: digestOf(cases), endings: own };
  });
  const info = readFileSync('/proc/cpuinfo', 'utf8');
  const field = (name: string): string => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(info)?.[1] ?? '?';
  return { cpu: `${field('model name')}, family ${field('cpu family')}, model ${field('model')}`, forms };
}

describe.runIf(isRecording && whyNoOracle() === '')('recording', () => {
  it('writes the endings of all boundary cases', { timeout: 600_000 }, () => {
    const recording = record();
    const file = encodeRecording(recording, ({ row, form }) => casesOf(row, form));
    writeFileSync(FILE, file);
    expect(recording.forms.length).toBe(subjects.length);
  });
});

describe('boundary cases', () => {
  it('exist for every form that can be compared, and are the same each time', () => {
    const few = subjects.filter(({ form }) => boundaryCases(form).length < 8).map(({ form }) => form.text);
    expect(few).toEqual([]);
    const [{ form }] = subjects;
    expect(digestOf(boundaryCases(form))).toBe(digestOf(boundaryCases(form)));
  });
});

describe.skipIf(isRecording)('recorded vectors', () => {
  const file = isRecording ? new Uint8Array(0) : new Uint8Array(readFileSync(FILE));
  const recording = isRecording ? { cpu: '', forms: [] } : decodeRecording(file, casesAsRecorded);

  it('name their processor, are small, and hold nearly every form as its cases are now', () => {
    expect(recording.cpu).toMatch(/(AMD|Intel).*family \d+, model \d+/);
    expect(file.length).toBeLessThan(MAX_FILE_BYTES);
    // New rows and changed cases are recorded by and by: npm run record:vectors.
    expect(recording.forms.length / subjects.length, 'npm run record:vectors').toBeGreaterThan(0.97);
  });

  it.each(EXECUTOR_NAMES)('end the same on the %s executor', { timeout: 600_000 }, (executor) => {
    const differential = new Differential(executor);
    const part = recording.forms.filter((_, i) => isWhole || i % PART === EXECUTOR_NAMES.indexOf(executor));
    const reports = part.flatMap(({ row, form, endings }) => {
      const subject = byKey.get(keyOf(row, form)) as Subject; // decodeRecording leaves out the others
      const mismatch = differential.compareRecorded(subject, boundaryCases(subject.form), endings);
      return mismatch === null ? [] : [describeMismatch(mismatch, 0)];
    });
    expect(reports.slice(0, 10).join('\n'), `${reports.length} of ${part.length} forms differ`).toBe('');
    expect(part.length).toBeGreaterThan(100);
  });
});
