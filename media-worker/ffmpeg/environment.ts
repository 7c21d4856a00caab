// The environment of an ffmpeg: nothing of ours.

/** Where the small programs around ffmpeg find each other. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * What an ffmpeg and whatever bounds it are started with. Of the worker's environment it has nothing
 * but what Windows needs to start a program at all.
 */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const systemRoot = process.env['SYSTEMROOT'];
  return {
    ...(systemRoot === undefined ? { PATH: SYSTEM_PATH } : { SYSTEMROOT: systemRoot }),
    LANG: 'C',
    HOME: '.',
    TMPDIR: '.',
    AV_LOG_FORCE_NOCOLOR: '1',
    MALLOC_ARENA_MAX: '2', // each arena reserves address space, which is limited
  };
}
