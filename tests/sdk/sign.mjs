// Signs a command with Node's own crypto, as Slack's documents say, and sends it to a running
// Balefire.
//
//     node sign.mjs URL SIGNING_SECRET
//
// URL is Balefire's, for example http://127.0.0.1:8080. Exits with 1 and a sentence at the first
// difference.

import { createHmac } from "node:crypto";

const COMMAND = new URLSearchParams({
  command: "/outage",
  text: "list",
  user_id: "U0ANA",
  user_name: "ana",
  channel_id: "C0GENERAL",
  trigger_id: "1.2.3",
  response_url: "",
}).toString();

/** The status and the body of the answer; `signed` is what the signature is made of. */
async function send(url, secret, timestamp, signed = COMMAND) {
  const hmac = createHmac("sha256", secret).update(`v0:${timestamp}:${signed}`);
  const answer = await fetch(`${url}/slack/commands`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": String(timestamp),
      "x-slack-signature": `v0=${hmac.digest("hex")}`,
    },
    body: COMMAND,
    signal: AbortSignal.timeout(10_000),
  });
  return [answer.status, await answer.text()];
}

function end(difference) {
  console.error(difference);
  process.exit(1);
}

const [given, secret] = process.argv.slice(2);
if (secret === undefined) {
  console.error("usage: sign.mjs URL SIGNING_SECRET");
  process.exit(2);
}
const url = given.replace(/\/+$/, "");
const now = Math.floor(Date.now() / 1000);

const [status, body] = await send(url, secret, now);
if (status !== 200 || JSON.parse(body).response_type !== "ephemeral") {
  end(`Expected 200 and an ephemeral answer, got ${status}: ${body}`);
}
for (const [what, ...wrong] of [
  ["of another secret", `${secret}x`, now],
  ["from ten minutes ago", secret, now - 600],
  ["of another body", secret, now, `${COMMAND}&text=help`],
]) {
  const [refused, said] = await send(url, ...wrong);
  if (refused !== 401) end(`Expected 401 for a signature ${what}, got ${refused}: ${said}`);
}
console.log("Balefire accepts what Node signs, and nothing else.");
