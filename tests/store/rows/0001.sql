-- Rows as a Balefire with migration 0001 wrote them, on both databases. Never edited once a later
-- migration exists: that one is tried over them.

INSERT INTO workspaces (id, name, url, bot_user_id, bot_id, seen_at)
VALUES ('T1', 'Example', 'https://example.slack.com/', 'UBOT', 'BBOT', '2026-03-01T12:00:00+00:00');
INSERT INTO counters (workspace_id, name, value) VALUES ('T1', 'outage', 2);

INSERT INTO people (workspace_id, slack_user_id, name, handle, email, local_part, address, time_zone, picture, profile_at, created_at)
VALUES ('T1', 'U1', 'Ana', 'ana', 'ana@example.com', 'ana', 'ana@example.com', 'Europe/Prague', 'https://example.com/ana.png', '2026-03-01T12:00:00.123456+00:00', '2026-03-01T12:00:00+00:00'),
       ('T1', 'U2', 'Bo', NULL, NULL, NULL, NULL, 'Etc/UTC', NULL, NULL, '2026-03-01T12:00:00+00:00');
INSERT INTO groups (workspace_id, name) VALUES ('T1', 'on_call');
INSERT INTO group_rights (workspace_id, group_name, permission) VALUES ('T1', 'on_call', 'announce');
INSERT INTO group_members (workspace_id, group_name, member, source, added_by, added_at)
VALUES ('T1', 'on_call', 'ana@example.com', 'settings', '{"kind":"job","name":"settings"}', '2026-03-01T12:00:00+00:00');
INSERT INTO group_syncs (workspace_id, group_name, source, tried_at, synced_at, problem, would_remove, warned_at)
VALUES ('T1', 'on_call', 'google:sre@example.com', '2026-03-01T12:00:00+00:00', NULL, 'the group was not found', 0, NULL);
INSERT INTO home_tabs (workspace_id, slack_user_id, opened_at) VALUES ('T1', 'U1', '2026-03-01T12:00:00+00:00');

INSERT INTO components (workspace_id, key, name, name_lower, attributes, owner, description, links, retired_at, created_at)
VALUES ('T1', 'payments', 'Payments', 'payments', '{"region":"eu"}', 'Team Money', 'Cards and invoices',
        '[{"name":"Runbook","url":"https://wiki.example.com/payments"}]', NULL, '2026-03-01T12:00:00+00:00'),
       ('T1', 'ledger', 'Ledger', 'ledger', '{}', NULL, NULL, '[]', NULL, '2026-03-01T12:00:00+00:00');
INSERT INTO component_aliases (workspace_id, alias, component_id) VALUES ('T1', 'pay', 1);
INSERT INTO component_parents (component_id, parent_id) VALUES (1, 2);

INSERT INTO outages (workspace_id, number, version, phase, phase_detail, severity, summary, eta_label, eta_due_at, eta_set_at,
    creator_id, solution_assignee_id, communication_assignee_id, started_at, announced_at, resolved_at, ended_at, updated_at)
VALUES ('T1', 1, 2, 'resolved',
        '{"phase":"resolved","at":"2026-03-01T13:00:00Z","by":{"kind":"person","id":1},"first_recorded_at":"2026-03-01T13:00:00Z","text":"the provider is back","post_mortem_wanted":false}',
        'major', 'Cards fail — <b>', '<2h', '2026-03-01T14:00:00+00:00', '2026-03-01T12:00:00+00:00',
        1, 1, NULL, '2026-03-01T12:00:00+00:00', '2026-03-01T12:00:00+00:00', '2026-03-01T13:00:00+00:00', '2026-03-01T13:00:00+00:00', '2026-03-01T13:00:00+00:00'),
       ('T1', 2, 1, 'investigating', '{"phase":"open","stage":"investigating","former":null}',
        'critical', 'Cards fail again', 'unknown', NULL, '2026-03-02T12:00:00+00:00',
        2, 2, 2, '2026-03-02T12:00:00+00:00', '2026-03-02T12:00:00+00:00', NULL, NULL, '2026-03-02T12:00:00+00:00');
INSERT INTO outage_components (outage_id, position, component_id, status, from_at, to_at)
VALUES (1, 0, 1, 'partial_outage', '2026-03-01T12:00:00+00:00', '2026-03-01T13:00:00+00:00'),
       (2, 0, 1, 'major_outage', '2026-03-02T12:00:00+00:00', NULL);
