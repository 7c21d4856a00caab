import { createContext } from 'svelte';
import type { Outbox } from './outbox.svelte.ts';

/** The one queue of this page, set by the root layout. */
export const [useOutbox, setOutbox] = createContext<Outbox>();
