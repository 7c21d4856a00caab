// Whether the page on the screen is one that the device kept, and the way back to a fresh one.
import { refreshAll } from '$app/navigation';
import { createContext } from 'svelte';
import { NOBODY, type WorkerMessage } from './worker-message.ts';

/** Where any answer says that the server is there, and can read. */
const PROBE = '/health/ready';
/** While nothing else says that the line is back, it is looked for this often, milliseconds. */
const LOOK_EVERY_MS = 15_000;

export class KeptPage {
  /** When the page was made that is shown because the server could not be reached; else null. */
  since = $state.raw<Date | null>(null);

  /** Call it in the browser; returns what stops it. */
  start(): () => void {
    const at = Number(document.documentElement.dataset['kept']);
    if (!Number.isFinite(at) || at === 0) return () => undefined;
    this.since = new Date(at);
    const stop = new AbortController();
    const look = () => void this.refresh();
    addEventListener('online', look, { signal: stop.signal });
    const timer = setInterval(look, LOOK_EVERY_MS);
    look();
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }

  /** Loads what this page shows anew, if the server is there: a failed attempt changes nothing. */
  readonly refresh = async (): Promise<void> => {
    if (!(await isServerThere())) return;
    await refreshAll();
    this.since = null;
  };
}

/** The root layout's. */
export const [useKeptPage, setKeptPage] = createContext<KeptPage>();

async function isServerThere(): Promise<boolean> {
  try {
    return (await fetch(PROBE, { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}

/** Says to the service worker who is here: what it keeps of anybody else goes. */
export function tellPerson(person: string | null): void {
  void tell({ type: 'person', person: person ?? NOBODY });
}

/** Has the service worker keep the page that is open, which it has not seen pass. */
export function keepThisPage(): void {
  void tell({ type: 'keep', address: location.href });
}

async function tell(message: WorkerMessage): Promise<void> {
  // Browsers have none on plain HTTP, and some in private windows.
  if (!('serviceWorker' in navigator)) return;
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage(message, []);
}
