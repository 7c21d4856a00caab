// Files in the origin's private file system, written by a worker of their own.
// oxlint-disable-next-line import/default -- Vite makes it a worker of our own origin
import OpfsWorker from './opfs-worker.ts?worker';
import { NotKept, type ByteStore, type Growing } from './byte-store.ts';
import { FOLDER, type OpfsAnswer, type OpfsCall } from './opfs-messages.ts';

type Wanted = OpfsCall extends infer C ? (C extends OpfsCall ? Omit<C, 'call'> : never) : never;

export class OpfsStore implements ByteStore {
  readonly #folder: FileSystemDirectoryHandle;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #worker: Worker | null = null;
  #calls = 0;

  private constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder;
  }

  /** Null where the browser has no such files. */
  static async open(): Promise<OpfsStore | null> {
    try {
      const root = await navigator.storage.getDirectory();
      return new OpfsStore(await root.getDirectoryHandle(FOLDER, { create: true }));
    } catch {
      return null;
    }
  }

  async create(name: string): Promise<Growing> {
    await this.#ask({ do: 'create', name });
    return {
      append: (piece) => this.#ask({ do: 'append', name, piece }),
      close: () => this.#ask({ do: 'close', name }),
    };
  }

  async read(name: string): Promise<Blob | null> {
    return unlessMissing(async () => (await this.#folder.getFileHandle(name)).getFile());
  }

  async list(): Promise<string[]> {
    const names: string[] = [];
    for await (const name of this.#folder.keys()) names.push(name);
    return names;
  }

  async remove(name: string): Promise<void> {
    if (this.#worker !== null) await this.#ask({ do: 'close', name });
    await unlessMissing(() => this.#folder.removeEntry(name));
  }

  #ask(wanted: Wanted): Promise<void> {
    const call = this.#calls++;
    const answered = Promise.withResolvers<void>();
    this.#waiting.set(call, answered);
    this.#worker ??= this.#start();
    // Not handed over but copied: whoever wrote a piece may still draw it.
    this.#worker.postMessage({ ...wanted, call }, []);
    return answered.promise;
  }

  #start(): Worker {
    const worker = new OpfsWorker();
    worker.addEventListener('message', ({ data }: MessageEvent<OpfsAnswer>) => {
      const answered = this.#waiting.get(data.call);
      this.#waiting.delete(data.call);
      if (data.failed === null) answered?.resolve();
      else answered?.reject(new NotKept(data.failed));
    });
    worker.addEventListener('error', (event) => {
      // It did not start, or is gone: nothing that waits will be answered.
      this.#worker = null;
      for (const { reject } of this.#waiting.values()) reject(new NotKept('failed', event));
      this.#waiting.clear();
    });
    return worker;
  }
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return null;
    throw error;
  }
}
