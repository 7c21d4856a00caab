// The microphone and the one audio context that it shares with whatever is played beside it.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { judgeChange, type Devices } from '../latency/device-change.ts';
import type { ReportedLatency } from '../latency/latency.ts';
import type { Pair } from '../latency/measured-pairs.ts';
import { CaptureInput } from './capture-input.ts';
import { NoMicrophone } from './no-microphone.ts';
import type { CaptureBlock } from './take-buffer.ts';

/** An open microphone. `close` it to let the device and the context go. */
export class Microphone {
  readonly input: CaptureInput;
  /** Told once if the device goes away. */
  onlost: () => void = () => {};
  /** Told when sound is played through another output from now on; see `pair`. */
  onoutput: () => void = () => {};
  readonly #stream: MediaStream;
  readonly #track: MediaStreamTrack;
  readonly #closing = new AbortController();
  #devices: Devices;

  private constructor(
    input: CaptureInput,
    stream: MediaStream,
    { track, devices }: { track: MediaStreamTrack; devices: Devices },
  ) {
    this.input = input;
    this.#stream = stream;
    this.#track = track;
    this.#devices = devices;
    const { signal } = this.#closing;
    track.addEventListener('ended', () => this.#lose(), { signal });
    navigator.mediaDevices.addEventListener('devicechange', () => void this.#look(), { signal });
  }

  /**
   * Asks for the microphone as it is: no echo cancellation, no noise suppression, no automatic
   * gain, for they change what is recorded and when. Call it for a tap of the person.
   * @param deviceId which one; left out, the browser's own choice
   * @throws {NoMicrophone}
   * @throws {DOMException} it is there, and could not be opened now
   */
  static async open(deviceId?: string): Promise<Microphone> {
    const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'interactive' });
    let stream: MediaStream | null = null;
    try {
      stream = await askForStream(deviceId);
      await context.resume();
      const [track] = stream.getAudioTracks();
      if (track === undefined) throw new NoMicrophone('no-input', null);
      const input = await CaptureInput.of(context, context.createMediaStreamSource(stream));
      const devices = await devicesOf(context);
      return new Microphone(input, stream, { track, devices });
    } catch (error) {
      for (const track of stream?.getTracks() ?? []) track.stop();
      await context.close();
      throw error;
    }
  }

  get context(): AudioContext {
    return this.input.context;
  }

  /** What the device sends, to hear of its being muted. */
  get track(): MediaStreamTrack {
    return this.#track;
  }

  /** The device, as `enumerateDevices` names it; null where the browser does not tell. */
  get deviceId(): string | null {
    return this.#track.getSettings().deviceId ?? null;
  }

  /** The names of this microphone and of the output beside it, as the browser gives them. */
  get pair(): Pair {
    return { input: this.#track.label, output: this.#devices.output };
  }

  /** Samples a second at which the device itself delivers; null if the browser does not say. */
  get deviceRate(): number | null {
    return this.#track.getSettings().sampleRate ?? null;
  }

  /** What the browser says of its delays. */
  get reported(): ReportedLatency {
    const { latency = 0 } = this.#track.getSettings() as MediaTrackSettings & { latency?: number };
    // Firefox and Safari report one of the two only.
    const { outputLatency = 0, baseLatency = 0 } = this.context as Partial<AudioContext>;
    return { inputMs: latency * 1_000, outputMs: Math.max(outputLatency, baseLatency) * 1_000 };
  }

  /** Tells a listener every block from now on; returns how to end that. */
  listen(listener: (block: CaptureBlock) => void): () => void {
    return this.input.listen(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.input.close();
    for (const track of this.#stream.getTracks()) track.stop();
    if (this.context.state !== 'closed') await this.context.close();
  }

  /** Devices come and go; only those in use matter. */
  async #look(): Promise<void> {
    const before = this.#devices;
    const after = await devicesOf(this.context);
    if (this.#closing.signal.aborted) return;
    this.#devices = after;
    const change = judgeChange(before, after, this.deviceId ?? '');
    if (change.kind === 'input-lost') this.#lose();
    else if (change.kind === 'output-changed') this.onoutput();
  }

  #lose(): void {
    if (this.#closing.signal.aborted) return;
    // Nothing more is told of a device that is gone.
    this.#closing.abort();
    this.onlost();
  }
}

/** The devices that there are. Empty where the browser keeps them to itself. */
async function devicesOf(context: AudioContext): Promise<Devices> {
  const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  const sinkId = 'sinkId' in context && typeof context.sinkId === 'string' ? context.sinkId : '';
  const outputs = all.filter(({ kind }) => kind === 'audiooutput');
  const used = outputs.find(({ deviceId }) => deviceId === (sinkId || 'default')) ?? outputs[0];
  return {
    inputIds: all.flatMap(({ kind, deviceId }) => (kind === 'audioinput' ? [deviceId] : [])),
    // Chromium lists the default output as "Default - Headphones".
    output: used?.label.replace(/^default - /iu, '') ?? '',
  };
}

async function askForStream(deviceId?: string): Promise<MediaStream> {
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
        ...(deviceId !== undefined && { deviceId: { exact: deviceId } }),
      },
    });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : '';
    if (name === 'NotAllowedError' || name === 'SecurityError')
      throw new NoMicrophone('denied', error);
    if (name === 'NotFoundError' || name === 'OverconstrainedError')
      throw new NoMicrophone('no-input', error);
    throw error;
  }
}
