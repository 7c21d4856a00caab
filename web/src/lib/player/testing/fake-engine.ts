import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { Engine, EnginePath, EngineReports } from '../engine.ts';
import type { FakeMedia } from './fake-media.ts';

/** An engine that is told what to do, and reports when the test lets it. */
export class FakeEngine implements Engine {
  readonly mixesRoughly = true;
  isLoading = true;
  more = false;
  readonly opened: [EnginePath, number | null][] = [];
  likely: readonly EnginePath[] = [];
  closed = false;
  readonly media: FakeMedia;
  readonly reports: EngineReports;

  constructor(media: FakeMedia, reports: EngineReports) {
    this.media = media;
    this.reports = reports;
  }
  get positionSamples(): number {
    return Math.round(this.media.currentTime * SAMPLE_RATE);
  }
  open(path: EnginePath, atSamples: number | null): void {
    this.opened.push([path, atSamples]);
    if (atSamples !== null) this.seek(atSamples);
  }
  seek(samples: number): void {
    this.media.currentTime = samples / SAMPLE_RATE;
  }
  hasMore(): boolean {
    return this.more;
  }
  prefetch(paths: readonly EnginePath[]): void {
    this.likely = paths;
  }
  explain(words: string): void {
    this.reports.onfailed(words);
  }
  close(): void {
    this.closed = true;
  }
  /** There is sound, up to this second. */
  arrive(seconds: number): void {
    this.isLoading = false;
    this.media.duration = seconds;
    this.reports.onlength(seconds * SAMPLE_RATE);
    this.reports.onsource();
    this.media.emit('playing');
  }
}
