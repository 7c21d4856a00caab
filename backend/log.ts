// Structured logs, one JSON line each, with what must not be logged cut out.
import { pino, type Logger } from 'pino';

export type { Logger };

const secrets = [
  'cookie',
  'authorization',
  'token',
  'password',
  '*.cookie',
  '*.authorization',
  '*.token',
  '*.password',
];

/** A logger of one process. `level` as in LOG_LEVEL. */
export function createLogger(name: string, level: string): Logger {
  return pino({ name, level, redact: { paths: secrets, censor: '[redacted]' } });
}
