// No way off a page, neither a link nor Back nor the closing of the tab, takes with it unasked what
// is on that page alone.
import { afterNavigate, beforeNavigate, goto, type BeforeNavigate } from '$app/navigation';
import type { Leaving } from './leaving.svelte.ts';

/** Call it while the root layout is made, before anything else that hears of navigations. */
export function guardLeaving(leaving: Leaving): void {
  let isAgreed = false;
  beforeNavigate((navigation) => {
    if (isAgreed || keepsPage(navigation) || leaving.onlyHere.length === 0) return;
    navigation.cancel();
    // A tab that closes waits for nobody: the browser asks in its own words.
    if (navigation.type === 'leave') return;
    void ask(navigation);
  });
  async function ask(navigation: BeforeNavigate): Promise<void> {
    if (!(await leaving.ask())) return;
    isAgreed = true;
    goOn(navigation);
  }
  afterNavigate(() => {
    isAgreed = false;
  });
}

/** True if the page that is open stays: another take of the same story, or another entry of it. */
function keepsPage({ from, to, type, shallow }: BeforeNavigate): boolean {
  if (shallow && type === 'goto') return true;
  if (from === null || to === null || to.route.id === null) return false;
  return from.route.id === to.route.id && JSON.stringify(from.params) === JSON.stringify(to.params);
}

function goOn(navigation: BeforeNavigate): void {
  const { to, type, willUnload } = navigation;
  if (type === 'popstate') history.go(navigation.delta);
  else if (to !== null && willUnload) location.assign(to.url);
  else if (to !== null) void goto(to.url);
}
