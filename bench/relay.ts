/**
 * The limit: a bare `node:http` relay that does nothing but pipe both ways, in a process of its own:
 * `PORT=n UPSTREAM_PORT=m node bench/relay.ts`. Whatever a gateway does more than this, it pays for.
 */
import { Agent, createServer, request as send } from 'node:http';

const agent = new Agent({ keepAlive: true });
const port = Number(process.env.UPSTREAM_PORT);

const server = createServer((request, response) => {
  const { method, url, headers } = request;
  const upstream = send({ agent, host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  upstream.on('error', () => response.destroy());
  response.on('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
  request.pipe(upstream);
});

process.on('disconnect', () => process.exit());
server.listen(Number(process.env.PORT), '127.0.0.1');
