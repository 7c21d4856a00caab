// What the page and the worker that writes its files say to each other.
import type { NotKept } from './byte-store.ts';

/** What the page asks for; `call` names the answer. */
export type OpfsCall = { readonly call: number; readonly name: string } & (
  | { readonly do: 'create' | 'close' }
  | { readonly do: 'append'; readonly piece: Uint8Array<ArrayBuffer> }
);

export interface OpfsAnswer {
  readonly call: number;
  /** Null if it was done. */
  readonly failed: NotKept['why'] | null;
}

/** The folder of the origin's private file system that the files are in. */
export const FOLDER = 'takes';
