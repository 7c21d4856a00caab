// The push services of this site, as its configuration has them.
import type { Environment } from '../config.ts';
import { OneSignalChannel, type OneSignalTarget } from '../integrations/onesignal.ts';
import type { PushChannel } from '../integrations/push.ts';
import { readExtraHosts } from '../integrations/push-endpoint.ts';
import { WebPushChannel, type WebPushTarget } from '../integrations/web-push.ts';

export interface PushChannels {
  /** The address people use: alerts link to it. */
  readonly origin: string;
  /** Tried first; null without an account. */
  readonly oneSignal: PushChannel<OneSignalTarget> | null;
  /** Null without VAPID keys. */
  readonly webPush: {
    readonly channel: PushChannel<WebPushTarget>;
    /** The key that browsers subscribe with; a subscription made with another is out of reach. */
    readonly publicKey: string;
    /** Push services allowed beside the browsers' own. */
    readonly extraHosts: readonly string[];
  } | null;
}

/**
 * Opens what is configured; contacts nobody.
 * @throws {IntegrationError} `misconfigured`
 */
export function openPushChannels(config: Environment): PushChannels {
  return {
    origin: config.ORIGIN,
    oneSignal: oneSignalOf(config),
    webPush: webPushOf(config),
  };
}

function oneSignalOf(config: Environment): PushChannels['oneSignal'] {
  const { ONESIGNAL_APP_ID: appId, ONESIGNAL_API_KEY: apiKey } = config;
  if (appId === undefined || apiKey === undefined) return null;
  return new OneSignalChannel({ appId, apiKey, baseUrl: config.ONESIGNAL_BASE_URL });
}

function webPushOf(config: Environment): PushChannels['webPush'] {
  const { VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey } = config;
  if (publicKey === undefined || privateKey === undefined) return null;
  const extraHosts = readExtraHosts(config.WEB_PUSH_EXTRA_HOSTS);
  const vapid = { publicKey, privateKey, subject: config.VAPID_SUBJECT };
  return { channel: new WebPushChannel({ vapid, extraHosts }), publicKey, extraHosts };
}
