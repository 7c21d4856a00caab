// The form of a take that is written: whose the words are, where they are kept, how they are sent.
import { MAX_WORDS_LENGTH, type Published } from '#domain/protocol/commands.ts';
import { takeId, type TakeId, type UserId } from '#domain/story/ids.ts';
import type { DraftWriting } from '../drafts/draft-writing.svelte.ts';
import { Refused, Unreachable } from '../upload/api.ts';
import { enter, SomebodyIsHere } from '../upload/enter.ts';
import type { Outbox } from '../upload/outbox.svelte.ts';
import { publishDraft, type Place } from '../upload/publish.ts';
import { onDevice, type WrittenTake } from '../upload/written-takes.ts';

export interface TakeFormProps {
  readonly place: Place;
  /** Whose take it follows; null for a seed. */
  readonly after: string | null;
  /** The draft of nobody's to go on with; null for the first over that take. */
  readonly draftId?: TakeId | null;
  /** The session's name, if there is one. */
  readonly name: string | null;
  /** The session's person, if there is one: their drafts are on all of their devices. */
  readonly userId?: UserId | null;
  /** The draft in the person's drafts, once those are open. */
  readonly writing?: DraftWriting | null;
  /** True if the person who began to write is not the one of the session any more. */
  readonly ended?: boolean;
  /** True while something else on the page is still missing. */
  readonly blocked?: boolean;
  readonly onpublished: (published: Published) => void;
  readonly oncancel: () => void;
  /** Told when there is no line: the take waits on this device, and is published later. */
  readonly onwaiting?: () => void;
}

