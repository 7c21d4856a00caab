// Bodies cut for multipart uploads.

/** Cuts a body into pieces of exactly `size` bytes, the last one shorter. */
export async function* inParts(
  body: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array, undefined> {
  let chunks: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    held += chunk.byteLength;
    if (held < size) continue;
    const joined = Buffer.concat(chunks);
    let at = 0;
    for (; held - at >= size; at += size) yield joined.subarray(at, at + size);
    chunks = [joined.subarray(at)];
    held -= at;
  }
  if (held > 0) yield Buffer.concat(chunks);
  return undefined;
}

/** Puts back together what was looked at too early. */
export async function* rejoined(
  first: Uint8Array,
  second: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  yield second;
  yield* rest;
}
