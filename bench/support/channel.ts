// Questions to a child process and its answers: both ends.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as v from 'valibot';

const questionSchema = v.object({ id: v.number(), name: v.string(), given: v.unknown() });
const replySchema = v.object({
  id: v.number(),
  answer: v.optional(v.unknown()),
  failure: v.optional(v.string()),
});
const greetingSchema = v.object({ greeting: v.unknown() });

/** No question takes longer, milliseconds. */
const ANSWER_MS = 180_000;

/** The parent's end. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;
  /** What it said when it was ready. */
  readonly greeting: unknown;

  private constructor(child: ChildProcess, greeting: unknown) {
    this.#process = child;
    this.greeting = greeting;
    child.on('message', (message) => {
      const { id, answer, failure } = v.parse(replySchema, message);
      if (failure === undefined) this.#waiting.get(id)?.resolve(answer);
      else this.#waiting.get(id)?.reject(new Error(failure));
    });
    child.once('exit', (code, signal) => {
      const gone = new Error(`a child process ended with ${code ?? signal}`);
      for (const waiting of this.#waiting.values()) waiting.reject(gone);
    });
  }

  /** Starts a file and waits until it is ready. Its heap can be collected on request. */
  static async start(file: URL, env: Readonly<Record<string, string>> = {}): Promise<Child> {
    const child = fork(file, {
      env: { ...process.env, ...env },
      execArgv: ['--expose-gc'],
      serialization: 'advanced',
    });
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${file.pathname} ended before it was ready`);
    });
    const [message] = await Promise.race([once(child, 'message'), ended]);
    return new Child(child, v.parse(greetingSchema, message).greeting);
  }

  /** @throws what the child failed with, or that it did not answer in time */
  async ask<T>(name: string, given: unknown, schema: v.GenericSchema<unknown, T>): Promise<T> {
    if (!this.#process.connected) throw new Error('the child process is gone');
    const id = (this.#asked += 1);
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    const timer = setTimeout(() => waiting.reject(new Error(`no answer to ${name}`)), ANSWER_MS);
    try {
      this.#process.send({ id, name, given });
      return v.parse(schema, await waiting.promise);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }
}

/** Answers one kind of question. */
export type Answer = (given: unknown) => unknown;

/** The child's end: says that it is ready, answers, and ends with its parent. */
export function answerParent(greeting: unknown, answers: Readonly<Record<string, Answer>>): void {
  process.on('message', (message) => {
    const { id, name, given } = v.parse(questionSchema, message);
    const run = async () => {
      const answer = answers[name];
      if (answer === undefined) throw new Error(`nobody answers ${name}`);
      return await answer(given);
    };
    void run().then(
      (answer: unknown) => process.send?.({ id, answer }),
      (error: unknown) => process.send?.({ id, failure: String(error) }),
    );
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.({ greeting });
}
