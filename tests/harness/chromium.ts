// The browser of the journeys: the first Chromium that this machine has, or the one from npm.
import { existsSync } from 'node:fs';
import { access, chmod, constants, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium as playwrightChromium } from 'playwright';
import { inflate } from '@sparticuz/chromium';

export interface Chromium {
  readonly executablePath: string;
  /** The environment to launch it with. */
  readonly env: Readonly<Record<string, string>>;
}

const SYSTEM_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** CHROMIUM_PATH, then Playwright's own, then the system's, then the npm package. */
export async function findChromium(): Promise<Chromium> {
  const given = process.env['CHROMIUM_PATH'];
  if (given) return { executablePath: given, env: environment() };
  const own = playwrightChromium.executablePath();
  if (existsSync(own)) return { executablePath: own, env: environment() };
  const system = await onPath(SYSTEM_NAMES);
  if (system !== undefined) return { executablePath: system, env: environment() };
  return fromPackage();
}

/**
 * Arguments that grant the microphone and feed it.
 * @param wav played once, from when the page opens the microphone; unset gives Chromium's beeps
 */
export function microphone(wav?: string): string[] {
  return [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    ...(wav === undefined ? [] : [`--use-file-for-fake-audio-capture=${wav}%noloop`]),
  ];
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

async function onPath(names: readonly string[]): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  for (const file of names.flatMap((name) => folders.map((folder) => path.join(folder, name)))) {
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return file;
  }
  return undefined;
}

/**
 * The package is made for a serverless host: it unpacks into the temporary folder, trusts whatever
 * lies there, and brings libraries and fonts of its own. It gets a folder of its own here.
 */
async function fromPackage(): Promise<Chromium> {
  if (process.arch !== 'x64') {
    throw new Error('no Chromium: install one (apt-get install chromium) or set CHROMIUM_PATH');
  }
  const cache = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));
  const folder = path.join(cache, 'chromium');
  if (!existsSync(folder)) await unpack(cache, folder);
  return {
    executablePath: path.join(folder, 'chromium'),
    env: {
      ...environment(),
      LD_LIBRARY_PATH: path.join(folder, 'al2023/lib'),
      FONTCONFIG_FILE: path.join(folder, 'fonts.conf'),
    },
  };
}

async function unpack(cache: string, folder: string): Promise<void> {
  const archives = fileURLToPath(new URL('../bin/', import.meta.resolve('@sparticuz/chromium')));
  await mkdir(cache, { recursive: true });
  // Appears under its name only when it is whole.
  const draft = await mkdtemp(path.join(cache, 'chromium-'));
  const outer = tmpdir();
  process.env['TMPDIR'] = draft;
  try {
    for (const name of ['chromium.br', 'fonts.tar.br', 'swiftshader.tar.br', 'al2023.tar.br']) {
      await inflate(path.join(archives, name));
    }
    await writeFile(path.join(draft, 'fonts.conf'), fontsConfig(folder));
    // Another user's run may use it too.
    for (const name of ['.', 'chromium']) await chmod(path.join(draft, name), 0o755);
    await rename(draft, folder).catch((error: unknown) => {
      // Another run was faster; its folder is as good.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    process.env['TMPDIR'] = outer;
    await rm(draft, { recursive: true, force: true });
  }
}

function fontsConfig(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${path.join(folder, 'fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${path.join(folder, 'font-cache')}</cachedir>
</fontconfig>
`;
}
