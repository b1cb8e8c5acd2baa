"""Drives a running sandbox with Slack's official Python SDK and checks what comes back.

    pip install slack_sdk==3.47.0
    python smoke.py URL TOKEN SIGNING_SECRET

URL is the sandbox's, for example http://127.0.0.1:3000. For a moment the sandbox's app is this
script: it looks at the signatures. Exits with 1 and a sentence at the first difference.
"""

import http.server
import json
import sys
import threading
import time
import urllib.parse
import urllib.request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.signature import Clock, SignatureVerifier

CHANNEL = "C0OUTAGES"


class Difference(Exception):
    pass


def expect(what, actual, wanted):
    if actual != wanted:
        raise Difference(f"{what}: expected {wanted!r}, got {actual!r}")


def expect_error(what, error, call):
    """The call fails with this error; answers the whole response."""
    try:
        call()
    except SlackApiError as failure:
        expect(what, failure.response["error"], error)
        return failure.response.data
    raise Difference(f"{what}: expected the error {error!r}, but the call succeeded")


class App(http.server.BaseHTTPRequestHandler):
    """Writes down what the sandbox sends and answers an empty 200."""

    received = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        App.received.append((self.path, dict(self.headers), body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Control:
    def __init__(self, url):
        self.url = url

    def __call__(self, what, **body):
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{what}",
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)


class SandboxClock(Clock):
    """The sandbox's time, which may be moved."""

    def __init__(self, url):
        self.url = url

    def now(self):
        with urllib.request.urlopen(f"{self.url}/_sandbox/state", timeout=10) as response:
            return json.load(response)["clock"]["now"]


def section(text):
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]


def messages(client):
    who = client.auth_test()
    expect("auth.test user_id", who["user_id"], "U0BALEFIRE")
    expect("auth.test team", who["team"], "Balefire Demo")

    metadata = {"event_type": "smoke", "event_payload": {"number": 7}}
    posted = client.chat_postMessage(
        channel=CHANNEL, text="plain", blocks=section("*bold*"), metadata=metadata
    )
    ts = posted["ts"]
    expect("posted channel", posted["channel"], CHANNEL)
    expect("posted block", posted["message"]["blocks"][0]["text"]["text"], "*bold*")

    updated = client.chat_update(channel=CHANNEL, ts=ts, text="changed")
    expect("chat.update text", updated["text"], "changed")
    expect("blocks after a text-only update", updated["message"].get("blocks"), None)

    history = client.conversations_history(
        channel=CHANNEL, limit=1, include_all_metadata=True
    )
    expect("newest message", history["messages"][0]["ts"], ts)
    expect("metadata", history["messages"][0]["metadata"], metadata)
    bare = client.conversations_history(channel=CHANNEL, limit=1)
    expect("metadata not asked for", bare["messages"][0].get("metadata"), None)

    reply = client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=ts)
    replies = client.conversations_replies(channel=CHANNEL, ts=ts)
    expect("thread", [one["ts"] for one in replies["messages"]], [ts, reply["ts"]])
    expect("reply_count", replies["messages"][0]["reply_count"], 1)

    client.pins_add(channel=CHANNEL, timestamp=ts)
    expect_error(
        "second pin", "already_pinned",
        lambda: client.pins_add(channel=CHANNEL, timestamp=ts),
    )
    pins = client.pins_list(channel=CHANNEL)
    expect("pinned", pins["items"][0]["message"]["ts"], ts)
    client.pins_remove(channel=CHANNEL, timestamp=ts)

    client.reactions_add(channel=CHANNEL, timestamp=ts, name="eyes")
    got = client.reactions_get(channel=CHANNEL, timestamp=ts)
    expect("reaction", got["message"]["reactions"][0]["count"], 1)
    client.reactions_remove(channel=CHANNEL, timestamp=ts, name="eyes")

    link = client.chat_getPermalink(channel=CHANNEL, message_ts=reply["ts"])
    expect("permalink of a reply", f"thread_ts={ts}" in link["permalink"], True)


