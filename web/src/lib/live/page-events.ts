// What the browser tells a live page: it has painted, it is hidden, the network came or went.

/** Resolves once a frame was painted and the browser is idle, or half a second later at most. */
export function afterFirstPaint(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // A hidden tab paints no frames, so the timer stands in for them.
  const timer = setTimeout(resolve, 500);
  requestAnimationFrame(() => {
    // Safari has no requestIdleCallback.
    if ('requestIdleCallback' in window) requestIdleCallback(() => resolve(), { timeout: 500 });
    else setTimeout(resolve);
  });
  return promise.finally(() => clearTimeout(timer));
}

export function watchNetwork(listener: (there: boolean) => void, signal: AbortSignal): void {
  window.addEventListener('online', () => listener(true), { signal });
  window.addEventListener('offline', () => listener(false), { signal });
}

/** Says true once the page has been hidden for `afterMs`, and false when it is seen again. */
export function watchVisibility(
  afterMs: number,
  listener: (away: boolean) => void,
  signal: AbortSignal,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const follow = () => {
    clearTimeout(timer);
    if (document.visibilityState === 'hidden') timer = setTimeout(() => listener(true), afterMs);
    else listener(false);
  };
  document.addEventListener('visibilitychange', follow, { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
}
