// A browser that somebody closes and opens again: what it keeps on its disk is still there.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext } from '@playwright/test';
import { findChromium } from '../../harness/chromium.ts';
import type { HttpPerson } from './http-person.ts';
import { signIn } from './stories.ts';

export class Device {
  readonly #folder: string;
  readonly #person: HttpPerson;
  #context: BrowserContext | null = null;

  private constructor(folder: string, person: HttpPerson) {
    this.#folder = folder;
    this.#person = person;
  }

  static async of(person: HttpPerson): Promise<Device> {
    return new Device(await mkdtemp(path.join(tmpdir(), 'tap-story-device-')), person);
  }

  /** Starts the browser, on the line. */
  async open(): Promise<BrowserContext> {
    const { executablePath, env } = await findChromium();
    this.#context = await chromium.launchPersistentContext(this.#folder, {
      executablePath,
      env,
      baseURL: this.#person.origin,
      viewport: { width: 1440, height: 900 },
    });
    await signIn(this.#context, this.#person);
    return this.#context;
  }

  /** Ends the browser with all its tabs. */
  async close(): Promise<void> {
    await this.#context?.close();
    this.#context = null;
  }

  async discard(): Promise<void> {
    await this.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
