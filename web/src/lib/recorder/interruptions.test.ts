import { expect, test } from 'vitest';
import { watchInterruptions, type Interruption } from './interruptions.ts';

function phone({ handheld }: { handheld: boolean }) {
  const running: { state: AudioContextState } = { state: 'running' };
  const context = Object.assign(new EventTarget(), running);
  const track = new EventTarget();
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const heard: Interruption[] = [];
  const watching = new AbortController();
  const sources = { context, track, page: page as unknown as Document, handheld };
  watchInterruptions(sources, (why) => heard.push(why), watching.signal);
  return { context, track, page, heard, watching };
}
const become = (target: EventTarget, state: object, type: string): void => {
  Object.assign(target, state);
  target.dispatchEvent(new Event(type));
};

test('a call, a muted device and a hidden page of a phone interrupt; coming back does not', () => {
  const { context, track, page, heard } = phone({ handheld: true });
  become(context, { state: 'interrupted' }, 'statechange');
  become(context, { state: 'running' }, 'statechange');
  become(track, {}, 'mute');
  become(track, {}, 'unmute');
  become(page, { visibilityState: 'hidden' }, 'visibilitychange');
  become(page, { visibilityState: 'visible' }, 'visibilitychange');
  expect(heard).toEqual(['suspended', 'muted', 'hidden']);
});

test('a computer records on while its page is hidden', () => {
  const { page, heard } = phone({ handheld: false });
  become(page, { visibilityState: 'hidden' }, 'visibilitychange');
  expect(heard).toEqual([]);
});

test('a context that is closed with its microphone is no interruption, nor what comes after', () => {
  const { context, heard, watching, track } = phone({ handheld: true });
  become(context, { state: 'closed' }, 'statechange');
  watching.abort();
  become(track, {}, 'mute');
  expect(heard).toEqual([]);
});
