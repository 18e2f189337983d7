// The OpenID-certified oidc-provider on loopback, for tests.
//
//   node server.js CERT KEY [CLIENT_ID]
//
// Prints one line of JSON ({"issuer": ...}) when it serves; ends when its input
// closes.  A line on its input puts new keys before the old ones, and is answered
// by one of JSON.  Users log in as NAME with the password NAME-password.  An ID
// token is for the client; with resource=urn:test:login there is a JWT access token too.
import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';

import { Provider } from 'oidc-provider';

const [cert, key, clientId = 'ssh-login'] = process.argv.slice(2);
const RESOURCE = 'urn:test:login';

// The product has to find the right one of several keys.
function makeKey(kid, alg, type, options) {
  const { privateKey } = crypto.generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

function makeKeys(number) {
  return [
    makeKey(`rsa-${number}`, 'RS256', 'rsa', { modulusLength: 2048 }),
    makeKey(`ec-${number}`, 'ES256', 'ec', { namedCurve: 'P-256' }),
  ];
}

function configuration(keys) {
  return {
    jwks: { keys },
    clients: [{
      client_id: clientId,
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
    }],
    claims: { openid: ['sub'], profile: ['preferred_username'] },
    conformIdTokenClaims: false,
    cookies: { keys: [crypto.randomBytes(32).toString('hex')] },
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id }),
    }),
    extraTokenClaims: (ctx, token) => ({ preferred_username: token.accountId }),
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'login',
          audience: RESOURCE,
          accessTokenTTL: 300,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      Grant: 600,
      IdToken: 300,
      Interaction: 600,
      Session: 600,
    },
  };
}

async function readForm(req) {
  let text = '';
  for await (const chunk of req) {
    text += chunk;
    if (text.length > 4096) throw new Error('form too long');
  }
  return new URLSearchParams(text);
}

// Login by form, consent without asking.
async function interaction(provider, req, res) {
  const details = await provider.interactionDetails(req, res);
  if (details.prompt.name === 'login') {
    if (req.method !== 'POST') {
      res.setHeader('Content-Type', 'text/html');
      res.end('<form method="post"><input name="user">'
        + '<input name="password" type="password"><button>Log in</button></form>');
      return;
    }
    const form = await readForm(req);
    const user = form.get('user');
    if (form.get('password') !== `${user}-password`) {
      res.statusCode = 401;
      res.end('wrong password\n');
      return;
    }
    await provider.interactionFinished(req, res, { login: { accountId: user } },
      { mergeWithLastSubmission: false });
    return;
  }

  const { params, session } = details;
  const grant = details.grantId
    ? await provider.Grant.find(details.grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const missing = details.prompt.details;
  if (missing.missingOIDCScope) grant.addOIDCScope(missing.missingOIDCScope.join(' '));
  if (missing.missingOIDCClaims) grant.addOIDCClaims(missing.missingOIDCClaims);
  for (const [name, scopes] of Object.entries(missing.missingResourceScopes || {})) {
    grant.addResourceScope(name, scopes.join(' '));
  }
  await provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } },
    { mergeWithLastSubmission: true });
}

const server = https.createServer({
  cert: fs.readFileSync(cert),
  key: fs.readFileSync(key),
});

server.listen(0, '127.0.0.1', () => {
  const issuer = `https://127.0.0.1:${server.address().port}`;
  let keys = makeKeys(1);
  let provider = new Provider(issuer, configuration(keys));
  let serve = provider.callback();
  let rotations = 0;
  process.stdin.on('data', () => {
    rotations += 1;
    keys = [...makeKeys(rotations + 1), ...keys];
    provider = new Provider(issuer, configuration(keys));
    serve = provider.callback();
    console.log(JSON.stringify({ rotations }));
  });
  server.on('request', (req, res) => {
    if (req.url.startsWith('/interaction/')) {
      interaction(provider, req, res).catch((error) => {
        res.statusCode = 500;
        res.end(`${error.message}\n`);
      });
    } else {
      serve(req, res);
    }
  });
  console.log(JSON.stringify({ issuer }));
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
process.stdin.on('close', () => process.exit(0));
