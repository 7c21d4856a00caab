import { createLogger, type Logger } from '#backend/log.ts';

let logger: Logger | undefined;

/** The log of the web process. */
export function webLog(): Logger {
  logger ??= createLogger('web', process.env['LOG_LEVEL'] || 'info');
  return logger;
}
