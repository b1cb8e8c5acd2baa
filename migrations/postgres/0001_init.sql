-- Who is here.

CREATE TABLE workspaces (
    id           TEXT    PRIMARY KEY, -- Slack's team ID
    name         TEXT    NOT NULL,
    url          TEXT    NOT NULL DEFAULT '',
    bot_user_id  TEXT    NOT NULL DEFAULT '',
    bot_id       TEXT    NOT NULL DEFAULT '',
    seen_at      TIMESTAMPTZ    NOT NULL
);

CREATE TABLE counters (
    workspace_id TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    value        BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, name)
);

CREATE TABLE people (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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
    is_bot         BOOLEAN NOT NULL DEFAULT FALSE,
    is_restricted  BOOLEAN NOT NULL DEFAULT FALSE,
    profile_at     TIMESTAMPTZ, -- when Slack was last asked
    deactivated_at TIMESTAMPTZ,
    created_at     TIMESTAMPTZ    NOT NULL,
    UNIQUE (workspace_id, slack_user_id)
);
CREATE INDEX people_email ON people (workspace_id, email);
CREATE INDEX people_address ON people (workspace_id, address);
CREATE INDEX people_local_part ON people (workspace_id, local_part);

CREATE TABLE groups (
    workspace_id TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    PRIMARY KEY (workspace_id, name)
);

CREATE TABLE group_rights (
    workspace_id TEXT    NOT NULL,
    group_name   TEXT    NOT NULL,
    permission   TEXT    NOT NULL,
    PRIMARY KEY (workspace_id, group_name, permission),
    FOREIGN KEY (workspace_id, group_name) REFERENCES groups (workspace_id, name)
);

CREATE TABLE group_members (
    workspace_id TEXT    NOT NULL,
    group_name   TEXT    NOT NULL,
    member       TEXT    NOT NULL, -- a Slack user ID, or an e-mail address in lower case
    source       TEXT    NOT NULL, -- settings, manual, google:ADDRESS or slack:ID
    added_by     JSONB   NOT NULL,
    added_at     TIMESTAMPTZ    NOT NULL,
    PRIMARY KEY (workspace_id, group_name, member, source),
    FOREIGN KEY (workspace_id, group_name) REFERENCES groups (workspace_id, name)
);
CREATE INDEX group_members_member ON group_members (workspace_id, member);

-- How it stands with what is read elsewhere, by group and source.
CREATE TABLE group_syncs (
    workspace_id TEXT    NOT NULL,
    group_name   TEXT    NOT NULL,
    source       TEXT    NOT NULL, -- google:ADDRESS or slack:ID
    tried_at     TIMESTAMPTZ    NOT NULL,
    synced_at    TIMESTAMPTZ, -- when it was last read as a whole
    problem      TEXT    NOT NULL DEFAULT '', -- why the last try changed nothing; empty when it went well
    would_remove BIGINT  NOT NULL DEFAULT 0, -- what waits for somebody to say yes
    warned_at    TIMESTAMPTZ, -- when administrators heard of that
    PRIMARY KEY (workspace_id, group_name, source),
    FOREIGN KEY (workspace_id, group_name) REFERENCES groups (workspace_id, name)
);

-- Who looked at the bot's Home tab lately, and so sees changes there.
CREATE TABLE home_tabs (
    workspace_id  TEXT    NOT NULL,
    slack_user_id TEXT    NOT NULL,
    opened_at     TIMESTAMPTZ    NOT NULL,
    PRIMARY KEY (workspace_id, slack_user_id)
);

-- What can be unhealthy. The key never changes; what anything refers to is never deleted.

CREATE TABLE components (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    name_lower   TEXT    NOT NULL,
    attributes   JSONB NOT NULL DEFAULT '{}',
    owner        TEXT, -- in their own words
    description  TEXT,
    links        JSONB   NOT NULL DEFAULT '[]', -- names and addresses, in order
    retired_at   TIMESTAMPTZ,
    created_at   TIMESTAMPTZ    NOT NULL,
    UNIQUE (workspace_id, key)
);
CREATE INDEX components_name ON components (workspace_id, name_lower);

CREATE TABLE component_aliases (
    workspace_id TEXT    NOT NULL,
    alias        TEXT    NOT NULL, -- lower case
    component_id BIGINT NOT NULL REFERENCES components (id),
    PRIMARY KEY (workspace_id, alias)
);
CREATE INDEX component_aliases_component ON component_aliases (component_id);

