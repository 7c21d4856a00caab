// A file that was chosen, and what its person does before the device has it.
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Microphone } from './microphone.ts';
import { PageTakeKeeper } from './take-keeper.ts';
import { Recorder } from './recorder.svelte.ts';

beforeEach(() => {
  vi.stubGlobal('document', new EventTarget());
  // A browser that cannot play the file: the server may know its format.
  const unplayable = class {
    decodeAudioData = () => Promise.reject(new Error('unknown'));
  };
  vi.stubGlobal('OfflineAudioContext', unplayable);
  onTestFinished(() => void vi.unstubAllGlobals());
});

/** A recorder whose device keeps a file once `answer` says whether it does. */
function recorderOf() {
  const { promise, resolve: answer } = Promise.withResolvers<boolean>();
  const keeper = new PageTakeKeeper();
  const keepFile = vi.spyOn(keeper, 'keepFile').mockReturnValue(promise);
  const forget = vi.spyOn(keeper, 'forget');
  const publishing = vi.spyOn(keeper, 'publish');
  publishing.mockReturnValue(Promise.withResolvers<never>().promise);
  const person = { name: 'Mira' };
  const told = { oncancel: () => {}, onpublished: () => {} };
  const recorder = new Recorder({ storyId: null, over: null, person, keeper, ...told });
  onTestFinished(() => recorder.destroy());
  return { recorder, keepFile, forget, answer };
}
const file = () => new File(['sound'], 'a.flac', { type: 'audio/flac' });

test('a file that was chosen is held from then on, and may be left once the device keeps it', async () => {
  const { recorder, keepFile, answer } = recorderOf();
  expect(recorder.holdsTake).toBe(false);
  const chosen = recorder.chooseFile(file());
  expect(recorder).toMatchObject({ holdsTake: true, keepsAll: false });
  await vi.waitFor(() => expect(keepFile).toHaveBeenCalled());
  expect(recorder).toMatchObject({ holdsTake: true, keepsAll: false });
  answer(true);
  await chosen;
  expect(recorder).toMatchObject({ holdsTake: true, keepsAll: true });
  expect(recorder.state.phase).toBe('reviewing');
});

test('a file that cannot become a take is held no longer than it takes to say so', async () => {
  const { recorder } = recorderOf();
  await recorder.chooseFile(new File([], 'empty.wav'));
  expect(recorder.holdsTake).toBe(false);
  expect(recorder.objection).toBe('This file is empty. Choose another one.');
});

test('a file that is ready while the microphone is opened is held, and nobody is led away', async () => {
  const { recorder, keepFile, forget, answer } = recorderOf();
  // A browser that asks, and whom nobody answers.
  const open = vi.spyOn(Microphone, 'open').mockReturnValue(Promise.withResolvers<never>().promise);
  onTestFinished(() => open.mockRestore());
  const chosen = recorder.chooseFile(file());
  await vi.waitFor(() => expect(keepFile).toHaveBeenCalled());
  recorder.open();
  const { intent } = recorder.state;
  expect(recorder.state.phase).toBe('asking');
  answer(true);
  await chosen;
  expect(recorder.state).toMatchObject({ phase: 'asking', intent });
  const [held] = recorder.state.held;
  expect(recorder.shelf.get(held ?? null)).not.toBeNull();
  expect(forget).not.toHaveBeenCalled();
});

test.each([
  [true, /It is safe on this device/u],
  [false, /Choose it again/u],
])(
  'of a file that is ready while another take is published it is said what became of it',
  async (isKept, words) => {
    const { recorder, keepFile, forget, answer } = recorderOf();
    keepFile.mockResolvedValueOnce(true);
    await recorder.chooseFile(file());
    recorder.chosen.title = 'The pier';
    const chosen = recorder.chooseFile(file());
    await vi.waitFor(() => expect(keepFile).toHaveBeenCalledTimes(2));
    void recorder.publish();
    expect(recorder.state.phase).toBe('publishing');
    answer(isKept);
    await chosen;
    expect(recorder.state).toMatchObject({ phase: 'publishing', held: { length: 1 } });
    expect(recorder.objection).toMatch(words);
    expect(forget).not.toHaveBeenCalled();
  },
);
