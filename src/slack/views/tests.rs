//! Outages and people to render, and whether what comes out is what Slack takes.

mod channel;
mod filled;
mod forms;
mod home;
mod limits;
mod shown;

use std::time::Duration;

use crate::{
    domain::{
        actor::Identity,
        component::Component,
        eta::{Eta, EtaChoice},
        ids::{
            ChannelId, ComponentId, ComponentKey, OutageId, OutageNumber, PersonId, SlackUserId,
            WorkspaceId,
        },
        impact::{Answer, Impact, shipped_questions},
        outage::{Affected, Facts, LastUpdate, Outage, Phase, Resolution, Roles, Severity, Stage},
        person::Person,
        policy::{Channels, Policy},
        time::{Timestamp, Zone},
    },
    store::announcements::Announcement,
};

const ANA: PersonId = PersonId(1);
const BO: PersonId = PersonId(2);
const LINK: &str = "https://example.slack.com/archives/C1/p1772366400000100";

/// Minutes after noon of 2026-03-01.
fn at(minutes: u64) -> Timestamp {
    Timestamp::from_epoch(1_772_366_400).plus(Duration::from_secs(minutes * 60))
}

fn by(person: PersonId) -> Identity {
    Identity::Person { id: person }
}

fn people() -> Vec<Person> {
    let person = |id, user: &str, name: &str| Person {
        id,
        slack_user: SlackUserId::from(user),
        name: name.into(),
        email: None,
        zone: "Europe/Prague".parse().unwrap_or(Zone::UTC),
        picture: Some(format!("https://example.com/{user}.png")),
    };
    vec![person(ANA, "U0ANA", "Ana"), person(BO, "U0BO", "Bo")]
}

fn component(id: i64, name: &str) -> Component {
    Component {
        id: ComponentId(id),
        key: ComponentKey(name.to_lowercase()),
        name: name.into(),
    }
}

fn policy() -> Policy {
    let choices = ["<30m", "<2h", "<8h", "<24h", ">24h"];
    Policy {
        everybody_announces: true,
        announce_channel: ChannelId::from("C1"),
        fallback_channel: None,
        eta_choices: choices.into_iter().filter_map(EtaChoice::parse).collect(),
        default_severity: Severity::Major,
        questions: shipped_questions(),
        currency: "EUR".into(),
        post_mortem_default: false,
        email_domain: None,
        ask: "the platform team".into(),
        channels: Channels::default(),
        zone: "Europe/Prague".parse().unwrap_or(Zone::UTC),
    }
}

fn open() -> Outage {
    let impact = |(index, question): (usize, crate::domain::impact::Question)| Impact {
        question: question.key,
        label: question.label,
        answer: [Answer::Yes, Answer::Unknown, Answer::Choice("<10%".into())][index % 3].clone(),
        detail: ["", "", "about 40 an hour"][index % 3].into(),
        told_at: None,
    };
    Outage {
        id: OutageId(7),
        number: OutageNumber(12),
        version: 3,
        facts: Facts {
            workspace: WorkspaceId::from("T1"),
            phase: Phase::Open {
                stage: Stage::Identified,
                former: None,
            },
            severity: Severity::Major,
            summary: "Customers cannot pay by card <b>at all</b> & refunds fail".into(),
            affected: ["Payments", "Refunds"]
                .into_iter()
                .zip(1..)
                .map(|(name, id)| Affected {
                    component: component(id, name),
                    status: "partial_outage".into(),
                    from: at(0),
                    to: None,
                })
                .collect(),
            impact: shipped_questions()
                .into_iter()
                .enumerate()
                .map(impact)
                .collect(),
            eta: Eta {
                label: "<2h".into(),
                due: Some(at(125)),
                set_at: at(5),
            },
            roles: Roles {
                creator: ANA,
                solution: Some(ANA),
                communication: Some(BO),
            },
            slips: 0,
            turnover: None,
            post_mortem: None,
            channel: None,
            started_at: at(0),
            announced_at: at(5),
            last_update: Some(LastUpdate {
                text: "The provider answers again for some cards.".into(),
                by: by(BO),
                at: at(20),
            }),
        },
    }
}

fn resolved() -> Outage {
    let mut outage = open();
    outage.version = 4;
    outage.phase = Phase::Resolved(Resolution {
        at: at(90),
        by: by(ANA),
        first_recorded_at: at(92),
        text: "We switched to the other provider.".into(),
        post_mortem_wanted: true,
    });
    outage.turnover = crate::domain::money::Money::parse_whole("12500", "EUR");
    outage
}

fn withdrawn() -> Outage {
    let mut outage = open();
    outage.phase = Phase::Withdrawn {
        at: at(30),
        by: by(BO),
        why: "The alarm itself was broken".into(),
        duplicate_of: None,
    };
    outage
}

fn announced(outage: Outage) -> (Outage, Option<Announcement>) {
    let announcement = Announcement {
        outage_id: outage.id,
        workspace_id: outage.workspace.clone(),
        channel_id: ChannelId::from("C1"),
        message_ts: Some("1772366400.000100".into()),
        permalink: Some(LINK.into()),
        pinned: true,
        pinned_at: None,
        copy: 1,
        because: None,
        copied_at: None,
        away: false,
        deletions: 0,
        unpins: 0,
        moves: 0,
    };
    (outage, Some(announcement))
}
