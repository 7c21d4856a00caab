import { describe, expect, test } from 'vitest';
import { isProxyList, networkOf, realPeer, trustedProxies } from './real-peer.ts';

const proxies = trustedProxies('127.0.0.0/8, ::1, 10.0.0.0/8, fd00::/8');

describe('the real peer', () => {
  test.each([
    ['a stranger is who connects', '203.0.113.7', undefined, '203.0.113.7'],
    ['what a stranger forwards is not believed', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['a trusted proxy is believed', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['so is a chain of them', '127.0.0.1', '198.51.100.1, 10.9.9.9', '198.51.100.1'],
    [
      'what somebody made up before the first proxy is not',
      '127.0.0.1',
      '192.0.2.66, 198.51.100.1, 10.9.9.9',
      '198.51.100.1',
    ],
    ['a proxy that speaks for itself is the peer', '127.0.0.1', undefined, '127.0.0.1'],
    ['a whole chain of ours ends at its first', '127.0.0.1', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['nonsense ends the chain', '10.1.2.3', '198.51.100.1, who?', '10.1.2.3'],
    ['IPv4 in IPv6 is IPv4', '::ffff:127.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    [
      'ports, brackets and zones are no part of it',
      'fd00::1%eth0',
      '[2001:DB8::7]:443',
      '2001:db8::7',
    ],
    ['a port after IPv4 neither', '::1', '198.51.100.1:8080', '198.51.100.1'],
    ['a socket that is gone already has none', undefined, '198.51.100.1', 'unknown'],
  ])('%s', (_, remoteAddress, forwardedFor, peer) => {
    expect(realPeer({ remoteAddress, forwardedFor }, proxies)).toBe(peer);
  });

  test('nobody is believed when nobody is trusted', () => {
    const nobody = trustedProxies('');
    expect(realPeer({ remoteAddress: '127.0.0.1', forwardedFor: '1.2.3.4' }, nobody)).toBe(
      '127.0.0.1',
    );
  });
});

test.each([
  ['198.51.100.1', '198.51.100.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::6', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['1::4:5:6:7:8:9', '1:0:4:5::/64'],
  ['64:ff9b::198.51.100.1', '64:ff9b:0:0::/64'],
  ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
])('%s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test.each([
  ['', true],
  ['127.0.0.1', true],
  ['10.0.0.0/8, fd00::/8', true],
  ['10.0.0.0/33', false],
  ['fd00::/129', false],
  ['10.0.0.0/8/8', false],
  ['10.0.0.0/x', false],
  ['proxy.internal', false],
])('a list of proxies: %j is one, %s', (list, is) => {
  expect(isProxyList(list)).toBe(is);
});
