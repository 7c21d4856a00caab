// What failed, read from the runners' own reports, for whoever reads the closing lines alone.
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import * as v from 'valibot';

export interface Failure {
  /** From the top folder. */
  readonly file: string;
  /** The test's full name; empty if the file itself failed. */
  readonly name: string;
  readonly message: string;
}

/** What was thrown may have said nothing, which is null here, or another thing than words. */
const saidSchema = v.fallback(v.string(), '');

const vitestSchema = v.object({
  testResults: v.array(
    v.object({
      name: v.string(),
      status: v.string(),
      message: saidSchema,
      assertionResults: v.array(
        v.object({
          fullName: v.string(),
          status: v.string(),
          failureMessages: v.array(saidSchema),
        }),
      ),
    }),
  ),
});

/** The failed tests of a vitest report, and the files that failed beside their tests. */
export function vitestFailures(report: unknown, root: string): Failure[] {
  return v.parse(vitestSchema, report).testResults.flatMap((result) => {
    const file = path.relative(root, result.name);
    const failed = result.assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0 && result.status === 'failed')
      return [{ file, name: '', message: result.message }];
    return failed.map(({ fullName, failureMessages }) => ({
      file,
      name: fullName.trim(),
      message: failureMessages[0] ?? '',
    }));
  });
}

const errorSchema = v.object({ message: v.optional(v.string(), '') });

const specSchema = v.object({
  title: v.string(),
  file: v.string(),
  tests: v.array(
    v.object({
      status: v.string(),
      results: v.array(v.object({ errors: v.array(errorSchema) })),
    }),
  ),
});

interface Suite {
  readonly title: string;
  readonly specs: readonly v.InferOutput<typeof specSchema>[];
  readonly suites?: readonly Suite[] | undefined;
}

const suiteSchema: v.GenericSchema<unknown, Suite> = v.object({
  title: v.string(),
  specs: v.array(specSchema),
  suites: v.optional(v.array(v.lazy(() => suiteSchema))),
});

const playwrightSchema = v.object({
  config: v.object({ rootDir: v.string() }),
  suites: v.array(suiteSchema),
  errors: v.array(
    v.object({ ...errorSchema.entries, location: v.optional(v.object({ file: v.string() })) }),
  ),
});

/** The failed journeys of a playwright report, flaky ones too, and what failed beside them. */
export function playwrightFailures(report: unknown, root: string): Failure[] {
  const { config, suites, errors } = v.parse(playwrightSchema, report);
  const fileOf = (file: string) => path.relative(root, path.resolve(config.rootDir, file));
  const beside = errors.map(({ message, location }) => ({
    file: location === undefined ? 'playwright' : fileOf(location.file),
    name: '',
    message,
  }));
  // The outermost suites are the files.
  const failed = suites
    .flatMap((suite) => failuresIn(suite, []))
    .map((failure) => ({ ...failure, file: fileOf(failure.file) }));
  return [...failed, ...beside];
}

function failuresIn({ specs, suites = [] }: Suite, titles: readonly string[]): Failure[] {
  const own = specs.flatMap(({ title, file, tests }) =>
    tests
      .filter(({ status }) => status === 'unexpected' || status === 'flaky')
      .map(({ results }) => ({
        file,
        name: [...titles, title].join(' '),
        message: results.flatMap((result) => result.errors)[0]?.message ?? '',
      })),
  );
  return [...own, ...suites.flatMap((inner) => failuresIn(inner, [...titles, inner.title]))];
}

const MAX_LINES = 20;
const MAX_MESSAGE = 200;

/** One line for each failure, 20 at most, and one that counts the rest. */
export function failureLines(failures: readonly Failure[]): string[] {
  const lines = failures.slice(0, MAX_LINES).map(({ file, name, message }) => {
    const [said = ''] = stripVTControlCharacters(message).trim().split('\n');
    return `FAILED ${[file, name, said.slice(0, MAX_MESSAGE)].filter(Boolean).join(' | ')}`;
  });
  const more = failures.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more, see above`] : lines;
}
