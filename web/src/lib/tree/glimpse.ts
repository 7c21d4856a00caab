// The map of a story, small enough for a card: the same lanes, drawn as thin bars.
import { userId, type TakeId } from '#domain/story/ids.ts';
import { treeOf } from '#domain/story/tree.ts';
import { LANE_HEIGHT, layOut, OFFSET } from './lanes.ts';
import { edgePath } from './map-lines.ts';

export interface GlimpseInput {
  readonly id: TakeId;
  readonly parentId: TakeId | null;
  readonly startSamples: number;
  readonly durationSamples: number;
  readonly hue: number;
}

export interface Glimpse {
  readonly width: number;
  readonly height: number;
  readonly bars: readonly {
    readonly id: TakeId;
    readonly hue: number;
    readonly x: number;
    readonly y: number;
    readonly width: number;
  }[];
  readonly edges: readonly string[];
}

const WIDTH = 360;
const HEIGHT = 96;
/** Height of a lane in a card, and how far its second row lies below the first. */
const LANE = 22;
const ROW = 6;

const nobody = userId('00000000-0000-4000-8000-000000000000');

/** Where a pill of the map lies in a card. */
function small(y: number, lowered: boolean): number {
  return ((y - (lowered ? OFFSET : 0) - 24) / LANE_HEIGHT) * LANE + (lowered ? ROW : 0) + 6;
}

/** Draws the takes of a story into 360 × 96 or more. */
export function glimpseOf(takes: readonly GlimpseInput[]): Glimpse {
  const hues = new Map(takes.map(({ id, hue }) => [id, hue]));
  const end = Math.max(1, ...takes.map((take) => take.startSamples + take.durationSamples));
  const map = layOut(
    treeOf(
      takes.map((take, index) => ({
        ...take,
        authorId: nobody,
        kind: 'voice' as const,
        createdAtMs: index,
        state: { status: 'ready' as const, mixed: true },
      })),
    ),
    { pixelsPerSample: (WIDTH - 8) / end, left: 4 },
  );
  const pills = [...map.pills.values()];
  const bars = pills.map((pill) => ({
    id: pill.take.id,
    hue: hues.get(pill.take.id) ?? 0,
    x: Math.round(pill.x),
    y: Math.round(small(pill.y, pill.lowered)),
    width: Math.max(6, Math.round(pill.width)),
  }));
  const edges = map.edges.flatMap(({ from, to }) => {
    if (from.lane === to.lane) return [];
    const [a, b] = [small(from.y, from.lowered), small(to.y, to.lowered)];
    const at = { ...to, y: b - 12.5 };
    return [edgePath({ from: { ...from, y: a - (b > a ? 25 : 0) }, to: at })];
  });
  const bottom = Math.max(0, ...bars.map(({ y }) => y)) + 16;
  return { width: WIDTH, height: Math.max(HEIGHT, bottom), bars, edges };
}
