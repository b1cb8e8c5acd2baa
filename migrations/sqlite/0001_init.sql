-- Who is here.

CREATE TABLE workspaces (
    id           TEXT    PRIMARY KEY, -- Slack's team ID
    name         TEXT    NOT NULL,
    url          TEXT    NOT NULL DEFAULT '',
    bot_user_id  TEXT    NOT NULL DEFAULT '',
    bot_id       TEXT    NOT NULL DEFAULT '',
    seen_at      TEXT    NOT NULL
) STRICT;

CREATE TABLE counters (
    workspace_id TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    value        INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, name)
) STRICT;

CREATE TABLE people (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id   TEXT    NOT NULL,
    slack_user_id  TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    handle         TEXT, -- lower case: what people write after an @
    email          TEXT, -- lower case, as Slack says
    local_part     TEXT, -- of the e-mail address: those who share it could be taken for each other
    address        TEXT, -- lower case: by which groups and logins know them, their own e-mail or the
                         -- same name at the team's domain; none for guests and apps
    time_zone      TEXT    NOT NULL DEFAULT 'Etc/UTC',
    picture        TEXT,
    is_bot         INTEGER NOT NULL DEFAULT 0 CHECK (is_bot IN (0, 1)),
    is_restricted  INTEGER NOT NULL DEFAULT 0 CHECK (is_restricted IN (0, 1)),
    profile_at     TEXT, -- when Slack was last asked
    deactivated_at TEXT,
    created_at     TEXT    NOT NULL,
    UNIQUE (workspace_id, slack_user_id)
) STRICT;
CREATE INDEX people_email ON people (workspace_id, email);
CREATE INDEX people_address ON people (workspace_id, address);
CREATE INDEX people_local_part ON people (workspace_id, local_part);

CREATE TABLE groups (
    workspace_id TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    PRIMARY KEY (workspace_id, name)
) STRICT;

CREATE TABLE group_rights (
    workspace_id TEXT    NOT NULL,
    group_name   TEXT    NOT NULL,
    permission   TEXT    NOT NULL,
    PRIMARY KEY (workspace_id, group_name, permission),
    FOREIGN KEY (workspace_id, group_name) REFERENCES groups (workspace_id, name)
) STRICT;

CREATE TABLE group_members (
    workspace_id TEXT    NOT NULL,
    group_name   TEXT    NOT NULL,
    member       TEXT    NOT NULL, -- a Slack user ID, or an e-mail address in lower case
    source       TEXT    NOT NULL, -- settings, manual, google:ADDRESS or slack:ID
    added_by     TEXT    NOT NULL CHECK (json_valid(added_by)),
    added_at     TEXT    NOT NULL,
    PRIMARY KEY (workspace_id, group_name, member, source),
    FOREIGN KEY (workspace_id, group_name) REFERENCES groups (workspace_id, name)
) STRICT;
CREATE INDEX group_members_member ON group_members (workspace_id, member);

-- How it stands with what is read elsewhere, by group and source.
CREATE TABLE group_syncs (
    workspace_id TEXT    NOT NULL,
    group_name   TEXT    NOT NULL,
    source       TEXT    NOT NULL, -- google:ADDRESS or slack:ID
    tried_at     TEXT    NOT NULL,
    synced_at    TEXT, -- when it was last read as a whole
    problem      TEXT    NOT NULL DEFAULT '', -- why the last try changed nothing; empty when it went well
    would_remove INTEGER NOT NULL DEFAULT 0, -- what waits for somebody to say yes
    warned_at    TEXT, -- when administrators heard of that
    PRIMARY KEY (workspace_id, group_name, source),
    FOREIGN KEY (workspace_id, group_name) REFERENCES groups (workspace_id, name)
) STRICT;

-- Who looked at the bot's Home tab lately, and so sees changes there.
CREATE TABLE home_tabs (
    workspace_id  TEXT    NOT NULL,
    slack_user_id TEXT    NOT NULL,
    opened_at     TEXT    NOT NULL,
    PRIMARY KEY (workspace_id, slack_user_id)
) STRICT;

