declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** An in-process DynamoDB over LevelDB. https://github.com/architect/dynalite */
  export default function dynalite(options: {
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
  }): Server;
}

declare module 'dynalite/db/index.js' {
  /** The store below it. An error of `open` has the reason as its `cause`, `LEVEL_LOCKED` among them. */
  const database: {
    create(options: { path: string }): { db: { open(): Promise<void>; close(): Promise<void> } };
  };
  export default database;
}
