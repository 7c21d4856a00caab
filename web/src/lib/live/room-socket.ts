// The one socket of a page, over which every room of it is multiplexed.
import { HocuspocusProviderWebsocket, WebSocketStatus } from '@hocuspocus/provider';

export interface SocketSettings {
  /** `wss://…/collab` of this origin. */
  readonly url: string;
  /** Replaces the platform's WebSocket where one is needed that can send headers. */
  readonly WebSocket?: unknown;
}

/**
 * Reconnects for ever, 1 s to 10 s apart. It sends nothing while it is closed, instead of queueing
 * as its parent does: each room compares its whole state with the server's when the socket opens,
 * so nothing is lost, and a queued change would be acknowledged twice: "Saved" would then be said
 * one change too early.
 */
export class RoomSocket extends HocuspocusProviderWebsocket {
  #isLost = false;

  constructor({ url, WebSocket }: SocketSettings) {
    super({
      url,
      maxDelay: 10_000,
      ...(WebSocket !== undefined && { WebSocketPolyfill: WebSocket }),
    });
  }

  /** True while the socket is open and the browser has a network, whatever the rooms say. */
  get isOpen(): boolean {
    return this.status === WebSocketStatus.Connected && !this.#isLost;
  }

  /** The browser has no network: an open socket then only looks open. `reopen` once it has one. */
  lose(): void {
    this.#isLost = true;
    this.emit('lost');
  }

  override send(message: unknown): void {
    if (this.webSocket?.readyState === OPEN && !this.#isLost) super.send(message);
  }

  /**
   * Drops the socket and opens another at once: with the cookie that the browser has now, or over
   * the network that it is on now. Does not wait for the old one's closing handshake.
   */
  reopen(): void {
    this.#isLost = false;
    this.emit('close', { event: { code: 1000, reason: 'reopen' } });
    void this.connect();
  }
}

/** `WebSocket.OPEN`, by number: this file has no DOM to name it by. */
const OPEN = 1;
