import type { Socket } from 'node:net';
import type { Answer } from './fake-upstream.ts';

/** The answer's socket as soon as the upstream has a request, and its end. */
export function watched(answer: Answer): { answer: Answer; open: Promise<Socket>; closed: Promise<unknown> } {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  return {
    answer: (request, response, message) => {
      resolve(message.socket);
      return answer(request, response, message);
    },
    open: promise,
    // A reset is an end too, so not `once`, which fails with it.
    closed: promise.then(
      (socket) => new Promise((ended) => (socket.destroyed ? ended(true) : socket.once('close', ended))),
    ),
  };
}
