/** What a run of one module of Python's regression tests came to, read from what `python3 -m test -v MODULE` prints. */

export type Verdict = 'passed' | 'skipped' | 'failed' | 'timed out' | 'died';

export interface Outcome {
  readonly verdict: Verdict;
  /** Test methods that ran, those that were skipped among them. */
  readonly tests: number;
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
  const counts = [...output.matchAll(/^Ran (\d+) tests? in /gm)].map(([, count]) => Number(count));
  const tests = counts.reduce((sum, count) => sum + count, 0);
  return { verdict: verdictOf(output, code), tests, failed: failedIn(output), seconds: Math.round(seconds * 10) / 10 };
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
