// The recorder's microphone: which one is open, how loud it is, and what happens to it.
import { watchInterruptions, type Interruption } from './interruptions.ts';
import { RouteLatency } from '../latency/route-latency.svelte.ts';
import { LevelWatch, quiet, type Level } from './level.ts';
import { Microphone } from './microphone.ts';

/** A microphone that could be chosen. */
export interface InputDevice {
  readonly id: string;
  readonly label: string;
}

export interface InputEvents {
  /** The microphone is gone; it is closed already. */
  readonly onlost: () => void;
  readonly oninterrupted: (why: Interruption) => void;
}

/** How long a sound that was interrupted may take to come back, milliseconds. */
const RESUME_MS = 3_000;

export class Input {
  level = $state.raw<Level>(quiet);
  devices = $state.raw<readonly InputDevice[]>([]);
  /** The open device; null without one, and where the browser does not tell. */
  deviceId = $state<string | null>(null);
  /** How late the devices are, while a microphone is open. */
  route = $state.raw<RouteLatency | null>(null);
  readonly #events: InputEvents;
  #microphone: Microphone | null = null;
  #watch = new LevelWatch();
  #watching = new AbortController();

  constructor(events: InputEvents) {
    this.#events = events;
  }

  get microphone(): Microphone | null {
    return this.#microphone;
  }

  /**
   * Opens a microphone in place of the one that is open; that one stays if this fails.
   * @param wanted asked once it is open: if it is not wanted any more, it is closed again
   * @throws {NoMicrophone}
   * @throws {DOMException}
   */
  async open(deviceId: string | null, wanted: () => boolean): Promise<boolean> {
    const microphone = await Microphone.open(deviceId ?? undefined);
    if (!wanted()) {
      await microphone.close();
      return false;
    }
    await this.close();
    // Whoever left meanwhile closed the one before, and knows nothing of this one.
    if (!wanted()) {
      await microphone.close();
      return false;
    }
    this.#adopt(microphone);
    await this.#list();
    return true;
  }

  /** Reads the meter: the level since the last reading, if anything arrived. */
  read(): void {
    if (this.#microphone === null) this.level = quiet;
    else if (this.#watch.hasNews) this.level = this.#watch.read();
  }

  /** Holds the sound of the context: capture and what is heard stand still together. */
  async hold(): Promise<void> {
    this.level = quiet;
    await this.#microphone?.context.suspend().catch(() => undefined);
  }

  /** Lets the sound go on; false if it does not come back in time or the device is still muted. */
  async resume(): Promise<boolean> {
    const microphone = this.#microphone;
    if (microphone === null) return false;
    // Where it is refused, the promise of `resume` may never settle.
    const late = new Promise<void>((resolve) => setTimeout(resolve, RESUME_MS));
    await Promise.race([microphone.context.resume().catch(() => undefined), late]);
    return microphone.context.state === 'running' && !microphone.track.muted;
  }

  async close(): Promise<void> {
    this.#watching.abort();
    this.route?.close();
    this.route = null;
    const microphone = this.#microphone;
    this.#microphone = null;
    this.deviceId = null;
    await microphone?.close();
  }

  #adopt(microphone: Microphone): void {
    this.#microphone = microphone;
    this.deviceId = microphone.deviceId;
    this.#watch = new LevelWatch();
    microphone.listen((block) => this.#watch.push(block.samples));
    const route = new RouteLatency(microphone);
    this.route = route;
    microphone.onoutput = () => {
      route.refresh();
      this.#events.oninterrupted('output');
    };
    microphone.onlost = () => {
      void this.close();
      this.#events.onlost();
    };
    this.#watching = new AbortController();
    const { signal } = this.#watching;
    watchInterruptions(
      {
        context: microphone.context,
        track: microphone.track,
        page: document,
        handheld: matchMedia('(pointer: coarse)').matches,
      },
      this.#events.oninterrupted,
      signal,
    );
    navigator.mediaDevices.addEventListener('devicechange', () => void this.#list(), { signal });
  }

  /** Their names are there once a microphone was allowed. */
  async #list(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    const inputs = all.filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId !== '');
    this.devices = inputs.map(({ deviceId: id, label }, index) => ({
      id,
      label: label === '' ? `Microphone ${index + 1}` : label,
    }));
  }
}
