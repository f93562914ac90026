// Who can sign in at the providers of the checks, and the page where they do.

export const PERMISSIONS = 'urn:useparagon:connect:permissions';

/** Where a customer's Auth0 Action writes: any claim name that is a URL of theirs. */
export const NAMESPACED = 'https://e2e.example/permissions';

/** Logins without what `sub` makes of them: each provider has its own form of user ids. */
export const ACCOUNTS = {
  ada: {
    email: 'ada@e2e.example',
    email_verified: true,
    name: 'Ada Lovelace',
    picture: 'https://pictures.e2e.example/ada.png',
  },
  reader: {
    email: 'reader@e2e.example',
    email_verified: true,
    [PERMISSIONS]: { 'integration:*': ['metadata:read'] },
  },
};

export const PASSWORD = 'a password for loopback only';

/** A form that posts to the address it is shown at. */
export function loginPage(response, url) {
  const action = (url.pathname + url.search).replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(`<!doctype html><title>Sign in</title><form method="post" action="${action}">
<input name="login" autocomplete="username"><input name="password" type="password"><button>Sign in</button></form>`);
}

export function redirectWithin(response, location) {
  response.writeHead(303, { location }).end();
}
