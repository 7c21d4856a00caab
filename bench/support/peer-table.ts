// Where Hocuspocus' Database extension keeps whole documents, as its documentation shows it.
import type { Pool } from 'pg';

export const PEER_TABLE = 'peer_documents';

export async function createPeerTable(pool: Pool): Promise<void> {
  await pool.query(
    `create table if not exists ${PEER_TABLE} (name text primary key, state bytea not null)`,
  );
}