-- What can be unhealthy. The key never changes; what anything refers to is never deleted.

CREATE TABLE components (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    name_lower   TEXT    NOT NULL,
    attributes   TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(attributes)),
    owner        TEXT, -- in their own words
    description  TEXT,
    links        TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(links)), -- names and addresses, in order
    retired_at   TEXT,
    created_at   TEXT    NOT NULL,
    UNIQUE (workspace_id, key)
) STRICT;
CREATE INDEX components_name ON components (workspace_id, name_lower);

CREATE TABLE component_aliases (
    workspace_id TEXT    NOT NULL,
    alias        TEXT    NOT NULL, -- lower case
    component_id INTEGER NOT NULL REFERENCES components (id),
    PRIMARY KEY (workspace_id, alias)
) STRICT;
CREATE INDEX component_aliases_component ON component_aliases (component_id);

-- What a component needs in order to work. No circles.
CREATE TABLE component_parents (
    component_id INTEGER NOT NULL REFERENCES components (id),
    parent_id    INTEGER NOT NULL REFERENCES components (id),
    PRIMARY KEY (component_id, parent_id),
    CHECK (component_id <> parent_id)
) STRICT;
CREATE INDEX component_parents_parent ON component_parents (parent_id);

-- Outages: state, parts, history.

CREATE TABLE outages (
    id                      INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id            TEXT    NOT NULL,
    number                  INTEGER NOT NULL,
    version                 INTEGER NOT NULL DEFAULT 1,
    phase                   TEXT    NOT NULL CHECK (phase IN ('investigating', 'identified', 'monitoring', 'resolved', 'withdrawn')),
    -- What the phase carries: the resolution, the former one of a reopened outage, the withdrawal.
    phase_detail            TEXT    NOT NULL CHECK (json_valid(phase_detail)),
    severity                TEXT    NOT NULL CHECK (severity IN ('minor', 'major', 'critical')),
    summary                 TEXT    NOT NULL,
    eta_label               TEXT    NOT NULL,
    eta_due_at              TEXT,
    eta_set_at              TEXT    NOT NULL,
    eta_slips               INTEGER NOT NULL DEFAULT 0,
    creator_id              INTEGER NOT NULL REFERENCES people (id),
    solution_assignee_id    INTEGER REFERENCES people (id), -- nobody as yet when null
    communication_assignee_id INTEGER REFERENCES people (id),
    turnover_minor          INTEGER,
    turnover_currency       TEXT,
    post_mortem_url         TEXT,
    post_mortem_title       TEXT,
    started_at              TEXT    NOT NULL,
    detected_at             TEXT,
    announced_at            TEXT    NOT NULL,
    resolved_at             TEXT,
    ended_at                TEXT, -- when it was last said to be resolved or withdrawn
    duplicate_of            INTEGER REFERENCES outages (id),
    public_id               TEXT    UNIQUE,
    public_title            TEXT,
    public_text             TEXT,
    published_at            TEXT,
    updated_at              TEXT    NOT NULL,
    UNIQUE (workspace_id, number)
) STRICT;
CREATE INDEX outages_open ON outages (workspace_id, number) WHERE phase IN ('investigating', 'identified', 'monitoring');
CREATE INDEX outages_started ON outages (workspace_id, started_at);
CREATE INDEX outages_creator ON outages (creator_id, id);
CREATE INDEX outages_ended ON outages (workspace_id, ended_at);
CREATE INDEX outages_over ON outages (workspace_id, updated_at, number) WHERE phase IN ('resolved', 'withdrawn');

