// Keeps the takes of one recorder on this device, and hands them to the outbox to be published.
import type { Published } from '#domain/protocol/commands.ts';
import type { TakeId, UserId } from '#domain/story/ids.ts';
import type { TakeTiming } from '#domain/story/take.ts';
import { Refused } from '../upload/api.ts';
import type { Outbox } from '../upload/outbox.svelte.ts';
import { publishDraft, type Draft } from '../upload/publish.ts';
import type { Step } from '../upload/sending-step.ts';
import type {
  Delivery,
  DeliveryOptions,
  RecoveredTake,
  TakeKeeper,
  TakeWriter,
  Typed,
} from '../recorder/take-keeper.ts';
import type { TakeEdit } from '../recorder/take-edit.ts';
import { within } from '../recorder/within.ts';
import { NotKept } from './byte-store.ts';
import { meaningOf, type KeptTake } from './kept-take.ts';
import { putFile } from './put-file.ts';
import { queueTake } from './queue-take.ts';
import { queuedVoices } from './queued-voices.ts';
import { recoveredTake } from './recovered-take.ts';
import { tellChanged } from './shelf-news.ts';
import { holdTake } from './take-locks.ts';
import type { KeptOrigin, TakeOrigin } from './take-origin.ts';
import { freeBytes, objectionToRoom } from './take-room.ts';
import { newTake, type TakeShelf } from './take-shelf.ts';
import { FileTakeWriter } from './take-writer.ts';

/** How long a device may take to get a take ready to be sent, milliseconds: some hang for good. */
const QUEUE_MS = 20_000;
/** How long to wait for another recorder to let go of a take, milliseconds. */
const HANDED_ON_MS = 1_000;

export interface KeeperSettings {
  readonly shelf: () => Promise<TakeShelf | null>;
  readonly outbox: Pick<Outbox, 'deliver' | 'withdraw'>;
  /** Who is at this page now. */
  readonly person: () => UserId | null;
  /** Address of the story's page, and whose take is answered; null for a seed. */
  readonly place: { readonly slug: string; readonly after: string } | null;
}

