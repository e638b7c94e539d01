// The certified provider with everything switched on that a client of it may use. Settings: __init__.py says which.

import { randomBytes } from 'node:crypto';

import Provider, { errors, interactionPolicy } from 'oidc-provider';

import { allowTokenExchange } from './token_exchange.mjs';
import { Store } from './store.mjs';

const CLAIMS = {
  amr: null,
  openid: ['sub', 'acr', 'amr', 'auth_time'],
  profile: ['name', 'preferred_username'],
  email: ['email', 'email_verified'],
  groups: ['groups'],
};

const CLIENT_AUTHENTICATION = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
];

const on = { enabled: true };

/** A provider that signs with the first key of each kind, and publishes all. */
export function makeProvider(issuer, settings, keys) {
  const provider = new Provider(issuer, {
    adapter: Store,
    clients: settings.clients,
    jwks: { keys },
    cookies: { keys: ['a secret of the tests'] },
    acrValues: settings.acr_values,
    claims: { ...CLAIMS, ...settings.claims },
    scopes: ['openid', 'offline_access', ...settings.scopes],
    conformIdTokenClaims: false, // claims are in the ID token, as most providers do it
    clientAuthMethods: CLIENT_AUTHENTICATION,
    enabledJWA: algorithms(),
    features: features(settings),
    fetch: (url, { dispatcher, ...options }) => fetch(url, options), // it would refuse to call the loopback interface
    findAccount: (_context, login) => account(settings, login),
    extraTokenClaims: (_context, token) => ({ ...token.extra, ...tokenClaims(settings, token) }),
    interactions: { policy: policy(), url: (_context, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: grantEverything,
    issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: settings.rotate_refresh_tokens,
    pkce: { required: () => settings.pkce_required },
    ttl: ttl(settings),
    renderError: (context, out) => {
      context.type = 'json';
      context.body = out;
    },
  });
  allowTokenExchange(provider, keys, (resource) => resourceServer(settings, resource));
  provider.on('server_error', (_context, error) => console.error(error));
  return provider;
}

function algorithms() {
  const signatures = ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'];
  return {
    clientAuthSigningAlgValues: ['HS256', ...signatures],
    idTokenSigningAlgValues: signatures,
    introspectionSigningAlgValues: signatures,
    userinfoSigningAlgValues: signatures,
    authorizationSigningAlgValues: signatures,
    requestObjectSigningAlgValues: signatures,
    dPoPSigningAlgValues: ['ES256', 'RS256', 'PS256', 'Ed25519', 'EdDSA'],
  };
}

function ttl({ ttl, refresh_ttl: RefreshToken }) {
  const ofResource = (_context, token) => token.resourceServer?.accessTokenTTL ?? ttl;
  return { AccessToken: ofResource, ClientCredentials: ofResource, IdToken: ttl, RefreshToken, Grant: 3600, Interaction: 600, Session: 3600 };
}

function features(settings) {
  return {
    devInteractions: { enabled: false },
    backchannelLogout: on,
    claimsParameter: on,
    clientCredentials: on,
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => settings.dpop_nonce },
    encryption: on,
    introspection: { enabled: true, allowedPolicy: () => true },
    jwtIntrospection: on,
    jwtResponseModes: on,
    jwtUserinfo: on,
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      getCertificate: (context) => context.socket.getPeerX509Certificate?.(),
      certificateAuthorized: (context) => context.socket.authorized,
      certificateSubjectMatches: (context, property, expected) =>
        property === 'tls_client_auth_san_dns' && context.socket.getPeerX509Certificate()?.checkHost(expected) === expected,
    },
    pushedAuthorizationRequests: on,
    requestObjects: on,
    resourceIndicators: {
      enabled: true,
      defaultResource: (_context, _client, named) => named ?? settings.default_resource ?? undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, resource) => resourceServer(settings, resource),
    },
    revocation: on,
    rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
  };
}

function resourceServer(settings, resource) {
  const server = settings.resources[resource];
  if (server === undefined) throw new errors.InvalidTarget();
  return {
    scope: server.scope ?? '',
    audience: resource,
    accessTokenFormat: server.format ?? 'jwt',
    accessTokenTTL: server.ttl ?? settings.ttl,
    jwt: { sign: { alg: server.alg ?? 'RS256' } },
  };
}

function account(settings, login) {
  const claims = settings.users[login];
  return claims && { accountId: login, claims: () => ({ sub: login, ...claims }) };
}

function tokenClaims(settings, token) {
  const claims = settings.users[token.accountId] ?? {};
  const named = settings.token_claims.filter((name) => name in claims).map((name) => [name, claims[name]]);
  return Object.fromEntries(named);
}

// Of `acr_values` OpenID Connect makes no duty; Keycloak and others let who has less sign in again all the same, which
// is what step-up (RFC 9470) lives of.
function policy() {
  const prompts = interactionPolicy.base();
  const isTooLow = ({ oidc }) => {
    const wanted = oidc.params.acr_values?.split(' ');
    return wanted !== undefined && !wanted.includes(oidc.session.acr);
  };
  prompts.get('login').checks.add(new interactionPolicy.Check('acr_too_low', 'a stronger login is asked for', isTooLow));
  return prompts;
}

// Nobody is asked for consent.
async function grantEverything(context) {
  const { client, session, provider, requestParamScopes, requestParamOIDCScopes, requestParamClaims, resourceServers } = context.oidc;
  const id = session.grantIdFor(client.clientId);
  const found = id && (await provider.Grant.find(id));
  const grant = found ?? new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope([...requestParamOIDCScopes].join(' '));
  grant.addOIDCClaims([...requestParamClaims]);
  for (const [resource, server] of Object.entries(resourceServers ?? {})) {
    grant.addResourceScope(resource, [...requestParamScopes].filter((scope) => server.scopes.has(scope)).join(' '));
  }
  await grant.save();
  return grant;
}

function logoutSource(context, form) {
  context.type = 'html';
  context.body = `<!doctype html><title>Sign out</title>${form}
    <button form="op.logoutForm" name="logout" value="yes" type="submit">Sign out</button>`;
}

function postLogoutSuccessSource(context) {
  context.type = 'html';
  context.body = '<!doctype html><title>Signed out</title><p>Signed out</p>';
}
