import type { Voice } from '#domain/story/take.ts';

declare global {
  namespace App {
    interface Locals {
      /** Who asks; null for a visitor without a session. */
      user: Voice | null;
      /** The session's id, to end it; null without one. */
      sessionId: string | null;
      /** True once the session was looked up: `user` is then who asks, or certainly nobody. */
      isKnown: boolean;
      /** Names this request in our log and in what the person sees when it fails. */
      ref: string;
    }
    interface Error {
      /** Reference of the failure in the server's log. */
      ref?: string;
      /** What is safe, and the one thing to do. */
      hint?: string;
    }
    interface PageData {
      user: Voice | null;
      unread: number;
    }
  }
}
