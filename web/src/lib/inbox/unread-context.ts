import { createContext } from 'svelte';
import type { Unread } from './unread.svelte.ts';

/** The page's count of unread lines, set by the root layout. */
export const [useUnread, setUnread] = createContext<Unread>();