def refusals(client):
    answer = expect_error(
        "long text", "invalid_blocks",
        lambda: client.chat_postMessage(
            channel=CHANNEL, text="x", blocks=section("x" * 3001)
        ),
    )
    problems = [
        "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ]
    expect("errors", answer["errors"], problems)
    expect(
        "response_metadata",
        answer["response_metadata"]["messages"],
        [f"[ERROR] {problem}" for problem in problems],
    )
    expect_error(
        "nowhere", "channel_not_found",
        lambda: client.chat_postMessage(channel="C0NOWHERE", text="x"),
    )
    expect_error("unknown method", "unknown_method", lambda: client.files_list())


def people(client):
    expect("users.info", client.users_info(user="U0ANA")["user"]["name"], "ana")
    found = client.users_lookupByEmail(email="bo@example.com")
    expect("users.lookupByEmail", found["user"]["id"], "U0BO")
    pages = [page["members"] for page in client.users_list(limit=2)]
    expect("pages of users.list", [len(page) for page in pages], [2, 2, 1])
    names = [user["name"] for page in pages for user in page]
    expect("users.list", names, ["ana", "bo", "cy", "dee", "balefire"])
    opened = client.conversations_open(users=["U0CY"])
    direct = client.chat_postMessage(channel="U0CY", text="hello")
    expect("direct conversation", direct["channel"], opened["channel"]["id"])


def files(client):
    done = client.files_upload_v2(
        channel=CHANNEL, content="hello", filename="log.txt", title="The log",
        initial_comment="See here",
    )
    expect("title", done["file"]["title"], "The log")
    info = client.files_info(file=done["file"]["id"])["file"]
    expect("size", info["size"], 5)
    expect("shared in", info["channels"], [CHANNEL])
    newest = client.conversations_history(channel=CHANNEL, limit=1)["messages"][0]
    expect("comment", newest["text"], "See here")
    expect("file", newest["files"][0]["id"], info["id"])


def later(client, control):
    now = SandboxClock(control.url).now()
    put_off = client.chat_scheduleMessage(channel=CHANNEL, text="later", post_at=now + 60)
    waiting = client.chat_scheduledMessages_list(channel=CHANNEL)["scheduled_messages"]
    expect("waiting", [one["id"] for one in waiting], [put_off["scheduled_message_id"]])
    client.chat_deleteScheduledMessage(
        channel=CHANNEL, scheduled_message_id=put_off["scheduled_message_id"]
    )
    expect_error(
        "in the past", "time_in_past",
        lambda: client.chat_scheduleMessage(channel=CHANNEL, text="x", post_at=now - 60),
    )


def private(client):
    several = client.conversations_open(users=["U0ANA", "U0BO"])["channel"]["id"]
    expect("several people", client.conversations_info(channel=several)["channel"]["is_mpim"], True)
    name = f"smoke-{int(time.time())}"
    made = client.conversations_create(name=name, is_private=True)["channel"]
    expect("private", made["is_private"], True)
    known = client.conversations_list(types="private_channel", limit=1000)["channels"]
    expect("known", made["id"] in [one["id"] for one in known], True)
    own = client.users_conversations(types="private_channel")["channels"]
    expect("own", made["id"] in [one["id"] for one in own], True)


def scopes(client, control):
    control("app", scopes=["chat:write", "pins:read"])
    refused = expect_error(
        "missing scope", "missing_scope",
        lambda: client.conversations_history(channel=CHANNEL),
    )
    expect("needed", refused["needed"], "channels:history")
    expect("provided", refused["provided"], "chat:write,pins:read")
    headers = client.auth_test().headers
    expect("x-oauth-scopes", headers["x-oauth-scopes"], "chat:write,pins:read")
    control("app", scopes="all")


def paces(url, token, control):
    """The SDK waits as long as it is told, and then it works."""
    patient = WebClient(token=token, base_url=f"{url}/api/")
    patient.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))
    control("faults", pacing=True)
    began = time.monotonic()
    for text in ("one", "two"):
        patient.chat_postMessage(channel="C0SALES", text=text)
    expect("waited", time.monotonic() - began > 0.9, True)
    control("reset_faults")


def views_and_signatures(client, control, secret):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    control("app", url=f"http://127.0.0.1:{server.server_address[1]}")

    def trigger():
        control("command", user="ana", channel="outages", text="smoke", wait_ms=0)
        body = [call[2] for call in App.received if call[0] == "/slack/commands"][-1]
        return urllib.parse.parse_qs(body.decode())["trigger_id"][0]

    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Smoke"},
        "blocks": section("hello"),
    }
    opened = client.views_open(trigger_id=trigger(), view=view)
    expect("view title", opened["view"]["title"]["text"], "Smoke")
    changed = client.views_update(view_id=opened["view"]["id"], view=view)
    expect("new hash", changed["view"]["hash"] != opened["view"]["hash"], True)
    late = trigger()
    control("clock", advance_seconds=4)
    expect_error(
        "late trigger", "expired_trigger_id",
        lambda: client.views_open(trigger_id=late, view=view),
    )
    wrong = dict(view, title={"type": "plain_text", "text": "x" * 25})
    answer = expect_error(
        "long title", "invalid_arguments",
        lambda: client.views_open(trigger_id=trigger(), view=wrong),
    )
    expect(
        "view problems",
        answer["response_metadata"]["messages"],
        ["[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"],
    )

    control("message", user="ana", channel="outages", text="an event")
    deadline = time.monotonic() + 30
    while not any(call[0] == "/slack/events" for call in App.received):
        if time.monotonic() > deadline:
            raise Difference("no event arrived within 30 seconds")
        time.sleep(0.01)
    verifier = SignatureVerifier(secret, clock=SandboxClock(control.url))
    for path, headers, body in App.received:
        good = verifier.is_valid_request(body, headers)
        expect(f"signature of a call to {path}", good, True)
    server.shutdown()


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: smoke.py URL TOKEN SIGNING_SECRET")
    url, token, secret = sys.argv[1].rstrip("/"), sys.argv[2], sys.argv[3]
    client = WebClient(token=token, base_url=f"{url}/api/")
    try:
        messages(client)
        refusals(client)
        people(client)
        files(client)
        later(client, Control(url))
        private(client)
        scopes(client, Control(url))
        paces(url, token, Control(url))
        views_and_signatures(client, Control(url), secret)
    except Difference as difference:
        sys.exit(f"The sandbox differs: {difference}")
    print("The sandbox answers as the SDK expects.")


if __name__ == "__main__":
    main()
