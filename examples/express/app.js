// A backend that serves only callers whom its gateway vouches for, in an assertion made for this backend.

import express from "express";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const keys = createRemoteJWKSet(
  new URL(process.env.ASSERTION_KEYS ?? "http://127.0.0.1:8080/.well-known/hotgate/jwks.json"),
  { cacheMaxAge: 300_000, timeoutDuration: 5_000 }, // longer, and a new key of the gateway would not be known
);
const terms = {
  issuer: process.env.ASSERTION_ISSUER ?? "https://gateway.example.com",
  audience: "orders",
  typ: "hotgate-assertion+jwt", // another kind of token is no assertion
  algorithms: ["ES256"], // never what the token itself says
  requiredClaims: ["sub", "exp", "nbf"],
  clockTolerance: 5,
};

async function knowTheCaller(request, response, next) {
  try {
    const { payload } = await jwtVerify(request.get("X-Hotgate-Assertion") ?? "", keys, terms);
    request.caller = payload;
  } catch (error) {
    // Whatever is wrong with the token is one answer; all else (no keys, a bug) is another, and no way in either.
    const isRefused = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout);
    return response.status(isRefused ? 401 : 503).json({ error: "only through the gateway" });
  }
  next();
}

const app = express();
app.disable("x-powered-by");
app.use(knowTheCaller); // before every route, so that none can be forgotten

app.get("/orders/:order", (request, response) => {
  const { sub, scope = "" } = request.caller;
  response.json({ order: request.params.order, caller: sub, scopes: scope.split(" ").filter(Boolean) });
});

app.listen(Number(process.env.PORT ?? 9000), "127.0.0.1");
