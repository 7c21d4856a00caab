// What a fuzzed story must have become, whatever order things arrived in.
import * as Y from 'yjs';
import { readTree, wordsOf } from '#domain/story/document.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { isHidden, likesOf } from '#domain/story/take.ts';
import { treeOf } from '#domain/story/tree.ts';
import { tokensIn } from '../../collab-server/testing/tally.ts';

export interface ModelTake {
  readonly parentId: TakeId | null;
  readonly likes: Set<string>;
  isHidden: boolean;
}

export class Model {
  title: string;
  readonly takes = new Map<TakeId, ModelTake>();
  /** Tokens of each words document that were written, and not deleted by anybody. */
  readonly #tokens = new Map<string, Set<string>>();

  constructor(title: string, seed: TakeId) {
    this.title = title;
    this.published(seed, null);
  }

  published(id: TakeId, parentId: TakeId | null): void {
    this.takes.set(id, { parentId, likes: new Set(), isHidden: false });
  }

  wrote(document: string, token: string): void {
    let tokens = this.#tokens.get(document);
    if (tokens === undefined) this.#tokens.set(document, (tokens = new Set()));
    tokens.add(token);
  }

  deleted(document: string, token: string): void {
    this.#tokens.get(document)?.delete(token);
  }

  /** What is wrong with a copy of a words document once everything has arrived. */
  faultsOfWords(document: string, doc: Y.Doc): string[] {
    const found = tokensIn(wordsOf(doc).toJSON());
    const wanted = this.#tokens.get(document) ?? new Set();
    return [
      ...[...wanted].filter((token) => !found.includes(token)).map((token) => `lost ${token}`),
      ...found.filter((token) => !wanted.has(token)).map((token) => `ghost ${token}`),
      ...found.filter((token, at) => found.indexOf(token) !== at).map((token) => `twice ${token}`),
    ];
  }

  /** What is wrong with a copy of the tree once everything has arrived. */
  faultsOfTree(doc: Y.Doc): string[] {
    const { meta, takes } = readTree(doc);
    const found = new Map(takes.map((take) => [take.id, take]));
    const faults = meta?.title === this.title ? [] : [`the title is ${meta?.title}`];
    for (const [id, { parentId, likes, isHidden: hidden }] of this.takes) {
      const take = found.get(id);
      if (take === undefined) faults.push(`${id} is missing`);
      else if (take.parentId !== parentId) faults.push(`${id} hangs on ${take.parentId}`);
      else if (likesOf(take) !== likes.size || isHidden(take) !== hidden) {
        faults.push(`${id} is ${JSON.stringify(take.state)}`);
      }
    }
    for (const id of found.keys())
      if (!this.takes.has(id)) faults.push(`${id} was never published`);
    return [...faults, ...brokenTree(doc)];
  }
}

/** What no copy of a tree may be at any moment: of two roots, with orphans, with loops. */
export function brokenTree(doc: Y.Doc): string[] {
  const { takes } = readTree(doc);
  const ids = new Set(takes.map(({ id }) => id));
  const roots = takes.filter(({ parentId }) => parentId === null);
  return [
    ...(roots.length === (takes.length === 0 ? 0 : 1) ? [] : [`${roots.length} roots`]),
    ...takes
      .filter(({ parentId }) => parentId !== null && !ids.has(parentId))
      .map(({ id }) => `${id} is an orphan`),
    ...(treeOf(takes).takes.size === takes.length ? [] : ['not every take is below the root']),
  ];
}
