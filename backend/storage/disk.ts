// Objects as plain files: the store of a machine without S3.
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { DigestingBody, digestOf } from './digest.ts';
import {
  isFileError,
  makeFolder,
  publishNew,
  publishOver,
  removeUntouched,
  unlessMissing,
  withFlushedFile,
} from './disk-files.ts';
import type { DiskLinks } from './disk-links.ts';
import { listFolder } from './disk-list.ts';
import {
  checkKey,
  ObjectConflict,
  ObjectMissing,
  RangeUnsatisfiable,
  UploadGone,
  type ByteRange,
  type ListedObject,
  type ObjectFacts,
  type ObjectStore,
  type PutResult,
  type StoredObject,
  type UploadedPart,
} from './objects.ts';

/** `=` is in no key, so these names collide with no object and with no folder of one. */
const DATA = '=data';
const TYPE = '=type';

const uploadSchema = v.object({ key: v.string(), contentType: v.string() });

/** Read at once. In pieces of 64 KiB, which is Node's default, copying costs a quarter more CPU. */
const READ_BYTES = 256 * 1024;
/** A file that nothing was written to for this long was left by a process that died. */
const WRITTEN_MS = 86_400_000;
/** An upload that got no part for this long is given up, milliseconds. */
const ABANDONED_MS = 7 * 86_400_000;

/**
 * Layout under `root`: `objects/<key>=data` and `<key>=type` (its content type); `uploads/<id>/`
 * holds `upload.json` and each part under its number; `temporary/` what is being written. Any
 * number of processes may share a root on one file system.
 */
export class DiskStore implements ObjectStore {
  readonly #objects: string;
  readonly #uploads: string;
  readonly #temporary: string;
  readonly #links: DiskLinks;

  constructor(root: string, links: DiskLinks) {
    this.#objects = join(root, 'objects');
    this.#uploads = join(root, 'uploads');
    this.#temporary = join(root, 'temporary');
    this.#links = links;
  }

