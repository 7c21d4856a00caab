// Writes files of the origin's private file system: only a worker may do it piece by piece, each
// one flushed to the disk before the next.
import { notKept, NotKept } from './byte-store.ts';
import { FOLDER, type OpfsAnswer, type OpfsCall } from './opfs-messages.ts';

/** What a page's types do not know, for a worker alone has it. */
interface SyncHandle {
  getSize(): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
type WorkerFile = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncHandle> };

function writesInPlace(file: FileSystemFileHandle): file is WorkerFile {
  return 'createSyncAccessHandle' in file;
}

const open = new Map<string, SyncHandle>();
/** One call after the other: a file is created before its first piece comes. */
let last: Promise<void> = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<OpfsCall>) => {
  last = last.then(() => answer(data));
});

async function answer(call: OpfsCall): Promise<void> {
  const reply = (failed: OpfsAnswer['failed']): void =>
    postMessage({ call: call.call, failed } satisfies OpfsAnswer);
  try {
    await carryOut(call);
    reply(null);
  } catch (error) {
    reply(notKept(error).why);
  }
}

async function carryOut(call: OpfsCall): Promise<void> {
  switch (call.do) {
    case 'create':
      return create(call.name);
    case 'append':
      return append(call.name, call.piece);
    case 'close':
      open.get(call.name)?.close();
      open.delete(call.name);
  }
}

async function create(name: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(FOLDER, { create: true });
  const file: FileSystemFileHandle = await folder.getFileHandle(name, { create: true });
  if (!writesInPlace(file)) throw new NotKept('failed');
  // Whoever has it open keeps it: two tabs never write one file.
  const handle = await file.createSyncAccessHandle();
  handle.truncate(0);
  handle.flush();
  open.set(name, handle);
}

function append(name: string, piece: Uint8Array<ArrayBuffer>): void {
  const handle = open.get(name);
  if (handle === undefined) throw new NotKept('failed');
  const at = handle.getSize();
  try {
    if (handle.write(piece, { at }) < piece.byteLength) throw new NotKept('full');
    handle.flush();
  } catch (error) {
    // Half a piece must not stand before the next one.
    handle.truncate(at);
    throw error;
  }
}
