// What can go wrong with ffmpeg, split by what to do about it: give up on the file, or try again.
import type { TakeFailure } from '#domain/story/take.ts';

/** Give up: the file cannot become a take, and its author is told why. */
export class MediaRefused extends Error {
  override readonly name = 'MediaRefused';
  readonly reason: TakeFailure;

  constructor(reason: TakeFailure, detail: string, options?: ErrorOptions) {
    super(`${reason}: ${detail}`, options);
    this.reason = reason;
  }
}

/** ffmpeg ended with an error of its own; whether to give up is for whoever knows the input. */
export class FfmpegFailed extends Error {
  override readonly name = 'FfmpegFailed';
  readonly exitCode: number;
  /** The last lines it wrote, oldest first. */
  readonly lastLines: readonly string[];

  constructor(exitCode: number, lastLines: readonly string[]) {
    super(`ffmpeg ended with ${exitCode}: ${lastLines.slice(-3).join(' | ')}`);
    this.exitCode = exitCode;
    this.lastLines = lastLines;
  }
}

/** Try again: ffmpeg was ended from outside, by a limit, the kernel or an operator. */
export class FfmpegKilled extends Error {
  override readonly name = 'FfmpegKilled';
  readonly by: NodeJS.Signals | 'wall limit';

  constructor(by: NodeJS.Signals | 'wall limit') {
    super(`ffmpeg was ended by ${by}`);
    this.by = by;
  }
}

/** Try again: the machine had not what ffmpeg needs, which says nothing about the file. */
export class FfmpegStarved extends Error {
  override readonly name = 'FfmpegStarved';

  constructor(lack: string) {
    super(`ffmpeg could not do its work: ${lack}`);
  }
}

/** Try again, though it hints at a fault of ours: ffmpeg said all is well, but it is not. */
export class OutputRejected extends Error {
  override readonly name = 'OutputRejected';
}

/** No ffmpeg that fits can be used; the message says what to do. */
export class FfmpegUnusable extends Error {
  override readonly name = 'FfmpegUnusable';
}
