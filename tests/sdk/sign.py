"""Signs a command with Slack's official Python SDK and sends it to a running Balefire.

    pip install slack_sdk==3.47.0
    python sign.py URL SIGNING_SECRET

URL is Balefire's, for example http://127.0.0.1:8080. Exits with 1 and a sentence at the first
difference.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

from slack_sdk.signature import Clock, SignatureVerifier

COMMAND = urllib.parse.urlencode(
    {
        "command": "/outage",
        "text": "list",
        "user_id": "U0ANA",
        "user_name": "ana",
        "channel_id": "C0GENERAL",
        "trigger_id": "1.2.3",
        "response_url": "",
    }
)


def send(url, secret, timestamp):
    """The status and the body of the answer."""
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=COMMAND)
    request = urllib.request.Request(
        f"{url}/slack/commands",
        data=COMMAND.encode(),
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": signature,
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: sign.py URL SIGNING_SECRET")
    url, secret = sys.argv[1].rstrip("/"), sys.argv[2]
    now = int(Clock().now())

    status, body = send(url, secret, str(now))
    if status != 200 or json.loads(body).get("response_type") != "ephemeral":
        sys.exit(f"Expected 200 and an ephemeral answer, got {status}: {body!r}")
    for what, wrong in [
        ("of another secret", (secret + "x", str(now))),
        ("from ten minutes ago", (secret, str(now - 600))),
    ]:
        status, body = send(url, *wrong)
        if status != 401:
            sys.exit(f"Expected 401 for a signature {what}, got {status}: {body!r}")
    print("Balefire accepts what the SDK signs, and nothing else.")


if __name__ == "__main__":
    main()
