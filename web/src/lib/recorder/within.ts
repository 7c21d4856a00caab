// Work that may never end is not waited for longer than somebody can be left without an answer.

/**
 * What `work` comes to; `late` if that takes longer than `ms` milliseconds. The work goes on.
 * @throws whatever it throws in time
 */
export async function within<T>(work: Promise<T>, ms: number, late: T): Promise<T> {
  const over = Promise.withResolvers<T>();
  const timer = setTimeout(() => over.resolve(late), ms);
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
