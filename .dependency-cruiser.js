// Who may import whom: the arrows of docs/ARCHITECTURE.md, enforced.
const PROCESSES = ['web', 'collab-server', 'media-worker'];
const processes = `^(${PROCESSES.join('|')})/`;
const test = '\\.(test|bench)\\.ts$';

/** A process talks to another one over a socket, the queue or Postgres, never by an import. */
function alone(name) {
  const others = PROCESSES.filter((other) => other !== name).join('|');
  return {
    name: `${name}-imports-no-other-process`,
    severity: 'error',
    from: { path: `^${name}/`, pathNot: test },
    to: { path: `^(${others})/` },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'a component may show itself, as trees do',
      severity: 'error',
      from: { path: '(.+)' },
      to: { circular: true, pathNot: '^$1$' },
    },
    {
      name: 'domain-is-pure',
      comment: 'domain does no I/O: it may use only itself, yjs and valibot',
      severity: 'error',
      from: { path: '^domain/', pathNot: test },
      to: { pathNot: '^(domain/|node_modules/(yjs|valibot)/)' },
    },
    {
      name: 'drizzle-knows-only-domain',
      severity: 'error',
      from: { path: '^drizzle/', pathNot: test },
      to: { path: `^(backend|tests|scripts|bench)/|${processes}` },
    },
    {
      name: 'backend-knows-no-process',
      severity: 'error',
      from: { path: '^backend/', pathNot: test },
      to: { path: processes },
    },
    {
      name: 'only-backend-and-scripts-touch-drizzle',
      severity: 'error',
      from: { pathNot: '^(backend|drizzle|scripts|tests|bench)/|drizzle\\.config\\.ts$' },
      to: { path: '^drizzle/' },
    },
    ...PROCESSES.map(alone),
    {
      name: 'browser-code-reaches-only-domain',
      severity: 'error',
      from: {
        path: '^web/src/',
        pathNot: '/server/|\\.server\\.|\\+server\\.ts$|hooks\\.server|\\.test\\.ts$',
      },
      to: { path: '^(backend|drizzle)/' },
    },
    {
      name: 'adapters-know-no-tables',
      comment: 'integrations report what happened; whoever composes them writes it down',
      severity: 'error',
      from: { path: '^backend/integrations/', pathNot: test },
      to: { path: '^backend/(postgres|story|notifications|accounts)/|^drizzle/' },
    },
    {
      name: 'run-time-needs-no-development-package',
      comment: 'these run unbundled from an image that has only dependencies',
      severity: 'error',
      from: {
        path: '^(domain|drizzle|backend|collab-server|media-worker)/|^web/[^/]+\\.ts$',
        pathNot: `${test}|/testing/|vite\\.config\\.ts$`,
      },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { pathNot: `^(tests|bench|scripts)/|${test}|(playwright|vitest)\\.config\\.ts$` },
      to: { path: '^(tests|bench|scripts)/' },
    },
    {
      name: 'lucia-behind-sessions',
      severity: 'error',
      from: { pathNot: '^backend/accounts/sessions\\.ts$' },
      to: { path: 'node_modules/(lucia|@lucia-auth)/' },
    },
    {
      name: 'fluent-ffmpeg-behind-command',
      severity: 'error',
      from: { pathNot: '^media-worker/ffmpeg/command\\.ts$' },
      to: { path: 'node_modules/(@types/)?fluent-ffmpeg/' },
    },
    {
      name: 'onesignal-behind-its-adapter',
      severity: 'error',
      from: { pathNot: '^backend/integrations/onesignal\\.ts$' },
      to: { path: 'node_modules/onesignal-node/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(build|\\.svelte-kit)/|^web/node_modules/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ['node', 'import', 'default'] },
  },
};
