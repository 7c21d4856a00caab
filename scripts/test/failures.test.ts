import { expect, test } from 'vitest';
import { failureLines, playwrightFailures, vitestFailures } from './failures.ts';

const root = '/tap';

test('a failed test is named with its file and what it said', () => {
  const testResults = [
    {
      name: '/tap/domain/a.test.ts',
      status: 'failed',
      message: '',
      assertionResults: [
        { fullName: 'it counts', status: 'passed', failureMessages: [] },
        { fullName: ' it adds', status: 'failed', failureMessages: ['Error: 3\n    at a.ts:1'] },
      ],
    },
    {
      name: '/tap/domain/b.test.ts',
      status: 'failed',
      message: 'the hook failed',
      assertionResults: [{ fullName: 'it waits', status: 'skipped', failureMessages: [] }],
    },
    { name: '/tap/domain/c.test.ts', status: 'passed', message: '', assertionResults: [] },
  ];
  expect(failureLines(vitestFailures({ testResults }, root))).toEqual([
    'FAILED domain/a.test.ts | it adds | Error: 3',
    'FAILED domain/b.test.ts | the hook failed',
  ]);
});

const thrown = (fullName: string, said: unknown) => ({
  fullName,
  status: 'failed',
  failureMessages: [said],
});

test('a failure is named though what was thrown says nothing, or no words', () => {
  const assertionResults = [thrown('it throws {}', null), thrown('it throws a number', 5)];
  const file = { name: '/tap/a.test.ts', status: 'failed', message: '', assertionResults };
  const hook = { name: '/tap/b.test.ts', status: 'failed', message: 5, assertionResults: [] };
  expect(failureLines(vitestFailures({ testResults: [file, hook] }, root))).toEqual([
    'FAILED a.test.ts | it throws {}',
    'FAILED a.test.ts | it throws a number',
    'FAILED b.test.ts',
  ]);
});

const spec = (title: string, status: string, messages: string[]) => ({
  title,
  file: 'a.journey.ts',
  tests: [{ status, results: [{ errors: messages.map((message) => ({ message })) }] }],
});

test('a failed journey is named with those around it, one that passed when repeated too', () => {
  const report = {
    config: { rootDir: '/tap/tests/journeys' },
    suites: [
      {
        title: 'a.journey.ts',
        specs: [
          spec('it opens', 'expected', []),
          spec('it closes', 'flaky', ['\u001B[31mlate\u001B[39m']),
        ],
        suites: [
          { title: 'at night', specs: [spec('it sleeps', 'unexpected', ['Error: awake\n\nlog'])] },
        ],
      },
    ],
    errors: [{ message: 'no such module', location: { file: '/tap/tests/journeys/b.journey.ts' } }],
  };
  expect(failureLines(playwrightFailures(report, root))).toEqual([
    'FAILED tests/journeys/a.journey.ts | it closes | late',
    'FAILED tests/journeys/a.journey.ts | at night it sleeps | Error: awake',
    'FAILED tests/journeys/b.journey.ts | no such module',
  ]);
});

test('many failures are twenty lines and a number', () => {
  const failures = Array.from({ length: 23 }, (_, at) => ({
    file: 'a.test.ts',
    name: `the ${at}th`,
    message: 'x'.repeat(5000),
  }));
  const lines = failureLines(failures);
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe('and 3 more, see above');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(300);
});
