// Hocuspocus with its Database extension on the same Postgres as ours: whole documents, debounced.
import { Database } from '@hocuspocus/extension-database';
import { Hocuspocus } from '@hocuspocus/server';
import { Pool } from 'pg';
import * as v from 'valibot';
import { PEER_TABLE } from '../support/peer-table.ts';
import { serveHocuspocus } from './serve.ts';

const environment = v.parse(
  v.object({
    DATABASE_URL: v.string(),
    /** Milliseconds; unset is Hocuspocus' own two seconds. */
    DEBOUNCE_MS: v.optional(v.pipe(v.string(), v.toNumber())),
  }),
  process.env,
);
const pool = new Pool({ connectionString: environment.DATABASE_URL });
const debounce = environment.DEBOUNCE_MS;

const database = new Database({
  fetch: async ({ documentName }) => {
    const { rows } = await pool.query<{ state: Buffer }>(
      `select state from ${PEER_TABLE} where name = $1`,
      [documentName],
    );
    return rows[0]?.state ?? null;
  },
  store: async ({ documentName, state }) => {
    await pool.query(
      `insert into ${PEER_TABLE} (name, state) values ($1, $2)
       on conflict (name) do update
       set state = excluded.state, stores = ${PEER_TABLE}.stores + 1`,
      [documentName, state],
    );
  },
});
serveHocuspocus(
  new Hocuspocus({
    quiet: true,
    extensions: [database],
    ...(debounce !== undefined && { debounce }),
  }),
);
