/** The embedded DynamoDB in a process of its own, so that its CPU is not the gateway's: `PORT=n node bench/tables.ts`. */
import { createServer } from 'node:http';
import { startDynamoDB } from '../local/dynamodb.ts';

const { endpoint } = await startDynamoDB(process.cwd());

process.on('disconnect', () => process.exit());
createServer((_request, response) => {
  response.end(endpoint);
}).listen(Number(process.env.PORT), '127.0.0.1');
