import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What every simulated model says: it never passes for a real one. */
export function simulatedText(vendor: string): string {
  return (
    `This is a simulated answer: no model was asked. It came through Sluice in ${vendor}'s own wire format, ` +
    'word by word, as a real one would. Set a provider key and name a real model to get a real answer.'
  );
}

/** Pieces of a text as a model would stream them. */
export function pieces(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

/** Roughly a fast model's pace, slow enough to see that it streams. */
export async function pace(): Promise<void> {
  await sleep(25);
}

/** A token count that is plausible, no more. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

export function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
