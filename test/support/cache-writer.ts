import { tableStoresAt } from '../../lambda/stores/aws.ts';
import { LOCAL_TABLES } from '../../local/dynamodb.ts';
import { entryOf, patterned } from './cache-table.ts';

/** A process that writes one entry and ends: `node cache-writer.ts ENDPOINT ID SIZE SEED`. */
const [endpoint = '', id = '', size = '', seed = ''] = process.argv.slice(2);
const { cache, client } = tableStoresAt(endpoint, LOCAL_TABLES);
await cache.put(id, entryOf(patterned(Number(size), Number(seed))));
client.destroy();
