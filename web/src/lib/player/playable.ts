// A path to listen to, and how far it can be heard.
import type { TakeId } from '#domain/story/ids.ts';
import type { EnginePath } from './engine.ts';

/** A take of a path, with its place on the timeline. */
export interface PlayableTake {
  readonly id: TakeId;
  readonly startSamples: number;
  /** Null while the worker has not measured it. */
  readonly durationSamples: number | null;
  /** Whether it is recorded and stored, so that a page can mix it by itself. */
  readonly ready: boolean;
  /** How many mixes there are of its region, one for each set of voices; 0 before it is rendered. */
  readonly mixes: number;
  /** Hidden from this listener: its voice is silent, and the path goes on. */
  readonly silent: boolean;
}

/** A path to listen to: seed first, the leaf last. */
export interface PlayablePath {
  readonly takes: readonly PlayableTake[];
  readonly title: string;
  /** Whose voices: shown on lock screens. */
  readonly artist: string;
}

/** How many of its first takes can be heard: rendered ones, and `rough` ones too. */
export function heardTakes({ takes }: PlayablePath, rough: boolean): number {
  const open = takes.findIndex(({ mixes, ready }) => mixes === 0 && !(rough && ready));
  return open === -1 ? takes.length : open;
}

/**
 * A path as an engine is given it: its state is another whenever its sound may be.
 * @throws {RangeError} there is nothing on the path
 */
export function enginePathOf(path: PlayablePath, rough: boolean): EnginePath {
  const leaf = path.takes.at(-1)?.id;
  if (leaf === undefined) throw new RangeError('a path without takes is not played');
  const heard = heardTakes(path, rough);
  const mixes = path.takes.reduce((sum, take) => sum + take.mixes, 0);
  const silent = path.takes.flatMap((take, index) => (take.silent ? [index] : []));
  const state = [heardTakes(path, false), heard, mixes, silent.join('+')].join('/');
  return { leaf, state, silent, isHeard: heard > 0 };
}

/** Where what can be heard of a path ends, in samples. */
export function heardEnd(path: PlayablePath, rough: boolean): number {
  const last = path.takes[heardTakes(path, rough) - 1];
  return last === undefined ? 0 : last.startSamples + (last.durationSamples ?? 0);
}

/** Where the takes that two paths share end; Infinity if the second has no other. */
export function forkSamples(before: PlayablePath | null, path: PlayablePath): number {
  const other = path.takes.find(({ id }, index) => before?.takes[index]?.id !== id);
  return other?.startSamples ?? Infinity;
}

/** Where a listener at `position` goes on when the path changes: the same time, or the fork. */
export function placeOn(
  path: PlayablePath,
  { before, position, rough }: { before: PlayablePath | null; position: number; rough: boolean },
): number {
  const end = heardEnd(path, rough);
  return position < end ? position : Math.min(forkSamples(before, path), end);
}
