// Alerts while the site is closed, and a page to show while there is no network.
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="webworker" />
import * as v from 'valibot';
import { alertSchema, type Alert } from '#domain/protocol/alert.ts';

const worker = serviceWorker(globalThis);

/** Stories are never kept: only the page that says that there is no network. */
const SHELL = 'shell-1';
const OFFLINE = '/offline.html';

worker.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(SHELL).then((cache) => cache.addAll([OFFLINE, '/offline.css', '/icon.svg'])),
  );
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(dropOldShells().then(() => worker.clients.claim()));
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.mode === 'navigate') {
    event.respondWith(fetch(request).catch(() => shell(OFFLINE)));
  } else if (new URL(request.url).pathname === '/offline.css') {
    event.respondWith(fetch(request).catch(() => shell('/offline.css')));
  }
});

worker.addEventListener('push', (event) => {
  const alert = read(event.data);
  if (alert !== null) event.waitUntil(Promise.all([show(alert), tellPages(alert)]));
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const url = v.safeParse(v.object({ url: v.string() }), event.notification.data);
  event.waitUntil(open(url.success ? url.output.url : '/'));
});

async function dropOldShells(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== SHELL).map((name) => caches.delete(name)));
}

async function shell(path: string): Promise<Response> {
  return (await caches.match(path)) ?? Response.error();
}

/** The alert of a push message, or null if it is not one of ours. */
function read(data: PushMessageData | null): Alert | null {
  try {
    const parsed = v.safeParse(alertSchema, data?.json());
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

function show({ notification }: Alert): Promise<void> {
  const { title, body, tag, navigate } = notification;
  return worker.registration.showNotification(title, {
    body,
    tag,
    icon: '/icon-192.png',
    badge: '/icon-192.png',
    data: { url: navigate },
  });
}

async function tellPages(alert: Alert): Promise<void> {
  for (const client of await worker.clients.matchAll({ type: 'window' })) {
    client.postMessage({ type: 'alert', alert }, []);
  }
}

/** Goes to the address in a tab that is open already, if there is one. Never leaves our origin. */
async function open(address: string): Promise<void> {
  const url = new URL(address, worker.location.origin);
  const target = url.origin === worker.location.origin ? url.href : '/';
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = pages.find((client) => client.url === target) ?? pages[0];
  if (page === undefined) {
    await worker.clients.openWindow(target);
    return;
  }
  const focused = await page.focus();
  if (focused.url !== target) {
    await focused.navigate(target).catch(() => worker.clients.openWindow(target));
  }
}

/** The global scope as what it is here; the types of a page and of a worker share one name. */
function serviceWorker(scope: unknown): ServiceWorkerGlobalScope {
  return v.parse(
    v.custom<ServiceWorkerGlobalScope>(
      (value) => typeof value === 'object' && value !== null && 'registration' in value,
    ),
    scope,
  );
}
