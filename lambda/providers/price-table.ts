import type { Price } from '../config.ts';

/** Prices by vendor and model, in US dollars per million tokens. */
export const PRICE_TABLE: Readonly<Record<string, Readonly<Record<string, Price>>>> = {};