/** Made with the component, which ends it by `leave`, or by what `onpublished` and the like do. */
export class TakeForm {
  readonly #props: TakeFormProps;
  readonly #outbox: Outbox;
  /** Who opened this: the words of nobody are kept on this device alone. */
  readonly #opener: UserId | null;
  /** Who came while this was open, as far as this form knows. */
  #comer: UserId | null = null;
  // One id for what nobody has as a draft, however often it is sent: nothing is published twice.
  #ownId = takeId(crypto.randomUUID());
  /** The words are published, or given up: nothing is lost with what is still in the field. */
  #isOver = false;
  #typed = $state('');
  field = $state.raw<HTMLTextAreaElement | null>(null);
  name = $derived.by(() => this.#props.name ?? '');
  busy = $state(false);
  problem = $state<string | null>(null);
  /** True if the words are on this device, and outlive the page. */
  kept = $state(false);

  readonly writing = $derived.by(() => this.#props.writing ?? null);
  /** Whose words these are: once somebody's drafts are open, those of whoever they are. */
  readonly author = $derived.by(() => this.writing?.document.userId ?? this.#opener);
  readonly words = $derived.by(() => this.writing?.words ?? this.#typed);
  /** Characters that may still be written. */
  readonly left = $derived(MAX_WORDS_LENGTH - this.words.length);
  readonly isWritable = $derived.by(() => !this.#props.ended && this.writing?.isGone !== true);
  readonly ready = $derived.by(
    () =>
      !this.#props.blocked &&
      this.isWritable &&
      this.words.trim() !== '' &&
      this.name.trim() !== '' &&
      this.left >= 0,
  );

  /** @param outbox where the take waits for its turn, or for the line */
  constructor(props: TakeFormProps, outbox: Outbox) {
    this.#props = props;
    this.#outbox = outbox;
    this.#opener = props.place.kind === 'branch' ? (props.userId ?? null) : null;
  }

  /** Has the field show the person's draft, until what it returns is called. */
  bind(writing: DraftWriting, field: HTMLTextAreaElement): () => void {
    return writing.bind(field, this.#opener === null ? this.#ownId : undefined);
  }

  /** Words that are neither in a draft, nor kept on this device, nor on their way. */
  onlyHere(): string | null {
    const isHere = this.author === null ? !this.kept : (this.writing?.isOnlyHere ?? true);
    return isHere && !this.#isOver && this.words.trim() !== '' ? 'What you wrote' : null;
  }

  /** The person goes, knowing what is lost with it. */
  leave(): void {
    this.#isOver = true;
    this.#props.oncancel();
  }

  input(): void {
    this.#typed = this.field?.value ?? '';
    if (this.writing !== null) this.writing.input();
    else if (this.author === null) void this.#keep();
  }

  undo(event: Event, what: 'undo' | 'redo' | null): void {
    if (what !== null && this.writing?.undo(what) === true) event.preventDefault();
  }

  async publish(): Promise<void> {
    if (!this.ready || this.busy) return;
    this.busy = true;
    this.problem = null;
    try {
      // Before it is sent: a page that is closed meanwhile must not take the words with it.
      const take = this.#written();
      if (take !== null && (await this.#queue(take))) await this.#deliver(take);
      else await this.#send();
    } catch (error) {
      this.problem = describe(error);
    } finally {
      this.busy = false;
    }
  }

  /**
   * Whom the take is published as: who is here, or the guest that this makes of nobody.
   * @throws {SomebodyIsHere} once; after that it is that person who presses Publish
   */
  async #sender(): Promise<UserId> {
    const { place, userId = null } = this.#props;
    const known = (place.kind === 'plant' ? userId : this.author) ?? this.#comer;
    if (known !== null) return known;
    const { user, isNew } = await enter(this.name.trim());
    this.#comer = user.id;
    if (isNew) return user.id;
    this.name = user.name;
    throw new SomebodyIsHere(user);
  }

  /** As it is done where this browser keeps nothing, and for a seed. */
  async #send(): Promise<void> {
    const id = this.writing?.id ?? this.#ownId;
    const content = { kind: 'text', words: this.words.trim() } as const;
    const as = await this.#sender();
    const { place } = this.#props;
    this.#done(
      await publishDraft({ takeId: id, as, name: this.name.trim(), place, content }),
      content.words,
    );
  }

  /** Sends it in its turn: it may be that something older waits for the line as well. */
  async #deliver(take: WrittenTake): Promise<void> {
    const { onwaiting } = this.#props;
    try {
      if (!navigator.onLine) return onwaiting?.();
      const userId = await this.#sender();
      await onDevice((takes) => takes.queue({ ...take, userId }));
      const published = await this.#outbox.deliver(take.takeId);
      if (published === null) onwaiting?.();
      else this.#done(published, take.words);
    } catch (error) {
      if (error instanceof Unreachable) return onwaiting?.();
      await onDevice((takes) => takes.dequeue(take.takeId));
      await this.#outbox.refresh();
      if (isPublishedOtherwise(error)) this.#becomeAnother();
      if (this.author === null) await this.#keep();
      throw error;
    }
  }

  /** The story has this take with other words: these are another one, if they are published. */
  #becomeAnother(): void {
    this.#ownId = takeId(crypto.randomUUID());
    this.writing?.keepAsNew();
  }

  #done(published: Published, words: string): void {
    this.writing?.published(words);
    this.#isOver = true;
    this.#props.onpublished(published);
  }

  /** Makes the take wait for the line; false if this browser keeps nothing. */
  async #queue(take: WrittenTake): Promise<boolean> {
    if (this.#props.onwaiting === undefined) return false;
    return onDevice(async (takes) => {
      await takes.queue(take);
      if (this.author === null) await takes.dropDraft(take);
    });
  }

  /** Keeps what nobody wrote on this device as it is now. */
  async #keep(): Promise<void> {
    const take = this.#written();
    if (take === null) return;
    this.kept = await onDevice((takes) =>
      take.words === '' ? takes.dropDraft(take) : takes.keepDraft(take),
    );
  }

  #written(): WrittenTake | null {
    const { place, after } = this.#props;
    if (place.kind === 'plant') return null;
    const { storyId, parentId } = place;
    const text = { after: after ?? '', words: this.words.trim(), name: this.name.trim() };
    const id = this.writing?.id ?? this.#ownId;
    const renames = text.name !== (this.#props.name ?? '');
    const whose = { takeId: id, userId: this.author, storyId, parentId };
    return { ...whose, ...text, renames, atMs: Date.now() };
  }

  /** Nobody goes on where nobody stopped. */
  async restore(): Promise<void> {
    const { place, draftId, name } = this.#props;
    if (this.author !== null || place.kind === 'plant') return;
    const { storyId, parentId } = place;
    await onDevice(async (takes) => {
      const here = (await takes.drafts()).filter(
        (one) => one.userId === null && one.storyId === storyId && one.parentId === parentId,
      );
      const draft = here.find((one) => one.takeId === draftId) ?? here[0];
      const isTaken = this.#typed !== '' || this.writing !== null;
      if (draft === undefined || isTaken || this.field === null) return;
      this.#ownId = draft.takeId;
      this.#typed = draft.words;
      this.field.value = this.#typed;
      if (name === null) this.name = draft.name;
      this.kept = true;
    });
  }
}

function isPublishedOtherwise(error: unknown): boolean {
  return error instanceof Refused && error.problem.code === 'published_otherwise';
}

function describe(error: unknown): string {
  if (isPublishedOtherwise(error)) {
    return 'This take is in the story already, with other words. Press Publish again to publish yours as another one.';
  }
  return error instanceof Refused || error instanceof SomebodyIsHere
    ? error.message
    : 'We could not reach the story. Your words are still here. Try again.';
}
