import { expect, it } from 'vitest';
import { undoOfInput, undoOfKey } from './undo-keys.ts';

const key = (name: string, held: object = { ctrlKey: true }) =>
  undoOfKey({
    key: name,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    isComposing: false,
    ...held,
  });

it('knows the keys that undo and redo', () => {
  expect([key('z'), key('Z'), key('z', { metaKey: true })]).toEqual(['undo', 'undo', 'undo']);
  expect([key('Z', { ctrlKey: true, shiftKey: true }), key('y')]).toEqual(['redo', 'redo']);
});

it('leaves every other key alone', () => {
  const others = [
    key('z', {}),
    key('x'),
    key('z', { ctrlKey: true, altKey: true }),
    key('z', { ctrlKey: true, isComposing: true }),
  ];
  expect(others).toEqual([null, null, null, null]);
});

it('knows what the browser’s menu asks for', () => {
  const asked = ['historyUndo', 'historyRedo', 'insertText'].map((inputType) =>
    undoOfInput({ inputType }),
  );
  expect(asked).toEqual(['undo', 'redo', null]);
});
