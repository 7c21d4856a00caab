// How many lines of the inbox are unread, kept live on every page.
import * as v from 'valibot';

const answerSchema = v.object({ unread: v.pipe(v.number(), v.integer(), v.minValue(0)) });

export class Unread {
  count = $state(0);
  #source: EventSource | null = null;

  constructor(count: number) {
    this.count = count;
  }

  /** Follows the inbox of whoever is signed in; returns the way to stop. */
  follow(): () => void {
    const source = new EventSource('/api/inbox/events');
    this.#source = source;
    source.addEventListener('inbox', () => void this.refresh());
    return () => {
      source.close();
      if (this.#source === source) this.#source = null;
    };
  }

  async refresh(): Promise<void> {
    try {
      const response = await fetch('/api/inbox');
      const { unread } = v.parse(answerSchema, await response.json());
      this.count = unread;
    } catch {
      // The number stays as it was; the next event asks again.
    }
  }
}
