import { describe, expect, it } from 'vitest';
import { touched } from './kept-tree.ts';

describe('touched', () => {
  it('puts the newest first, once, and drops what is too much', () => {
    expect(touched(['a', 'b'], 'b')).toEqual({ newest: ['b', 'a'], dropped: [] });
    const full = Array.from({ length: 20 }, (_, n) => String(n));
    const next = touched(full, 'new');
    expect(next.newest).toHaveLength(20);
    expect(next.newest[0]).toBe('new');
    expect(next.dropped).toEqual(['19']);
  });
});
