// Runs in the browser: the recorder's capture, with a known delay in place of loudspeaker, air and
// microphone, or with the microphone and the speakers that the machine has.
import { takeId } from '#domain/story/ids.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { latencyOf } from '#lib/latency/latency.ts';
import { MeasuredPairs } from '#lib/latency/measured-pairs.ts';
import { cutAt, rawTake, type RawTake } from '#lib/latency/raw-take.ts';
import { RouteLatency } from '#lib/latency/route-latency.svelte.ts';
import { CaptureInput } from '#lib/recorder/capture-input.ts';
import { CaptureSession, type CapturePlan, type Captured } from '#lib/recorder/capture-session.ts';
import type { LeadPlan } from '#lib/recorder/lead.ts';
import { Microphone } from '#lib/recorder/microphone.ts';
import { locate, voice } from '../../harness/tones.ts';

/** What was found at one delay, milliseconds. */
export interface Overdub {
  readonly delayMs: number;
  readonly measuredMs: number;
  readonly source: string;
  /** Where the parent lies in a take that was recorded over it: 0 is in its place. */
  readonly placedMs: number;
  /** The same for the take after each nudge. */
  readonly nudgedMs: Readonly<Record<number, number>>;
  /** The same after the context was made anew, and not measured again. */
  readonly rebuiltMs: number;
  /** The same with no compensation at all: what the test would find if nothing worked. */
  readonly rawMs: number;
  readonly timing: Captured['timing'];
}

const PARENT = takeId('3f6f7d1e-0c53-4b3b-9d0c-0d2f7c8a6e11');
const PARENT_SAMPLES = 2 * SAMPLE_RATE;
const PRE_ROLL_SAMPLES = Math.round(0.4 * SAMPLE_RATE);
const NUDGES_MS = [-250, -10, 1, 250];

const lead: LeadPlan = {
  punchSamples: 0,
  preRollSamples: PRE_ROLL_SAMPLES,
  tailSamples: SAMPLE_RATE,
  clips: [
    {
      takeId: PARENT,
      fromSamples: 0,
      durationSamples: PARENT_SAMPLES,
      atSamples: PRE_ROLL_SAMPLES,
    },
  ],
};

/** A microphone that hears the speakers so late. Its context is to be closed. */
async function deviceOf(delayMs: number): Promise<CaptureInput> {
  const context = new AudioContext({ sampleRate: SAMPLE_RATE });
  await context.resume();
  const speakers = new GainNode(context, { gain: 0.5 });
  const air = new DelayNode(context, { maxDelayTime: 1, delayTime: delayMs / 1_000 });
  // A device delivers all the time, in a quiet room as well.
  const room = new ConstantSourceNode(context, { offset: 0 });
  room.start();
  room.connect(air);
  speakers.connect(air);
  return CaptureInput.of(context, air, speakers);
}

function routeOf(input: CaptureInput, pairs: MeasuredPairs): RouteLatency {
  const route = {
    input,
    pair: { input: 'Desk microphone', output: 'Speakers' },
    deviceRate: null,
    reported: { inputMs: 10, outputMs: 25 },
    onoutput: () => {},
  };
  return new RouteLatency(route, { pairs });
}

/** Records until the take leaves a tail, as the recorder does. */
function record(
  input: CaptureInput,
  parent: Float32Array<ArrayBuffer>,
  how: Pick<CapturePlan, 'latency' | 'loose'>,
): Promise<Captured> {
  const buffer = new AudioBuffer({ length: parent.length, sampleRate: SAMPLE_RATE });
  buffer.copyToChannel(parent, 0);
  const plan = { lead, stems: new Map([[PARENT, buffer]]), ...how };
  return new Promise((resolve) => {
    const session = new CaptureSession(input, plan, {
      onsamples: () => {},
      onpunched: () => {},
      onoutlasts: () => session.stop(),
      onlongest: () => {},
      ondone: resolve,
    });
  });
}

/** Where the parent begins in a take of it. */
function placeOf(parent: Float32Array, take: Float32Array): number {
  const { lagSamples, peakRatio } = locate(parent, take);
  if (peakRatio < 2) throw new Error(`the parent is not in the take: ${peakRatio.toFixed(2)}`);
  return (lagSamples * 1_000) / SAMPLE_RATE;
}

