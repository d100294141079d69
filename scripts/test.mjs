/** npm test: installs what is missing, then types, lint, format, dead code, unit and end-to-end tests, and one verdict. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { browserPath, repository, SetupError, setUpForTests } from './setup.mjs';
import { playwrightCounts, vitestCounts } from './test-counts.mjs';

const RESULTS = '.cache/test-results';
const say = (line) => console.log(`\n== ${line}`);

/** Each runs to its end whatever the others said; `counts` reads what a runner of many tests has reported. */
const suites = [
  { name: 'disk images', command: ['node', 'scripts/image.mjs'] },
  { name: 'page', command: ['npm', 'run', '--silent', 'build'] },
  { name: 'types', command: ['node_modules/.bin/tsc', '-b'] },
  { name: 'lint', command: ['node_modules/.bin/oxlint', '--type-aware'] },
  { name: 'format', command: ['node_modules/.bin/oxfmt', '--check'] },
  { name: 'dead code', command: ['node_modules/.bin/knip'] },
  {
    name: 'unit tests',
    command: [
      'node_modules/.bin/vitest',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${RESULTS}/unit.json`,
    ],
    report: `${RESULTS}/unit.json`,
    counts: vitestCounts,
  },
  {
    name: 'end-to-end tests',
    command: ['node_modules/.bin/playwright', 'test', '--reporter=list,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: `${RESULTS}/e2e.json`, CHROMIUM: browserPath() },
    report: `${RESULTS}/e2e.json`,
    counts: playwrightCounts,
  },
];

const total = { passed: 0, failed: 0 };
try {
  process.chdir(repository);
  setUpForTests(say);
  await runSuites();
} catch (error) {
  total.failed++;
  console.error(error instanceof SetupError ? error.message : error);
}
if (total.failed > 0) process.exitCode = 1;
console.log(`\n${total.passed} passed, ${total.failed} failed`);

async function runSuites() {
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  process.env.E2E_PORT ??= String(await freePort());
  for (const suite of suites) {
    const { passed, failed } = runSuite(suite);
    total.passed += passed;
    total.failed += failed;
  }
}

/** A port for the page's server that nobody uses now. */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function runSuite({ name, command: [tool, ...args], env, report, counts }) {
  say(name);
  const startMs = performance.now();
  const { status } = spawnSync(tool, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  const result =
    report && existsSync(report) ? counts(JSON.parse(readFileSync(report, 'utf8'))) : { passed: 0, failed: 0 };
  // A runner that failed without naming a test, or reported nothing, is itself the failure.
  if (status !== 0 && result.failed === 0) result.failed = 1;
  if (status === 0 && !report) result.passed = 1;
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`-- ${name}: ${result.passed} passed, ${result.failed} failed, ${seconds} s`);
  return result;
}
