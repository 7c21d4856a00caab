// Keeps the trees of the stories that are open on this node, in the thread of the trees: the only
// place where their Yjs documents are. See docs/decisions/013-trees-as-bytes.md.
import { KeptTree, type KeptTreeOptions } from './kept-tree.ts';
import type { TreeRequest } from './tree-messages.ts';

export class TreeKeeper {
  readonly #options: KeptTreeOptions;
  readonly #kept = new Map<number, KeptTree>();

  constructor(options: KeptTreeOptions) {
    this.#options = options;
  }

  /** Trees that are in memory as documents. */
  get documents(): number {
    return [...this.#kept.values()].filter(({ isDocument }) => isDocument).length;
  }

  /** Does what is asked, or begins to. */
  handle(request: Exclude<TreeRequest, { type: 'stop' }>): void {
    const tree = this.#kept.get(request.tree);
    switch (request.type) {
      case 'open': {
        const opened = new KeptTree(request, this.#options);
        this.#kept.set(request.tree, opened);
        return opened.follow();
      }
      case 'close':
        tree?.close();
        return void this.#kept.delete(request.tree);
      case 'changed':
        return tree?.follow();
      case 'lacks':
        return tree?.lacks(request.key, request.vector);
      case 'knows':
        return tree?.knows(request.id, request.update);
    }
  }

  /** Stops following; resolves when nothing is being written any more. */
  async stop(): Promise<void> {
    const trees = [...this.#kept.values()];
    this.#kept.clear();
    for (const tree of trees) tree.close();
    await Promise.all(trees.map((tree) => tree.settled()));
  }
}
