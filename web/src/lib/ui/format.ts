// Numbers and times as people read them.
import { samplesToSeconds } from '#domain/timeline/samples.ts';

/** "26 s", "1 min 4 s": a length, rounded to whole seconds, never "0 s". */
export function formatLength(samples: number): string {
  const seconds = Math.max(1, Math.round(samplesToSeconds(samples)));
  if (seconds < 60) return `${seconds} s`;
  const rest = seconds % 60;
  return rest === 0
    ? `${Math.floor(seconds / 60)} min`
    : `${Math.floor(seconds / 60)} min ${rest} s`;
}

/** "1 take", "14 takes". */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** "just now", "5 minutes ago": how long ago, in the interface's language. */
export function formatAgo(thenMs: number, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - thenMs) / 1000);
  if (seconds < 60) return 'just now';
  const steps = [
    ['minute', 60],
    ['hour', 3_600],
    ['day', 86_400],
    ['month', 2_592_000],
  ] as const;
  const [unit, length] = steps.findLast(([, length]) => seconds >= length) ?? steps[0];
  return new Intl.RelativeTimeFormat('en', { numeric: 'always' }).format(
    -Math.floor(seconds / length),
    unit,
  );
}

/** "Nov 27, 2026, 1:06 PM": when, by the clock of whoever looks. */
export function formatWhen(ms: number): string {
  return new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
}

/** "640 kB", "3.2 MB": a size as people read it, never "0 kB". */
export function formatBytes(bytes: number): string {
  if (bytes < 999_500) return `${Math.max(1, Math.round(bytes / 1_000))} kB`;
  const megabytes = bytes / 1_000_000;
  return `${megabytes < 10 ? megabytes.toFixed(1) : Math.round(megabytes)} MB`;
}
