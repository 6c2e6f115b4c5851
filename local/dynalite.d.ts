declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** An in-process DynamoDB over LevelDB. https://github.com/architect/dynalite */
  export default function dynalite(options: {
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
  }): Server;
}
