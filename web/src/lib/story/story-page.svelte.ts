// What a story's page shows and does: the live tree, the path that is open, the take that is chosen.
import { untrack } from 'svelte';
import type { SvelteMap } from 'svelte/reactivity';
import { goto, refreshAll } from '$app/navigation';
import type { Standing } from '#domain/access/policy.ts';
import { isHidden, isPlaced, type PlacedTake, type Take, type Voice } from '#domain/story/take.ts';
import type { ListeningPosition } from '#domain/protocol/listening.ts';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import { hitPath } from '#domain/story/tree.ts';
import { endOf } from '#domain/timeline/duet.ts';
import { samplesToSeconds, secondsToSamples } from '#domain/timeline/samples.ts';
import type { StoryView } from '#domain/story/document.ts';
import { LiveStory } from '../live/live-story.svelte.ts';
import { describeGrowth } from '../live/growth.ts';
import { wordsOfTake } from '../tree/fetch-take.ts';
import { TakeShapes } from '../tree/take-shapes.svelte.ts';
import type { Outbox } from '../upload/outbox.svelte.ts';
import { deviceWrittenTakes } from '../upload/written-takes.ts';
import { WrittenHere } from './written-here.svelte.ts';
import type { PlayablePath } from '../player/playable.ts';
import { habitsOf } from '../listening/habits.ts';
import { Listening } from '../listening/listening.svelte.ts';
import { placesOf } from '../listening/places.ts';
import { silencesOf } from '../listening/silences-of.ts';
import { Player } from '../player/player.svelte.ts';
import { KeptStory } from './kept-story.ts';
import { joinOf, playablePath } from './playable-path.ts';
import { StoryActs, type ActsData } from './story-acts.svelte.ts';
import { StoryWords } from './story-words.svelte.ts';

/** What the server reads for this page. */
export interface StoryPageData extends ActsData {
  readonly storyId: StoryId;
  readonly slug: string;
  readonly view: StoryView;
  /** Packed, see `unpack`. */
  readonly silhouettes: ReadonlyMap<TakeId, string>;
  readonly words: ReadonlyMap<TakeId, string>;
  /** The take that the address names, if the story has it. */
  readonly chosen: TakeId | null;
}

const UNKNOWN_VOICE = { name: 'Somebody', hue: 0 } as const;

export class StoryPage {
  readonly live: LiveStory;
  readonly player: Player;
  readonly listening: Listening;
  readonly written: WrittenHere;
  readonly outbox: Outbox;
  readonly acts: StoryActs;
  readonly kept: KeptStory;
  readonly slug: string;
  readonly words: SvelteMap<TakeId, string>;
  readonly shapes: TakeShapes;
  /** The take that Record, Write and the words are about. */
  chosenId = $state.raw<TakeId | null>(null);
  /** Any take of the branch that is open; the path goes through it and on to the best liked end. */
  #through = $state.raw<TakeId | null>(null);
  /** The person's own take, once it is in the tree: where the focus goes. */
  arrived = $state.raw<TakeId | null>(null);
  /** What a screen reader is told next. */
  announcement = $state('');

  /** The path that is open, seed first. */
  readonly path: readonly PlacedTake[] = $derived.by(() => {
    const through = this.#through === null ? [] : hitPath(this.live.tree, this.#through);
    return through.length > 0 ? through : hitPath(this.live.tree);
  });
  readonly onPath: ReadonlySet<TakeId> = $derived(new Set(this.path.map(({ id }) => id)));
  /** The open path as the player takes it. */
  readonly playable: PlayablePath = $derived(this.playableOf(this.path));
  /** Length of the open path, samples. */
  readonly length: number = $derived(
    this.path.reduce((end, take) => Math.max(end, endOf(take)), 0),
  );
  readonly chosen: PlacedTake | null = $derived.by(() => {
    const take = this.chosenId === null ? undefined : this.live.tree.takes.get(this.chosenId);
    return take !== undefined && isPlaced(take) ? take : (this.path.at(-1) ?? null);
  });

  /** The same of the chosen take. */
  readonly answerable: boolean = $derived(this.isAnswerable(this.chosen ?? undefined));

