import type { ServerResponse } from 'node:http';

/** One simulated vendor: answers a request in that vendor's own wire format, or says that it can not. */
export type SimulatedVendor = (path: string, body: string, response: ServerResponse) => Promise<void>;
