// The microphone and the one audio context that it shares with whatever is played beside it.
// oxlint-disable-next-line import/default -- Vite makes it a bundled file of our own origin and gives its address
import worklet from './capture-worklet.ts?worker&url';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { CaptureBlock } from './take-buffer.ts';

/** Why there is no microphone. */
export class NoMicrophone extends Error {
  override readonly name = 'NoMicrophone';
  readonly why: 'denied' | 'no-input';
  constructor(why: 'denied' | 'no-input', cause: unknown) {
    super(why === 'denied' ? 'the microphone is not allowed' : 'there is no microphone', { cause });
    this.why = why;
  }
}

/** Reported latencies are trusted only this far, seconds. */
const MOST_LATENCY_SECONDS = 1;

/** An open microphone. `close` it to let the device and the context go. */
export class Microphone {
  readonly context: AudioContext;
  /** Told every block of samples, from opening to closing. */
  onblock: (block: CaptureBlock) => void = () => {};
  /** Told once if the device goes away. */
  onlost: () => void = () => {};
  readonly #stream: MediaStream;
  readonly #track: MediaStreamTrack;

  private constructor(context: AudioContext, stream: MediaStream, track: MediaStreamTrack) {
    this.context = context;
    this.#stream = stream;
    this.#track = track;
    track.addEventListener('ended', () => this.onlost());
  }

  /**
   * Asks for the microphone as it is: no echo cancellation, no noise suppression, no automatic
   * gain, for they change what is recorded and when. Call it for a tap of the person.
   * @throws {NoMicrophone}
   */
  static async open(): Promise<Microphone> {
    const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'interactive' });
    let stream: MediaStream | null = null;
    try {
      stream = await askForStream();
      await context.resume();
      await context.audioWorklet.addModule(worklet);
      const [track] = stream.getAudioTracks();
      if (track === undefined) throw new NoMicrophone('no-input', null);
      const microphone = new Microphone(context, stream, track);
      microphone.#connect();
      return microphone;
    } catch (error) {
      for (const track of stream?.getTracks() ?? []) track.stop();
      await context.close();
      throw error;
    }
  }

  #connect(): void {
    const source = this.context.createMediaStreamSource(this.#stream);
    const capture = new AudioWorkletNode(this.context, 'tap-capture', { numberOfOutputs: 1 });
    capture.port.addEventListener('message', ({ data }: MessageEvent<CaptureBlock>) =>
      this.onblock(data),
    );
    capture.port.start();
    // Connected to the output, where it is silent, because only what reaches it is processed.
    source.connect(capture).connect(this.context.destination);
  }

  /** Name of the device, as the browser gives it. */
  get label(): string {
    return this.#track.label;
  }

  /** From sound at the microphone to its frame, as reported, in frames of the context. */
  get inputLatencyFrames(): number {
    const { latency } = this.#track.getSettings() as MediaTrackSettings & { latency?: number };
    return this.#frames(latency ?? 0);
  }

  /** From a frame to its sound at the ear, as reported, in frames of the context. */
  get outputLatencyFrames(): number {
    // Firefox and Safari report one of the two only.
    const { outputLatency = 0, baseLatency = 0 } = this.context as Partial<AudioContext>;
    return this.#frames(Math.max(outputLatency, baseLatency));
  }

  /** The frame that is being rendered now. */
  get frame(): number {
    return Math.round(this.context.currentTime * this.context.sampleRate);
  }

  async close(): Promise<void> {
    this.onblock = () => {};
    this.onlost = () => {};
    for (const track of this.#stream.getTracks()) track.stop();
    if (this.context.state !== 'closed') await this.context.close();
  }

  #frames(seconds: number): number {
    const trusted = Math.max(0, Math.min(MOST_LATENCY_SECONDS, seconds));
    return Math.round(trusted * this.context.sampleRate);
  }
}

async function askForStream(): Promise<MediaStream> {
  // `mediaDevices` is missing where the page is not served securely.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) throw new NoMicrophone('denied', null);
  try {
    return await devices.getUserMedia({
      audio: {
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: false,
        channelCount: { ideal: 1 },
      },
    });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : '';
    const denied = name === 'NotAllowedError' || name === 'SecurityError';
    throw new NoMicrophone(denied ? 'denied' : 'no-input', error);
  }
}
