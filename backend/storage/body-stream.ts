// An object's bytes as the body of an HTTP answer.

/**
 * A stream that reads only as fast as it is read, and lets go of its source when the reader
 * leaves. (`ReadableStream.from` does the same; TypeScript's DOM types do not have it yet.)
 */
export function bodyStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await iterator.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 1 },
  );
}
