"""Holds Slack's official Socket Mode client against a sandbox: envelopes and their answers, and
every way in which a connection ends.

    pip install slack_sdk==3.47.0
    python socket_mode.py URL TOKEN APP_TOKEN

URL is the sandbox's, for example http://127.0.0.1:3000. The sandbox must have the command
/outage. Exits with 1 and a sentence at the first difference.
"""

import json
import logging
import sys
import time
import urllib.error
import urllib.request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse

CHANNEL = "C0OUTAGES"


class Difference(Exception):
    pass


def expect(what, actual, wanted):
    if actual != wanted:
        raise Difference(f"{what}: expected {wanted!r}, got {actual!r}")


def wait(what, there, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = there()
        if found:
            return found
        time.sleep(0.02)
    raise Difference(f"{what} did not come within {seconds} seconds")


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

    def sockets(self):
        with urllib.request.urlopen(f"{self.url}/_sandbox/state", timeout=10) as response:
            return json.load(response)["sockets"]


def tokens(url, token, app_token):
    for given, error in [(token, "not_allowed_token_type"), ("xapp-wrong", "invalid_auth")]:
        try:
            WebClient(token=given, base_url=f"{url}/api/").apps_connections_open(app_token=given)
            raise Difference(f"{given} opens a connection")
        except SlackApiError as refused:
            expect(f"error for {given}", refused.response["error"], error)
    opened = WebClient(base_url=f"{url}/api/").apps_connections_open(app_token=app_token)
    expect("scheme", opened["url"].split(":")[0], "ws")


def envelopes(control, received):
    def outage(text):
        asked = {"user": "ana", "channel": "outages", "text": text, "wait_ms": 30_000}
        return control("command", **asked)["seen"]

    expect("answer", outage("/outage one")["ephemeral"]["text"], "You said one")
    kind = {request.type for request in received}
    expect("kind", kind, {"slash_commands"})
    expect("accepts", received[-1].accepts_response_payload, True)
    said = control("message", user="bo", channel="outages", text="hello")
    event = wait(
        "the event",
        lambda: [r for r in received if r.payload.get("event", {}).get("ts") == said["ts"]],
    )[0]
    expect("kind of an event", event.type, "events_api")
    expect("first attempt", event.retry_attempt, 0)
    control("events", drop_ack=True)
    said = control("message", user="bo", channel="outages", text="again")
    again = wait(
        "the second attempt",
        lambda: [
            r
            for r in received
            if r.payload.get("event", {}).get("ts") == said["ts"] and r.retry_attempt
        ],
    )[0]
    expect("second attempt", (again.retry_attempt, again.retry_reason), (1, "timeout"))
    control("reset_faults")


def endings(control, received):
    """After each of these the client has another connection over which commands come."""
    for order in [
        {"disconnect": "warning", "close_after_ms": 200},
        {"disconnect": "refresh_requested", "close_after_ms": 200},
        {"drop": True},
        {"cut_mid_frame": True},
        {"close_code": 1011},
    ]:
        before = {socket["id"] for socket in control.sockets()}
        control("socket", **order)
        wait(
            f"another connection after {order}",
            lambda: [s for s in control.sockets() if s["id"] not in before]
            and not [s for s in control.sockets() if s["id"] in before],
        )
        count = len(received)
        # A connection is registered before its client has read the hello.
        wait(
            f"a command after {order}",
            lambda: control("command", user="ana", channel="outages", text="x")["seen"][
                "ephemeral"
            ]["text"]
            == "You said x",
        )
        expect(f"received after {order}", len(received) > count, True)


def oddities(control, received):
    control("socket", garbage="{this is no envelope")
    asked = {"user": "ana", "channel": "outages", "text": "after", "wait_ms": 30_000}
    answer = control("command", **asked)["seen"]
    expect("after garbage", answer["ephemeral"]["text"], "You said after")


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: socket_mode.py URL TOKEN APP_TOKEN")
    url, token, app_token = sys.argv[1].rstrip("/"), *sys.argv[2:]
    logging.basicConfig(level=logging.CRITICAL)
    control = Control(url)
    received = []

    def listen(client, request):
        received.append(request)
        answer = SocketModeResponse(envelope_id=request.envelope_id)
        if request.type == "slash_commands":
            answer.payload = {"text": f"You said {request.payload['text']}"}
        client.send_socket_mode_response(answer)

    client = SocketModeClient(
        app_token=app_token,
        web_client=WebClient(token=token, base_url=f"{url}/api/"),
        ping_interval=1,
    )
    client.socket_mode_request_listeners.append(listen)
    control("app", socket_mode=True)
    try:
        tokens(url, token, app_token)
        client.connect()
        wait("the connection", control.sockets)
        envelopes(control, received)
        oddities(control, received)
        endings(control, received)
    except Difference as difference:
        sys.exit(f"The sandbox differs: {difference}")
    finally:
        control("app", socket_mode=False)
        try:
            client.close()
        except AttributeError:
            # The client's own race, when it is reconnecting at this moment.
            pass
    print("The Socket Mode client gets along with the sandbox.")


if __name__ == "__main__":
    main()
