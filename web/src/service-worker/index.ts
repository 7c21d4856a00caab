// Alerts while the site is closed, and pages to show while the server cannot be reached.
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="webworker" />
import * as v from 'valibot';
import { alertSchema, type Alert } from '#domain/protocol/alert.ts';
import { isBuilt } from '../lib/offline/page-files.ts';
import { workerMessageSchema } from '../lib/offline/worker-message.ts';
import { KeptPages, PAGES } from './kept-pages.ts';

const worker = serviceWorker(globalThis);
const pages = new KeptPages();

/** The page that says that there is no network, for whatever is not kept. */
const SHELL = 'shell-1';
const OFFLINE = '/offline.html';

/** How long the server may take before a page is shown as it was last seen, milliseconds. */
const PATIENCE_MS = 5_000;

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
  const url = new URL(request.url);
  if (url.origin !== worker.location.origin) return;
  if (request.mode === 'navigate') {
    const answer = fetch(request);
    const copy = answer.then((response) => response.clone());
    event.waitUntil(pages.keep(url, copy).catch(ignore));
    event.respondWith(pageOrKept(url, answer));
  } else if (request.method === 'GET' && isBuilt(url)) {
    event.respondWith(fileOrFetched(request));
  } else if (url.pathname === '/offline.css') {
    event.respondWith(fetch(request).catch(() => shell('/offline.css')));
  } else if (request.method === 'DELETE' && url.pathname === '/api/session') {
    event.waitUntil(pages.clear());
  }
});

worker.addEventListener('message', (event) => {
  const message = v.safeParse(workerMessageSchema, event.data);
  if (!message.success) return;
  event.waitUntil(
    (message.output.type === 'person'
      ? pages.person(message.output.person)
      : keepOpen(new URL(message.output.address))
    ).catch(ignore),
  );
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
  const old = names.filter((name) => name !== SHELL && name !== PAGES);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** A page from the server; as it was last seen, if the server does not answer, or not soon. */
async function pageOrKept(url: URL, answer: Promise<Response>): Promise<Response> {
  const slow = new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE_MS));
  const fresh = answer.catch(() => null);
  const soon = await Promise.race([fresh, slow]);
  // A gateway that has lost the server behind it, or a server that has lost its database.
  const isAway = soon === null || (soon.status >= 502 && soon.status <= 504);
  if (!isAway) return soon;
  const kept = await pages.find(url).catch(() => null);
  return kept ?? (await fresh) ?? shell(OFFLINE);
}

/** A file of a build as it is kept; a device that cannot read what it keeps has the server's. */
async function fileOrFetched(request: Request): Promise<Response> {
  return (await pages.file(request).catch(() => undefined)) ?? fetch(request);
}

/** Keeps a page that was opened without its HTML passing through here. */
async function keepOpen(url: URL): Promise<void> {
  if (url.origin === worker.location.origin) await pages.keep(url, fetch(url));
}

function ignore(): void {
  // What cannot be kept is not kept.
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
