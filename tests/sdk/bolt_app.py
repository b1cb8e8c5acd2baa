"""Runs a small app made with Slack's official Bolt framework against a sandbox and plays people
who use it: commands, modals, menus, shortcuts, events, buttons. Over HTTP, then over Socket Mode.

    pip install slack_sdk==3.47.0 slack_bolt==1.30.0
    python bolt_app.py URL TOKEN SIGNING_SECRET APP_TOKEN

URL is the sandbox's, for example http://127.0.0.1:3000. The sandbox must have the commands
/outage and /announce, and its clock must be right: Bolt looks at the time of signatures. Exits with
1 and a sentence at the first difference. The sandbox's settings are as before at the end, except
that its app is gone.
"""

import http.server
import json
import logging
import sys
import threading
import time
import urllib.error
import urllib.request

from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

CHANNEL = "C0OUTAGES"


class Difference(Exception):
    pass


def expect(what, actual, wanted):
    if actual != wanted:
        raise Difference(f"{what}: expected {wanted!r}, got {actual!r}")


# How long something may take, in seconds, on a machine that is busy with other tests.
PATIENCE = 30


def wait(what, there):
    """Waits for something to be there, and answers it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = there()
        if found:
            return found
        time.sleep(0.01)
    raise Difference(f"{what} did not come within {PATIENCE} seconds")


class Control:
    """The sandbox's control API."""

    def __init__(self, url):
        self.url = url

    def __call__(self, what, **body):
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{what}",
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=15) as response:
                return json.load(response)
        except urllib.error.HTTPError as refused:
            raise Difference(f"{what}: {json.load(refused)['error']}") from None

    def state(self):
        with urllib.request.urlopen(f"{self.url}/_sandbox/state", timeout=10) as response:
            return json.load(response)

    def messages(self, channel=CHANNEL):
        channels = self.state()["channels"]
        return next(one for one in channels if one["id"] == channel)["messages"]


def plain(text):
    return {"type": "plain_text", "text": text}


FORM = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Outage"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "summary",
            "label": plain("Summary"),
            "element": {"type": "plain_text_input", "action_id": "text"},
        },
        {
            "type": "input",
            "block_id": "system",
            "label": plain("System"),
            "optional": True,
            "element": {
                "type": "external_select",
                "action_id": "systems",
                "min_query_length": 0,
            },
        },
    ],
}


def make_app(client, secret, seen):
    """The app; it writes down in `seen` what it met."""
    app = App(client=client, signing_secret=secret, raise_error_for_unhandled_request=False)

    @app.command("/outage")
    def outage(ack, command, body, client, respond):
        if command["text"] == "new":
            ack()
            client.views_open(trigger_id=body["trigger_id"], view=FORM)
        elif command["text"] == "respond":
            ack()
            respond("later")
            respond(text="for all", response_type="in_channel")
        else:
            ack(text=f"You said {command['text']}")

    @app.command("/announce")
    def announce(ack):
        ack(
            response_type="in_channel",
            blocks=[
                {
                    "type": "actions",
                    "elements": [
                        {"type": "button", "action_id": "take", "value": "7", "text": plain("Take")}
                    ],
                }
            ],
            text="Who takes it?",
        )

    @app.options("systems")
    def systems(ack, payload):
        names = [name for name in ("Cards", "Mail") if payload["value"].lower() in name.lower()]
        ack(options=[{"text": plain(name), "value": name.lower()} for name in names])

    @app.view("form")
    def form(ack, view, client, body):
        values = view["state"]["values"]
        summary = values["summary"]["text"]["value"]
        if len(summary) < 5:
            ack(response_action="errors", errors={"summary": "Too short"})
            return
        ack()
        system = values["system"]["systems"]["selected_option"]["value"]
        client.chat_postMessage(channel=CHANNEL, text=f"{summary} ({system}) by {body['user']['id']}")

    @app.action("take")
    def take(ack, action, respond, body):
        ack()
        respond(text=f"Taken by {body['user']['username']}: {action['value']}", replace_original=True)

    @app.shortcut("note")
    def note(ack, shortcut, client):
        ack()
        client.views_open(trigger_id=shortcut["trigger_id"], view=dict(FORM, title=plain("Note")))

    @app.event("app_mention")
    def mention(event, say):
        say(text=f"Hello <@{event['user']}>", thread_ts=event["ts"])

    @app.event("app_home_opened")
    def home(event, client):
        client.views_publish(
            user_id=event["user"],
            view={"type": "home", "blocks": [{"type": "section", "text": plain("Home")}]},
        )

    @app.event("reaction_added")
    def reaction(event):
        seen.append(("reaction", event["reaction"], event["item"]["ts"]))

    @app.event("message")
    def message(event):
        seen.append(("message", event.get("text")))

    return app


