// The environment, parsed once. Every variable that the project reads is named here, and
// `.env.example` is held against it by a test.
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { isProxyList } from './real-peer.ts';

/** What is wrong with the environment, one line per fault. The process should exit with them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`the configuration cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

const wholeNumber = v.pipe(v.string(), v.digits('must be a whole number'), v.toNumber());
const port = v.pipe(wholeNumber, v.maxValue(65_535));
const url = v.pipe(v.string(), v.url());

/** Each variable with its schema and, where it has one, its default for a lone machine. */
export const environmentSchema = v.object({
  /** `production` refuses development secrets. */
  APP_ENV: v.optional(v.picklist(['development', 'test', 'production']), 'development'),
  /** The address people use, without a path. */
  ORIGIN: v.optional(url, 'http://127.0.0.1:3000'),
  /** Where the web process listens. */
  HOST: v.optional(v.string(), '127.0.0.1'),
  PORT: v.optional(port, '3000'),
  /** Folder for what the embedded defaults keep: Postgres, objects, keys. */
  DATA_DIR: v.optional(v.string(), '.data'),
  LOG_LEVEL: v.optional(v.picklist(['debug', 'info', 'warn', 'error', 'silent']), 'info'),
  /** Any Postgres from 15 on; unset starts the embedded one. */
  DATABASE_URL: v.optional(v.pipe(v.string(), v.url())),
  /** Signs the links to objects on disk. At least 32 characters; made at first start if unset. */
  LINK_SECRET: v.optional(v.pipe(v.string(), v.minLength(32))),
  /** Where the collab-server listens, and where the web process finds it. */
  COLLAB_HOST: v.optional(v.string(), '127.0.0.1'),
  COLLAB_PORT: v.optional(port, '3001'),
  COLLAB_URL: v.optional(url),
  /**
   * Proxies whose `X-Forwarded-For` is believed, addresses or CIDR ranges, comma-separated. For the
   * collab-server the web process is one; unset trusts this machine.
   */
  TRUSTED_PROXIES: v.optional(
    v.pipe(v.string(), v.check(isProxyList, 'must be addresses or ranges like 10.0.0.0/8')),
    '127.0.0.0/8,::1',
  ),
  /** Where the media-worker answers health checks. */
  WORKER_PORT: v.optional(port, '3002'),
  /** Takes, and renders, of one person that one media-worker works on at once; one more of others. */
  WORKER_CONCURRENCY: v.optional(v.pipe(wholeNumber, v.minValue(1), v.maxValue(64)), '2'),
  /** What the daily sweep does with objects that no row names: delete them, or only count them. */
  STORE_SWEEP: v.optional(v.picklist(['delete', 'count']), 'delete'),
  /** An ffmpeg of your own; unset looks for one on PATH, then uses the embedded one. */
  FFMPEG_PATH: v.optional(v.string()),
  /** An S3 store; set the bucket to use it instead of the disk. */
  S3_BUCKET: v.optional(v.string()),
  S3_REGION: v.optional(v.string(), 'us-east-1'),
  S3_ENDPOINT: v.optional(url),
  /** The same store as browsers reach it, if that differs. */
  S3_PUBLIC_ENDPOINT: v.optional(url),
  S3_ACCESS_KEY_ID: v.optional(v.string()),
  S3_SECRET_ACCESS_KEY: v.optional(v.string()),
  /** Web Push keys; made at first start if unset. */
  VAPID_PUBLIC_KEY: v.optional(v.string()),
  VAPID_PRIVATE_KEY: v.optional(v.string()),
  /** Who runs this site, for push services: a `mailto:` or `https:` address. */
  VAPID_SUBJECT: v.optional(v.string(), 'mailto:operator@tap-story.invalid'),
  /** Push services that we may post to beside the browsers' own, comma-separated hosts. */
  WEB_PUSH_EXTRA_HOSTS: v.optional(v.string(), ''),
  /** OneSignal; set both to use it before Web Push. */
  ONESIGNAL_APP_ID: v.optional(v.string()),
  ONESIGNAL_API_KEY: v.optional(v.string()),
  ONESIGNAL_BASE_URL: v.optional(url, 'https://api.onesignal.com'),
  /** Redis, for more than one collab-server; without it they share through Postgres alone. */
  REDIS_URL: v.optional(v.pipe(v.string(), v.url())),
  /** Plant the demo story when there is no story yet: `yes` or `no`. */
  DEMO_STORY: v.optional(v.picklist(['yes', 'no']), 'yes'),
});

export type Environment = v.InferOutput<typeof environmentSchema>;
export type EnvironmentName = keyof Environment;

/** Variables that only make sense together: naming one without the others is refused. */
const sets: readonly (readonly EnvironmentName[])[] = [
  ['S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'],
  ['VAPID_PUBLIC_KEY', 'VAPID_PRIVATE_KEY'],
  ['ONESIGNAL_APP_ID', 'ONESIGNAL_API_KEY'],
];

/** Variables without which a production start is refused. */
const requiredInProduction: readonly EnvironmentName[] = ['DATABASE_URL', 'LINK_SECRET'];

/** Secrets that ship with the sources and so must never guard a production site. */
const developmentSecrets: ReadonlySet<string> = new Set([
  'development-link-secret-0123456789abcdef',
  'tap-story-development',
]);

/**
 * Parses an environment; empty strings count as unset.
 * @throws {ConfigError} naming every faulty, missing or half-configured variable
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Environment {
  const named = Object.fromEntries(
    Object.keys(environmentSchema.entries).map((name) => [name, env[name] || undefined]),
  );
  const parsed = v.safeParse(environmentSchema, named);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.issues.map((issue) => `${v.getDotPath(issue) ?? 'environment'}: ${issue.message}`),
    );
  }
  const config = parsed.output;
  const faults = [...halfConfigured(config), ...unfitForProduction(config)];
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function halfConfigured(config: Environment): string[] {
  return sets.flatMap((names) => {
    const missing = names.filter((name) => config[name] === undefined);
    if (missing.length === 0 || missing.length === names.length) return [];
    const given = names.filter((name) => config[name] !== undefined);
    return missing.map(
      (name) => `${name} is missing: ${given.join(', ')} cannot be used without it`,
    );
  });
}

function unfitForProduction(config: Environment): string[] {
  if (config.APP_ENV !== 'production') return [];
  const faults: string[] = requiredInProduction
    .filter((name) => config[name] === undefined)
    .map((name) => `${name} is missing: production does not run on embedded defaults`);
  for (const [name, value] of Object.entries(config)) {
    if (typeof value === 'string' && developmentSecrets.has(value)) {
      faults.push(`${name} is a development secret: set one of your own`);
    }
  }
  if (!config.ORIGIN.startsWith('https://')) faults.push('ORIGIN must be https in production');
  return faults;
}

/** A secret for this machine, where the operator has set none. 256 bits, base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}
