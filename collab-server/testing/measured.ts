// A collab-server in a process of its own, measured, so that what its clients cost is not counted.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import * as v from 'valibot';

const measuredSchema = v.object({
  /** Most CPU that one turn of the event loop took, milliseconds. */
  turnCpuMs: v.number(),
  /** CPU of all threads, milliseconds. */
  processCpuMs: v.number(),
});
export type Measured = v.InferOutput<typeof measuredSchema>;

export interface MeasuredServer {
  /** `ws://host:port` */
  readonly url: string;
  /** What was measured since the last time. */
  measure(): Promise<Measured>;
  kill(): Promise<void>;
}

export async function serveMeasured(databaseUrl: string): Promise<MeasuredServer> {
  const script = new URL('measured-server.ts', import.meta.url);
  const child = fork(script, [databaseUrl], { stdio: 'inherit' });
  const next = async <T>(schema: v.GenericSchema<unknown, T>): Promise<T> => {
    const [message] = await once(child, 'message');
    return v.parse(schema, message);
  };
  const { port } = await next(v.object({ port: v.number() }));
  return {
    url: `ws://127.0.0.1:${port}`,
    measure: () => {
      child.send('measure');
      return next(measuredSchema);
    },
    kill: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