def play(control, client, seen):
    def command(text, **more):
        asked = {"user": "ana", "channel": "outages", "text": text, "wait_ms": PATIENCE * 1000}
        return control("command", **(asked | more))

    answer = command("hello")
    expect("answer of a command", answer["seen"]["ephemeral"]["text"], "You said hello")

    command("respond", wait_ms=0)
    wait("the public answer", lambda: any(m["text"] == "for all" for m in control.messages()))
    texts = [one["text"] for one in control.state()["ephemerals"]]
    expect("the private answer", "later" in texts, True)

    opened = command("new")
    expect("modal", opened["seen"]["modal"]["title"]["text"], "Outage")
    offered = control("suggest", user="ana", action_id="systems", query="car")
    expect("options", [o["value"] for o in offered["seen"]["options"]], ["cards"])
    refused = control("submit", user="ana", values={"summary": "no", "system": "Cards"})
    expect("error at a field", refused["seen"]["errors"], {"summary": "Too short"})
    sent = control("submit", user="ana", values={"summary": "Cards fail"})
    expect("closed", sent["seen"]["closed"], True)
    posted = "Cards fail (cards) by U0ANA"
    wait("the announcement", lambda: any(m["text"] == posted for m in control.messages()))

    command("/announce")
    expect("in the channel", control.messages()[-1]["text"], "Who takes it?")
    control("click", user="bo", channel="outages", ts="last", action_id="take")
    wait("the replacement", lambda: control.messages()[-1]["text"] == "Taken by bo: 7")

    ts = client.chat_postMessage(channel=CHANNEL, text="an outage")["ts"]
    note = {"callback_id": "note", "channel": "outages", "ts": ts, "wait_ms": PATIENCE * 1000}
    shown = control("shortcut", user="bo", **note)
    expect("modal of a shortcut", shown["seen"]["modal"]["title"]["text"], "Note")
    control("close", user="bo")

    said = control("mention", user="cy", channel="outages", text="help", wait_ms=0)
    replies = wait(
        "the reply",
        lambda: client.conversations_replies(channel=CHANNEL, ts=said["ts"])["messages"][1:],
    )
    expect("reply", replies[0]["text"], "Hello <@U0CY>")
    control("react", user="cy", channel="outages", ts=ts, name="eyes")
    wait("the reaction", lambda: ("reaction", "eyes", ts) in seen)
    home = control("home", user="dee", wait_ms=PATIENCE * 1000)
    expect("home", home["seen"]["home"]["blocks"][0]["text"]["text"], "Home")
    # Its own messages reach Bolt too, which keeps them from the app.
    control("message", user="dee", channel="outages", text="for the app")
    wait("a message", lambda: ("message", "for the app") in seen)


class Endpoint(http.server.BaseHTTPRequestHandler):
    """Hands what the sandbox sends to Bolt, at every address."""

    app = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        answer = Endpoint.app.dispatch(BoltRequest(body=body, headers=self.headers))
        content = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        self.send_response(answer.status)
        for name, values in answer.headers.items():
            for value in values:
                self.send_header(name, value)
        self.send_header("content-length", str(len(content.encode())))
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *_):
        pass


def over_http(control, client, secret):
    seen = []
    Endpoint.app = make_app(client, secret, seen)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    control("app", url=f"http://127.0.0.1:{server.server_address[1]}", socket_mode=False)
    expect("url_verification", control("app", verify=True)["verified"], True)
    expect("ssl_check", control("app", ssl_check=True)["status"], 200)
    play(control, client, seen)
    server.shutdown()


def over_sockets(control, client, secret, app_token):
    seen = []
    app = make_app(client, secret, seen)
    control("app", socket_mode=True)
    try:
        handler = SocketModeHandler(app, app_token, web_client=WebClient(base_url=client.base_url))
        handler.connect()
        wait("the connection", lambda: control.state()["sockets"])
        play(control, client, seen)
        handler.close()
    finally:
        control("app", socket_mode=False)


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: bolt_app.py URL TOKEN SIGNING_SECRET APP_TOKEN")
    url, token, secret, app_token = sys.argv[1].rstrip("/"), *sys.argv[2:]
    logging.basicConfig(level=logging.CRITICAL)
    control = Control(url)
    client = WebClient(token=token, base_url=f"{url}/api/")
    for way, run in [
        ("over HTTP", lambda: over_http(control, client, secret)),
        ("over Socket Mode", lambda: over_sockets(control, client, secret, app_token)),
    ]:
        try:
            run()
        except Difference as difference:
            sys.exit(f"The sandbox differs {way}: {difference}")
    print("A Bolt app works against the sandbox, over HTTP and over Socket Mode.")


if __name__ == "__main__":
    main()
