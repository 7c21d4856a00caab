import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { MOST_LENGTH, readMessage, writeMessage, type NodeMessage } from './node-messages.ts';

const node = '6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a01';
const updates: NodeMessage = { kind: 'updates', node, seqs: [7, 9], updates: ['AAA=', ''] };

const presence: NodeMessage = {
  kind: 'presence',
  node,
  asks: true,
  crowd: { people: 1, listeners: 2 },
  named: [[5, { user: { id: node, name: 'Mira', hue: 3 } }]],
};

describe('a message between nodes', () => {
  test('is read as it was written', () => {
    for (const message of [updates, presence]) {
      expect(readMessage(writeMessage(message) ?? '')).toEqual(message);
    }
  });

  test('that is too long is neither written nor read', () => {
    const long = { ...updates, updates: ['A'.repeat(MOST_LENGTH), ''] };
    expect(writeMessage(long)).toBeNull();
    expect(() => readMessage(JSON.stringify(long))).toThrow(RangeError);
  });

  test.each([
    ['no kind', { ...updates, kind: 'news' }],
    ['no node', { ...updates, node: 'me' }],
    ['no updates', { ...updates, seqs: [], updates: [] }],
    ['fewer updates than numbers', { ...updates, updates: [''] }],
    ['numbers that no log has', { ...updates, seqs: [0, 1.5] }],
    ['more people than a node names', { ...presence, named: Array(41).fill(presence.named[0]) }],
    ['people of another shape', { ...presence, named: [[5, { user: { id: node } }]] }],
    ['a crowd that nobody counted', { ...presence, crowd: { people: -1, listeners: 0 } }],
    ['bytes that are not base64', { ...updates, updates: ['!', ''] }],
  ])('with %s is refused', (_, message) => {
    expect(() => readMessage(JSON.stringify(message))).toThrow(v.ValiError);
  });
});
