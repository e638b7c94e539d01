// What tests make the provider do: POST /control/<what> with JSON.

import { text } from './login.mjs';
import { all } from './store.mjs';

const now = Date.now;

/** faults: what answers instead of the provider, by path. requests: how many came, by path. */
export const state = { faults: {}, requests: {} };

/** Answers /control/… and /frame; false if the request is another one. */
export async function control(running, request, response) {
  if (request.url.startsWith('/frame?')) return frame(request, response);
  const what = request.url.match(/^\/control\/(\w+)$/)?.[1];
  if (what === undefined) return false;
  const answer = await actions[what](running, JSON.parse((await text(request)) || '{}'));
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
  return true;
}

// The front channel (OpenID Connect Front-Channel Logout 1.0 §2): oidc-provider knows it no longer.
function frame(request, response) {
  const uri = new URL(request.url, 'http://provider').searchParams.get('uri').replaceAll('"', '%22');
  response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><iframe src="${uri}"></iframe>`);
  return true;
}

/** True if the test wants something else than the provider's own answer. */
export function fails(path, response) {
  state.requests[path] = (state.requests[path] ?? 0) + 1;
  const fault = state.faults[path];
  if (fault === undefined) return false;
  if (fault.times !== undefined && --fault.times === 0) delete state.faults[path];
  if (fault.breaks) response.socket.destroy();
  else if (!fault.hangs) response.writeHead(fault.status, fault.headers).end(fault.body);
  return true;
}

const actions = {
  rotate: (running, { forget }) => running.rotate(forget),
  fault: (_running, { path, ...fault }) => void (state.faults[path] = fault),
  heal: () => void (state.faults = {}),
  requests: () => state.requests,
  // Tokens of the past or the future, without waiting for either.
  clock: (_running, { seconds }) => void (Date.now = () => now() + seconds * 1000),
  // As an operator does: no browser takes part.
  end_sessions: async ({ provider }, { login }) => {
    const told = all('Session').filter((session) => session.accountId === login).map((session) => end(provider, session));
    return { told: (await Promise.all(told)).flat() };
  },
  // A logout token as the provider makes them, for a client without a session, or with another's `sid`.
  tell: async ({ provider }, { client_id, login, sid }) => {
    const client = await provider.Client.find(client_id);
    await client.backchannelLogout(login, sid);
  },
};

async function end(provider, payload) {
  const session = await provider.Session.findByUid(payload.uid);
  const sids = Object.entries(payload.authorizations ?? {});
  await session.destroy();
  for (const { grantId } of Object.values(payload.authorizations ?? {})) {
    for (const model of ['AccessToken', 'RefreshToken', 'AuthorizationCode']) await provider[model].revokeByGrantId(grantId);
    await provider.Grant.adapter.destroy(grantId);
  }
  return Promise.all(sids.map(([clientId, { sid }]) => tell(provider, clientId, payload.accountId, sid)));
}

async function tell(provider, clientId, login, sid) {
  const client = await provider.Client.find(clientId);
  if (!client.backchannelLogoutUri) return { client_id: clientId, sid };
  const error = await client.backchannelLogout(login, sid).then(() => null, (reason) => reason.message);
  return { client_id: clientId, sid, error };
}
