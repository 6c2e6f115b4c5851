import { failureFields, type Log } from '../../log.ts';
import type { RequestLog, RequestRecord } from '../../stores/request-log.ts';

const MAX_IN_FLIGHT = 100;
const DELIVERY_MS = 5_000;
let inFlight = 0;

/**
 * Writes one record to every sink, once the answer is out: `record` is made here, not before. A sink that is down or slow loses
 * the record and nothing else, and the log says so. Never rejects.
 */
export async function deliver(
  record: () => RequestRecord,
  sinks: readonly RequestLog[],
  log: Log,
): Promise<void> {
  if (inFlight >= MAX_IN_FLIGHT) {
    for (const { name } of sinks) log.warn('request not logged', { sink: name, reason: 'too many at once' });
    return;
  }
  inFlight++;
  try {
    // The caller's last byte is on its way before anything of this runs.
    await new Promise((resolve) => setImmediate(resolve));
    const made = record();
    await Promise.all(sinks.map((sink) => deliverTo(sink, made, log)));
  } catch (error) {
    log.warn('request not logged', failureFields(error));
  } finally {
    inFlight--;
  }
}

async function deliverTo(sink: RequestLog, record: RequestRecord, log: Log): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('the sink took too long')), DELIVERY_MS);
  try {
    await Promise.race([sink.write(record), late.promise]);
  } catch (error) {
    log.warn('request not logged', { sink: sink.name, ...failureFields(error) });
  } finally {
    clearTimeout(timer);
  }
}
