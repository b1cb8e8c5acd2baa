// Runs a small app made with Slack's official Bolt framework for Node against a sandbox and plays
// people who use it, over HTTP and then over Socket Mode.
//
//     npm ci                 (beside package-lock.json, which pins the versions)
//     node bolt_app.mjs URL TOKEN SIGNING_SECRET APP_TOKEN
//
// URL is the sandbox's, for example http://127.0.0.1:3000. The sandbox must have the commands
// /outage and /announce, and its clock must be right: Bolt looks at the time of signatures. Exits
// with 1 and a sentence at the first difference.

import { createRequire } from "node:module";
import { isDeepStrictEqual } from "node:util";

// Where npm put the packages, when that is not beside this file.
const modules = process.env.BALEFIRE_TEST_NODE_MODULES;
const require = createRequire(modules ? `${modules}/` : import.meta.url);
const { App, LogLevel } = require("@slack/bolt");

const CHANNEL = "C0OUTAGES";
const [url, token, signingSecret, appToken] = process.argv.slice(2);

class Difference extends Error {}

function expect(what, actual, wanted) {
  if (!isDeepStrictEqual(actual, wanted)) {
    const [had, hoped] = [actual, wanted].map((value) => JSON.stringify(value));
    throw new Difference(`${what}: expected ${hoped}, got ${had}`);
  }
}

// How long something may take on a machine that is busy with other tests.
const PATIENCE_MS = 30_000;

async function wait(what, there) {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const found = await there();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Difference(`${what} did not come within ${PATIENCE_MS} ms`);
}

