// How much one peer, one account and one socket may use of this process. Every figure is here.
import type { Rate } from './bucket.ts';

/** What is counted for whoever it is that uses it. */
export interface Allowance {
  /** Sockets that are open at once, and that are opened. */
  readonly sockets: number;
  readonly opens: Rate;
  /** Documents that are open, or being opened, on all of those sockets. */
  readonly documents: number;
  /** Messages, and their bytes, that are sent to us. */
  readonly messages: Rate;
  readonly bytes: Rate;
  /** What is asked about trees by those who have some of them: two each time that one is opened. */
  readonly questions: Rate;
}

export interface Limits {
  /** A peer: an IPv4 address or the /64 of an IPv6 one. Whole schools are behind one. */
  readonly perAddress: Allowance;
  /** A person with a session, on all devices. */
  readonly perAccount: Allowance;
  readonly documentsPerSocket: number;
  /** Documents that a socket may be refused: each costs a look into Postgres. */
  readonly refusals: Rate;
  /** A socket on which no document is open for this long is closed, milliseconds. */
  readonly emptyMs: number;
  /**
   * A client that has changes whose predecessors we do not get is asked for them again and again,
   * and told after this long that they cannot be saved, milliseconds: whoever wrote what is missing
   * may be on the way back.
   */
  readonly strandedMs: number;
  /** A socket whose other end is gone is found within this time, milliseconds. */
  readonly deadMs: number;
  /**
   * What may wait unsent for a slow reader, bytes: never more than `most`, and more than `long` not
   * for longer than `longMs`. A frame that is longer than `long` by itself may wait beside that, and
   * as much longer as it is larger: a large tree is one. Whoever is slower is cut off: when they
   * come back they get what they missed in one answer.
   */
  readonly backlog: { readonly most: number; readonly long: number; readonly longMs: number };
}

const MB = 1024 * 1024;

export const defaultLimits: Limits = {
  perAddress: {
    sockets: 1_000,
    opens: { atOnce: 1_000, perSecond: 50 },
    documents: 10_000,
    messages: { atOnce: 50_000, perSecond: 5_000 },
    bytes: { atOnce: 128 * MB, perSecond: 8 * MB },
    questions: { atOnce: 4_000, perSecond: 200 },
  },
  perAccount: {
    sockets: 64,
    opens: { atOnce: 120, perSecond: 2 },
    documents: 500,
    messages: { atOnce: 5_000, perSecond: 500 },
    bytes: { atOnce: 16 * MB, perSecond: MB },
    questions: { atOnce: 400, perSecond: 10 },
  },
  documentsPerSocket: 100,
  refusals: { atOnce: 30, perSecond: 0.5 },
  emptyMs: 30_000,
  strandedMs: 20_000,
  deadMs: 14_000,
  backlog: { most: 16 * MB, long: MB, longMs: 10_000 },
};

/** How long whoever was refused for asking too much should wait, seconds. */
export const WAIT_S = 10;
