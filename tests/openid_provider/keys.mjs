// The keys that the provider signs with: one of each kind that clients ask for.

import { generateKeyPairSync, randomUUID } from 'node:crypto';

const KINDS = [
  ['rsa', { modulusLength: 2048 }],
  ['ec', { namedCurve: 'P-256' }],
  ['ed25519', {}],
];

/** New private keys as JWKs, under new names. */
export function newKeys() {
  return KINDS.map(([kind, options]) => ({
    ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
    kid: randomUUID(),
    use: 'sig',
  }));
}
