import { expect, it } from 'vitest';
import type { RoomState } from '../words/kept-room.ts';
import { describeDrafts } from './draft-status.ts';

const state = (change: Partial<RoomState>): RoomState => ({
  status: 'saved',
  writable: true,
  hasUnsaved: false,
  keptHere: true,
  ...change,
});
const said = (change: Partial<RoomState>) => describeDrafts(state(change));

it('says that drafts are saved only if they are', () => {
  expect(said({})).toBe('Saved');
  for (const status of ['opening', 'saving', 'offline', 'refused', 'forbidden'] as const) {
    for (const keptHere of [true, false]) {
      expect(said({ status, keptHere, hasUnsaved: true })).not.toMatch(/^saved$/iu);
    }
  }
});

it('says that drafts are kept on the device only if they are', () => {
  for (const status of ['opening', 'saving', 'offline', 'refused', 'forbidden'] as const) {
    expect(said({ status, keptHere: false, hasUnsaved: true })).not.toMatch(/kept/iu);
  }
  for (const status of ['opening', 'offline', 'forbidden'] as const) {
    expect(said({ status, hasUnsaved: true })).toContain('Kept on this device');
  }
});
