// What a browser keeps of takes on its disk, read past the product's own reader of rows.
import type { Page } from '@playwright/test';
import * as v from 'valibot';
import { readTakeFile, type TakeFile } from '#lib/kept-takes/take-file.ts';
import { keptTakeSchema, type KeptTake } from '#lib/kept-takes/kept-take.ts';

/** The files of captured takes, in the order in which they were begun. */
export async function capturedOnDisk(page: Page): Promise<TakeFile[]> {
  const files = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('takes');
    const found: string[] = [];
    for await (const [name, handle] of folder.entries()) {
      if (!name.endsWith('.raw') || !(handle instanceof FileSystemFileHandle)) continue;
      const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
      let text = '';
      for (const byte of bytes) text += String.fromCharCode(byte);
      found.push(btoa(text));
    }
    return found;
  });
  return files
    .map((text) => readTakeFile(new Uint8Array(Buffer.from(text, 'base64'))))
    .toSorted((a, b) => a.origin.capturedAtMs - b.origin.capturedAtMs);
}

/** The rows of takes, oldest first. */
export async function takesOnDisk(page: Page): Promise<KeptTake[]> {
  const rows: unknown = await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('tap-story-device');
        opening.addEventListener('error', () => reject(new Error('no rows')));
        opening.addEventListener('success', () => {
          const db = opening.result;
          const all = db.transaction('takes').objectStore('takes').getAll();
          all.addEventListener('success', () => {
            db.close();
            resolve(all.result);
          });
        });
      }),
  );
  const takes = v.parse(v.array(keptTakeSchema), rows);
  return takes.toSorted((a, b) => a.origin.capturedAtMs - b.origin.capturedAtMs);
}