INSERT INTO impact_answers (outage_id, position, question, label, answer, detail, told_at)
VALUES (1, 0, 'sales', 'Sales affected', 'yes', 'mostly Spain', '2026-03-01T12:01:00+00:00');
INSERT INTO outage_versions (outage_id, version, snapshot, actor, why, recorded_at)
VALUES (2, 1, '{"id":2,"number":2,"version":1,"workspace":"T1","phase":{"phase":"open","stage":"investigating","former":null},"severity":"critical","summary":"Cards fail again","affected":[{"component":{"id":1,"key":"payments","name":"Payments"},"status":"major_outage","from":"2026-03-02T12:00:00Z","to":null}],"impact":[],"eta":{"label":"unknown","due":null,"set_at":"2026-03-02T12:00:00Z"},"slips":0,"roles":{"creator":2,"solution":2,"communication":2},"turnover":null,"post_mortem":null,"started_at":"2026-03-02T12:00:00Z","announced_at":"2026-03-02T12:00:00Z","last_update":null,"channel":null}',
        '{"kind":"person","id":2}', '', '2026-03-02T12:00:00+00:00');
INSERT INTO timeline (outage_id, version, kind, actor, event, occurred_at, recorded_at)
VALUES (1, 1, 'announced', '{"kind":"person","id":1}', '{"event":"announced"}', '2026-03-01T12:00:00+00:00', '2026-03-01T12:00:00+00:00'),
       (1, 2, 'resolved', '{"kind":"person","id":1}', '{"event":"resolved","text":"the provider is back","at":"2026-03-01T13:00:00Z","changes":[]}', '2026-03-01T13:00:00+00:00', '2026-03-01T13:00:00+00:00'),
       (2, 1, 'announced', '{"kind":"person","id":2}', '{"event":"announced"}', '2026-03-02T12:00:00+00:00', '2026-03-02T12:00:00+00:00');
INSERT INTO announcements (outage_id, workspace_id, channel_id, message_ts, permalink, pinned, posted_at, rendered_at)
VALUES (1, 'T1', 'C1', '1772366400.000100', 'https://example.slack.com/archives/C1/p1772366400000100', TRUE, '2026-03-01T12:00:01+00:00', '2026-03-01T13:00:01+00:00');
INSERT INTO former_announcements (outage_id, copy, workspace_id, channel_id, message_ts, permalink, thread_stands, left_at)
VALUES (1, 0, 'T1', 'C1', '1772366300.000100', 'https://example.slack.com/archives/C1/p1772366300000100', TRUE, '2026-03-01T12:00:01+00:00');
INSERT INTO announcement_channels (workspace_id, channel_id, lost_at, because, found_at)
VALUES ('T1', 'C1', '2026-02-27T12:00:00+00:00', NULL, '2026-02-28T12:00:00+00:00');
INSERT INTO dedicated_channels (outage_id, workspace_id, name, channel_id, made_here, requested_by, requested_at, topic)
VALUES (2, 'T1', 'o-payments-260302', 'C2', TRUE, '{"kind":"person","id":2}', '2026-03-02T12:01:00+00:00', 'Outage 2');
INSERT INTO shares (workspace_id, outage_id, channel_id, message_ts, author_user, author_name, text, shared_by, posted_ts, created_at)
VALUES ('T1', 2, 'C2', '1772452900.000100', 'U1', 'Ana', 'it is the switch', 2, '1772452901.000100', '2026-03-02T12:05:00+00:00');
INSERT INTO external_references (source, external_id, outage_id) VALUES ('example', 'E-1', 1);

INSERT INTO checks (workspace_id, source, external_id, name, link, importance, edited, component_id, mapped_by, state, last, occurrences, due_at, created_at)
VALUES ('T1', 'pingdom', '85975', 'Checkout', 'https://my.pingdom.com/reports/uptime#check=85975', 'high', '["name"]', 1, '{"kind":"person","id":1}',
        '{"status":"major_outage","since":"2026-03-02T12:00:00Z","heard_at":"2026-03-02T12:00:00Z","last":{"at":"2026-03-02T12:00:00Z","status":"major_outage"},"changes":["2026-03-02T12:00:00Z"],"turned_at":"2026-03-02T12:00:00Z"}',
        '{"observation":{"at":"2026-03-02T12:00:00Z","status":"major_outage","value":null,"detail":"HTTP Error 503"},"word":"DOWN"}', 3, '2026-03-02T12:30:00+00:00', '2026-03-01T12:00:00+00:00');
