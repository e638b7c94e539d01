// Token exchange (RFC 8693), which the provider does not have: a JWT access token of its own for one for a resource.

import { createPublicKey, verify } from 'node:crypto';

import { errors } from 'oidc-provider';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const PARAMETERS = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'resource',
  'audience',
  'scope',
];

/** Let clients use the grant. resourceServer: of a resource indicator; throws InvalidTarget. */
export function allowTokenExchange(provider, keys, resourceServer) {
  const exchange = async (context) => {
    const { client, params } = context.oidc;
    if (params.subject_token_type !== ACCESS_TOKEN) throw new errors.InvalidRequest('subject_token_type');
    const { sub } = verified(params.subject_token, keys);
    const info = resourceServer(params.resource);
    const token = new provider.AccessToken({ accountId: sub, client, gty: 'token_exchange', scope: info.scope });
    token.resourceServer = new provider.ResourceServer(params.resource, info);
    if (params.actor_token) token.extra = { act: { sub: verified(params.actor_token, keys).sub } };
    context.body = {
      access_token: await token.save(),
      issued_token_type: ACCESS_TOKEN,
      token_type: 'Bearer',
      expires_in: token.expiration,
    };
  };
  provider.registerGrantType(GRANT, exchange, PARAMETERS);
}

function verified(token, keys) {
  const [head, body, signature] = token.split('.');
  const { kid } = JSON.parse(Buffer.from(head, 'base64url'));
  const jwk = keys.find((each) => each.kid === kid && each.kty === 'RSA');
  const key = jwk && createPublicKey({ key: jwk, format: 'jwk' });
  if (!key || !verify('sha256', `${head}.${body}`, key, Buffer.from(signature, 'base64url'))) {
    throw new errors.InvalidGrant('the token is not one of mine');
  }
  const claims = JSON.parse(Buffer.from(body, 'base64url'));
  if (claims.exp < Date.now() / 1000) throw new errors.InvalidGrant('the token has expired');
  return claims;
}
