// What a page that is already open still has to ask about a take.
import * as v from 'valibot';
import type { PeakRate } from '#domain/media/peaks.ts';
import type { TakeId } from '#domain/story/ids.ts';

const wordsSchema = v.object({ words: v.string() });

/** A take's waveform from the server, or undefined if it cannot be had now. */
export async function peaksOfTake(id: TakeId, rate: PeakRate): Promise<Uint8Array | undefined> {
  try {
    const response = await fetch(`/api/takes/${id}/peaks?rate=${rate}`);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  } catch {
    return undefined;
  }
}

/** A take's words from the server, or undefined if they cannot be had now. */
export async function wordsOfTake(id: TakeId): Promise<string | undefined> {
  try {
    const response = await fetch(`/api/takes/${id}/words`);
    return response.ok ? v.parse(wordsSchema, await response.json()).words : undefined;
  } catch {
    return undefined;
  }
}
