/** What a run of one module of Python's regression tests came to, read from what `python3 -m test -v MODULE` prints. */

export type Verdict = 'passed' | 'skipped' | 'failed' | 'timed out' | 'died';

export interface Outcome {
  readonly verdict: Verdict;
  /** Test methods that ran, those that were skipped among them. */
  readonly tests: number;
  /** How many of these were skipped; absent in records that are older than this count. */
  readonly skipped?: number;
  /** Identifiers of methods that failed, sorted: `test.test_os.ForkTests.test_fork`. */
  readonly failed: readonly string[];
  readonly seconds: number;
}

export interface Ended {
  readonly output: string;
  /** Exit code, or nothing when it was ended by its time limit. */
  readonly code: number | undefined;
  readonly seconds: number;
}

/** regrtest's exit codes (test/libregrtest/main.py). */
const BAD_TEST = 2;
const NO_TESTS_RAN = 4;

export function outcomeOf({ output, code, seconds }: Ended): Outcome {
  return {
    verdict: verdictOf(output, code),
    tests: sumOf(output, /^Ran (\d+) tests? in /gm),
    skipped: sumOf(output, /^(?:OK|FAILED) \(.*?\bskipped=(\d+)/gm),
    failed: failedIn(output),
    seconds: Math.round(seconds * 10) / 10,
  };
}

/** Of the numbers that stand where the pattern says; a module may run several suites. */
function sumOf(output: string, pattern: RegExp): number {
  return [...output.matchAll(pattern)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Python's runner before each module: `0:00:05 load avg: 0.22 [2/12] test_os`; behind a failure it names that too. */
const BEGIN = /^(\d+):(\d\d):(\d\d) .*?\[ *\d+\/\d+(?:\/\d+)?\] (\w+)/gm;

/** The runs of modules that one process of Python went through, in order; the last may not have come to its end. */
export function runsOf({ output, code, seconds }: Ended): readonly (Ended & { readonly module: string })[] {
  const begins = [...output.matchAll(BEGIN)];
  const end = output.indexOf('\n== Tests result:');
  return begins.map((begin, i) => {
    const next = begins[i + 1];
    const isLast = next === undefined;
    const to = isLast ? durationOf(output, seconds) : stampOf(next);
    const text = output.slice(begin.index, next?.index ?? (end === -1 ? undefined : end));
    return {
      module: begin[4] ?? '',
      output: text,
      code: isLast && end === -1 ? code : codeOf(text),
      seconds: Math.max(0, to - stampOf(begin)),
    };
  });
}

/** Seconds since Python's start. */
function stampOf(begin: RegExpExecArray): number {
  const [, hours = 0, minutes = 0, seconds = 0] = begin.map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}

/** `Total duration: 1 min 3 sec`, without which a process did not come to its end. */
function durationOf(output: string, otherwise: number): number {
  const [, minutes = '0', seconds] = /^Total duration: (?:(\d+) min )?([\d.]+) sec/m.exec(output) ?? [];
  return seconds === undefined ? otherwise : Number(minutes) * 60 + Number(seconds);
}

function codeOf(run: string): number {
  if (/^\w+ skipped -- /m.test(run)) return NO_TESTS_RAN;
  return /^test \w+ (?:failed|crashed)/m.test(run) ? BAD_TEST : 0;
}

function verdictOf(output: string, code: number | undefined): Verdict {
  // faulthandler's own limit comes first, so that the output says where it hangs.
  if (code === undefined || /Timeout \(\d+:\d\d:\d\d\)!/.test(output)) return 'timed out';
  if (code === NO_TESTS_RAN || /^1 test skipped/m.test(output)) return 'skipped';
  if (code === 0) return 'passed';
  return code === BAD_TEST ? 'failed' : 'died';
}

function failedIn(output: string): readonly string[] {
  // `FAIL: test_fork (test.test_os.ForkTests.test_fork) [subtest]`, `ERROR: setUpClass (test.test_os.ForkTests)`
  const ids = [...output.matchAll(/^(?:FAIL|ERROR): \S+ \(([\w.]+)\)/gm)].map(([, id = '']) => id);
  return [...new Set(ids)].toSorted();
}
