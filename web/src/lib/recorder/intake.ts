// A file that was chosen instead of a recording: looked at before anything is done with it.
import type { LeadPlan } from './lead.ts';
import type { LeadTake } from './recorder-props.ts';
import { objectionTo } from './recorder-words.ts';
import { audioOfFile, type TakeAudio } from './take-audio.ts';

/** A file as a take, or in words why it cannot become one. */
export async function takeFrom(
  file: File,
  plan: LeadPlan,
  parent: LeadTake | null,
): Promise<TakeAudio | string> {
  const { size } = file;
  const tooMuch = objectionTo({ size, durationSamples: null }, plan, null);
  if (tooMuch !== null) return tooMuch;
  const audio = await audioOfFile(file);
  return objectionTo({ size, durationSamples: audio.durationSamples }, plan, parent) ?? audio;
}