  /** What the server read for this page, last. */
  #rendered: StoryPageData;
  readonly #words: StoryWords;
  #expected: TakeId | null = null;

  constructor(data: StoryPageData, person: Voice | null, outbox: Outbox) {
    this.live = new LiveStory({ storyId: data.storyId, initial: data.view, person });
    this.#rendered = data;
    this.slug = data.slug;
    this.outbox = outbox;
    this.written = new WrittenHere({
      storyId: data.storyId,
      person: () => this.live.person?.id ?? null,
      open: deviceWrittenTakes,
      outbox,
      isPublished: (id) => this.live.tree.takes.has(id),
      wordsOf: wordsOfTake,
    });
    this.#words = new StoryWords(data.words);
    this.words = this.#words.all;
    this.kept = new KeptStory(this.live, this.#words);
    this.shapes = new TakeShapes(data.silhouettes);
    this.chosenId = data.chosen;
    this.#through = data.chosen;
    this.shapes.drawWords(this.live.tree.takes.values());
    this.player = new Player();
    this.listening = new Listening({
      player: this.player,
      places: placesOf(data.storyId, () => this.live.person !== null),
      habits: habitsOf(data.storyId),
      silencesOf,
    });
    this.acts = new StoryActs(data, person);
  }

  /**
   * Opens the room and takes over the page's audio element; call it in the browser, and call what
   * it returns when the page goes away.
   */
  start(audio: HTMLAudioElement): () => void {
    const offGrowth = this.live.onGrowth((grown) => this.#grew(grown));
    this.player.choose(this.playable);
    const detach = this.player.attach(audio);
    const stopListening = this.listening.start(audio);
    const leave = () => this.listening.leave();
    addEventListener('pagehide', leave);
    if (this.chosenId !== null) this.player.seek(joinOf(this.live.tree, this.chosenId));
    void this.kept.show();
    void this.live.start();
    void this.written.start();
    const offPublished = this.outbox.onPublished(({ storyId, takeId }) => {
      if (storyId === this.live.storyId) this.expect(takeId);
    });
    return () => {
      removeEventListener('pagehide', leave);
      stopListening();
      offPublished();
      this.kept.stop();
      this.written.stop();
      offGrowth();
      detach();
      this.live.destroy();
    };
  }

  /** Whether this person can answer a take now. */
  isAnswerable(take: Take | undefined): boolean {
    if (take === undefined || this.live.deleted) return false;
    return take.state.status === 'ready' && !isHidden(take) && this.acts.mayOnce('branch');
  }

  /**
   * Takes over what somebody may do here now, and says so if that changed before their eyes. What
   * the room says is newer than what the server read for this page. Call it in an effect.
   */
  stand(read: Standing, person: Voice | null): void {
    const { standing, deleted } = this.live;
    untrack(() => {
      const isNews = standing !== null && this.acts.changes(standing);
      this.acts.follow({ standing: standing ?? read }, person);
      if (isNews) this.announcement = 'What you may do in this story has changed.';
      if (deleted) this.player.pause();
    });
  }

  voiceOf(id: UserId): { readonly name: string; readonly hue: number } {
    return this.live.voices.get(id) ?? UNKNOWN_VOICE;
  }

  /** The address of a take on this page. */
  hrefOf(id: TakeId): string {
    return `/s/${this.slug}?take=${id}`;
  }

  /** The address of what is heard now: the take, and the second in it. */
  get hrefOfNow(): string {
    const take = this.path.find(({ id }) => id === this.player.takeId) ?? this.path[0];
    if (take === undefined) return `/s/${this.slug}`;
    const seconds = samplesToSeconds(this.player.positionSamples - take.startSamples);
    return `${this.hrefOf(take.id)}&t=${Math.max(0, Math.floor(seconds))}`;
  }

  /** Goes to the second of the chosen take that the address names, if it does. */
  goToAskedSecond(): void {
    const asked = new URL(location.href).searchParams.get('t');
    const take = this.path.find(({ id }) => id === this.chosenId);
    const seconds = Number(asked ?? Number.NaN);
    if (take !== undefined && seconds >= 0)
      this.player.seek(take.startSamples + secondsToSamples(seconds));
  }

  /** Goes on where the person was, on whichever path. */
  goOn({ leafId, positionSamples }: ListeningPosition): void {
    if (!this.live.tree.takes.has(leafId)) return;
    this.choose(leafId);
    this.player.choose(this.playable);
    this.player.seek(positionSamples);
    this.player.play();
  }

  /** Chooses a take; the open path changes only if the take is not on it. */
  choose(id: TakeId): void {
    if (!this.onPath.has(id)) this.#through = id;
    this.chosenId = id;
    void goto(this.hrefOf(id), { shallow: true, replace: true, state: {} });
  }

  /** Likes may lead elsewhere meanwhile, but not away from what somebody listens to. */
  stay(): void {
    this.#through ??= this.path.at(-1)?.id ?? null;
  }

  /** Plays the open path from shortly before a take's own part, so that the join is heard. */
  playFrom(id: TakeId): void {
    this.choose(id);
    this.player.choose(this.playable);
    this.player.seek(joinOf(this.live.tree, id));
    this.player.play();
  }

  /** A path as the player takes it, for whoever is at this page. */
  playableOf(path: readonly PlacedTake[]): PlayablePath {
    return playablePath(path, this.live.meta?.title ?? 'A story', {
      isSilent: (take) => this.acts.isTombstone(take),
      nameOf: (author) => this.voiceOf(author).name,
    });
  }

  /** Share of the worker's work on a take that is done; null when none is left. */
  progressOf(take: Take): number | null {
    if (take.state.status === 'failed') return null;
    if (take.state.status === 'ready' && take.state.mixed) return null;
    const progress = this.live.progress.get(take.id);
    if (progress === undefined) return take.state.status === 'ready' ? 0.5 : 0.05;
    return progress.stage === 'ingest' ? progress.done / 2 : 0.5 + progress.done / 2;
  }

  /** Fetches what takes that arrived, were finished or are shown again need to be drawn and read. */
  loadShapes(): void {
    const takes = [...this.live.tree.takes.values()];
    const shown = takes.filter((take) => !this.acts.isTombstone(take));
    this.shapes.drawWords(takes);
    this.#words.follow(takes, new Set(shown));
    for (const take of shown) this.shapes.load(take);
  }

  /** Chooses a take as soon as it is placed: the person's own, just published. */
  expect(id: TakeId): void {
    this.#expected = id;
    this.#chooseExpected();
  }

  #chooseExpected(): void {
    const take = this.#expected === null ? undefined : this.live.tree.takes.get(this.#expected);
    if (take === undefined || !isPlaced(take)) return;
    this.#expected = null;
    this.announcement = 'Your take is in the story. It is being mixed now.';
    this.choose(take.id);
    this.arrived = take.id;
    void this.#refreshAfterwards(take.id);
  }

  /**
   * Asks the server who is here now: with their take people may have changed their name. A change
   * of the address discards what was asked before it.
   */
  async #refreshAfterwards(id: TakeId): Promise<void> {
    await goto(this.hrefOf(id), { shallow: true, replace: true, state: {} });
    // Without a line the page stays as it is.
    await refreshAll().catch(() => undefined);
  }

  /** The server rendered the page anew; what this page changed meanwhile stays as it is. */
  refreshed(data: StoryPageData): void {
    if (data === this.#rendered) return;
    this.#rendered = data;
    this.live.follow(data.view);
    this.#words.refreshed(data.words);
    this.shapes.add(data.silhouettes);
  }

  /** Reads the words of a take again: it is new, or they were written while this page was open. */
  async loadWords(id: TakeId): Promise<void> {
    await this.#words.load(id);
  }

  #grew(grown: Take[]): void {
    for (const { id } of grown) void this.loadWords(id);
    const others = grown.filter(({ id }) => id !== this.#expected && id !== this.arrived);
    if (others.length > 0)
      this.announcement = describeGrowth(others, (id) => this.live.voices.get(id)?.name);
    this.#chooseExpected();
  }
}
