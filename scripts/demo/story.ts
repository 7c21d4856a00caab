// The demo story: who says what after whom. Ids are fixed, so planting it twice plants it once.

export interface DemoVoice {
  readonly userId: string;
  readonly name: string;
  readonly hue: number;
  /** How the recipe speaks: a flite voice, and semitones up or down. */
  readonly speech: { readonly voice: 'slt' | 'rms' | 'awb' | 'kal16'; readonly semitones: number };
}

export interface DemoTake {
  readonly id: string;
  readonly parentId: string | null;
  readonly by: keyof typeof demoVoices;
  readonly kind: 'voice' | 'text';
  readonly words: string;
  /** Frequency in Hz of a hum under the tail that this take answers; the lighthouse's own part. */
  readonly humHz?: number;
}

export const demoTitle = 'The lighthouse that hummed';

export const demoVoices = {
  ines: {
    userId: '6f0f6a56-0d3a-4c62-8a53-1f3c5f1d0001',
    name: 'Ines',
    hue: 2,
    speech: { voice: 'slt', semitones: 0 },
  },
  jo: {
    userId: '6f0f6a56-0d3a-4c62-8a53-1f3c5f1d0002',
    name: 'Jo',
    hue: 1,
    speech: { voice: 'rms', semitones: 0 },
  },
  mira: {
    userId: '6f0f6a56-0d3a-4c62-8a53-1f3c5f1d0003',
    name: 'Mira',
    hue: 0,
    speech: { voice: 'slt', semitones: 2 },
  },
  ben: {
    userId: '6f0f6a56-0d3a-4c62-8a53-1f3c5f1d0004',
    name: 'Ben',
    hue: 4,
    speech: { voice: 'awb', semitones: 0 },
  },
  sam: {
    userId: '6f0f6a56-0d3a-4c62-8a53-1f3c5f1d0005',
    name: 'Sam',
    hue: 5,
    speech: { voice: 'kal16', semitones: 0 },
  },
  lou: {
    userId: '6f0f6a56-0d3a-4c62-8a53-1f3c5f1d0006',
    name: 'Lou',
    hue: 6,
    speech: { voice: 'rms', semitones: 3 },
  },
} as const satisfies Record<string, DemoVoice>;

const id = (n: number): string => `0b6d1f8e-7a21-4e0b-9c55-2d8a4e7f00${String(n).padStart(2, '0')}`;

/** Parents before their children. */
export const demoTakes: readonly DemoTake[] = [
  {
    id: id(1),
    parentId: null,
    by: 'ines',
    kind: 'voice',
    words:
      'The lamp went out at nine. Nobody on the island noticed, because the tower had begun, very low, to hum.',
  },
  {
    id: id(2),
    parentId: id(1),
    by: 'jo',
    kind: 'voice',
    words: 'I was eleven. I climbed the stairs with my shoes in my hand.',
    humHz: 110,
  },
  {
    id: id(3),
    parentId: id(2),
    by: 'mira',
    kind: 'voice',
    words: 'And the hum was a song. The one my mother hummed, when she was counting.',
    humHz: 165,
  },
  {
    id: id(4),
    parentId: id(2),
    by: 'ben',
    kind: 'voice',
    words: 'Do not go up, I told you. Those stairs count you back.',
  },
  {
    id: id(5),
    parentId: id(3),
    by: 'ines',
    kind: 'voice',
    words: 'At the top there was no lamp at all. Only a bird made of glass, breathing.',
    humHz: 220,
  },
  {
    id: id(6),
    parentId: id(3),
    by: 'sam',
    kind: 'voice',
    words: 'She counted to twenty one. There had only ever been twenty steps.',
  },
  {
    id: id(7),
    parentId: id(4),
    by: 'lou',
    kind: 'voice',
    words: 'Nineteen. Twenty. And then a voice below me said my name, and went on counting.',
  },
  {
    id: id(8),
    parentId: id(5),
    by: 'jo',
    kind: 'voice',
    words: 'I put out my hand. It leaned in, as if it had been waiting to be asked.',
    humHz: 147,
  },
  {
    id: id(9),
    parentId: id(6),
    by: 'mira',
    kind: 'text',
    words:
      'In the morning the boats came home with their lamps still lit, and not one of the crews could say who had lit them.',
  },
];

/** Where the recording of a spoken take lies, beside this file. */
export function demoRecording(take: DemoTake): URL {
  return new URL(`voices/${take.id.slice(-2)}-${take.by}.ogg`, import.meta.url);
}
