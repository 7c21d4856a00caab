import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, environmentSchema, newSecret, readConfig } from './config.ts';

const production = {
  APP_ENV: 'production',
  ORIGIN: 'https://story.example',
  DATABASE_URL: 'postgres://tap:x@db/tap',
  LINK_SECRET: newSecret(),
};

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

test('an empty environment is a lone machine', () => {
  expect(readConfig({})).toMatchObject({ APP_ENV: 'development', PORT: 3000, DATA_DIR: '.data' });
});

test('an empty string counts as unset', () => {
  expect(readConfig({ PORT: '', S3_BUCKET: '' })).toEqual(readConfig({}));
});

test.each(['3000.5', '-1', '65536', 'http', ' '])('PORT=%s is refused by name', (PORT) => {
  expect(faultsOf({ PORT })).toEqual([expect.stringMatching(/^PORT: /)]);
});

test('every fault is told at once', () => {
  const faults = faultsOf({ PORT: 'x', ORIGIN: 'x', LINK_SECRET: 'short' });
  expect(faults.map((fault) => fault.split(':')[0])).toEqual(['ORIGIN', 'PORT', 'LINK_SECRET']);
});

describe('half a vendor is refused with the missing variable', () => {
  test.each([
    [{ S3_BUCKET: 'b' }, ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']],
    [{ S3_ACCESS_KEY_ID: 'a', S3_SECRET_ACCESS_KEY: 's' }, ['S3_BUCKET']],
    [{ VAPID_PUBLIC_KEY: 'p' }, ['VAPID_PRIVATE_KEY']],
    [{ ONESIGNAL_API_KEY: 'k' }, ['ONESIGNAL_APP_ID']],
  ])('%j', (env, missing) => {
    const given = Object.keys(env).join(', ');
    expect(faultsOf(env)).toEqual(
      missing.map((name) => `${name} is missing: ${given} cannot be used without it`),
    );
  });

  test('a whole one is taken', () => {
    const env = { ONESIGNAL_APP_ID: 'a', ONESIGNAL_API_KEY: 'k' };
    expect(readConfig(env)).toMatchObject(env);
  });
});

describe('production', () => {
  test('starts when it has everything of its own', () => {
    expect(faultsOf(production)).toEqual([]);
  });

  test.each(['DATABASE_URL', 'LINK_SECRET'] as const)('refuses to start without %s', (name) => {
    expect(faultsOf({ ...production, [name]: '' })).toEqual([
      `${name} is missing: production does not run on embedded defaults`,
    ]);
  });

  test('refuses secrets that everybody can read in the sources', () => {
    const LINK_SECRET = 'development-link-secret-0123456789abcdef';
    expect(faultsOf({ ...production, LINK_SECRET })).toEqual([
      'LINK_SECRET is a development secret: set one of your own',
    ]);
    expect(faultsOf({ LINK_SECRET })).toEqual([]);
  });

  test('refuses an address without TLS', () => {
    expect(faultsOf({ ...production, ORIGIN: 'http://story.example' })).toEqual([
      'ORIGIN must be https in production',
    ]);
  });
});

test('.env.example names every variable of the schema, once, with its default', () => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../.env.example'), 'utf8');
  const lines = [...text.matchAll(/^# ([A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => [
    name,
    value,
  ]);
  expect(new Set(lines.map(([name]) => name))).toEqual(
    new Set(Object.keys(environmentSchema.entries)),
  );
  expect(lines).toHaveLength(Object.keys(environmentSchema.entries).length);

  const example: Record<string, string | undefined> = Object.fromEntries(lines);
  const defaults = Object.entries(readConfig({})).filter(([, value]) => value !== undefined);
  expect(Object.fromEntries(defaults.map(([name]) => [name, example[name]]))).toEqual(
    Object.fromEntries(defaults.map(([name, value]) => [name, String(value)])),
  );
});
