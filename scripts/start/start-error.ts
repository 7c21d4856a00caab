/** Starting cannot go on, and the message tells the person at the terminal what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
