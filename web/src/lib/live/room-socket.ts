// The one socket of a page, over which every room of it is multiplexed.
import {
  HocuspocusProviderWebsocket,
  WebSocketStatus,
  type onCloseParameters,
} from '@hocuspocus/provider';
import { CLOSE, waitSecondsIn } from '#domain/protocol/room.ts';

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

  /** As its parent, but a server that asked us to wait is not asked again before. */
  override onClose(closed: onCloseParameters): void {
    const waitS = waitSecondsOf(closed.event);
    if (waitS === null) return super.onClose(closed);
    this.shouldConnect = false;
    super.onClose(closed);
    this.shouldConnect = true;
    this.clearReconnectTimeout();
    // Not all at the same moment.
    const waitMs = waitS * 1_000 * (1 + Math.random());
    this.reconnectTimeout = setTimeout(() => void this.connect(), waitMs);
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

/** How long the server asks to wait, seconds; null if it closed for another reason. */
export function waitSecondsOf({ code, reason }: { code: number; reason: string }): number | null {
  return code === CLOSE.tooMuch ? waitSecondsIn(reason) : null;
}

/** `WebSocket.OPEN`, by number: this file has no DOM to name it by. */
const OPEN = 1;