export class DeviceTakeKeeper implements TakeKeeper {
  readonly #settings: KeeperSettings;
  /** What lets go of each take that is open here. */
  readonly #held = new Map<TakeId, () => void>();
  /** Who was here when a take of this recorder began. */
  readonly #authors = new Map<TakeId, UserId | null>();
  /** What is to be noted next of each take. */
  readonly #notes = new Map<TakeId, Typed & { readonly edit: TakeEdit }>();
  /** Ends each publication that is under way. */
  readonly #publishing = new Map<TakeId, AbortController>();
  #isClosed = false;
  /** Changes of one take, one after the other. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(settings: KeeperSettings) {
    this.#settings = settings;
  }

  async keeps(): Promise<boolean> {
    return (await this.#settings.shelf()) !== null;
  }

  async objection(): Promise<string | null> {
    // Asked here, where there is something to lose: a browser that refuses keeps it all the same,
    // until it needs the room. Not waited for: some ask the person.
    void navigator.storage?.persist?.().catch(() => false);
    return objectionToRoom(await freeBytes());
  }

  begin(origin: TakeOrigin): TakeWriter {
    const known = this.#known(origin);
    return new FileTakeWriter(known, async () => {
      const shelf = await this.#open();
      await this.#hold(origin.takeId);
      await shelf.put(newTake(known));
      return shelf.create(origin.takeId, 'raw');
    });
  }

  keepFile(origin: TakeOrigin, file: Blob): Promise<boolean> {
    return this.#carefully(async (shelf) => {
      await this.#hold(origin.takeId);
      await putFile(await shelf.create(origin.takeId, 'chosen'), file);
      const facts = { state: 'kept', fileType: file.type } as const;
      await shelf.put(newTake(this.#known(origin), facts));
    });
  }

  captured(id: TakeId, frames: number, timing: TakeTiming | undefined): Promise<boolean> {
    return this.#carefully(async (shelf) => {
      await shelf.change(id, (take) => ({ ...take, state: 'kept', frames, timing }));
    });
  }

  note(id: TakeId, { name, title, words }: Typed, edit: TakeEdit): void {
    const isWaiting = this.#notes.has(id);
    this.#notes.set(id, { name, title, words, edit });
    // However fast somebody types: the device is asked once more than it answers.
    if (isWaiting) return;
    void this.#carefully(async (shelf) => {
      const note = this.#notes.get(id);
      this.#notes.delete(id);
      await shelf.change(id, (take) => (isInReview(take) ? { ...take, ...note } : take));
    });
  }

  async publish(draft: Draft, { onprogress }: DeliveryOptions): Promise<Delivery> {
    this.#refuseOthers(draft.takeId);
    const abort = new AbortController();
    this.#publishing.set(draft.takeId, abort);
    const late = new AbortController();
    const queued = this.#queue(draft, AbortSignal.any([abort.signal, late.signal]));
    const isQueued = await within(queued, QUEUE_MS, false);
    // What is sent from here must not be sent from the queue as well, should the device answer yet.
    late.abort();
    // Withdrawn before it was in the queue, where the outbox could not find it.
    abort.signal.throwIfAborted();
    if (!isQueued) {
      const options = { signal: abort.signal, ...(onprogress && { onprogress }) };
      const published = await this.#publishAtOnce(draft, options);
      return { kind: 'live', published };
    }
    const onstep = (step: Step): void => {
      if (step.at === 'uploading') onprogress?.(step);
      if (step.at === 'publishing') onprogress?.({ share: 1, waitMs: null, parts: 1, arrived: 1 });
    };
    const published = await this.#deliver(draft.takeId, onstep);
    return published === null ? { kind: 'queued' } : { kind: 'live', published };
  }

  withdraw(id: TakeId): Promise<void> {
    this.#publishing.get(id)?.abort();
    return this.#settings.outbox.withdraw(id);
  }

  async recover(
    id: TakeId,
    belongs: (origin: TakeOrigin) => boolean,
  ): Promise<RecoveredTake | null> {
    const shelf = await this.#settings.shelf();
    if (shelf === null) return null;
    // The recorder before this one, on the same page, is about to let go of it.
    await this.#hold(id, HANDED_ON_MS);
    let recovered: RecoveredTake | null = null;
    try {
      recovered = await this.#takeUp(shelf, id, belongs);
    } finally {
      if (recovered === null) this.#letGo(id);
    }
    if (recovered !== null) tellChanged();
    return recovered;
  }

  async forget(id: TakeId): Promise<void> {
    await this.#carefully((shelf) => shelf.drop(id));
    this.#letGo(id);
  }

  close(): void {
    this.#isClosed = true;
    for (const id of this.#held.keys()) this.#letGo(id);
    void this.#work.then(tellChanged);
  }

  /** Null for a take that is not taken up: it is left as it is. @throws {UnreadableTake} */
  async #takeUp(
    shelf: TakeShelf,
    id: TakeId,
    belongs: (origin: TakeOrigin) => boolean,
  ): Promise<RecoveredTake | null> {
    const person = this.#settings.person();
    const take = await shelf.find(id);
    // Another person's is not opened, whoever has its address.
    if (take === null || meaningOf(take, person, false) === 'others') return null;
    if (!belongs(take.origin)) return null;
    const recovered = await recoveredTake(shelf, take);
    // Nobody looks at it any more: a recorder that is closed leaves it as it is.
    if (recovered === null || this.#isClosed) return null;
    const author = take.origin.userId;
    this.#authors.set(id, author);
    // Whoever looks at it again publishes it again: until then it waits for nobody.
    await shelf.change(id, (now) =>
      now.state === 'live' ? now : { ...now, state: 'kept', problem: null },
    );
    // What somebody else is called renames nobody.
    if (person === null || person === author) return recovered;
    return { ...recovered, typed: { ...recovered.typed, name: '' } };
  }

  /** Puts a take in the queue; false if this device does not keep it. */
  async #queue(draft: Draft, signal: AbortSignal): Promise<boolean> {
    const shelf = await this.#settings.shelf();
    if (shelf === null) return false;
    await this.#work;
    return queueTake(shelf, draft, { userId: this.#settings.person(), signal });
  }

  /** What the story refused is in review again, where it is changed: it waits nowhere else. */
  async #deliver(id: TakeId, onstep: (step: Step) => void): Promise<Published | null> {
    const { outbox } = this.#settings;
    try {
      return await outbox.deliver(id, onstep);
    } catch (error) {
      if (error instanceof Refused) await outbox.withdraw(id).catch(console.warn);
      throw error;
    }
  }

  /** As a device that keeps nothing does it. */
  async #publishAtOnce(
    draft: Draft,
    options: DeliveryOptions & { readonly signal: AbortSignal },
  ): Promise<Published> {
    const as = this.#settings.person() ?? undefined;
    const published = await publishDraft({ ...draft, as }, options);
    // Not waited for: a device that hangs is no reason to say nothing of a take that is in the story.
    const { takeId } = draft;
    const told = this.#carefully((shelf) => queuedVoices(shelf).published(takeId, published));
    void told.then(() => this.#letGo(takeId));
    return published;
  }

  async #open(): Promise<TakeShelf> {
    const shelf = await this.#settings.shelf();
    if (shelf === null) throw new NotKept('failed');
    return shelf;
  }

  async #hold(id: TakeId, patienceMs = 0): Promise<void> {
    if (this.#held.has(id)) return;
    const letGo = await holdTake(id, patienceMs);
    // Whoever closed meanwhile would never let go of it.
    if (this.#isClosed) letGo();
    else this.#held.set(id, letGo);
  }

  /** Nobody's voice is published under another person's name. @throws {Refused} */
  #refuseOthers(id: TakeId): void {
    const [author, person] = [this.#authors.get(id) ?? null, this.#settings.person()];
    if (author === null || person === null || author === person) return;
    const message =
      'Somebody else is signed in here now. Only who recorded this take can publish it, once they are signed in again.';
    throw new Refused(403, { code: 'forbidden', message });
  }

  #letGo(id: TakeId): void {
    this.#held.get(id)?.();
    this.#held.delete(id);
  }

  /**
   * A device that does not keep something stops nobody: what is on the page is still there.
   * @returns whether it was done
   */
  async #carefully(change: (shelf: TakeShelf) => Promise<void>): Promise<boolean> {
    const before = this.#work;
    const done = (async () => {
      await before;
      const shelf = await this.#settings.shelf();
      if (shelf !== null) await change(shelf);
      return shelf !== null;
    })().catch((error: unknown) => {
      console.warn(error);
      return false;
    });
    this.#work = done;
    return done;
  }

  #known(origin: TakeOrigin): KeptOrigin {
    const { person, place } = this.#settings;
    const { slug = null, after = '' } = place ?? {};
    const userId = person();
    this.#authors.set(origin.takeId, userId);
    return { ...origin, userId, slug, after };
  }
}

/** True for a take that nobody sent off: what was typed then is what is sent. */
function isInReview({ state }: KeptTake): boolean {
  return state === 'capturing' || state === 'kept';
}