-- What a component needs in order to work. No circles.
CREATE TABLE component_parents (
    component_id BIGINT  NOT NULL REFERENCES components (id),
    parent_id    BIGINT  NOT NULL REFERENCES components (id),
    PRIMARY KEY (component_id, parent_id),
    CHECK (component_id <> parent_id)
);
CREATE INDEX component_parents_parent ON component_parents (parent_id);

-- Outages: state, parts, history.

CREATE TABLE outages (
    id                      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id            TEXT    NOT NULL,
    number                  BIGINT NOT NULL,
    version                 BIGINT NOT NULL DEFAULT 1,
    phase                   TEXT    NOT NULL CHECK (phase IN ('investigating', 'identified', 'monitoring', 'resolved', 'withdrawn')),
    -- What the phase carries: the resolution, the former one of a reopened outage, the withdrawal.
    phase_detail            JSONB NOT NULL,
    severity                TEXT    NOT NULL CHECK (severity IN ('minor', 'major', 'critical')),
    summary                 TEXT    NOT NULL,
    eta_label               TEXT    NOT NULL,
    eta_due_at              TIMESTAMPTZ,
    eta_set_at              TIMESTAMPTZ    NOT NULL,
    eta_slips               BIGINT NOT NULL DEFAULT 0,
    creator_id              BIGINT NOT NULL REFERENCES people (id),
    solution_assignee_id    BIGINT REFERENCES people (id), -- nobody as yet when null
    communication_assignee_id BIGINT REFERENCES people (id),
    turnover_minor          BIGINT,
    turnover_currency       TEXT,
    post_mortem_url         TEXT,
    post_mortem_title       TEXT,
    started_at              TIMESTAMPTZ    NOT NULL,
    detected_at             TIMESTAMPTZ,
    announced_at            TIMESTAMPTZ    NOT NULL,
    resolved_at             TIMESTAMPTZ,
    ended_at                TIMESTAMPTZ, -- when it was last said to be resolved or withdrawn
    duplicate_of            BIGINT REFERENCES outages (id),
    public_id               TEXT    UNIQUE,
    public_title            TEXT,
    public_text             TEXT,
    published_at            TIMESTAMPTZ,
    updated_at              TIMESTAMPTZ    NOT NULL,
    UNIQUE (workspace_id, number)
);
CREATE INDEX outages_open ON outages (workspace_id, number) WHERE phase IN ('investigating', 'identified', 'monitoring');
CREATE INDEX outages_started ON outages (workspace_id, started_at);
CREATE INDEX outages_creator ON outages (creator_id, id);
CREATE INDEX outages_ended ON outages (workspace_id, ended_at);
CREATE INDEX outages_over ON outages (workspace_id, updated_at, number) WHERE phase IN ('resolved', 'withdrawn');

