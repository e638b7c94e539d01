// The provider's login: at once as the `login_hint`, or by a form with one field.

const FORM = `<!doctype html><title>Sign in</title>
<form method="post"><input name="login" autofocus>
<button name="do" value="sign-in">Sign in</button> <button name="do" value="cancel">Cancel</button></form>`;

/** Answers /interaction/…; false if the request is another one. */
export async function login(provider, settings, request, response) {
  if (!request.url.startsWith('/interaction/')) return false;
  const { params, prompt } = await provider.interactionDetails(request, response);
  const form = request.method === 'POST' ? new URLSearchParams(await text(request)) : undefined;
  const name = form?.get('login') ?? (settings.use_login_hint ? params.login_hint : undefined);
  if (form?.get('do') === 'cancel') {
    const error = { error: 'access_denied', error_description: 'the user has said no' };
    await provider.interactionFinished(request, response, error);
  } else if (prompt.name === 'consent') {
    await provider.interactionFinished(request, response, { consent: {} }, { mergeWithLastSubmission: true });
  } else if (name in settings.users) {
    await provider.interactionFinished(request, response, { login: signedIn(name, params, prompt, settings) });
  } else {
    response.writeHead(200, { 'content-type': 'text/html' }).end(FORM);
  }
  return true;
}

function signedIn(accountId, params, prompt, settings) {
  const { value, values } = prompt.details.acr ?? {};
  const wanted = [value, ...(values ?? []), ...(params.acr_values?.split(' ') ?? [])];
  const acr = wanted.find((each) => settings.acr_values.includes(each)) ?? settings.acr_values[0];
  return { accountId, acr, amr: acr === settings.acr_values[0] ? ['pwd'] : ['pwd', 'otp'] };
}

/** A request's body. */
export async function text(request) {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return body;
}