async function overdub(delayMs: number): Promise<Overdub> {
  const parent = voice(Math.round(delayMs * 10) + 1, PARENT_SAMPLES).slice();
  const kept = new Map<string, string>();
  const pairs = new MeasuredPairs({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
  });
  const placed = (raw: RawTake, nudgeMs = 0): number => placeOf(parent, cutAt(raw, nudgeMs));

  const input = await deviceOf(delayMs);
  const route = routeOf(input, pairs);
  await route.calibrate();
  const { phase } = route.calibration;
  if (phase !== 'found') throw new Error(`${delayMs} ms: ${JSON.stringify(route.calibration)}`);
  const captured = await record(input, parent, route.toCapture);
  const raw = rawTake(captured);
  await input.context.close();

  const again = await deviceOf(delayMs);
  const rebuilt = routeOf(again, pairs);
  const second = rawTake(await record(again, parent, rebuilt.toCapture));
  const none = { latency: latencyOf({ inputMs: 0, outputMs: 0 }, null), loose: false };
  const third = rawTake(await record(again, parent, none));
  await again.context.close();

  return {
    delayMs,
    measuredMs: route.latency.roundTripMs,
    source: rebuilt.latency.source,
    placedMs: placed(raw),
    nudgedMs: Object.fromEntries(NUDGES_MS.map((ms) => [ms, placed(raw, ms)])),
    rebuiltMs: placed(second),
    rawMs: placed(third),
    timing: captured.timing,
  };
}

/** All delays at once, each with a context of its own. */
async function overdubs(delaysMs: readonly number[]): Promise<Overdub[]> {
  return Promise.all(delaysMs.map(overdub));
}

/** What was found with the machine's own devices, in one session: one opening of the microphone. */
export interface Loopback {
  /** What the browser reports of the whole trip, and what was measured, milliseconds. */
  readonly guessedMs: number;
  readonly measuredMs: number;
  /** Where the parent lies in each take of the session, milliseconds. */
  readonly placedMs: readonly number[];
  readonly timings: readonly Captured['timing'][];
}

/** Measures the machine's devices, then records over a parent with what was measured. */
async function loopback(takes: number): Promise<Loopback> {
  const microphone = await Microphone.open();
  try {
    const route = new RouteLatency(microphone, { pairs: new MeasuredPairs(null) });
    const guessedMs = route.latency.roundTripMs;
    await route.calibrate();
    if (route.calibration.phase !== 'found') throw new Error(JSON.stringify(route.calibration));
    const placedMs: number[] = [];
    const timings: Captured['timing'][] = [];
    for (let take = 0; take < takes; take += 1) {
      const parent = voice(take + 1, PARENT_SAMPLES).slice();
      const captured = await record(microphone.input, parent, route.toCapture);
      placedMs.push(placeOf(parent, cutAt(rawTake(captured), 0)));
      timings.push(captured.timing);
    }
    return { guessedMs, measuredMs: route.latency.roundTripMs, placedMs, timings };
  } finally {
    await microphone.close();
  }
}

/** What is told of devices that come and go while a microphone is open. */
export interface DeviceChanges {
  /** What was told after a camera, a second microphone and an output beside came and went. */
  readonly besides: readonly string[];
  /** After sound went to another output, and the latency that is used from then on. */
  readonly output: readonly string[];
  readonly outputMs: number;
  /** After the microphone in use was gone, and after everything changed once more. */
  readonly lost: readonly string[];
}

function device(kind: MediaDeviceKind, deviceId: string, label: string): MediaDeviceInfo {
  return { kind, deviceId, label, groupId: '', toJSON: () => ({}) };
}

/** Changes what the browser lists, as it does when something is plugged in or pulled out. */
async function deviceChanges(): Promise<DeviceChanges> {
  const microphone = await Microphone.open();
  const pairs = new MeasuredPairs(sessionStorage);
  pairs.put(
    { input: microphone.pair.input, output: 'Headphones' },
    { roundTripMs: 77, measuredAtMs: Date.now(), reportedMs: 0 },
  );
  const route = new RouteLatency(microphone, { pairs });
  let told: string[] = [];
  microphone.onlost = () => told.push('lost');
  microphone.onoutput = () => {
    route.refresh();
    told.push(microphone.pair.output);
  };
  const media = navigator.mediaDevices;
  const all = await media.enumerateDevices();
  const change = async (devices: MediaDeviceInfo[]): Promise<void> => {
    media.enumerateDevices = () => Promise.resolve(devices);
    media.dispatchEvent(new Event('devicechange'));
    // What follows from it are promises that are settled: they are done before the next task.
    await new Promise((resolve) => setTimeout(resolve));
  };
  const since = (): string[] => {
    const now = told;
    told = [];
    return now;
  };
  await change([...all, device('videoinput', 'camera', 'Camera')]);
  await change([...all, device('audioinput', 'usb', 'USB'), device('audiooutput', 'hdmi', 'TV')]);
  await change(all);
  const besides = since();
  const inputs = all.filter(({ kind }) => kind !== 'audiooutput');
  await change([...inputs, device('audiooutput', 'default', 'Default - Headphones')]);
  const output = since();
  const outputMs = route.latency.roundTripMs;
  const others = all.filter(({ deviceId }) => deviceId !== microphone.deviceId);
  await change(others);
  await change([...others, device('audiooutput', 'default', 'Default - Speakers')]);
  const lost = since();
  await microphone.close();
  return { besides, output, outputMs, lost };
}

export type JudgeDevices = typeof deviceChanges;
export type Overdubs = typeof overdubs;
export type MeasureLoopback = typeof loopback;
Object.assign(globalThis, { overdubs, loopback, deviceChanges });
