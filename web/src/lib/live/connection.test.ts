import { describe, expect, it } from 'vitest';
import { followLine, newLine, type LineEvent } from './connection.ts';

const after = (...events: LineEvent[]) => events.reduce(followLine, newLine).connection;

describe('followLine', () => {
  it('is live only once the room has answered', () => {
    expect(after()).toBe('connecting');
    expect(after('open')).toBe('connecting');
    expect(after('open', 'synced')).toBe('live');
  });

  it('calls one lost socket connecting, and a second failure offline until the room answers', () => {
    expect(after('synced', 'closed')).toBe('connecting');
    expect(after('synced', 'closed', 'closed')).toBe('offline');
    expect(after('synced', 'closed', 'closed', 'open')).toBe('connecting');
    expect(after('synced', 'closed', 'closed', 'open', 'synced')).toBe('live');
  });

  it('does not forgive a room that opens its door and shuts it again', () => {
    expect(after('open', 'closed', 'open', 'closed')).toBe('offline');
  });

  it('believes a browser that says the network is gone', () => {
    expect(after('synced', 'lost')).toBe('offline');
    expect(after('synced', 'lost', 'found')).toBe('connecting');
    expect(after('synced', 'lost', 'closed')).toBe('offline');
  });

  it('stays live when a network is found that was never missed', () => {
    expect(after('synced', 'found', 'open')).toBe('live');
  });

  it('waits as long as it was asked to, and is not offline by that', () => {
    expect(after('synced', 'deferred')).toBe('waiting');
    expect(after('synced', 'deferred', 'open')).toBe('connecting');
    expect(after('synced', 'closed', 'deferred', 'closed')).toBe('connecting');
  });
});
