import { expect, test } from 'vitest';
import { userId } from '#domain/story/ids.ts';
import { InboxFeed } from './inbox-feed.ts';

const ada = userId('00000000-0000-4000-8000-00000000000a');
const ben = userId('00000000-0000-4000-8000-00000000000b');

async function* textOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield decoder.decode(value);
  }
}

test('a page hears of its own person only, and at once when it opens', async () => {
  const feed = new InboxFeed();
  const hears = textOf(feed.open(ada));
  expect((await hears.next()).value).toBe('retry: 3000\n\n');
  expect((await hears.next()).value).toContain('event: inbox');
  feed.changed(ben);
  feed.changed(ada);
  feed.close();
  expect((await hears.next()).value).toContain('event: inbox');
  expect((await hears.next()).done).toBe(true);
});

test('one person may not hold streams without end: the oldest makes way', async () => {
  const feed = new InboxFeed({ maxPerPerson: 2 });
  const [first] = [feed.open(ada), feed.open(ada), feed.open(ada)].map(textOf);
  await first?.next();
  await first?.next();
  expect((await first?.next())?.done).toBe(true);
  feed.close();
});

test('a page that never reads is let go instead of filling memory', async () => {
  const feed = new InboxFeed();
  const stream = feed.open(ada);
  for (let sent = 0; sent < 200; sent += 1) feed.changed(ada);
  let received = 0;
  for await (const _ of textOf(stream)) received += 1;
  expect(received).toBeLessThan(30);
});
