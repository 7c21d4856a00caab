// Secrets that this machine made for itself at its first start.
import { link, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import webPush from 'web-push';
import { newSecret } from '#backend/config.ts';
import { StartError } from './start-error.ts';

const secretsSchema = v.object({
  LINK_SECRET: v.pipe(v.string(), v.minLength(32)),
  VAPID_PUBLIC_KEY: v.pipe(v.string(), v.nonEmpty()),
  VAPID_PRIVATE_KEY: v.pipe(v.string(), v.nonEmpty()),
});
export type Secrets = v.InferOutput<typeof secretsSchema>;

/**
 * The secrets of a data folder, made once and never replaced: subscriptions to push and links that
 * were handed out depend on them.
 * @throws {StartError} when the file is there but cannot be used
 */
export async function readSecrets(folder: string): Promise<Secrets> {
  const file = path.join(folder, 'secrets.json');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new StartError(`${file} cannot be read`, { cause: error });
  });
  if (text === null) return makeSecrets(file);
  try {
    return v.parse(secretsSchema, JSON.parse(text));
  } catch (error) {
    throw new StartError(
      `${file} is damaged: restore it, or delete it to make new secrets (people then allow push anew)`,
      { cause: error },
    );
  }
}

async function makeSecrets(file: string): Promise<Secrets> {
  const keys = webPush.generateVAPIDKeys();
  const secrets: Secrets = {
    LINK_SECRET: newSecret(),
    VAPID_PUBLIC_KEY: keys.publicKey,
    VAPID_PRIVATE_KEY: keys.privateKey,
  };
  const draft = `${file}.${process.pid}`;
  await rm(draft, { force: true });
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(secrets, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await link(draft, file);
  await rm(draft);
  return secrets;
}
