// Finds the structs of one update by what they are called.
import type * as Y from 'yjs';
import type { Struct } from './decode-update.ts';

export class StructIndex {
  readonly #byClient = new Map<number, Struct[]>();

  /** @param structs of each client in the order of their clocks, as updates have them */
  constructor(structs: readonly Struct[]) {
    for (const struct of structs) {
      const { client } = struct.id;
      const known = this.#byClient.get(client);
      if (known === undefined) this.#byClient.set(client, [struct]);
      else known.push(struct);
    }
  }

  /** The struct that covers an id; undefined if none does. */
  find({ client, clock }: Y.ID): Struct | undefined {
    const structs = this.#byClient.get(client) ?? [];
    let [low, high] = [0, structs.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const struct = structs[middle];
      if (struct === undefined) return undefined;
      if (clock < struct.id.clock) high = middle - 1;
      else if (clock >= struct.id.clock + struct.length) low = middle + 1;
      else return struct;
    }
    return undefined;
  }
}
