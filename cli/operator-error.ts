/** A command could not do what it was asked. The message says what to do next. */
export class OperatorError extends Error {
  override name = 'OperatorError';
}