CREATE TABLE outage_components (
    outage_id    BIGINT NOT NULL REFERENCES outages (id),
    position     BIGINT NOT NULL, -- 0 is the primary one
    component_id BIGINT NOT NULL REFERENCES components (id),
    status       TEXT    NOT NULL CHECK (status IN ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance')),
    from_at      TIMESTAMPTZ    NOT NULL,
    to_at        TIMESTAMPTZ,
    PRIMARY KEY (outage_id, position)
);
CREATE INDEX outage_components_component ON outage_components (component_id, from_at);

CREATE TABLE impact_answers (
    outage_id BIGINT NOT NULL REFERENCES outages (id),
    position  BIGINT NOT NULL,
    question  TEXT    NOT NULL,
    label     TEXT    NOT NULL, -- as asked
    answer    TEXT    NOT NULL,
    detail    TEXT    NOT NULL DEFAULT '',
    told_at   TIMESTAMPTZ,
    PRIMARY KEY (outage_id, question)
);

CREATE TABLE outage_versions (
    outage_id   BIGINT NOT NULL REFERENCES outages (id),
    version     BIGINT NOT NULL,
    snapshot    JSONB NOT NULL,
    actor       JSONB NOT NULL,
    why         TEXT    NOT NULL DEFAULT '',
    recorded_at TIMESTAMPTZ    NOT NULL,
    PRIMARY KEY (outage_id, version)
);

CREATE TABLE timeline (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    outage_id   BIGINT NOT NULL REFERENCES outages (id),
    version     BIGINT NOT NULL,
    kind        TEXT    NOT NULL,
    visibility  TEXT    NOT NULL DEFAULT 'internal' CHECK (visibility IN ('internal', 'public')),
    actor       JSONB NOT NULL,
    event       JSONB NOT NULL,
    occurred_at TIMESTAMPTZ    NOT NULL,
    recorded_at TIMESTAMPTZ    NOT NULL
);
CREATE INDEX timeline_outage ON timeline (outage_id, id);
CREATE INDEX timeline_updates ON timeline (outage_id, id) WHERE kind IN ('updated', 'reopened');

CREATE TABLE announcements (
    outage_id    BIGINT PRIMARY KEY REFERENCES outages (id),
    workspace_id TEXT    NOT NULL,
    channel_id   TEXT    NOT NULL,
    message_ts   TEXT, -- none until it was posted
    permalink    TEXT,
    pinned       BOOLEAN NOT NULL DEFAULT FALSE,
    pinned_at    TIMESTAMPTZ, -- when that was last written
    posted_at    TIMESTAMPTZ,
    rendered_at  TIMESTAMPTZ, -- when Slack last took how it stands
    copy         BIGINT NOT NULL DEFAULT 1, -- counts how often it was posted anew
    because      JSONB, -- why it stands here, when it is not the first or not where it was meant to be
    copied_at    TIMESTAMPTZ, -- when it was decided to post this copy
    away         BOOLEAN NOT NULL DEFAULT FALSE, -- deleted again, and left so
    deletions    BIGINT NOT NULL DEFAULT 0, -- by people
    unpins       BIGINT NOT NULL DEFAULT 0,
    moves        BIGINT NOT NULL DEFAULT 0, -- to the fallback channel
    checked_at   TIMESTAMPTZ, -- when it was last looked whether it stands there
    UNIQUE (workspace_id, channel_id, message_ts)
);
CREATE INDEX announcements_channel ON announcements (workspace_id, channel_id);

-- Announcements that others took the place of. Threads and buttons of theirs live on.
CREATE TABLE former_announcements (
    outage_id     BIGINT NOT NULL REFERENCES outages (id),
    copy          BIGINT NOT NULL,
    workspace_id  TEXT    NOT NULL,
    channel_id    TEXT    NOT NULL,
    message_ts    TEXT    NOT NULL,
    permalink     TEXT,
    thread_stands BOOLEAN NOT NULL DEFAULT FALSE, -- whether its replies can still be read
    left_at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (outage_id, copy),
    UNIQUE (workspace_id, channel_id, message_ts)
);

-- Channels for announcements that could not be used, or can again.
CREATE TABLE announcement_channels (
    workspace_id TEXT    NOT NULL,
    channel_id   TEXT    NOT NULL,
    lost_at      TIMESTAMPTZ, -- when it was last found to be of no use
    because      JSONB, -- and why
    found_at     TIMESTAMPTZ, -- when it was last found to be of use
    rejoin_at    TIMESTAMPTZ, -- when the bot last tried to come back into it
    rejoining    BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (workspace_id, channel_id)
);

-- The channels in which people work on one outage.
CREATE TABLE dedicated_channels (
    outage_id    BIGINT PRIMARY KEY REFERENCES outages (id),
    workspace_id TEXT    NOT NULL,
    name         TEXT    NOT NULL, -- as asked for, then as it is
    channel_id   TEXT, -- none until it exists and the bot is in it
    made_here    BOOLEAN NOT NULL DEFAULT FALSE,
    requested_by JSONB   NOT NULL,
    requested_at TIMESTAMPTZ NOT NULL,
    failed       TEXT, -- why there is none
    topic        TEXT    NOT NULL DEFAULT '', -- as we last set it
    warned_at    TIMESTAMPTZ, -- when its members were told that it will be archived
    archived_at  TIMESTAMPTZ
);
CREATE INDEX dedicated_channels_channel ON dedicated_channels (workspace_id, channel_id);

-- Messages of dedicated channels that were shared into the announcement's thread.
CREATE TABLE shares (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id   TEXT    NOT NULL,
    outage_id      BIGINT NOT NULL REFERENCES outages (id),
    channel_id     TEXT    NOT NULL,
    message_ts     TEXT    NOT NULL,
    author_user    TEXT    NOT NULL DEFAULT '', -- a Slack user ID; empty for an app
    author_name    TEXT    NOT NULL,
    author_picture TEXT,
    text           TEXT    NOT NULL, -- as written, in Slack's markup
    permalink      TEXT,
    shared_by      BIGINT NOT NULL REFERENCES people (id),
    offered_to     BIGINT REFERENCES people (id), -- who was asked whether to withdraw it
    round          BIGINT NOT NULL DEFAULT 1, -- counts how often it was shared anew
    posted_channel TEXT, -- where its line stands, in the announcement's thread
    posted_ts      TEXT,
    edited         BOOLEAN NOT NULL DEFAULT FALSE,
    deleted        BOOLEAN NOT NULL DEFAULT FALSE,
    withdrawn_at   TIMESTAMPTZ,
    created_at     TIMESTAMPTZ NOT NULL,
    UNIQUE (workspace_id, channel_id, message_ts)
);

CREATE TABLE external_references (
    source       TEXT    NOT NULL,
    external_id  TEXT    NOT NULL,
    outage_id    BIGINT NOT NULL REFERENCES outages (id),
    PRIMARY KEY (source, external_id)
);

-- What watches components, and what it said.

CREATE TABLE checks (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id TEXT    NOT NULL,
    source       TEXT    NOT NULL, -- pingdom, alertmanager, grafana, datadog, generic, prometheus
    external_id  TEXT    NOT NULL, -- what the source knows it by
    name         TEXT    NOT NULL DEFAULT '',
    link         TEXT    NOT NULL DEFAULT '',
    description  TEXT    NOT NULL DEFAULT '',
    importance   TEXT    NOT NULL DEFAULT 'undefined' CHECK (importance IN ('undefined', 'low', 'medium', 'high')),
    created_by   TEXT    NOT NULL DEFAULT '', -- in the source's words
    note         TEXT    NOT NULL DEFAULT '', -- of whoever looks after it
    edited       JSONB    NOT NULL DEFAULT '[]', -- what people wrote, which the source does not write over
    channel_id   TEXT, -- the Slack channel that its alerts are read in
    component_id BIGINT REFERENCES components (id), -- none: nobody knows yet what it is about
    mapped_by    JSONB, -- none where the source says it
    rule         JSONB, -- none: that of its source
    state        JSONB    NOT NULL DEFAULT '{}',
    last         JSONB, -- the newest observation
    occurrences  BIGINT NOT NULL DEFAULT 0, -- how often it was said to be sick
    due_at       TIMESTAMPTZ, -- when the passing of time alone may change something
    created_at   TIMESTAMPTZ    NOT NULL,
    UNIQUE (workspace_id, source, external_id)
);
CREATE INDEX checks_component ON checks (component_id);
CREATE INDEX checks_due ON checks (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE observations (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    check_id    BIGINT NOT NULL REFERENCES checks (id),
    at          TIMESTAMPTZ    NOT NULL, -- when it was so, as the source says
    word        TEXT    NOT NULL, -- the state in the source's words
    status      TEXT    CHECK (status IN ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance')), -- none is no opinion
    value       DOUBLE PRECISION,
    detail      TEXT    NOT NULL DEFAULT '',
    is_test     BOOLEAN NOT NULL DEFAULT FALSE,
    received_at TIMESTAMPTZ    NOT NULL,
    UNIQUE (check_id, at, word)
);
CREATE INDEX observations_received ON observations (received_at);

-- What somebody said of a component's status, for a time.
CREATE TABLE overrides (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    component_id BIGINT NOT NULL REFERENCES components (id),
    status       TEXT    NOT NULL CHECK (status IN ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance')),
    why          TEXT    NOT NULL DEFAULT '',
    said_by      JSONB    NOT NULL,
    from_at      TIMESTAMPTZ    NOT NULL,
    until_at     TIMESTAMPTZ, -- none until somebody takes it back
    is_over      BOOLEAN NOT NULL DEFAULT FALSE,
    due_at       TIMESTAMPTZ, -- when it begins or ends
    created_at   TIMESTAMPTZ    NOT NULL
);
CREATE INDEX overrides_component ON overrides (component_id) WHERE NOT is_over;
CREATE INDEX overrides_due ON overrides (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE component_health (
    component_id BIGINT PRIMARY KEY REFERENCES components (id),
    status       TEXT    CHECK (status IN ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance')), -- none: nothing has an opinion
    since        TIMESTAMPTZ    NOT NULL,
    why          JSONB    NOT NULL,
    stale        BOOLEAN NOT NULL,
    flapping     BOOLEAN NOT NULL
);

CREATE TABLE component_transitions (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    component_id BIGINT NOT NULL REFERENCES components (id),
    at           TIMESTAMPTZ    NOT NULL,
    from_status  TEXT,
    to_status    TEXT,
    why          JSONB    NOT NULL,
    recorded_at  TIMESTAMPTZ    NOT NULL
);
CREATE INDEX component_transitions_component ON component_transitions (component_id, id);

-- What must happen outside, and what came in.

CREATE TABLE deliveries (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id TEXT    NOT NULL,
    outage_id    BIGINT REFERENCES outages (id),
    subject      TEXT    NOT NULL DEFAULT '', -- what it is about, when it is no outage
    kind         TEXT    NOT NULL,
    lane         TEXT    NOT NULL, -- order is kept within a lane
    conversation TEXT    NOT NULL DEFAULT '', -- paced together; empty is not paced
    after_id     BIGINT REFERENCES deliveries (id),
    dedupe_key   TEXT    NOT NULL UNIQUE,
    payload      JSONB NOT NULL,
    attempts     BIGINT NOT NULL DEFAULT 0,
    due_at       TIMESTAMPTZ    NOT NULL,
    trying_since TIMESTAMPTZ    NOT NULL, -- given up a day after this
    locked_by    TEXT,
    locked_until TIMESTAMPTZ,
    sent_at      TIMESTAMPTZ, -- set before the first call whose answer is not known yet
    done_at      TIMESTAMPTZ, -- finished: delivered, folded or dead
    dead_at      TIMESTAMPTZ,
    folded_into  BIGINT REFERENCES deliveries (id),
    last_error   TEXT,
    result       JSONB,
    created_at   TIMESTAMPTZ    NOT NULL
);
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
    free_at      TIMESTAMPTZ    NOT NULL,
    PRIMARY KEY (workspace_id, conversation)
);
CREATE INDEX pacing_free ON pacing (free_at);

-- Workspaces that cannot be reached, while they cannot; and whether the log says so.
CREATE TABLE unreached (
    workspace_id TEXT        PRIMARY KEY,
    since        TIMESTAMPTZ NOT NULL,
    why          TEXT        NOT NULL,
    checked_at   TIMESTAMPTZ NOT NULL,
    told         BOOLEAN     NOT NULL DEFAULT FALSE
);

CREATE TABLE inbox (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      TEXT    NOT NULL,
    event_id    TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    body        JSONB NOT NULL,
    attempts    BIGINT NOT NULL DEFAULT 0,
    due_at      TIMESTAMPTZ    NOT NULL,
    received_at TIMESTAMPTZ    NOT NULL,
    done_at     TIMESTAMPTZ,
    last_error  TEXT,
    UNIQUE (source, event_id)
);
CREATE INDEX inbox_due ON inbox (due_at, id) WHERE done_at IS NULL;
CREATE INDEX inbox_done ON inbox (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE idempotency (
    scope      TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    outcome    JSONB NOT NULL,
    expires_at TIMESTAMPTZ    NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_expires ON idempotency (expires_at);

CREATE TABLE leases (
    name       TEXT    PRIMARY KEY,
    holder     TEXT    NOT NULL,
    fence      BIGINT NOT NULL DEFAULT 1,
    expires_at TIMESTAMPTZ    NOT NULL
);

-- The last run of each job, on whichever node.
CREATE TABLE job_runs (
    job         TEXT    PRIMARY KEY,
    node        TEXT    NOT NULL,
    started_at  TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    next_at     TIMESTAMPTZ NOT NULL,
    wanted_at   TIMESTAMPTZ, -- asked for since it last started: due then, if that is sooner
    failed      BOOLEAN NOT NULL DEFAULT FALSE,
    outcome     TEXT    NOT NULL DEFAULT ''
);

CREATE TABLE audit (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor       JSONB NOT NULL,
    action      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    detail      JSONB NOT NULL DEFAULT '{}',
    recorded_at TIMESTAMPTZ    NOT NULL
);
CREATE INDEX audit_recorded ON audit (recorded_at);

-- What monitors said, kept until it is taken in. One row is one request of theirs.
CREATE TABLE signals (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    reports      JSONB   NOT NULL,
    received_at  TIMESTAMPTZ NOT NULL,
    due_at       TIMESTAMPTZ NOT NULL,
    attempts     BIGINT NOT NULL DEFAULT 0,
    done_at      TIMESTAMPTZ,
    last_error   TEXT
);
CREATE INDEX signals_due ON signals (due_at, id) WHERE done_at IS NULL;
CREATE INDEX signals_done ON signals (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX signals_put_away ON signals (id) WHERE done_at IS NOT NULL AND last_error IS NOT NULL;
