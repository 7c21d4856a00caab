import { expect, test } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
import { draftOf } from './take-facts.ts';

test('a name is sent only where it was changed, so that it undoes no later one', () => {
  const id = takeId('11111111-1111-4111-8111-111111111111');
  const audio = { file: new Blob(['sound']), timing: undefined };
  const nameOf = (person: string | null, name: string): string | undefined => {
    const props = { storyId: null, over: null, person: person === null ? null : { name: person } };
    return draftOf(id, props, audio, { name, title: '', words: '' }).name;
  };
  expect(nameOf('Ann', ' Ann ')).toBeUndefined();
  expect(nameOf('Ann', 'Anna')).toBe('Anna');
  expect(nameOf(null, 'Ann')).toBe('Ann');
});
