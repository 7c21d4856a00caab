import { expect, test } from 'vitest';
import { latencyOf, type MeasuredLatency } from './latency.ts';
import { isWireless, loosenessOf } from './loose-sync.ts';

const wired = [
  'Built-in Microphone',
  'MacBook Pro Speakers (Built-in)',
  'Headset Microphone (Realtek(R) Audio)',
  'Scarlett 2i2 USB (1235:8210)',
  'External Headphones (Built-in)',
  'Microphone Array (Intel® Smart Sound Technology)',
  'Speakers (High Definition Audio Device)',
  'Monitor of Null Output',
  'USB PnP Sound Device',
  'Fake Default Audio Input',
  '',
];
const wireless = [
  'Headset (WH-1000XM4 Hands-Free AG Audio)',
  'Headphones (WF-1000XM5 Stereo)',
  'AirPods Pro',
  "Mira's AirPods (Bluetooth)",
  'Galaxy Buds2 Pro',
  'Pixel Buds A-Series',
  'Jabra Elite 75t',
  'Bose QuietComfort 45',
  'Powerbeats Pro',
  'Bluetooth headset',
  'bluez_output.38_18_4C_BF_00_12.a2dp-sink',
  'Wireless Headphones',
];

test('devices without a cable are known by their names, and those with one are left alone', () => {
  expect(wireless.filter((name) => !isWireless(name))).toEqual([]);
  expect(wired.filter(isWireless)).toEqual([]);
});

const pair = { input: 'Built-in Microphone', output: 'Built-in Speakers' };
const guess = (outputMs: number) => latencyOf({ inputMs: 10, outputMs }, null);
const measured = (roundTripMs: number) => {
  const then: MeasuredLatency = { roundTripMs, measuredAtMs: 0, reportedMs: 30 };
  return latencyOf({ inputMs: 10, outputMs: 20 }, then);
};

test('a wireless device on either side makes a take loose, measured or not', () => {
  for (const latency of [guess(20), measured(60)]) {
    expect(loosenessOf(pair, latency, 48_000)).toBe(null);
    expect(loosenessOf({ ...pair, output: 'AirPods Pro' }, latency, 48_000)).toEqual({
      why: 'bluetooth',
      device: 'AirPods Pro',
    });
    expect(loosenessOf({ ...pair, input: 'AirPods Pro' }, latency, null)?.why).toBe('bluetooth');
  }
});

test('so does a microphone at the rate of a telephone, whatever it is called', () => {
  for (const rate of [8_000, 16_000])
    expect(loosenessOf(pair, guess(20), rate)).toEqual({ why: 'telephone' });
  for (const rate of [null, 44_100, 48_000, 96_000])
    expect(loosenessOf(pair, guess(20), rate)).toBe(null);
});

test('and a delay that no cable has, reported or measured', () => {
  expect(loosenessOf(pair, guess(169), null)).toBe(null);
  expect(loosenessOf(pair, guess(180), null)).toEqual({ why: 'late', ms: 190 });
  expect(loosenessOf(pair, measured(340), null)).toBe(null);
  expect(loosenessOf(pair, measured(360), null)).toEqual({ why: 'late', ms: 360 });
});
