import { expect, it } from 'vitest';
import { outcomeOf, runsOf, type Outcome } from './outcome.ts';

const FAILING = `
test_a (test.test_os.A.test_a) ... ok
======================================================================
FAIL: test_b (test.test_os.A.test_b) [one]
Says what it is about.
----------------------------------------------------------------------
======================================================================
FAIL: test_b (test.test_os.A.test_b) [two]
======================================================================
ERROR: setUpClass (test.test_os.B)
----------------------------------------------------------------------
Ran 12 tests in 3.456s

FAILED (failures=2, errors=1, skipped=3)
`;

const rows: readonly (readonly [name: string, output: string, code: number | undefined, want: Partial<Outcome>])[] = [
  ['a passing module', 'Ran 3 tests in 0.1s\n\nOK\n', 0, { verdict: 'passed', tests: 3, failed: [] }],
  [
    'two suites',
    'Ran 3 tests in 0.1s\nOK (skipped=1)\nRan 1 test in 0.1s\nOK (skipped=2, expected failures=2)\n',
    0,
    { verdict: 'passed', tests: 4, skipped: 3 },
  ],
  [
    'each failing method once',
    FAILING,
    2,
    { verdict: 'failed', skipped: 3, failed: ['test.test_os.A.test_b', 'test.test_os.B'] },
  ],
  ['a module that does not apply', '1 test skipped:\n    test_winreg\n', 4, { verdict: 'skipped', tests: 0 }],
  ["Python's own limit", 'Timeout (0:01:00)!\nThread 0x1\n', 1, { verdict: 'timed out' }],
  ['our limit', '', undefined, { verdict: 'timed out' }],
  ['death by a signal', 'Fatal Python error\n', 139, { verdict: 'died' }],
];

it.for(rows)('reads %s', ([, output, code, want]) => {
  expect(outcomeOf({ output, code, seconds: 1.23 })).toMatchObject({ ...want, seconds: 1.2 });
});

const TOGETHER = `0:00:01 load avg: 0.22 [1/3] test_bool
Ran 31 tests in 0.1s

OK
0:00:03 load avg: 0.22 [2/3] test_winreg
test_winreg skipped -- No module named 'winreg'
0:00:04 load avg: 0.22 [3/3/1] test_os -- test_winreg skipped
FAIL: test_b (test.test_os.A.test_b)
Ran 12 tests in 3.456s
test test_os failed
`;

it('parts what one process of Python says of several modules', () => {
  const whole = runsOf({
    output: `${TOGETHER}\n== Tests result: FAILURE ==\nTotal duration: 6.5 sec\n`,
    code: 2,
    seconds: 9,
  });
  expect(whole.map((run) => [run.module, outcomeOf(run)])).toEqual([
    ['test_bool', { verdict: 'passed', tests: 31, skipped: 0, failed: [], seconds: 2 }],
    ['test_winreg', { verdict: 'skipped', tests: 0, skipped: 0, failed: [], seconds: 1 }],
    ['test_os', { verdict: 'failed', tests: 12, skipped: 0, failed: ['test.test_os.A.test_b'], seconds: 2.5 }],
  ]);
  const killed = runsOf({ output: '0:00:01 load avg: 1 [1/2] test_a\n', code: undefined, seconds: 9 });
  expect(killed.map((run) => [run.module, outcomeOf(run).verdict])).toEqual([['test_a', 'timed out']]);
});
