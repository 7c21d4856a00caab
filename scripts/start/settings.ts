// What the launcher runs with, and what it tells its processes.
import path from 'node:path';
import { readConfig, type Environment } from '#backend/config.ts';
import type { PortWish } from './ports.ts';
import type { Secrets } from './secrets.ts';

export interface Settings {
  readonly config: Environment;
  /** DATA_DIR, absolute. */
  readonly dataDir: string;
  /** The address people use. */
  readonly origin: string;
  readonly collabUrl: string;
  readonly workerUrl: string;
  readonly webUrl: string;
  readonly ports: readonly PortWish[];
}

/**
 * Reads the environment.
 * @param root what a relative DATA_DIR is relative to
 * @throws {ConfigError}
 */
export function readSettings(root: string): Settings {
  const config = readConfig(process.env);
  const webUrl = `http://${reachable(config.HOST)}:${config.PORT}`;
  const { HOST: host, COLLAB_HOST: collabHost } = config;
  return {
    config,
    dataDir: path.resolve(root, config.DATA_DIR),
    // The default names the default port; who moves the port alone means the origin too.
    origin: process.env['ORIGIN'] ? config.ORIGIN : webUrl,
    webUrl,
    collabUrl: config.COLLAB_URL ?? `http://${reachable(collabHost)}:${config.COLLAB_PORT}`,
    workerUrl: `http://${reachable(config.HOST)}:${config.WORKER_PORT}`,
    ports: [
      { variable: 'PORT', host, port: config.PORT },
      { variable: 'COLLAB_PORT', host: collabHost, port: config.COLLAB_PORT },
      { variable: 'WORKER_PORT', host, port: config.WORKER_PORT },
    ],
  };
}

/** The environment of every process that the launcher starts: nothing in it is left to defaults. */
export function serviceEnvironment(
  { config, dataDir, origin, collabUrl }: Settings,
  databaseUrl: string,
  secrets: Secrets,
): Record<string, string | undefined> {
  const vapid = config.VAPID_PUBLIC_KEY === undefined ? secrets : {};
  return {
    ...process.env,
    ...vapid,
    LINK_SECRET: config.LINK_SECRET ?? secrets.LINK_SECRET,
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    ORIGIN: origin,
    COLLAB_URL: collabUrl,
  };
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
