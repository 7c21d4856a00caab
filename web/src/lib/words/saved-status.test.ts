import { describe, expect, it } from 'vitest';
import { describeStatus, savedStatus } from './saved-status.ts';

const settled = {
  open: true,
  known: true,
  synced: true,
  unsaved: false,
  late: false,
  refused: false,
  forbidden: false,
};

describe('savedStatus', () => {
  it('says saved only when the room is open, has answered, and nothing waits', () => {
    expect(savedStatus(settled)).toBe('saved');
    for (let bits = 0; bits < 16; bits += 1) {
      const [open, known, synced, unsaved] = [bits & 1, bits & 2, bits & 4, bits & 8].map(
        Boolean,
      ) as [boolean, boolean, boolean, boolean];
      const status = savedStatus({
        open,
        known,
        synced,
        unsaved,
        late: false,
        refused: false,
        forbidden: false,
      });
      expect(status === 'saved').toBe(open && known && synced && !unsaved);
    }
  });

  it.each([
    ['opening', { known: false, synced: false, unsaved: true }],
    ['saving', { unsaved: true }],
    ['late', { unsaved: true, late: true }],
    ['offline', { unsaved: true, late: true, open: false }],
    ['saving', { synced: false, unsaved: true }],
    ['offline', { open: false, synced: false }],
    ['offline', { open: false, synced: false, unsaved: true }],
    ['refused', { synced: false, unsaved: true, refused: true }],
    ['forbidden', { unsaved: true, forbidden: true }],
    ['saved', { forbidden: true }],
  ] as const)('is %s when %j', (status, change) => {
    expect(savedStatus({ ...settled, ...change })).toBe(status);
  });

  it('asks to keep the page open only if closing it would lose something', () => {
    expect(describeStatus('offline', { hasUnsaved: true, keptHere: false })).toContain(
      'Keep this page open',
    );
    expect(describeStatus('offline', { hasUnsaved: true, keptHere: true })).toContain(
      'Kept on this device',
    );
    expect(describeStatus('offline', { hasUnsaved: false, keptHere: true })).toBe('Offline');
    expect(describeStatus('late', { hasUnsaved: true, keptHere: false })).toContain(
      'Keep this page open',
    );
    expect(describeStatus('late', { hasUnsaved: true, keptHere: true })).toContain(
      'kept on this device',
    );
  });

  it.each(['refused', 'forbidden'] as const)('says of %s words where they are', (status) => {
    expect(describeStatus(status, { hasUnsaved: true, keptHere: true })).toMatch(/Kept on this/u);
    expect(describeStatus(status, { hasUnsaved: true, keptHere: false })).not.toMatch(/Kept/u);
  });
});
