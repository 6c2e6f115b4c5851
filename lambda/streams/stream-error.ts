/** An event in which the producer of a stream reports a failure. `body` is its JSON, as an error answer would hold it. */
export class StreamError extends Error {
  override name = 'StreamError';
  readonly body: string;
  constructor(body: string) {
    super('the provider reported an error in its stream');
    this.body = body;
  }
}
