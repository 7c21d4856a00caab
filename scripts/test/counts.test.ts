import { expect, test } from 'vitest';
import { noReport, playwrightCounts, sum, summary, vitestCounts } from './counts.ts';

const vitest = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1 };

test('a test file that cannot be loaded is a failure, and so is one whose hooks fail', () => {
  const testResults = [
    { status: 'failed', assertionResults: [] },
    { status: 'failed', assertionResults: [{ status: 'skipped' }] },
    { status: 'failed', assertionResults: [{ status: 'failed' }] },
    { status: 'passed', assertionResults: [{ status: 'passed' }] },
  ];
  expect(vitestCounts({ ...vitest, testResults })).toEqual({ passed: 3, failed: 3, skipped: 2 });
});

test('a journey that passes only when it is repeated is a failure', () => {
  const stats = { expected: 4, unexpected: 1, flaky: 1, skipped: 0 };
  expect(playwrightCounts({ stats, errors: [{}] })).toEqual({ passed: 4, failed: 3, skipped: 0 });
});

test('the last line counts everything, and a runner without a report as a failure', () => {
  expect(summary(sum([{ passed: 5, failed: 0, skipped: 2 }, noReport]))).toBe(
    '5 passed, 1 failed, 2 skipped',
  );
  expect(summary({ passed: 7, failed: 0, skipped: 0 })).toBe('7 passed, 0 failed');
});
