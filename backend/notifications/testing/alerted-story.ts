// For tests: a story of Mira's that Jo and Ana may answer, and a push service to alert them by.
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import webPush from 'web-push';
import type { Person } from '#domain/access/policy.ts';
import type { Published } from '#domain/protocol/commands.ts';
import { readConfig } from '../../config.ts';
import { startPushService, type PushService } from '../../integrations/push-service.ts';
import type { DatabaseHandle } from '../../postgres/database.ts';
import { branchStory } from '../../story/branch.ts';
import { plantStory } from '../../story/plant.ts';
import { newTakeId, openPublishing, type Publishing } from '../../story/testing/publishing.ts';
import { openPushChannels, type PushChannels } from '../channels.ts';
import type { DeliverDeps } from '../deliver.ts';
import { readInbox } from '../inbox.ts';
import { savePushSubscription } from '../push-subscriptions.ts';

/** A database that the story closes. */
type OwnDatabase = Parameters<typeof openPublishing>[0] &
  Pick<DatabaseHandle, 'pool'> & { close(): Promise<void> };

/** What lasts for a file of tests. */
interface Site {
  readonly fresh: OwnDatabase;
  readonly publishing: Publishing;
}

/** What each test has of its own. */
interface Scene {
  readonly push: PushService;
  readonly people: Readonly<Record<'mira' | 'jo' | 'ana', Person>>;
  readonly story: Published;
  channels: PushChannels;
}

export const vapid = webPush.generateVAPIDKeys();

/** The story of a file of tests: another one, and other people, for each. */
export function useAlertedStory(openDatabase: () => Promise<OwnDatabase>): AlertedStory {
  const alerted = new AlertedStory();
  beforeAll(() => alerted.open(openDatabase));
  beforeEach(() => alerted.begin());
  afterEach(() => alerted.push.close());
  afterAll(() => alerted.close());
  return alerted;
}

class AlertedStory {
  #site: Site | null = null;
  #scene: Scene | null = null;

  async open(openDatabase: () => Promise<OwnDatabase>): Promise<void> {
    const fresh = await openDatabase();
    this.#site = { fresh, publishing: await openPublishing(fresh) };
  }

  async begin(): Promise<void> {
    const { publishing } = this.#opened;
    const push = await startPushService(vapid.publicKey);
    const people = {
      mira: await publishing.person('Mira'),
      jo: await publishing.person('Jo'),
      ana: await publishing.person('Ana'),
    };
    const body = { kind: 'text', words: 'Nobody kept it.' };
    const command = { takeId: newTakeId(), title: 'The lighthouse', body };
    const story = await plantStory(publishing, people.mira, command);
    const channels = openPushChannels(readConfig(environment(push)));
    this.#scene = { push, people, story, channels };
  }

  async close(): Promise<void> {
    await this.#site?.publishing.close();
    await this.#site?.fresh.close();
  }

  get fresh(): OwnDatabase {
    return this.#opened.fresh;
  }

  get db(): Publishing['db'] {
    return this.#opened.publishing.db;
  }

  get queue(): Publishing['queue'] {
    return this.#opened.publishing.queue;
  }

  get publishing(): Publishing {
    return this.#opened.publishing;
  }

  get push(): PushService {
    return this.#begun.push;
  }

  get story(): Published {
    return this.#begun.story;
  }

  get mira(): Person {
    return this.#begun.people.mira;
  }

  get jo(): Person {
    return this.#begun.people.jo;
  }

  get ana(): Person {
    return this.#begun.people.ana;
  }

  deps(): DeliverDeps {
    const { db, log } = this.fresh;
    return { db, log, channels: this.#begun.channels };
  }

  /** From here on there is another way to alert people, too. */
  configure(settings: Readonly<Record<string, string>>): void {
    const { push } = this;
    this.#begun.channels = openPushChannels(readConfig({ ...environment(push), ...settings }));
  }

  /** Somebody answers a take: the seed, if it is left out. */
  answer(by: Person, parentId = this.story.takeId): Promise<Published> {
    return branchStory(this.publishing, by, this.story.storyId, {
      takeId: newTakeId(),
      parentId,
      body: { kind: 'text', words: 'Somebody did.' },
    });
  }

  async subscribe(who: Person, browser: string): Promise<void> {
    const { p256dh, auth } = this.push.subscribe();
    await savePushSubscription(this.deps(), who.id, {
      endpoint: `http://${this.push.host}/send/${browser}`,
      keys: { p256dh, auth },
    });
  }

  /** The id of the only line of somebody's inbox. */
  async onlyLine(who: Person): Promise<string> {
    const [line, ...more] = await readInbox(this.fresh.db, who.id);
    if (line === undefined || more.length > 0) throw new Error('there is not one line');
    return line.id;
  }

  async jobsFor(notificationId: string): Promise<number> {
    const { rows } = await this.fresh.pool.query(
      `select 1 from pgboss.job where name = 'alert.deliver' and data->>'notificationId' = $1`,
      [notificationId],
    );
    return rows.length;
  }

  get #opened(): Site {
    if (this.#site === null) throw new Error('the site is not open');
    return this.#site;
  }

  get #begun(): Scene {
    if (this.#scene === null) throw new Error('nothing has begun');
    return this.#scene;
  }
}

const environment = ({ host }: PushService) => ({
  ORIGIN: 'https://tap.example',
  VAPID_PUBLIC_KEY: vapid.publicKey,
  VAPID_PRIVATE_KEY: vapid.privateKey,
  WEB_PUSH_EXTRA_HOSTS: host,
});
