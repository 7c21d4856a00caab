// Who is at the other end of a connection, behind the proxies that we trust.
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** What a connection says of where it comes from. */
export interface Hops {
  /** The other end of the TCP connection. */
  readonly remoteAddress: string | undefined;
  /** `X-Forwarded-For`: whoever each proxy was asked by, the nearest last. */
  readonly forwardedFor?: string | undefined;
}

/** True for a comma-separated list of addresses and CIDR ranges; an empty one trusts nobody. */
export function isProxyList(list: string): boolean {
  return entriesOf(list).every((entry) => {
    const [address = '', bits, ...rest] = entry.split('/');
    const most = { 4: 32, 6: 128 }[isIP(address)];
    if (most === undefined || rest.length > 0) return false;
    return bits === undefined || (/^\d{1,3}$/u.test(bits) && Number(bits) <= most);
  });
}

/** The proxies of such a list. @throws if it is none */
export function trustedProxies(list: string): BlockList {
  const proxies = new BlockList();
  for (const entry of entriesOf(list)) {
    const [address = '', bits] = entry.split('/');
    const family = familyOf(address);
    if (bits === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(bits), family);
  }
  return proxies;
}

/**
 * The address of the nearest peer that is no proxy of ours. Only what a trusted proxy has written
 * is believed: the header is read from its end, as far as each hop that wrote it is trusted.
 */
export function realPeer({ remoteAddress, forwardedFor = '' }: Hops, proxies: BlockList): string {
  let peer = plain(remoteAddress ?? '');
  for (const hop of forwardedFor.split(',').toReversed()) {
    const before = plain(hop);
    if (peer === null || before === null || !proxies.check(peer, familyOf(peer))) break;
    peer = before;
  }
  return peer ?? 'unknown';
}

/** What is counted as one peer: an IPv4 address, or the /64 that an IPv6 address is in. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = [], tail] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const groups = [...head];
  if (tail !== undefined) {
    const dotted = tail.at(-1)?.includes('.') === true ? 1 : 0;
    const missing = 8 - groups.length - tail.length - dotted;
    groups.push(...Array.from({ length: Math.max(0, missing) }, () => '0'), ...tail);
  }
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

const entriesOf = (list: string): string[] =>
  list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6');

/** An address without port, brackets and zone, IPv4 as IPv4; null if it is none. */
function plain(written: string): string | null {
  const trimmed = written.trim();
  const bare = /^\[([^\]]+)\](?::\d+)?$/u.exec(trimmed)?.[1] ?? trimmed;
  const address = (/^([\d.]+):\d+$/u.exec(bare)?.[1] ?? bare).split('%', 1)[0] ?? '';
  const mapped = /^::ffff:([\d.]+)$/iu.exec(address)?.[1] ?? address;
  return isIP(mapped) === 0 ? null : mapped.toLowerCase();
}
