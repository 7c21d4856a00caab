import { tick } from 'svelte';
import type { TakeId } from '#domain/story/ids.ts';

/** Brings the focus to a take, wherever the layout of this page shows it. */
export async function focusTake(page: HTMLElement | null, id: TakeId): Promise<void> {
  await tick();
  const shown = [...(page?.querySelectorAll<HTMLElement>(`[data-take="${id}"]`) ?? [])];
  shown.find((element) => element.getClientRects().length > 0)?.focus();
}
