// The way from any source of sound to stamped blocks of samples, in the context that also plays.
// oxlint-disable-next-line import/default -- Vite makes it a bundled file of our own origin and gives its address
import worklet from './capture-worklet.ts?worker&url';
import type { CaptureBlock } from './take-buffer.ts';

/** Something that is listened to, and what can be played beside it. */
export class CaptureInput {
  readonly context: AudioContext;
  /** Where whatever shall be heard is connected to. */
  readonly output: AudioNode;
  readonly #listeners = new Set<(block: CaptureBlock) => void>();
  readonly #node: AudioWorkletNode;

  private constructor(source: AudioNode, output: AudioNode, context: AudioContext) {
    this.context = context;
    this.output = output;
    this.#node = new AudioWorkletNode(context, 'tap-capture', { numberOfOutputs: 1 });
    this.#node.port.addEventListener('message', ({ data }: MessageEvent<CaptureBlock>) => {
      for (const listener of this.#listeners) listener(data);
    });
    this.#node.port.start();
    // Connected to the output, where it is silent, because only what reaches it is processed.
    source.connect(this.#node).connect(context.destination);
  }

  /** @param output where sound is played: the speakers, unless a test puts something in between */
  static async of(
    context: AudioContext,
    source: AudioNode,
    output: AudioNode = context.destination,
  ): Promise<CaptureInput> {
    await context.audioWorklet.addModule(worklet);
    return new CaptureInput(source, output, context);
  }

  /** The frame that is being rendered now. */
  get frame(): number {
    return Math.round(this.context.currentTime * this.context.sampleRate);
  }

  /** Tells a listener every block from now on; returns how to end that. */
  listen(listener: (block: CaptureBlock) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends it for all listeners. */
  close(): void {
    this.#listeners.clear();
    this.#node.port.close();
    this.#node.disconnect();
  }
}
