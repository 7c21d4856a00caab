// Why there is no microphone to record with.

export class NoMicrophone extends Error {
  override readonly name = 'NoMicrophone';
  readonly why: 'denied' | 'no-input';
  constructor(why: 'denied' | 'no-input', cause: unknown) {
    super(why === 'denied' ? 'the microphone is not allowed' : 'there is no microphone', { cause });
    this.why = why;
  }
}
