// Alerts on this device: what the browser allows, and telling the server where to send them.
import { pushSubscriptionSchema } from '#domain/protocol/commands.ts';
import * as v from 'valibot';
import { callApi } from '../upload/api.ts';

/** `askable` has not been asked yet; `off` was allowed, but nothing is registered. */
export type DeviceAlerts = 'unsupported' | 'denied' | 'askable' | 'off' | 'on';

const keySchema = v.object({ publicKey: v.string() });

/** How alerts stand on this device. Asks the person nothing. */
export async function deviceAlerts(): Promise<DeviceAlerts> {
  if (!('serviceWorker' in navigator) || !('PushManager' in globalThis)) return 'unsupported';
  if (Notification.permission === 'denied') return 'denied';
  if (Notification.permission === 'default') return 'askable';
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager.getSubscription();
  return subscription == null ? 'off' : 'on';
}

/** Asks the person, if need be, and registers this device. Call it for a tap only. */
export async function turnOnDeviceAlerts(): Promise<DeviceAlerts> {
  if ((await deviceAlerts()) === 'unsupported') return 'unsupported';
  const permission = await Notification.requestPermission();
  if (permission !== 'granted') return permission === 'denied' ? 'denied' : 'askable';
  const { publicKey } = await callApi('GET', '/api/push', { answer: keySchema });
  const { pushManager } = await navigator.serviceWorker.ready;
  const subscription = await subscribe(pushManager, publicKey);
  const body = v.parse(pushSubscriptionSchema, subscription.toJSON());
  await callApi('POST', '/api/push', { body, answer: v.unknown() });
  return 'on';
}

/** Takes this device off the list. */
export async function turnOffDeviceAlerts(): Promise<DeviceAlerts> {
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager.getSubscription();
  if (subscription != null) {
    const { endpoint } = subscription;
    await subscription.unsubscribe();
    await fetch('/api/push', {
      method: 'DELETE',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ endpoint }),
    });
  }
  return deviceAlerts();
}

/** A subscription made with an older key of the server can never be reached: it is made anew. */
async function subscribe(manager: PushManager, publicKey: string): Promise<PushSubscription> {
  const options = { userVisibleOnly: true, applicationServerKey: publicKey };
  try {
    return await manager.subscribe(options);
  } catch (error) {
    const stale = await manager.getSubscription();
    if (stale === null) throw error;
    await stale.unsubscribe();
    return manager.subscribe(options);
  }
}

/** What each state means, for a person. */
export const deviceWords: Record<DeviceAlerts, string> = {
  unsupported:
    'This browser cannot show alerts while it is closed. News waits in your inbox. On an iPhone, add Tap Story to the home screen first.',
  denied:
    'Alerts are blocked in this browser. News waits in your inbox; you can allow alerts in the address bar’s settings.',
  askable: 'Alerts on this device tell you at once when the story grows.',
  off: 'Alerts are off on this device. News waits in your inbox.',
  on: 'Alerts are on for this device.',
};
