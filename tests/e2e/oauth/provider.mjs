// A real OAuth 2.0 provider for the tests: the npm package oidc-provider with its development interactions.
// Beside it: GET /resource wants a token; GET /__grants counts what was granted; POST /__revoke takes consents back.
import Provider from 'oidc-provider';

const { PORT, CALLBACK, SECRET } = process.env;
const grants = {};
const consents = new Set();

const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  clients: [
    {
      client_id: 'crm-client',
      client_secret: SECRET,
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    {
      client_id: 'machine-client',
      client_secret: SECRET,
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_post',
    },
  ],
  cookies: { keys: [SECRET] },
  features: { clientCredentials: { enabled: true }, revocation: { enabled: true } },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  pkce: { required: () => true },
  scopes: ['openid', 'contacts'],
  ttl: { AccessToken: 10, ClientCredentials: 3600, RefreshToken: 3600, Grant: 3600, Session: 3600, Interaction: 600 },
  findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
});

provider.on('grant.success', (ctx) => {
  const name = `${ctx.oidc.client.clientId} ${ctx.oidc.params.grant_type}`;
  grants[name] = (grants[name] || 0) + 1;
});
provider.on('refresh_token.saved', (token) => consents.add(token.grantId));

provider.use(async (ctx, next) => {
  if (ctx.path === '/resource') {
    const token = (ctx.get('authorization') || '').replace(/^Bearer /, '');
    const found = token && ((await provider.AccessToken.find(token)) || (await provider.ClientCredentials.find(token)));
    ctx.status = found ? 200 : 401;
    ctx.body = { client: found ? found.clientId : null };
  } else if (ctx.path === '/__grants') {
    ctx.body = grants;
  } else if (ctx.path === '/__revoke') {
    for (const id of consents) {
      await provider.RefreshToken.revokeByGrantId(id);
      await provider.AccessToken.revokeByGrantId(id);
    }
    ctx.body = {};
  } else {
    await next();
  }
});

provider.listen(Number(PORT), '127.0.0.1', () => console.log('ready'));
