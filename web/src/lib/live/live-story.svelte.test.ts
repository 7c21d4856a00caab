import { describe, expect, it } from 'vitest';
import { storyId, takeId, userId } from '#domain/story/ids.ts';
import type { StoryView } from '#domain/story/document.ts';
import type { Take, TakeState, Voice } from '#domain/story/take.ts';
import { LiveStory } from './live-story.svelte.ts';
import type { StoryListener } from './story-link.ts';

const uuid = (digit: number) => `${String(digit).repeat(8)}-1111-4111-8111-111111111111`;
const mira: Voice = { id: userId(uuid(8)), name: 'Mira', hue: 1 };
const processing: TakeState = { status: 'processing' };
const rough: TakeState = { status: 'ready', mixed: false };
const mixed: TakeState = { status: 'ready', mixed: true };
const failed: TakeState = { status: 'failed', reason: 'not_audio' };

function take(digit: number, state: TakeState): Take {
  return {
    id: takeId(uuid(digit)),
    parentId: digit === 1 ? null : takeId(uuid(1)),
    authorId: mira.id,
    kind: 'voice',
    startSamples: 0,
    durationSamples: 48_000,
    createdAtMs: digit,
    state,
  };
}

function view(revision: number, ...takes: Take[]): StoryView {
  const meta = { title: 'The lighthouse', slug: 'the-lighthouse', revision };
  return { meta, takes, voices: new Map([[mira.id, mira]]) };
}

/** A page before it has a line, and what its line would tell it. */
function page(initial: StoryView, person: Voice | null = null) {
  const live = new LiveStory({ storyId: storyId(uuid(9)), initial, person });
  const line: StoryListener = live.listener();
  return { live, line };
}

const ids = (takes: readonly Take[]) => takes.map(({ id }) => id[0]).join('');

describe('LiveStory', () => {
  it('shows what the server rendered, without a browser', () => {
    const { live } = page(view(3, take(1, mixed), take(2, rough)));
    expect(live.tree.root?.id).toBe(take(1, mixed).id);
    expect(ids(live.tree.children.get(take(1, mixed).id) ?? [])).toBe('2');
    expect(live).toMatchObject({ connection: 'connecting', presence: [] });
    expect(live.meta?.title).toBe('The lighthouse');
  });

  it('keeps what it shows until the room has something as new', () => {
    const { live, line } = page(view(3, take(1, mixed), take(2, rough)));
    line.onView({ meta: null, takes: [], voices: new Map() });
    line.onView(view(2, take(1, mixed)));
    expect(ids(live.takes)).toBe('12');
    line.onView(view(4, take(1, mixed), take(2, mixed)));
    expect(live.takes[1]?.state).toEqual(mixed);
  });

  it('shows what the device kept only if it is newer, and never as news', () => {
    const { live, line } = page(view(3, take(1, mixed)));
    const grown: string[] = [];
    live.onGrowth((takes) => grown.push(ids(takes)));
    live.showKept(view(2, take(1, mixed), take(4, mixed)));
    expect(ids(live.takes)).toBe('1');
    live.showKept(view(4, take(1, mixed), take(2, mixed)));
    expect(ids(live.takes)).toBe('12');
    expect(grown).toEqual([]);
    line.onView(view(5, take(1, mixed), take(2, mixed), take(3, mixed)));
    expect(grown).toEqual(['3']);
    live.showKept(view(4, take(1, mixed)));
    expect(ids(live.takes)).toBe('123');
  });

  it('announces each take once, when it is first seen', () => {
    const { live, line } = page(view(1, take(1, mixed)));
    const grown: string[] = [];
    const stop = live.onGrowth((takes) => grown.push(ids(takes)));
    line.onView(view(2, take(1, mixed), take(3, processing), take(2, processing)));
    line.onView(view(3, take(1, mixed), take(3, rough), take(2, processing)));
    expect(grown).toEqual(['23']);
    stop();
    line.onView(view(4, take(1, mixed), take(3, rough), take(2, rough), take(4, processing)));
    expect(grown).toEqual(['23']);
  });

  it('shows a failed take to its author alone, from when they are known', () => {
    const { live } = page(view(2, take(1, mixed), take(2, failed)));
    expect(ids(live.takes)).toBe('1');
    live.reconnect(mira);
    expect(ids(live.takes)).toBe('12');
  });

  it('shows progress until the take has moved on, and none of what is over', () => {
    const { live, line } = page(view(2, take(1, mixed), take(2, processing)));
    const { id } = take(2, processing);
    line.onProgress({ type: 'progress', takeId: id, stage: 'ingest', done: 0.5 });
    expect(live.progress.get(id)).toEqual({ stage: 'ingest', done: 0.5 });
    line.onView(view(3, take(1, mixed), take(2, rough)));
    expect(live.progress.has(id)).toBe(false);
    line.onProgress({ type: 'progress', takeId: id, stage: 'ingest', done: 1 });
    expect(live.progress.has(id)).toBe(false);
    line.onProgress({ type: 'progress', takeId: id, stage: 'render', done: 0.1 });
    expect(live.progress.get(id)?.stage).toBe('render');
    line.onView(view(4, take(1, mixed), take(2, mixed)));
    expect(live.progress.size).toBe(0);
  });

  it('knows who records over which take', () => {
    const { live, line } = page(view(1, take(1, mixed)));
    const jo = { user: { id: 'jo', name: 'Jo', hue: 2 }, recordingOver: take(1, mixed).id };
    line.onPresence([jo, { user: { id: 'al', name: 'Al', hue: 3 } }], 497);
    expect(live.recordersOver(take(1, mixed).id)).toEqual([jo]);
    expect(live.unnamed).toBe(497);
  });

  it('says that somebody was signed out until they are somebody again, and of a listener never', () => {
    const { live, line } = page(view(1, take(1, mixed)), mira);
    line.onSignedOut?.();
    expect(live.signedOut).toBe(true);
    live.reconnect(null);
    expect(live.signedOut).toBe(true);
    live.reconnect(mira);
    expect(live.signedOut).toBe(false);
    const listener = page(view(1, take(1, mixed)));
    listener.line.onSignedOut?.();
    expect(listener.live.signedOut).toBe(false);
  });
});
