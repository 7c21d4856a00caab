// A player on an element and an engine that do what a test tells them.
import { Player } from '../player.svelte.ts';
import { FakeEngine } from './fake-engine.ts';
import { FakeMedia } from './fake-media.ts';
import { pathOfTakes } from './paths.ts';

export interface PlayerBench {
  readonly media: FakeMedia;
  readonly player: Player;
  /** The engine that was loaded last; throws if none was. */
  readonly engineOf: () => FakeEngine;
  /** Chooses a path and has it playing, this far in seconds. */
  readonly playing: (path?: ReturnType<typeof pathOfTakes>, at?: number) => Promise<void>;
}

/** Until what was begun without a wait of its own is done. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** @param beforeEngine what happens before an engine is there */
export function playerBench(
  beforeEngine: () => Promise<void> = async () => undefined,
): PlayerBench {
  const media = new FakeMedia();
  let engine: FakeEngine | null = null;
  const engineOf = (): FakeEngine => {
    if (engine === null) throw new Error('no engine was loaded');
    return engine;
  };
  const player = new Player(async (_, reports) => {
    await beforeEngine();
    engine = new FakeEngine(media, reports);
    return engine;
  });
  player.attach(media);
  const playing: PlayerBench['playing'] = async (path = pathOfTakes([0, 1, 2]), at = 0) => {
    player.choose(path);
    player.play();
    await settled();
    engineOf().arrive(5 * path.takes.length + 5);
    media.playTo(at);
  };
  return { media, player, engineOf, playing };
}
