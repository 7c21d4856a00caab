// How much room there is for a take on this device.

/** A minute of what is kept, and of the file that is made of it to be sent: 6 MB each. */
const LEAST_BYTES = 12_000_000;
const MEGABYTE = 1_000_000;

/** Bytes that this site may still keep; null where the browser does not say. */
export async function freeBytes(): Promise<number | null> {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined || usage === undefined ? null : Math.max(0, quota - usage);
  } catch {
    return null;
  }
}

/** Why there is no room to record, in words; null if there is. */
export function objectionToRoom(free: number | null): string | null {
  if (free === null || free >= LEAST_BYTES) return null;
  return `${outOfRoom(free)} Free some, then press Record again.`;
}

/** While a take is recorded. */
export function outOfRoom(free: number | null): string {
  const left = free === null ? '' : `: ${Math.floor(free / MEGABYTE)} MB left`;
  return `This device is out of space${left}, a take needs ~6 MB per minute.`;
}
