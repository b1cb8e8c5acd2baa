"""Holds manifests of the Slack app against manifest.schema.json, as a real parser of YAML reads them.

    pip install jsonschema==4.26.0 PyYAML==6.0.3
    python manifest.py FILE…

Each file is one manifest in YAML or JSON. Exits with 1 and a sentence at the first difference. Also
tries mistakes that must be refused: a schema that takes everything would prove nothing.
"""

import copy
import json
import pathlib
import sys

import jsonschema
import yaml

SCHEMA = json.loads(pathlib.Path(__file__).with_name("manifest.schema.json").read_text())


def main(paths):
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft7Validator(SCHEMA)
    if not paths:
        sys.exit("no manifest was given")
    for path in paths:
        manifest = yaml.safe_load(pathlib.Path(path).read_text())
        for error in validator.iter_errors(manifest):
            sys.exit(f"{path}: at {'/'.join(map(str, error.path))}: {error.message}")
        for what, wrong in mistakes(manifest):
            if validator.is_valid(wrong):
                sys.exit(f"{path}: {what} is not noticed")


def mistakes(manifest):
    """The manifest with one mistake each."""

    def changed(what, *steps, to):
        wrong = copy.deepcopy(manifest)
        place = wrong
        for step in steps[:-1]:
            place = place[step]
        place[steps[-1]] = to
        return what, wrong

    command = ("features", "slash_commands", 0)
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    socket = manifest["settings"]["socket_mode_enabled"]
    yield changed("an unknown key", "features", "slash_command", to=[])
    yield changed("a key of a newer kind of app", "functions", to={})
    yield changed("a long name", "display_information", "name", to="x" * 36)
    yield changed("a colour by name", "display_information", "background_color", to="red")
    yield changed("a command without a slash", *command, "command", to="outage")
    yield changed("a long command", *command, "command", to="/" + "x" * 32)
    yield changed("a command without words", *command, "description", to="")
    yield changed("a long name of a shortcut", "features", "shortcuts", 0, "name", to="x" * 25)
    yield changed("a shortcut from nowhere", "features", "shortcuts", 0, "type", to="channel")
    yield changed("an unknown scope", "oauth_config", "scopes", "bot", to=[*scopes, "chat:writes"])
    yield changed("a scope twice", "oauth_config", "scopes", "bot", to=[*scopes, scopes[0]])
    yield changed(
        "an unknown event", "settings", "event_subscriptions", "bot_events", to=[*events, "tea_time"]
    )
    yield changed("a word for yes", "settings", "interactivity", "is_enabled", to="yes")
    yield changed("the other way in", "settings", "socket_mode_enabled", to=not socket)
    yield changed("an address without TLS", *command, "url", to="http://balefire.example.com")


if __name__ == "__main__":
    main(sys.argv[1:])
