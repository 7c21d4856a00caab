// The recipe of the demo's recordings: synthetic speech by flite (BSD-like licence), a synthesised
// hum, joined by sox, packed by ffmpeg. Run by hand when the story changes; the results are kept
// in `voices/`. Needs flite, sox and ffmpeg on PATH.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endOf, startFor, type Span } from '#domain/timeline/duet.ts';
import { secondsToSamples, samplesToSeconds } from '#domain/timeline/samples.ts';
import { demoRecording, demoTakes, demoVoices, type DemoTake } from './story.ts';

/** A speaker comes in this long before the one before them has quite finished. */
const EARLY_SECONDS = 0.3;

const folder = mkdtempSync(join(tmpdir(), 'demo-voices-'));
const file = (name: string): string => join(folder, name);
const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8' });

/** Speaks a take's words and returns how long that lasts, in seconds. */
function speak(take: DemoTake): number {
  const { voice, semitones } = demoVoices[take.by].speech;
  run('flite', ['-voice', voice, '-t', take.words, '-o', file('raw.wav')]);
  const pitch = ['pitch', String(semitones * 100), 'rate', '48000', 'norm', '-4'];
  run('sox', [file('raw.wav'), file('speech.wav'), ...pitch, 'pad', '0', '0.25']);
  return Number(run('soxi', ['-D', file('speech.wav')]));
}

/** What is heard while the take before is still speaking: silence, or the lighthouse's hum. */
function lead(seconds: number, humHz: number | undefined): void {
  const synth =
    humHz === undefined
      ? ['synth', String(seconds), 'sine', '0', 'vol', '0']
      : ['synth', String(seconds), 'triangle', String(humHz), 'tremolo', '4', '30', 'vol', '0.09'];
  const fade = ['fade', 't', '0.8', String(seconds), '0.8'];
  run('sox', ['-n', '-r', '48000', '-c', '1', file('lead.wav'), ...synth, ...fade]);
}

const placed = new Map<string, Span & { readonly parentId: string | null }>();
for (const take of demoTakes.filter(({ kind }) => kind === 'voice')) {
  const parent = take.parentId === null ? null : (placed.get(take.parentId) ?? null);
  const grandparent = parent?.parentId == null ? null : (placed.get(parent.parentId) ?? null);
  const startSamples = startFor('voice', { parent, grandparent });
  const overlap = parent === null ? 0 : samplesToSeconds(endOf(parent) - startSamples);
  const spoken = speak(take);
  const leadSeconds = Math.max(0, overlap - EARLY_SECONDS);
  const parts = leadSeconds > 0 ? [file('lead.wav'), file('speech.wav')] : [file('speech.wav')];
  if (leadSeconds > 0) lead(leadSeconds, take.humHz);
  run('sox', [...parts, '-b', '16', '-c', '1', file('take.wav')]);
  const target = fileURLToPath(demoRecording(take));
  const opus = ['-c:a', 'libopus', '-b:a', '32k', '-fflags', '+bitexact', '-map_metadata', '-1'];
  run('ffmpeg', ['-v', 'error', '-y', '-i', file('take.wav'), ...opus, target]);
  const durationSamples = secondsToSamples(leadSeconds + spoken);
  placed.set(take.id, { startSamples, durationSamples, parentId: take.parentId });
  process.stdout.write(`${take.by}: ${(leadSeconds + spoken).toFixed(1)} s\n`);
}
rmSync(folder, { recursive: true });
