// What somebody changed in a text: the text as it became, with what they added and took away.

/** `=` was there already, `+` they added, `-` they took away. */
export type Mark = readonly ['=' | '+' | '-', string];
/** In the order of the text; no two neighbours are of one kind, and none is empty. */
export type Marks = readonly Mark[];

/** One change of a text, as a Y.Text tells it; lengths are UTF-16 units. */
export type TextDelta = readonly {
  readonly insert?: unknown;
  readonly retain?: number | undefined;
  readonly delete?: number | undefined;
}[];

/** Nobody has changed this text yet. */
export function unmarked(text: string): Marks {
  return text === '' ? [] : [['=', text]];
}

/** The text as it became. */
export function textOf(marks: Marks): string {
  return join(marks, '-');
}

/** The text as it was before, as far as others did not change it meanwhile. */
export function textBefore(marks: Marks): string {
  return join(marks, '+');
}

/** True if the marks say that anything changed. */
export function isChange(marks: Marks): boolean {
  return marks.some(([kind]) => kind !== '=');
}

/**
 * Carries marks over a further change of the text. What the person themselves changed is marked;
 * what others did meanwhile is just there, or just gone.
 * @param isTheirs whether the change is by the person whose changes are marked
 */
export function carry(marks: Marks, delta: TextDelta, isTheirs: boolean): Marks {
  const reader = new Reader(marks);
  const out = new Writer();
  for (const { insert, retain = 0, delete: gone = 0 } of delta) {
    if (typeof insert === 'string') {
      // What gave way is read before what came in its place.
      reader.take(0, (kind, text) => out.add(kind, text));
      out.add(isTheirs ? '+' : '=', insert);
    } else if (retain > 0) reader.take(retain, (kind, text) => out.add(kind, text));
    else if (gone > 0) {
      reader.take(gone, (kind, text) => {
        if (kind === '-' || (kind === '=' && isTheirs)) out.add('-', text);
      });
    }
  }
  reader.take(Number.POSITIVE_INFINITY, (kind, text) => out.add(kind, text));
  return out.marks;
}

function join(marks: Marks, without: Mark[0]): string {
  return marks.map(([kind, text]) => (kind === without ? '' : text)).join('');
}

/** Reads marks by the length of the text that is there: what was taken away has none. */
class Reader {
  readonly #marks: Marks;
  #at = 0;
  /** Units of the current mark that were read. */
  #within = 0;

  constructor(marks: Marks) {
    this.#marks = marks;
  }

  take(length: number, tell: (kind: Mark[0], text: string) => void): void {
    let left = length;
    for (let mark = this.#marks[this.#at]; mark !== undefined; mark = this.#marks[this.#at]) {
      const [kind, whole] = mark;
      if (kind !== '-' && left === 0) return;
      const text = whole.slice(this.#within, kind === '-' ? undefined : this.#within + left);
      if (kind !== '-') left -= text.length;
      tell(kind, text);
      this.#within += text.length;
      if (this.#within < whole.length) return;
      this.#at += 1;
      this.#within = 0;
    }
  }
}

class Writer {
  readonly marks: Mark[] = [];

  add(kind: Mark[0], text: string): void {
    if (text === '') return;
    const last = this.marks.at(-1);
    if (last?.[0] === kind) this.marks[this.marks.length - 1] = [kind, last[1] + text];
    else this.marks.push([kind, text]);
  }
}