async function control(what, body) {
  const answer = await fetch(`${url}/_sandbox/${what}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!told.ok) throw new Difference(`${what}: ${told.error}`);
  return told;
}

const state = async () => (await fetch(`${url}/_sandbox/state`)).json();
const messages = async () =>
  (await state()).channels.find((channel) => channel.id === CHANNEL).messages;

const plain = (text) => ({ type: "plain_text", text });
const FORM = {
  type: "modal",
  callback_id: "form",
  title: plain("Outage"),
  submit: plain("Send"),
  blocks: [
    {
      type: "input",
      block_id: "summary",
      label: plain("Summary"),
      element: { type: "plain_text_input", action_id: "text" },
    },
    {
      type: "input",
      block_id: "system",
      label: plain("System"),
      optional: true,
      element: { type: "external_select", action_id: "systems", min_query_length: 0 },
    },
  ],
};

function makeApp(options) {
  const app = new App({
    token,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: `${url}/api/` },
    ...options,
  });

  app.command("/outage", async ({ ack, command, client, respond }) => {
    if (command.text === "new") {
      await ack();
      await client.views.open({ trigger_id: command.trigger_id, view: FORM });
    } else if (command.text === "respond") {
      await ack();
      await respond("later");
    } else {
      await ack(`You said ${command.text}`);
    }
  });
  app.command("/announce", async ({ ack, say }) => {
    await ack();
    await say({
      text: "Who takes it?",
      blocks: [
        {
          type: "actions",
          elements: [{ type: "button", action_id: "take", value: "7", text: plain("Take") }],
        },
      ],
    });
  });
  app.options("systems", async ({ ack, options }) => {
    const names = ["Cards", "Mail"].filter((name) =>
      name.toLowerCase().includes(options.value.toLowerCase()),
    );
    await ack({ options: names.map((name) => ({ text: plain(name), value: name.toLowerCase() })) });
  });
  app.view("form", async ({ ack, view, body, client }) => {
    const { values } = view.state;
    const summary = values.summary.text.value;
    if (summary.length < 5) {
      await ack({ response_action: "errors", errors: { summary: "Too short" } });
      return;
    }
    await ack();
    const system = values.system.systems.selected_option.value;
    await client.chat.postMessage({
      channel: CHANNEL,
      text: `${summary} (${system}) by ${body.user.id}`,
    });
  });
  app.action("take", async ({ ack, action, body, respond }) => {
    await ack();
    await respond({ text: `Taken by ${body.user.name}: ${action.value}`, replace_original: true });
  });
  app.shortcut("note", async ({ ack, shortcut, client }) => {
    await ack();
    await client.views.open({
      trigger_id: shortcut.trigger_id,
      view: { ...FORM, title: plain("Note") },
    });
  });
  app.event("app_mention", async ({ event, say }) => {
    await say({ text: `Hello <@${event.user}>`, thread_ts: event.ts });
  });
  app.event("app_home_opened", async ({ event, client }) => {
    const view = { type: "home", blocks: [{ type: "section", text: plain("Home") }] };
    await client.views.publish({ user_id: event.user, view });
  });
  return app;
}

async function play(client) {
  const command = (text, more = {}) =>
    control("command", { user: "ana", channel: "outages", text, wait_ms: PATIENCE_MS, ...more });

  expect("answer", (await command("hello")).seen.ephemeral?.text, "You said hello");
  expect("later answer", (await command("respond")).seen.ephemeral?.text, "later");

  expect("modal", (await command("new")).seen.modal?.title.text, "Outage");
  const offered = await control("suggest", { user: "ana", action_id: "systems", query: "car" });
  expect("options", offered.seen.options?.map((option) => option.value), ["cards"]);
  const values = { summary: "no", system: "Cards" };
  const refused = await control("submit", { user: "ana", values });
  expect("error at a field", refused.seen.errors, { summary: "Too short" });
  const sent = await control("submit", { user: "ana", values: { summary: "Cards fail" } });
  expect("closed", sent.seen.closed, true);
  const posted = "Cards fail (cards) by U0ANA";
  await wait("the announcement", async () =>
    (await messages()).some((message) => message.text === posted),
  );

  await command("/announce", { wait_ms: 0 });
  await wait("the question", async () => (await messages()).at(-1).text === "Who takes it?");
  await control("click", { user: "bo", channel: "outages", ts: "last", action_id: "take" });
  await wait("the replacement", async () => (await messages()).at(-1).text === "Taken by bo: 7");

  const { ts } = await client.chat.postMessage({ channel: CHANNEL, text: "an outage" });
  const note = { user: "bo", callback_id: "note", channel: "outages", ts, wait_ms: PATIENCE_MS };
  const shown = await control("shortcut", note);
  expect("modal of a shortcut", shown.seen.modal?.title.text, "Note");
  await control("close", { user: "bo" });

  const mention = { user: "cy", channel: "outages", text: "help", wait_ms: 0 };
  const said = await control("mention", mention);
  const reply = await wait("the reply", async () => {
    const thread = await client.conversations.replies({ channel: CHANNEL, ts: said.ts });
    return thread.messages[1];
  });
  expect("reply", reply.text, "Hello <@U0CY>");
  const home = await control("home", { user: "dee", wait_ms: PATIENCE_MS });
  expect("home", home.seen.home?.blocks[0].text.text, "Home");

  const upload = { channel_id: CHANNEL, filename: "log.txt", file: Buffer.from("hello") };
  const uploaded = await client.files.uploadV2(upload);
  const file = uploaded.files[0].files[0];
  const { file: info } = await client.files.info({ file: file.id });
  expect("size", info.size, 5);
}

async function overHttp() {
  const endpoints = ["/slack/events", "/slack/commands", "/slack/interactivity"];
  const app = makeApp({ signingSecret, endpoints });
  const server = await app.start({ port: 0, host: "127.0.0.1" });
  const { port } = server.address();
  await control("app", { url: `http://127.0.0.1:${port}`, socket_mode: false });
  const verified = await control("app", { verify: true, ssl_check: true });
  expect("url_verification", verified.verified, true);
  expect("ssl_check", verified.status, 200);
  await play(app.client);
  const stopped = app.stop();
  // Node waits for connections that are open though nothing was asked on them, up to a minute. Who
  // calls the app may hold one ready.
  server.closeAllConnections();
  await stopped;
}

async function overSockets() {
  await control("app", { socket_mode: true });
  const app = makeApp({ appToken, socketMode: true });
  try {
    await app.start();
    await play(app.client);
    // It comes back after a warning.
    const before = (await state()).sockets.map((socket) => socket.id);
    await control("socket", { disconnect: "warning", close_after_ms: 200 });
    // The client takes five seconds before it connects again.
    const another = async () => {
      const now = (await state()).sockets.map((socket) => socket.id);
      return now.length === 1 && !before.includes(now[0]);
    };
    await wait("another connection", another);
    const again = { user: "ana", channel: "outages", text: "back", wait_ms: PATIENCE_MS };
    expect(
      "after a warning",
      (await control("command", again)).seen.ephemeral?.text,
      "You said back",
    );
  } finally {
    await app.stop();
    await control("app", { socket_mode: false });
  }
}

if (appToken === undefined) {
  console.error("usage: bolt_app.mjs URL TOKEN SIGNING_SECRET APP_TOKEN");
  process.exit(2);
}
for (const [way, run] of [
  ["over HTTP", overHttp],
  ["over Socket Mode", overSockets],
]) {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Difference)) throw error;
    console.error(`The sandbox differs ${way}: ${error.message}`);
    process.exit(1);
  }
}
console.log("A Bolt app for Node works against the sandbox, over HTTP and over Socket Mode.");
process.exit(0);
