/** Counts out of the JSON reports of the test runners. */

/** vitest --reporter=json. A file that could not be loaded has no tests of its own and counts as one failure. */
export function vitestCounts(report) {
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
}

/** playwright --reporter=json: a test that passed only on a retry has passed; errors outside tests count too. */
export function playwrightCounts(report) {
  const { expected, unexpected, flaky } = report.stats;
  return { passed: expected + flaky, failed: unexpected + report.errors.length };
}
