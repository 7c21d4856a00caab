// Runs in the browser: a take is made ready to be listened to, with what a browser may lack.
import { audioOfCaptured } from '#lib/recorder/take-audio.ts';

const RATE = 44_100;
const FRAMES = 4_410;

/** What a browser cannot do: convert between rates, or hold sound at the rate of this device. */
export type Lacking = 'nothing' | 'a resampler' | 'buffers';

/** The file that a take would be published as. */
export interface Made {
  readonly rate: number;
  /** 16-bit. */
  readonly samples: readonly number[];
  /** Whether it can be listened to before it is published. */
  readonly isHeard: boolean;
}

const refused = (): never => {
  throw new DOMException('not here', 'NotSupportedError');
};

async function makeTake(lacking: Lacking): Promise<Made> {
  const [context, buffer] = [globalThis.OfflineAudioContext, globalThis.AudioBuffer];
  if (lacking === 'a resampler') Object.assign(globalThis, { OfflineAudioContext: refused });
  if (lacking === 'buffers') Object.assign(globalThis, { AudioBuffer: refused });
  try {
    const chunk = Float32Array.from({ length: FRAMES }, (_, frame) => Math.sin(frame / 20) / 2);
    const cut = { fromFrames: 0, frames: FRAMES };
    const made = await audioOfCaptured({ chunks: [chunk], rate: RATE, cut, timing: undefined });
    if (made === null) throw new Error('the take is gone');
    const view = new DataView(await made.file.arrayBuffer());
    const samples = Array.from({ length: (view.byteLength - 44) / 2 }, (_, at) =>
      view.getInt16(44 + 2 * at, true),
    );
    return { rate: view.getUint32(24, true), samples, isHeard: made.buffer !== null };
  } finally {
    Object.assign(globalThis, { OfflineAudioContext: context, AudioBuffer: buffer });
  }
}

export type MakeTake = typeof makeTake;
Object.assign(globalThis, { makeTake });
