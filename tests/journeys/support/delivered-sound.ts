// What the microphone delivered to a page, told by the page as it came: all of it is here even if
// the browser is killed the moment after.
import type { Page } from '@playwright/test';

/** Follows a page that is not loaded yet. */
export async function followMicrophone(page: Page): Promise<() => Int16Array<ArrayBuffer>> {
  const blocks: { readonly frame: number; readonly samples: Float32Array }[] = [];
  page.on('console', (message) => {
    const [, frame, text = ''] = /^delivered (\d+) (\S*)$/u.exec(message.text()) ?? [];
    if (frame === undefined) return;
    const bytes = new Uint8Array(Buffer.from(text, 'base64'));
    blocks.push({ frame: Number(frame), samples: new Float32Array(bytes.buffer) });
  });
  await page.addInitScript(tellBlocks);
  return () => joined(blocks);
}

/** Runs in the browser before the page: hears each block before the recorder does. */
function tellBlocks(): void {
  const Real = AudioWorkletNode;
  globalThis.AudioWorkletNode = class extends Real {
    constructor(context: BaseAudioContext, name: string, options?: AudioWorkletNodeOptions) {
      super(context, name, options);
      this.port.addEventListener('message', ({ data }) => {
        const { frame, samples } = data as { frame: number; samples: Float32Array<ArrayBuffer> };
        let text = '';
        for (const byte of new Uint8Array(samples.buffer)) text += String.fromCharCode(byte);
        console.info(`delivered ${frame} ${btoa(text)}`);
      });
    }
  };
}

/** The blocks in their places, silence where the device skipped, as 16-bit samples. */
function joined(
  blocks: readonly { readonly frame: number; readonly samples: Float32Array }[],
): Int16Array<ArrayBuffer> {
  const [first, last] = [blocks[0], blocks.at(-1)];
  if (first === undefined || last === undefined) return new Int16Array();
  const all = new Int16Array(last.frame + last.samples.length - first.frame);
  for (const { frame, samples } of blocks) {
    const whole = samples.map((sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32_767));
    all.set(whole, frame - first.frame);
  }
  return all;
}
