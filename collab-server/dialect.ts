// The two framings that clients speak, over the same documents: Hocuspocus' and y-websocket's.
import * as decoding from 'lib0/decoding';
import {
  AUTH,
  authenticationFrame,
  FRAME,
  MalformedFrame,
  typeOf,
  withAddress,
  withoutAddress,
} from './frames.ts';

/** What becomes of a frame of ours on its way to a client. */
export type Outbound = Uint8Array | 'dropped' | 'denied';

export interface Dialect {
  /** True if the socket is there for one document. */
  readonly isOneDocument: boolean;
  /** Frames to handle as if the client had sent them first. */
  readonly greetings: readonly Uint8Array[];
  /** @throws {MalformedFrame} */
  toServer(bytes: Uint8Array): Uint8Array;
  toClient(frame: Uint8Array): Outbound;
}

/** Hocuspocus' own framing: each frame names its document, so one socket carries many. */
export const hocuspocusDialect: Dialect = {
  isOneDocument: false,
  greetings: [],
  toServer: (bytes) => bytes,
  toClient: (frame) => frame,
};

/**
 * y-websocket's framing: the document is in the address of the socket, and nobody asks to be let
 * in or is told what was saved.
 */
export function yWebsocketDialect(document: string): Dialect {
  return {
    isOneDocument: true,
    greetings: [authenticationFrame(document)],
    toServer: (bytes) => {
      const spoken: readonly (number | undefined)[] = [
        FRAME.sync,
        FRAME.presence,
        FRAME.queryPresence,
      ];
      if (!spoken.includes(bytes[0])) throw new MalformedFrame('not a message of y-websocket');
      return withAddress(document, bytes);
    },
    toClient,
  };
}

function toClient(frame: Uint8Array): Outbound {
  switch (typeOf(frame)) {
    case FRAME.sync:
    case FRAME.presence:
    case FRAME.queryPresence:
      return withoutAddress(frame);
    case FRAME.syncReply: {
      const rest = withoutAddress(frame).slice();
      rest[0] = FRAME.sync;
      return rest;
    }
    case FRAME.auth: {
      const decoder = decoding.createDecoder(withoutAddress(frame));
      decoding.readVarUint(decoder);
      return decoding.readVarUint(decoder) === AUTH.denied ? 'denied' : 'dropped';
    }
    default:
      return 'dropped';
  }
}
