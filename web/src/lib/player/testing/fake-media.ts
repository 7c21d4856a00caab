// An audio element that does what it is told, when the test lets it.
import type { MediaEvent, MediaPort } from '../media-port.ts';

export class FakeMedia implements MediaPort {
  src = '';
  duration = Number.NaN;
  paused = true;
  ended = false;
  readyState = 0;
  error: { code: number } | null = null;
  preload = '';
  types = ['aac', 'opus'];
  readonly loads: string[] = [];
  readonly seeks: number[] = [];
  #seconds = 0;
  readonly #listeners = new Map<MediaEvent, Set<() => void>>();

  get currentTime(): number {
    return this.#seconds;
  }
  set currentTime(seconds: number) {
    this.seeks.push(seconds);
    this.#seconds = seconds;
    this.ended = false;
    this.emit('seeked');
  }

  async play(): Promise<void> {
    // At its end an element begins anew.
    if (this.#seconds >= this.duration) this.currentTime = 0;
    this.paused = false;
  }
  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.emit('pause');
  }
  load(): void {
    if (this.src !== '') this.loads.push(this.src);
    Object.assign(this, { readyState: 0, duration: Number.NaN, ended: false });
    this.#seconds = 0;
    this.paused = true;
  }
  canPlayType(type: string): string {
    const codec = type.includes('opus') ? 'opus' : 'aac';
    return this.types.includes(codec) ? 'probably' : '';
  }
  addEventListener(event: MediaEvent, listener: () => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }
  removeEventListener(event: MediaEvent, listener: () => void): void {
    this.#listeners.get(event)?.delete(listener);
  }
  get isHeardByNobody(): boolean {
    return [...this.#listeners.values()].every((listeners) => listeners.size === 0);
  }
  emit(event: MediaEvent): void {
    for (const listener of this.#listeners.get(event) ?? []) listener();
  }
  /** The source answers: it is this long. */
  arrive(seconds: number): void {
    Object.assign(this, { readyState: 4, duration: seconds });
    this.emit('loadedmetadata');
    if (!this.paused) this.emit('playing');
  }
  /** It plays to a place. */
  playTo(seconds: number): void {
    this.#seconds = seconds;
    this.emit('timeupdate');
    this.emit('seeked');
  }
  reachEnd(): void {
    this.#seconds = this.duration;
    Object.assign(this, { ended: true, paused: true });
    this.emit('pause');
    this.emit('ended');
  }
}
