// A sound card of software whose microphone hears its speakers: PulseAudio's null sink.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface SoundCard {
  /** What a browser needs in its environment to play through it and hear it. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** How long PulseAudio may take to start, milliseconds. */
const START_MS = 20_000;

/**
 * Starts a PulseAudio of its own, in a folder of its own.
 * @throws {Error} there is no `pulseaudio` here, or it did not start
 */
export async function openSoundCard(): Promise<SoundCard> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tap-story-pulse-'));
  const socket = path.join(folder, 'native');
  const env = { PULSE_SERVER: `unix:${socket}`, PULSE_RUNTIME_PATH: folder };
  const server = spawn(
    'pulseaudio',
    [
      '-n',
      '--daemonize=no',
      '--exit-idle-time=-1',
      '--use-pid-file=no',
      `--load=module-native-protocol-unix auth-anonymous=1 socket=${socket}`,
      '--load=module-null-sink sink_name=room rate=48000 channels=2',
      '--load=module-remap-source master=room.monitor source_name=microphone',
    ],
    {
      stdio: 'ignore',
      env: { ...process.env, ...env, HOME: folder, XDG_CONFIG_HOME: folder },
    },
  );
  const ended = once(server, 'exit').then(
    ([code]) => `pulseaudio ended (${String(code)})`,
    (error: unknown) => `pulseaudio did not start: ${String(error)}`,
  );
  const until = Date.now() + START_MS;
  while (!existsSync(socket)) {
    const why = await Promise.race([ended, pause(100, null)]);
    if (why !== null) throw new Error(why);
    if (Date.now() > until) throw new Error('pulseaudio opened no socket');
  }
  return {
    env,
    close: async () => {
      server.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
