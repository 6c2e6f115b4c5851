import type { GatewayConfig } from '../../config.ts';
import { GatewayError } from '../../errors.ts';
import { addUsage } from '../../openai/usage.ts';
import type { Usage } from '../../openai/wire.ts';
import type { ProviderRegistry } from '../../providers/index.ts';
import type { Route } from '../../providers/provider.ts';
import type { LoggingTarget } from '../../stores/credential-store.ts';
import type { RequestLog, RequestRecord } from '../../stores/request-log.ts';
import { CallerLeft, type Outcome } from '../answers/answer-stream.ts';
import type { End, FollowedRequest, Follower } from '../answers/follower.ts';
import { NANO_USD } from '../limits/counters.ts';
import { RoutePrices } from '../limits/route-prices.ts';
import type { Answer } from '../upstream/attempts.ts';
import { deliver } from './deliver-record.ts';
import { limited, outputOf } from './recorded-output.ts';
import { type Span, spanOf } from './span.ts';

export interface RecordParts {
  readonly config: Pick<GatewayConfig, 'prices'>;
  readonly registry: ProviderRegistry;
  readonly requestLogs: readonly RequestLog[];
}

/** Logs the request to its project, where the caller's credential or `x-bt-parent` asks for that. */
export function openRecord(request: FollowedRequest, parts: RecordParts): Follower | undefined {
  const target = request.options.logging;
  if (target === undefined || parts.requestLogs.length === 0) return undefined;
  const span = spanOf(request.traceparent);
  request.responseHeaders['x-bt-span-id'] = span.spanId;
  return new Recorder(request, target, span, parts);
}

/** More is kept of no answer: a log line holds a megabyte. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;

class Recorder implements Follower {
  readonly wantsBody = true;
  readonly maxBodyBytes = MAX_KEPT_BYTES;
  readonly #request: FollowedRequest;
  readonly #target: LoggingTarget;
  readonly #span: Span;
  readonly #parts: RecordParts;
  readonly #prices: RoutePrices;
  readonly #startedAt = Date.now();
  #firstByteAt: number | undefined;
  #route: Route | undefined;
  #usage: Usage | undefined;
  #costUsd: number | undefined = 0;
  #over = false;

  constructor(request: FollowedRequest, target: LoggingTarget, span: Span, parts: RecordParts) {
    this.#request = request;
    this.#target = target;
    this.#span = span;
    this.#parts = parts;
    this.#prices = new RoutePrices(parts);
  }

  settled({ route }: Answer, { usage }: Outcome): void {
    this.#route = route;
    if (usage === undefined) return;
    this.#usage = addUsage(this.#usage, usage);
    const nanoUsd = this.#prices.cost(route, usage);
    this.#costUsd =
      nanoUsd === undefined || this.#costUsd === undefined ? undefined : this.#costUsd + nanoUsd / NANO_USD;
  }

  #vendorOf({ provider }: Route): string {
    return this.#parts.registry.get(provider.name)?.vendor.name ?? provider.name;
  }

  began(): void {
    this.#firstByteAt = Date.now();
  }

  ended(end: End): void {
    if (this.#over) return;
    this.#over = true;
    const { context } = this.#request;
    context.waitUntil(deliver(() => this.#record(end), this.#parts.requestLogs, context.log));
  }

  #record(end: End): RequestRecord {
    const { principal, context, operation, path, model, stream, body } = this.#request;
    const output = end.body === undefined ? undefined : outputOf(end.body, end.contentType);
    const input = limited(body);
    // Their leaving breaks the provider's answer off, which may be seen first.
    const left = end.failure instanceof CallerLeft || context.signal.aborted;
    const failure = left ? undefined : failureOf(end.failure);
    const told = {
      ...(path === undefined ? {} : { path }),
      ...(model === undefined ? {} : { model }),
      ...(this.#route === undefined
        ? {}
        : {
            provider: this.#route.provider.name,
            vendor: this.#vendorOf(this.#route),
            answeredModel: this.#route.model,
          }),
      ...(output?.value === undefined ? {} : { output: output.value }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      ...(this.#usage === undefined || this.#costUsd === undefined ? {} : { costUsd: this.#costUsd }),
      ...(this.#firstByteAt === undefined ? {} : { firstByteAt: this.#firstByteAt }),
      ...(failure === undefined ? {} : { error: failure }),
    };
    return {
      requestId: context.requestId,
      ...this.#span,
      target: this.#target,
      caller: principal.id,
      operation,
      input: input.value,
      cached: end.cached === true,
      stream,
      status: left ? 499 : end.status,
      startedAt: this.#startedAt,
      endedAt: Date.now(),
      truncated: input.truncated || output?.truncated === true || end.cut === true,
      ...told,
    };
  }
}

function failureOf(failure: unknown): RequestRecord['error'] {
  if (failure === undefined) return undefined;
  if (!(failure instanceof GatewayError))
    return { message: 'The gateway failed.', type: 'server_error', code: null };
  const { message, type, code } = failure;
  return { message, type, code };
}
