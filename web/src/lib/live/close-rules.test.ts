import { describe, expect, it } from 'vitest';
import { CLOSE } from '#domain/protocol/room.ts';
import { ruleOf } from './close-rules.ts';

describe('ruleOf', () => {
  it('never sends again what the server has refused for what it is', () => {
    for (const code of [CLOSE.malformed, CLOSE.notYours, CLOSE.unfit, CLOSE.stranded]) {
      expect(ruleOf(code).act).toBe('startAnew');
    }
    expect(ruleOf(CLOSE.tooLarge).act).toBe('shorten');
    expect(ruleOf(CLOSE.unauthorized).act).toBe('signOut');
  });

  it('waits when there was too much, and says so', () => {
    expect(ruleOf(CLOSE.tooMuch).act).toBe('wait');
    expect(ruleOf(CLOSE.tooMuch).says).not.toBe('');
  });

  it('opens a line again that was merely lost', () => {
    for (const code of [1000, 1006, 1012, CLOSE.internal]) {
      expect(ruleOf(code)).toEqual({ act: 'resync', says: '' });
    }
  });
});
