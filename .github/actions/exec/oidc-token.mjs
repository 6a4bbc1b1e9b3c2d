/** Prints the OIDC token of this job for INPUT_AUDIENCE. What it is asked with never stands in an argument. */
const { ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN, INPUT_AUDIENCE } = process.env;
if (!ACTIONS_ID_TOKEN_REQUEST_URL || !ACTIONS_ID_TOKEN_REQUEST_TOKEN) {
  console.error('::error::this job may not ask for an OIDC token: give it "permissions: id-token: write"');
  process.exit(1);
}
const url = new URL(ACTIONS_ID_TOKEN_REQUEST_URL);
url.searchParams.set('audience', INPUT_AUDIENCE);
const response = await fetch(url, {
  headers: { authorization: `bearer ${ACTIONS_ID_TOKEN_REQUEST_TOKEN}` },
  signal: AbortSignal.timeout(30_000),
});
if (!response.ok) {
  console.error(`::error::GitHub gave no OIDC token: HTTP ${response.status}`);
  process.exit(1);
}
const { value } = await response.json();
process.stdout.write(value);
