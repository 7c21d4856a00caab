// What may be in the words of a take: plain text in one root.
import * as Y from 'yjs';
import { isStorable } from '#domain/story/text.ts';
import { assertWordsFit } from './guard.ts';
import { Unfit, type Shape } from './update-guard.ts';

/** The one root of a words document; see `wordsOf`. */
const ROOT = 'words';

export class WordsShape implements Shape {
  readonly root = ROOT;
  readonly #document: Y.Doc;

  constructor(document: Y.Doc) {
    this.#document = document;
  }

  begin(): void {
    // Each item shows by itself whether it is text.
  }

  takes({ parent, parentSub, content }: Y.Item): boolean {
    // A decoded item names its parent only if it has no neighbour to take it from.
    const named: unknown = parent;
    if (named !== null && named !== ROOT) throw new Unfit('a type within the words');
    if (parentSub !== null) throw new Unfit('an attribute');
    if (!(content instanceof Y.ContentString || content instanceof Y.ContentDeleted)) {
      throw new Unfit('words are text, and nothing else');
    }
    if (content instanceof Y.ContentString && !isStorable(content.str)) throw new Unfit('NUL');
    return true;
  }

  assertFits(update: Uint8Array): void {
    assertWordsFit(this.#document, update);
  }
}
