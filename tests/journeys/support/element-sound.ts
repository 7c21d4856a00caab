// What a page's audio element really gives out, sample by sample: through WebAudio, into a worklet
// that keeps it all.
import type { Page } from '@playwright/test';
import { samplesOfS16 } from '../../harness/tones.ts';

/** Keeps every block that it gets, and hands all out when it is asked. */
const WORKLET = `
  registerProcessor('keep', class extends AudioWorkletProcessor {
    constructor() {
      super();
      this.blocks = [];
      this.port.onmessage = () => { this.port.postMessage(this.blocks); this.blocks = []; };
    }
    process([[left]]) {
      if (left) this.blocks.push(left.slice());
      return true;
    }
  });
`;

interface Tapped {
  /** Times that the element had to wait for sound once it played. */
  waits: number;
  context: AudioContext;
  node: AudioWorkletNode;
}
declare global {
  // oxlint-disable-next-line no-var -- the way to name a property of the page's own scope
  var tapped: Tapped | undefined;
}

/**
 * Puts an ear to the page's audio element. The page must not be under its Content-Security-Policy
 * (`bypassCSP`), and `resumeTap` must follow once somebody has clicked.
 */
export async function tapElement(page: Page): Promise<void> {
  await page.evaluate(async (worklet) => {
    const context = new AudioContext({ sampleRate: 48_000 });
    const url = URL.createObjectURL(new Blob([worklet], { type: 'text/javascript' }));
    await context.audioWorklet.addModule(url);
    const audio = document.querySelector('audio');
    if (audio === null) throw new Error('the page has no audio element');
    const node = new AudioWorkletNode(context, 'keep', {
      channelCount: 1,
      channelCountMode: 'explicit',
    });
    const tapped: Tapped = { waits: 0, context, node };
    context.createMediaElementSource(audio).connect(node).connect(context.destination);
    audio.addEventListener('waiting', () => (tapped.waits += audio.currentTime > 0.2 ? 1 : 0));
    globalThis.tapped = tapped;
  }, WORKLET);
}

/** Lets the ear hear: browsers do not before a click. */
export async function resumeTap(page: Page): Promise<void> {
  await page.evaluate(() => globalThis.tapped?.context.resume());
}

export interface Heard {
  /** -1 to 1, mono, 48 kHz, from when the ear was put to the element. */
  readonly samples: Float32Array;
  /** How often the element had to wait: what is not 0 was a busy machine's or network's doing. */
  readonly waits: number;
}

/** Everything that was heard since the tap, or since it was asked last. */
export async function heardSince(page: Page): Promise<Heard> {
  const { base64, waits } = await page.evaluate(async () => {
    const { tapped } = globalThis;
    if (tapped === undefined) throw new Error('there is no ear');
    const { port } = tapped.node;
    const blocks = await new Promise<Float32Array[]>((resolve) => {
      const take = ({ data }: MessageEvent<Float32Array[]>): void => resolve(data);
      port.addEventListener('message', take, { once: true });
      port.start();
      port.postMessage('all');
    });
    const pcm = new Int16Array(blocks.length * 128);
    blocks.forEach((block, index) => {
      pcm.set(
        Array.from(block, (sample) => Math.round(sample * 32_767)),
        index * 128,
      );
    });
    const bytes = new Uint8Array(pcm.buffer);
    let text = '';
    for (let at = 0; at < bytes.length; at += 32_768)
      text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
    const { waits } = tapped;
    tapped.waits = 0;
    return { base64: btoa(text), waits };
  });
  return { samples: samplesOfS16(Buffer.from(base64, 'base64')), waits };
}
