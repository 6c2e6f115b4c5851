/** Something took longer than it was given. */
export class TooSlow extends Error {
  override name = 'TooSlow';
}

/** `work`'s result, or TooSlow after `milliseconds`. What is late is not cancelled, and its failure is nobody's. */
export async function within<Of>(milliseconds: number, work: Promise<Of>): Promise<Of> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TooSlow(`not done within ${milliseconds} ms`)), milliseconds);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
