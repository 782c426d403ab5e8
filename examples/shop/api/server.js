// Counts visits in redis and shows the number. No packages: the redis protocol of one command is a line.
'use strict';
const http = require('http');
const net = require('net');

const [host, port] = (process.env.DATABASE || 'db:6379').split(':');

function countVisit() {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port: Number(port) }, () => socket.write('INCR visits\r\n'));
    socket.setTimeout(2000, () => socket.destroy(new Error('the database does not answer')));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.end();
      const answer = data.toString();
      if (answer.startsWith(':')) resolve(Number(answer.slice(1)));
      else reject(new Error(answer.trim()));
    });
  });
}

const page = (visits) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>The shop</title>
<body style="font-family: sans-serif; margin: 4em auto; max-width: 30em">
<h1>The shop is open</h1>
<p>Visits so far: <strong>${visits}</strong></p>
</body></html>
`;

const server = http.createServer(async (request, response) => {
  if (request.url === '/healthy') return response.end('ok\n');
  try {
    const visits = await countVisit();
    console.log(`visit ${visits}`);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(page(visits));
  } catch (error) {
    console.error(`no count: ${error.message}`);
    response.statusCode = 502;
    response.end('the database does not answer\n');
  }
});
server.listen(Number(process.env.PORT || 3000), () => console.log('listening'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
