// The port to push services: how an alert reaches the devices of somebody who is not here.

/** One alert. Its text is shown as it is, so it must be fit for the person's lock screen. */
export interface PushMessage {
  /** The notification's id, a UUID: services that can will not send it twice. */
  readonly id: string;
  readonly title: string;
  readonly body: string;
  /** Absolute address that a tap opens. */
  readonly url: string;
  /** Alerts of one story replace each other while they are undelivered, and on the screen. */
  readonly storyId: string;
}

/**
 * - `sent`: the service has it; whether the device gets it is out of our sight.
 * - `gone`: this target will never work again; forget it.
 * - `nobody`: the service knows no device of this person; try another channel.
 */
export type PushOutcome = 'sent' | 'gone' | 'nobody';

/** One push service. `Target` is what it reaches: a subscription, or a person. */
export interface PushChannel<Target> {
  readonly name: string;
  /** @throws {IntegrationError} it could not be handed over; the kind says what to do */
  send(message: PushMessage, target: Target, signal?: AbortSignal): Promise<PushOutcome>;
}
