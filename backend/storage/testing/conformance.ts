// What every object store must do, run against each adapter by its test, over real HTTP wherever
// a signed link is involved.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import type { ObjectStore } from '../objects.ts';
import type { Given, Traits } from './conformance-given.ts';
import { describeLinkChecks, describeReadLinks } from './conformance-links.ts';
import { describeKeys, describeObjects, describeWriteOnce } from './conformance-objects.ts';
import { describeMultipart, describeStaleUploads } from './conformance-uploads.ts';

export interface Subject {
  readonly store: ObjectStore;
  close(): Promise<void>;
}

/** Declares the suite for one adapter. */
export function describeObjectStore(
  name: string,
  open: () => Promise<Subject>,
  traits: Traits,
): void {
  describe(`an object store ${name}`, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject.close());
    const given: Given = () => ({ store: subject.store, key: `test/${randomUUID()}/object.bin` });
    describe('objects', () => {
      describeObjects(given);
    });
    describe('keys', () => {
      describeKeys(given);
    });
    describe('write once', () => {
      describeWriteOnce(given);
    });
    describe('reading through a link', () => {
      describeReadLinks(given, traits);
    });
    describe('multipart', () => {
      describeMultipart(given, traits);
      describeStaleUploads(given);
    });
    describe.runIf(traits.checksLinks)('links', () => {
      describeLinkChecks(given);
    });
  });
}
