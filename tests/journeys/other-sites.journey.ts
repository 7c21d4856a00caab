// What a page of another site gets from ours in the browser of somebody who is signed in here.
import * as v from 'valibot';
import { uploadTicketSchema } from '#domain/protocol/commands.ts';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { spoken } from './support/sound.ts';

test('known failure 48: another site’s page can read no answer, and send no file', async ({
  app,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantVoice('The locked door', spoken(51, 3));
  await mira.untilMixed(seed);
  const origin = 'https://elsewhere.example';
  const file = spoken(57, 1);
  const sha256 = '0'.repeat(64);
  const announced = await mira.call('POST', '/api/uploads', {
    body: { bytes: file.byteLength, contentType: 'audio/wav', sha256 },
  });
  const part = v.parse(uploadTicketSchema, announced.json()).missing[0]?.url ?? '';
  const stem = `/api/takes/${seed.takeId}/stem`;
  const led = await mira.call('GET', stem, { redirect: 'manual' });
  const sound = led.headers.get('location') ?? '';
  expect([part, sound]).not.toContain('');
  const asked: readonly [string, string][] = [
    ['GET', `/s/${seed.slug}`],
    ['GET', `/api/takes/${seed.takeId}/playlist`],
    ['GET', sound],
    ['POST', '/api/uploads'],
    ['PUT', part],
  ];
  for (const [method, path] of asked) {
    const preflight = {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'content-type',
    };
    for (const answer of [
      await mira.call(method, path, { headers: { origin } }),
      await mira.call('OPTIONS', path, { headers: preflight }),
    ]) {
      const allowed = [...answer.headers.keys()].filter((name) =>
        name.startsWith('access-control'),
      );
      expect([method, path, allowed]).toEqual([method, path, []]);
    }
  }
});