CREATE TABLE outage_components (
    outage_id    INTEGER NOT NULL REFERENCES outages (id),
    position     INTEGER NOT NULL, -- 0 is the primary one
    component_id INTEGER NOT NULL REFERENCES components (id),
    status       TEXT    NOT NULL CHECK (status IN ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance')),
    from_at      TEXT    NOT NULL,
    to_at        TEXT,
    PRIMARY KEY (outage_id, position)
) STRICT;
CREATE INDEX outage_components_component ON outage_components (component_id, from_at);

CREATE TABLE impact_answers (
    outage_id INTEGER NOT NULL REFERENCES outages (id),
    position  INTEGER NOT NULL,
    question  TEXT    NOT NULL,
    label     TEXT    NOT NULL, -- as asked
    answer    TEXT    NOT NULL,
    detail    TEXT    NOT NULL DEFAULT '',
    told_at   TEXT,
    PRIMARY KEY (outage_id, question)
) STRICT;

CREATE TABLE outage_versions (
    outage_id   INTEGER NOT NULL REFERENCES outages (id),
    version     INTEGER NOT NULL,
    snapshot    TEXT    NOT NULL CHECK (json_valid(snapshot)),
    actor       TEXT    NOT NULL CHECK (json_valid(actor)),
    why         TEXT    NOT NULL DEFAULT '',
    recorded_at TEXT    NOT NULL,
    PRIMARY KEY (outage_id, version)
) STRICT;

CREATE TABLE timeline (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    outage_id   INTEGER NOT NULL REFERENCES outages (id),
    version     INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    visibility  TEXT    NOT NULL DEFAULT 'internal' CHECK (visibility IN ('internal', 'public')),
    actor       TEXT    NOT NULL CHECK (json_valid(actor)),
    event       TEXT    NOT NULL CHECK (json_valid(event)),
    occurred_at TEXT    NOT NULL,
    recorded_at TEXT    NOT NULL
) STRICT;
CREATE INDEX timeline_outage ON timeline (outage_id, id);
CREATE INDEX timeline_updates ON timeline (outage_id, id) WHERE kind IN ('updated', 'reopened');

CREATE TABLE announcements (
    outage_id    INTEGER PRIMARY KEY REFERENCES outages (id),
    workspace_id TEXT    NOT NULL,
    channel_id   TEXT    NOT NULL,
    message_ts   TEXT, -- none until it was posted
    permalink    TEXT,
    pinned       INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
    pinned_at    TEXT, -- when that was last written
    posted_at    TEXT,
    rendered_at  TEXT, -- when Slack last took how it stands
    copy         INTEGER NOT NULL DEFAULT 1, -- counts how often it was posted anew
    because      TEXT CHECK (because IS NULL OR json_valid(because)), -- why it stands here, when it is not the first or not where it was meant to be
    copied_at    TEXT, -- when it was decided to post this copy
    away         INTEGER NOT NULL DEFAULT 0 CHECK (away IN (0, 1)), -- deleted again, and left so
    deletions    INTEGER NOT NULL DEFAULT 0, -- by people
    unpins       INTEGER NOT NULL DEFAULT 0,
    moves        INTEGER NOT NULL DEFAULT 0, -- to the fallback channel
    checked_at   TEXT, -- when it was last looked whether it stands there
    UNIQUE (workspace_id, channel_id, message_ts)
) STRICT;
CREATE INDEX announcements_channel ON announcements (workspace_id, channel_id);

-- Announcements that others took the place of. Threads and buttons of theirs live on.
CREATE TABLE former_announcements (
    outage_id     INTEGER NOT NULL REFERENCES outages (id),
    copy          INTEGER NOT NULL,
    workspace_id  TEXT    NOT NULL,
    channel_id    TEXT    NOT NULL,
    message_ts    TEXT    NOT NULL,
    permalink     TEXT,
    thread_stands INTEGER NOT NULL DEFAULT 0 CHECK (thread_stands IN (0, 1)), -- whether its replies can still be read
    left_at       TEXT NOT NULL,
    PRIMARY KEY (outage_id, copy),
    UNIQUE (workspace_id, channel_id, message_ts)
) STRICT;

-- Channels for announcements that could not be used, or can again.
CREATE TABLE announcement_channels (
    workspace_id TEXT    NOT NULL,
    channel_id   TEXT    NOT NULL,
    lost_at      TEXT, -- when it was last found to be of no use
    because      TEXT CHECK (because IS NULL OR json_valid(because)), -- and why
    found_at     TEXT, -- when it was last found to be of use
    rejoin_at    TEXT, -- when the bot last tried to come back into it
    rejoining    INTEGER NOT NULL DEFAULT 0 CHECK (rejoining IN (0, 1)),
    PRIMARY KEY (workspace_id, channel_id)
) STRICT;

-- The channels in which people work on one outage.
CREATE TABLE dedicated_channels (
    outage_id    INTEGER PRIMARY KEY REFERENCES outages (id),
    workspace_id TEXT    NOT NULL,
    name         TEXT    NOT NULL, -- as asked for, then as it is
    channel_id   TEXT, -- none until it exists and the bot is in it
    made_here    INTEGER NOT NULL DEFAULT 0 CHECK (made_here IN (0, 1)),
    requested_by TEXT    NOT NULL CHECK (json_valid(requested_by)),
    requested_at TEXT NOT NULL,
    failed       TEXT, -- why there is none
    topic        TEXT    NOT NULL DEFAULT '', -- as we last set it
    warned_at    TEXT, -- when its members were told that it will be archived
    archived_at  TEXT
) STRICT;
CREATE INDEX dedicated_channels_channel ON dedicated_channels (workspace_id, channel_id);

-- Messages of dedicated channels that were shared into the announcement's thread.
CREATE TABLE shares (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id   TEXT    NOT NULL,
    outage_id      INTEGER NOT NULL REFERENCES outages (id),
    channel_id     TEXT    NOT NULL,
    message_ts     TEXT    NOT NULL,
    author_user    TEXT    NOT NULL DEFAULT '', -- a Slack user ID; empty for an app
    author_name    TEXT    NOT NULL,
    author_picture TEXT,
    text           TEXT    NOT NULL, -- as written, in Slack's markup
    permalink      TEXT,
    shared_by      INTEGER NOT NULL REFERENCES people (id),
    offered_to     INTEGER REFERENCES people (id), -- who was asked whether to withdraw it
    round          INTEGER NOT NULL DEFAULT 1, -- counts how often it was shared anew
    posted_channel TEXT, -- where its line stands, in the announcement's thread
    posted_ts      TEXT,
    edited         INTEGER NOT NULL DEFAULT 0 CHECK (edited IN (0, 1)),
    deleted        INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    withdrawn_at   TEXT,
    created_at     TEXT NOT NULL,
    UNIQUE (workspace_id, channel_id, message_ts)
) STRICT;

CREATE TABLE external_references (
    source       TEXT    NOT NULL,
    external_id  TEXT    NOT NULL,
    outage_id    INTEGER NOT NULL REFERENCES outages (id),
    PRIMARY KEY (source, external_id)
) STRICT;

-- What watches components, and what it said.

CREATE TABLE checks (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id TEXT    NOT NULL,
    source       TEXT    NOT NULL, -- pingdom, alertmanager, grafana, datadog, generic, prometheus
    external_id  TEXT    NOT NULL, -- what the source knows it by
    name         TEXT    NOT NULL DEFAULT '',
    link         TEXT    NOT NULL DEFAULT '',
    description  TEXT    NOT NULL DEFAULT '',
    importance   TEXT    NOT NULL DEFAULT 'undefined' CHECK (importance IN ('undefined', 'low', 'medium', 'high')),
    created_by   TEXT    NOT NULL DEFAULT '', -- in the source's words
    note         TEXT    NOT NULL DEFAULT '', -- of whoever looks after it
    edited       TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(edited)), -- what people wrote, which the source does not write over
    channel_id   TEXT, -- the Slack channel that its alerts are read in
    component_id INTEGER REFERENCES components (id), -- none: nobody knows yet what it is about
    mapped_by    TEXT    CHECK (mapped_by IS NULL OR json_valid(mapped_by)), -- none where the source says it
    rule         TEXT    CHECK (rule IS NULL OR json_valid(rule)), -- none: that of its source
    state        TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(state)),
    last         TEXT    CHECK (last IS NULL OR json_valid(last)), -- the newest observation
    occurrences  INTEGER NOT NULL DEFAULT 0, -- how often it was said to be sick
    due_at       TEXT, -- when the passing of time alone may change something
    created_at   TEXT    NOT NULL,
    UNIQUE (workspace_id, source, external_id)
) STRICT;
CREATE INDEX checks_component ON checks (component_id);
CREATE INDEX checks_due ON checks (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE observations (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    check_id    INTEGER NOT NULL REFERENCES checks (id),
    at          TEXT    NOT NULL, -- when it was so, as the source says
    word        TEXT    NOT NULL, -- the state in the source's words
    status      TEXT    CHECK (status IN ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance')), -- none is no opinion
    value       REAL,
    detail      TEXT    NOT NULL DEFAULT '',
    is_test     INTEGER NOT NULL DEFAULT 0 CHECK (is_test IN (0, 1)),
    received_at TEXT    NOT NULL,
    UNIQUE (check_id, at, word)
) STRICT;
CREATE INDEX observations_received ON observations (received_at);

-- What somebody said of a component's status, for a time.
CREATE TABLE overrides (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    component_id INTEGER NOT NULL REFERENCES components (id),
    status       TEXT    NOT NULL CHECK (status IN ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance')),
    why          TEXT    NOT NULL DEFAULT '',
    said_by      TEXT    NOT NULL CHECK (json_valid(said_by)),
    from_at      TEXT    NOT NULL,
    until_at     TEXT, -- none until somebody takes it back
    is_over      INTEGER NOT NULL DEFAULT 0 CHECK (is_over IN (0, 1)),
    due_at       TEXT, -- when it begins or ends
    created_at   TEXT    NOT NULL
) STRICT;
CREATE INDEX overrides_component ON overrides (component_id) WHERE NOT is_over;
CREATE INDEX overrides_due ON overrides (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE component_health (
    component_id INTEGER PRIMARY KEY REFERENCES components (id),
    status       TEXT    CHECK (status IN ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance')), -- none: nothing has an opinion
    since        TEXT    NOT NULL,
    why          TEXT    NOT NULL CHECK (json_valid(why)),
    stale        INTEGER NOT NULL CHECK (stale IN (0, 1)),
    flapping     INTEGER NOT NULL CHECK (flapping IN (0, 1))
) STRICT;

CREATE TABLE component_transitions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    component_id INTEGER NOT NULL REFERENCES components (id),
    at           TEXT    NOT NULL,
    from_status  TEXT,
    to_status    TEXT,
    why          TEXT    NOT NULL CHECK (json_valid(why)),
    recorded_at  TEXT    NOT NULL
) STRICT;
CREATE INDEX component_transitions_component ON component_transitions (component_id, id);

-- What must happen outside, and what came in.

CREATE TABLE deliveries (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id TEXT    NOT NULL,
    outage_id    INTEGER REFERENCES outages (id),
    subject      TEXT    NOT NULL DEFAULT '', -- what it is about, when it is no outage
    kind         TEXT    NOT NULL,
    lane         TEXT    NOT NULL, -- order is kept within a lane
    conversation TEXT    NOT NULL DEFAULT '', -- paced together; empty is not paced
    after_id     INTEGER REFERENCES deliveries (id),
    dedupe_key   TEXT    NOT NULL UNIQUE,
    payload      TEXT    NOT NULL CHECK (json_valid(payload)),
    attempts     INTEGER NOT NULL DEFAULT 0,
    due_at       TEXT    NOT NULL,
    trying_since TEXT    NOT NULL, -- given up a day after this
    locked_by    TEXT,
    locked_until TEXT,
    sent_at      TEXT, -- set before the first call whose answer is not known yet
    done_at      TEXT, -- finished: delivered, folded or dead
    dead_at      TEXT,
    folded_into  INTEGER REFERENCES deliveries (id),
    last_error   TEXT,
    result       TEXT    CHECK (result IS NULL OR json_valid(result)),
    created_at   TEXT    NOT NULL
) STRICT;
CREATE INDEX deliveries_due ON deliveries (due_at, id) WHERE done_at IS NULL;
CREATE INDEX deliveries_lane ON deliveries (lane, id) WHERE done_at IS NULL;
CREATE INDEX deliveries_outage ON deliveries (outage_id, kind, id);
CREATE INDEX deliveries_done ON deliveries (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX deliveries_dead ON deliveries (id) WHERE dead_at IS NOT NULL;
CREATE INDEX deliveries_after ON deliveries (after_id) WHERE after_id IS NOT NULL;
CREATE INDEX deliveries_folded ON deliveries (folded_into) WHERE folded_into IS NOT NULL;

CREATE TABLE pacing (
    workspace_id TEXT    NOT NULL,
    conversation TEXT    NOT NULL,
    free_at      TEXT    NOT NULL,
    PRIMARY KEY (workspace_id, conversation)
) STRICT;
CREATE INDEX pacing_free ON pacing (free_at);

-- Workspaces that cannot be reached, while they cannot; and whether the log says so.
CREATE TABLE unreached (
    workspace_id TEXT    PRIMARY KEY,
    since        TEXT    NOT NULL,
    why          TEXT    NOT NULL,
    checked_at   TEXT    NOT NULL,
    told         INTEGER NOT NULL DEFAULT FALSE CHECK (told IN (0, 1))
) STRICT;

CREATE TABLE inbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    source      TEXT    NOT NULL,
    event_id    TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    body        TEXT    NOT NULL CHECK (json_valid(body)),
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      TEXT    NOT NULL,
    received_at TEXT    NOT NULL,
    done_at     TEXT,
    last_error  TEXT,
    UNIQUE (source, event_id)
) STRICT;
CREATE INDEX inbox_due ON inbox (due_at, id) WHERE done_at IS NULL;
CREATE INDEX inbox_done ON inbox (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE idempotency (
    scope      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    outcome    TEXT    NOT NULL CHECK (json_valid(outcome)),
    expires_at TEXT    NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT;
CREATE INDEX idempotency_expires ON idempotency (expires_at);

CREATE TABLE leases (
    name       TEXT    PRIMARY KEY,
    holder     TEXT    NOT NULL,
    fence      INTEGER NOT NULL DEFAULT 1,
    expires_at TEXT    NOT NULL
) STRICT;

-- The last run of each job, on whichever node.
CREATE TABLE job_runs (
    job         TEXT    PRIMARY KEY,
    node        TEXT    NOT NULL,
    started_at  TEXT    NOT NULL,
    finished_at TEXT,
    next_at     TEXT    NOT NULL,
    wanted_at   TEXT, -- asked for since it last started: due then, if that is sooner
    failed      INTEGER NOT NULL DEFAULT 0 CHECK (failed IN (0, 1)),
    outcome     TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE audit (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    actor       TEXT    NOT NULL CHECK (json_valid(actor)),
    action      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    detail      TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(detail)),
    recorded_at TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_recorded ON audit (recorded_at);

-- What monitors said, kept until it is taken in. One row is one request of theirs.
CREATE TABLE signals (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    reports      TEXT    NOT NULL CHECK (json_valid(reports)),
    received_at  TEXT    NOT NULL,
    due_at       TEXT    NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    done_at      TEXT,
    last_error   TEXT
) STRICT;
CREATE INDEX signals_due ON signals (due_at, id) WHERE done_at IS NULL;
CREATE INDEX signals_done ON signals (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX signals_put_away ON signals (id) WHERE done_at IS NOT NULL AND last_error IS NOT NULL;
