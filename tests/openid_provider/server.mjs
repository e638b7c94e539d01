// Runs a provider on the loopback interface. Argument: settings as JSON. Prints its issuer once it can be asked.

import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

import { control, fails } from './control.mjs';
import { newKeys } from './keys.mjs';
import { login } from './login.mjs';
import { makeProvider } from './provider.mjs';

const settings = JSON.parse(process.argv[2]);
const running = { provider: undefined, keys: newKeys(), rotate };

/** Sign with new keys from now on. forget: publish the old ones no longer. */
function rotate(forget) {
  running.keys = [...newKeys(), ...(forget ? [] : running.keys)];
  running.provider = makeProvider(issuer(), settings, running.keys);
}

function issuer() {
  const { port } = server.address();
  return settings.tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
}

async function answer(request, response) {
  const { provider } = running;
  if (await control(running, request, response)) return;
  if (fails(new URL(request.url, issuer()).pathname, response)) return;
  if (await login(provider, settings, request, response)) return;
  provider.callback()(request, response);
}

function guarded(request, response) {
  answer(request, response).catch((error) => response.writeHead(400).end(`${error.message}\n`));
}

const server = settings.tls
  ? createTlsServer({ ...settings.tls, requestCert: true, rejectUnauthorized: false }, guarded)
  : createServer(guarded);

server.listen(0, '127.0.0.1', () => {
  running.provider = makeProvider(issuer(), settings, running.keys);
  console.log(JSON.stringify({ issuer: issuer() }));
});