INSERT INTO observations (check_id, at, word, status, value, detail, received_at)
VALUES (1, '2026-03-02T12:00:00+00:00', 'DOWN', 'major_outage', 0.5, 'HTTP Error 503', '2026-03-02T12:00:01+00:00');
INSERT INTO overrides (component_id, status, why, said_by, from_at, until_at, is_over, due_at, created_at)
VALUES (1, 'under_maintenance', 'a new switch', '{"kind":"person","id":1}', '2026-03-01T12:00:00+00:00', '2026-03-01T13:00:00+00:00', TRUE, NULL, '2026-03-01T12:00:00+00:00');
INSERT INTO component_health (component_id, status, since, why, stale, flapping)
VALUES (1, 'major_outage', '2026-03-02T12:00:00+00:00', '{"kind":"checks","worst":[1]}', FALSE, FALSE);
INSERT INTO component_transitions (component_id, at, from_status, to_status, why, recorded_at)
VALUES (1, '2026-03-02T12:00:00+00:00', 'operational', 'major_outage', '{"kind":"checks","worst":[1]}', '2026-03-02T12:00:01+00:00');

INSERT INTO deliveries (workspace_id, outage_id, kind, lane, conversation, after_id, dedupe_key, payload, attempts, due_at, trying_since, sent_at, done_at, result, created_at)
VALUES ('T1', 1, 'announce', 'outage:1:thread', 'C1', NULL, 'announce:1', '{"task":"announce"}', 1, '2026-03-01T12:00:00+00:00', '2026-03-01T12:00:00+00:00', '2026-03-01T12:00:00.5+00:00', '2026-03-01T12:00:01+00:00', '{"receipt":"posted","channel":"C1","ts":"1772366400.000100"}', '2026-03-01T12:00:00+00:00'),
       ('T1', 2, 'announce', 'outage:2:thread', 'C1', NULL, 'announce:2', '{"task":"announce"}', 0, '2026-03-02T12:00:00+00:00', '2026-03-02T12:00:00+00:00', NULL, NULL, NULL, '2026-03-02T12:00:00+00:00'),
       ('T1', 2, 'pin', 'outage:2:pin', '', 2, 'pin:2:1', '{"task":"pin"}', 0, '2026-03-02T12:00:00+00:00', '2026-03-02T12:00:00+00:00', NULL, NULL, NULL, '2026-03-02T12:00:00+00:00');
INSERT INTO pacing (workspace_id, conversation, free_at) VALUES ('T1', 'C1', '2026-03-01T12:00:02+00:00');
INSERT INTO unreached (workspace_id, since, why, checked_at, told) VALUES ('T1', '2026-03-02T12:00:00+00:00', 'no answer in time', '2026-03-02T12:01:00+00:00', TRUE);
INSERT INTO inbox (source, event_id, kind, body, due_at, received_at)
VALUES ('slack', 'Ev1', 'reaction_added', '{"type":"reaction_added"}', '2026-03-02T12:05:00+00:00', '2026-03-02T12:05:00+00:00');
INSERT INTO idempotency (scope, key, outcome, expires_at)
VALUES ('slack.form', 'V1', '{"content":"abc","outage":2}', '2026-03-03T12:00:00+00:00');
INSERT INTO leases (name, holder, fence, expires_at) VALUES ('job:forget', 'process 1 (abc)', 7, '2026-03-02T12:01:00+00:00');
INSERT INTO job_runs (job, node, started_at, finished_at, next_at, wanted_at, failed, outcome)
VALUES ('forget', 'process 1 (abc)', '2026-03-02T12:00:00+00:00', '2026-03-02T12:00:01+00:00', '2026-03-03T12:00:01+00:00', '2026-03-02T12:01:00+00:00', FALSE, 'forgot 0 answers');
INSERT INTO audit (actor, action, subject, detail, recorded_at)
VALUES ('{"kind":"command_line","name":"cli"}', 'delivery.retry', '1', '{}', '2026-03-01T12:00:00+00:00');
INSERT INTO signals (workspace_id, source, reports, received_at, due_at)
VALUES ('T1', 'pingdom', '[{"source":"pingdom","external_id":"85975","observation":{"at":"2026-03-02T12:00:00Z","status":"partial_outage","value":null,"detail":"no answer"},"word":"DOWN","is_test":false}]',
        '2026-03-02T12:00:01+00:00', '2026-03-02T12:00:01+00:00');
