/** The command line is not one of ours. The message says what is expected. */
export class UsageError extends Error {
  override name = 'UsageError';
}
