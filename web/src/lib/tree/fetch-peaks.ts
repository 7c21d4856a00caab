import type { TakeId } from '#domain/story/ids.ts';

/** A take's waveform from the server, or undefined if it cannot be had now. */
export async function peaksOfTake(id: TakeId): Promise<Uint8Array | undefined> {
  try {
    const response = await fetch(`/api/takes/${id}/peaks`);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  } catch {
    return undefined;
  }
}
