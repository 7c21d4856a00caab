// Small things that a browser remembers about the recorder. Where nothing may be stored, the page
// forgets them; that is no reason to stop anybody.

const CLICKS = 'tap-story:count-clicks';
const HEADPHONES = 'tap-story:headphones-said';

/** Whether the count is heard. */
export function clicksWanted(): boolean {
  return read(() => localStorage.getItem(CLICKS)) !== 'off';
}

export function rememberClicks(wanted: boolean): void {
  read(() => localStorage.setItem(CLICKS, wanted ? 'on' : 'off'));
}

/** Whether this tab's person was already asked to wear headphones. */
export function headphonesSaid(): boolean {
  return read(() => sessionStorage.getItem(HEADPHONES)) === 'yes';
}

export function rememberHeadphones(): void {
  read(() => sessionStorage.setItem(HEADPHONES, 'yes'));
}

function read<T>(storage: () => T): T | null {
  try {
    return storage();
  } catch {
    return null;
  }
}
