// Which addresses we post push messages to. They come from browsers, so from anyone: without this
// list a subscription could make the server call into its own network.
import { BlockList, isIPv4 } from 'node:net';
import { Problem } from '#domain/protocol/problem.ts';

/** The push services of Chrome, Firefox, Safari and Edge; `*.` stands for one or more labels. */
const BROWSER_HOSTS = [
  'fcm.googleapis.com',
  '*.push.services.mozilla.com',
  '*.push.apple.com',
  '*.notify.windows.com',
] as const;

export interface PushEndpoint {
  readonly url: URL;
  /** The line of the list that let it in: what failures are counted by. */
  readonly service: string;
  /** Named by the operator, so it may lie in a private network. */
  readonly isExtra: boolean;
}

/** Reads WEB_PUSH_EXTRA_HOSTS: hosts, each with its port if it has one, comma-separated. */
export function readExtraHosts(list: string): readonly string[] {
  return list
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter(Boolean);
}

/**
 * Checks the endpoint of a push subscription.
 * @throws {Problem} `bad_request`: not an https address of a push service that we know
 */
export function assertPushEndpoint(
  endpoint: string,
  extraHosts: readonly string[] = [],
): PushEndpoint {
  const url = URL.parse(endpoint);
  if (url === null || url.username !== '' || url.password !== '') throw refused();
  const extra = extraHosts.find((host) => host === url.host);
  // Plain http is for a push service on this very machine, which only tests have.
  const isSafe =
    url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (extra !== undefined && isSafe) return { url, service: extra, isExtra: true };
  const service = BROWSER_HOSTS.find((host) => matches(url.hostname, host));
  if (service === undefined || url.protocol !== 'https:' || url.port !== '') throw refused();
  return { url, service, isExtra: false };
}

const privateAddresses = new BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  privateAddresses.addSubnet(address, prefix, 'ipv4');
}
const publicIPv6 = new BlockList();
publicIPv6.addSubnet('2000::', 3, 'ipv6');
const reservedIPv6 = new BlockList();
reservedIPv6.addSubnet('2001:db8::', 32, 'ipv6');
reservedIPv6.addSubnet('2002::', 16, 'ipv6'); // 6to4 wraps any IPv4 address, private ones too
reservedIPv6.addSubnet('2001::', 32, 'ipv6'); // so does Teredo

/** True for an address of the public internet: what a name of a push service may resolve to. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !privateAddresses.check(address, 'ipv4');
  return publicIPv6.check(address, 'ipv6') && !reservedIPv6.check(address, 'ipv6');
}

function matches(hostname: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) : hostname === pattern;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/u.test(hostname);
}

function refused(): Problem {
  return new Problem('bad_request', 'This browser’s push service is not one that we know.');
}
