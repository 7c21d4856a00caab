// The count before the punch point, as soft clicks. They sound in the listener's output alone: the
// last one ends before the punch point, so that no take has one in it, even without headphones.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';

/** How long a click sounds, seconds, and how loud at most, of 1. */
const CLICK_SECONDS = 0.03;
const CLICK_GAIN = 0.12;
const CLICK_HZ = 1_000;
/** The last one, a second before, is higher: what comes next is the take. */
const LAST_CLICK_HZ = 1_500;

/** When the clicks sound, in samples from the start of the pre-roll: each whole second before its end. */
export function clickTimes(preRollSamples: number): readonly number[] {
  const seconds = Math.floor(preRollSamples / SAMPLE_RATE);
  return Array.from(
    { length: seconds },
    (_, index) => preRollSamples - (seconds - index) * SAMPLE_RATE,
  );
}

/**
 * Schedules the clicks of a pre-roll that begins at `startFrame` of the context.
 * @returns a function that silences those to come
 */
export function playClicks(
  context: BaseAudioContext,
  { startFrame, preRollSamples }: { startFrame: number; preRollSamples: number },
): () => void {
  const times = clickTimes(preRollSamples);
  const clicks = times.map((samples, index) => {
    const at = startFrame / context.sampleRate + samples / SAMPLE_RATE;
    const last = index === times.length - 1;
    const tone = new OscillatorNode(context, { frequency: last ? LAST_CLICK_HZ : CLICK_HZ });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(CLICK_GAIN, at);
    gain.gain.exponentialRampToValueAtTime(CLICK_GAIN / 100, at + CLICK_SECONDS);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + CLICK_SECONDS);
    return tone;
  });
  return () => {
    for (const click of clicks) click.disconnect();
  };
}