  /** Removes what dead processes were writing, and uploads that nobody went on with for a week. */
  async removeLeftovers(): Promise<void> {
    await removeUntouched(this.#temporary, WRITTEN_MS);
    await removeUntouched(this.#uploads, ABANDONED_MS);
  }

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    { contentType }: { readonly contentType: string },
  ): Promise<PutResult> {
    checkKey(key);
    const digesting = new DigestingBody(body);
    return withFlushedFile(this.#temporary, digesting, async (path) => {
      const result = digesting.result();
      // The type goes first: an object that is there has one, a type alone is no object.
      if ((await this.head(key)) === null) await this.#writeType(key, contentType);
      const isNew = await publishNew(path, this.#path(key, DATA));
      if (!isNew && !(await this.#holds(key, result))) throw new ObjectConflict(key);
      return result;
    });
  }

  async get(key: string, range?: ByteRange): Promise<StoredObject> {
    const file = await open(this.#path(checkKey(key), DATA), 'r').catch((error: unknown) => {
      throw isFileError(error, 'ENOENT', 'ENOTDIR') ? new ObjectMissing(key, error) : error;
    });
    try {
      const { size: bytes } = await file.stat();
      if (range !== undefined && range.start >= bytes) throw new RangeUnsatisfiable(key);
      const contentType = await readFile(this.#path(key, TYPE), 'utf8');
      await file.close();
      return { body: this.#read(key, range), bytes, contentType };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async head(key: string): Promise<ObjectFacts | null> {
    try {
      const { size: bytes } = await stat(this.#path(checkKey(key), DATA));
      return { bytes, contentType: await readFile(this.#path(key, TYPE), 'utf8') };
    } catch (error) {
      if (isFileError(error, 'ENOENT', 'ENOTDIR')) return null;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await rm(this.#path(key, DATA), { force: true });
    await rm(this.#path(key, TYPE), { force: true });
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    yield* listFolder(this.#objects, { suffix: DATA, prefix });
  }

  async signedGet(
    key: string,
    options: { readonly expiresInSeconds: number; readonly downloadName?: string },
  ): Promise<string> {
    const downloadName = options.downloadName ?? null;
    return this.#links.sign(
      { may: 'read', key: checkKey(key), downloadName },
      options.expiresInSeconds,
    );
  }

  async createUpload(
    key: string,
    { contentType }: { readonly contentType: string },
  ): Promise<string> {
    checkKey(key);
    const id = randomUUID();
    const facts = JSON.stringify({ key, contentType });
    await makeFolder(join(this.#uploads, id));
    await withFlushedFile(this.#temporary, textBody(facts), (path) =>
      publishOver(path, join(this.#uploads, id, 'upload.json')),
    );
    return id;
  }

  async signedPart(
    key: string,
    storeUploadId: string,
    partNumber: number,
    options: { readonly expiresInSeconds: number },
  ): Promise<string> {
    return this.#links.sign(
      { may: 'write-part', key: checkKey(key), storeUploadId, partNumber },
      options.expiresInSeconds,
    );
  }

  /**
   * Takes in one part; sending a number again replaces it. Nothing is kept of a body that throws.
   * @throws {UploadGone}
   */
  async writePart(
    upload: { readonly key: string; readonly storeUploadId: string; readonly partNumber: number },
    body: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const { key, storeUploadId, partNumber } = upload;
    await this.#upload(key, storeUploadId);
    await withFlushedFile(this.#temporary, body, async (path) => {
      // An upload that ended meanwhile has no folder any more, so this cannot bring it back.
      const to = join(this.#uploads, storeUploadId, String(partNumber));
      await publishOver(path, to).catch(goneAs(key));
    });
  }

  async listParts(key: string, storeUploadId: string): Promise<UploadedPart[]> {
    await this.#upload(key, storeUploadId);
    const folder = join(this.#uploads, storeUploadId);
    const parts: UploadedPart[] = [];
    for (const name of await readdir(folder).catch(goneAs(key))) {
      if (!/^\d+$/u.test(name)) continue;
      const facts = await stat(join(folder, name), { bigint: true }).catch(goneAs(key));
      const etag = `${facts.size.toString(16)}-${facts.mtimeNs.toString(16)}-${facts.ino.toString(16)}`;
      parts.push({ number: Number(name), bytes: Number(facts.size), etag });
    }
    return parts.toSorted((a, b) => a.number - b.number);
  }

  async completeUpload(key: string, storeUploadId: string): Promise<void> {
    try {
      const { contentType } = await this.#upload(key, storeUploadId);
      const parts = await this.listParts(key, storeUploadId);
      if (parts.length === 0) throw new UploadGone(key);
      await this.put(key, this.#joined(key, storeUploadId, parts), { contentType });
    } catch (error) {
      // Whoever completed it before us has removed the parts, and left the object.
      if (error instanceof UploadGone && (await this.head(key)) !== null) return;
      throw error;
    }
    await this.abortUpload(key, storeUploadId);
  }

  async abortUpload(_key: string, storeUploadId: string): Promise<void> {
    if (!v.is(v.pipe(v.string(), v.uuid()), storeUploadId)) return;
    const folder = join(this.#uploads, storeUploadId);
    // `upload.json` first: from then on nothing adds parts, so the folder can be emptied.
    await rm(join(folder, 'upload.json'), { force: true });
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async abortUploadsBefore(prefix: string, moment: Date): Promise<number> {
    return await removeUntouched(this.#uploads, Date.now() - moment.getTime(), async (folder) => {
      // One that is being ended has said already what it was.
      const upload = await readUpload(folder).catch(unlessMissing(null));
      return upload?.key.startsWith(prefix) === true;
    });
  }

  async *#joined(key: string, id: string, parts: readonly UploadedPart[]) {
    for (const part of parts) {
      try {
        yield* createReadStream(join(this.#uploads, id, String(part.number)), {
          highWaterMark: READ_BYTES,
        });
      } catch (error) {
        throw isFileError(error, 'ENOENT') ? new UploadGone(key, error) : error;
      }
    }
  }

  async #upload(key: string, id: string): Promise<v.InferOutput<typeof uploadSchema>> {
    if (!v.is(v.pipe(v.string(), v.uuid()), id)) throw new UploadGone(key);
    const upload = await readUpload(join(this.#uploads, id)).catch(goneAs(key));
    if (upload.key !== key) throw new UploadGone(key);
    return upload;
  }

  async #holds(key: string, content: PutResult): Promise<boolean> {
    const stored = await this.get(key);
    if (stored.bytes !== content.bytes) return false;
    return (await digestOf(stored.body)).sha256 === content.sha256;
  }

  async #writeType(key: string, contentType: string): Promise<void> {
    const to = this.#path(key, TYPE);
    await makeFolder(dirname(to));
    await withFlushedFile(this.#temporary, textBody(contentType), (path) => publishOver(path, to));
  }

  async *#read(key: string, range: ByteRange | undefined): AsyncGenerator<Uint8Array> {
    try {
      const options = { ...range, highWaterMark: READ_BYTES };
      yield* createReadStream(this.#path(key, DATA), options);
    } catch (error) {
      throw isFileError(error, 'ENOENT') ? new ObjectMissing(key, error) : error;
    }
  }

  #path(key: string, suffix: string): string {
    return join(this.#objects, ...key.split('/')) + suffix;
  }
}

async function* textBody(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function readUpload(folder: string): Promise<v.InferOutput<typeof uploadSchema>> {
  const text = await readFile(join(folder, 'upload.json'), 'utf8');
  return v.parse(v.pipe(v.string(), v.parseJson(), uploadSchema), text);
}

function goneAs(key: string): (error: unknown) => never {
  return (error) => {
    throw isFileError(error, 'ENOENT', 'ENOTDIR') ? new UploadGone(key, error) : error;
  };
}
