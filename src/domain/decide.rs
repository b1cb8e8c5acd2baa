//! The two pure functions at the heart: may this be done, and what follows from it.

mod ended;
mod left;
mod open;

use super::{
    actor::{Actor, Right},
    change::{Change, differences},
    command::{Answers, Command, Request},
    effect::{Effect, Event, Line},
    eta::Eta,
    ids::{PersonId, WorkspaceId},
    impact::{Answer, Given, Impact, Question},
    limits,
    outage::{Affected, Facts, Outage, Phase, Role, Roles, Stage},
    policy::Policy,
    refusal::{Field, Refusal},
    time::Timestamp,
};

pub use left::leave;
pub use open::absorb;

/// An outage resolved less than this ago may be the one that is announced again.
const LATELY: std::time::Duration = std::time::Duration::from_secs(600);

/// What a change makes of an outage, what goes into its timeline, what the outside must hear.
#[derive(Clone, Debug)]
pub struct Decision<T> {
    pub next: T,
    pub events: Vec<Event>,
    pub effects: Vec<Effect>,
}

/// Whether `actor` may open an outage with `request`, given what is open and what was lately
/// resolved in the workspace. A person who announces gets both roles.
pub fn declare(
    workspace: &WorkspaceId,
    request: &Request,
    open: &[Outage],
    recent: &[Outage],
    actor: &Actor,
    policy: &Policy,
    now: Timestamp,
) -> Result<Decision<Facts>, Refusal> {
    let person = match actor.identity.person() {
        Some(person) if may_announce(actor, policy) => person,
        _ => return Err(Refusal::MayNotAnnounce),
    };
    let summary = text(&request.summary, Field::Summary, limits::SUMMARY)?;
    guard(request, open, recent, now)?;
    let mut next = Facts {
        workspace: workspace.clone(),
        phase: Phase::Open {
            stage: Stage::Investigating,
            former: None,
        },
        severity: request.severity,
        summary,
        affected: vec![Affected {
            component: request.component.clone(),
            status: request.severity.component_status().to_owned(),
            from: now,
            to: None,
        }],
        impact: policy.questions.iter().map(unanswered).collect(),
        eta: request.eta.clone(),
        slips: 0,
        roles: Roles {
            creator: person,
            solution: Some(person),
            communication: Some(person),
        },
        turnover: None,
        post_mortem: None,
        started_at: now,
        announced_at: now,
        last_update: None,
        channel: None,
    };
    take_answers(&mut next, &request.answers, policy)?;
    let mut effects = vec![
        Effect::Announce,
        Effect::Pin,
        Effect::TellRoles {
            person,
            gained: Role::ALL.to_vec(),
            lost: Vec::new(),
        },
    ];
    effects.extend(tell_channels(&mut next, policy, now));
    effects.extend(request.from_message.iter().map(|message| {
        say(Line::FromMessage {
            message: message.clone(),
        })
    }));
    Ok(Decision {
        next,
        events: vec![Event::Announced {
            from_message: request.from_message.clone(),
        }],
        effects,
    })
}

/// Asks before the same is announced twice: any open outage of the component, and one that was
/// resolved a moment ago, unless the person has seen them and says it is none of them.
fn guard(
    request: &Request,
    open: &[Outage],
    recent: &[Outage],
    now: Timestamp,
) -> Result<(), Refusal> {
    let concerns = |outage: &Outage| {
        let component = request.component.id;
        let mut affected = outage.affected.iter();
        affected.any(|it| it.component.id == component)
            && !request.not_the_same_as.contains(&outage.number)
    };
    let numbers = |outages: &[Outage], counts: &dyn Fn(&Outage) -> bool| {
        let mut numbers: Vec<_> = outages
            .iter()
            .filter(|it| concerns(it) && counts(it))
            .map(|it| it.number)
            .collect();
        numbers.sort_by(|a, b| b.cmp(a));
        numbers
    };
    let open = numbers(open, &|it| it.is_open());
    let lately = numbers(recent, &|it| {
        // When it was said counts, not only when it ended.
        let said = it
            .phase
            .resolution()
            .map(|it| it.at.max(it.first_recorded_at));
        said.is_some_and(|at| now.since(at) < LATELY)
    });
    if open.is_empty() && lately.is_empty() {
        return Ok(());
    }
    Err(Refusal::MaybeTheSame { open, lately })
}

/// What `actor` may make of `outage` with `command` at `now`, or why not.
pub fn decide(
    outage: &Outage,
    command: &Command,
    actor: &Actor,
    policy: &Policy,
    now: Timestamp,
) -> Result<Decision<Outage>, Refusal> {
    let may = match command {
        // Whoever may announce may lend a hand.
        Command::Take | Command::Join { .. } => {
            actor.may_change(outage) || may_announce(actor, policy)
        }
        _ => actor.may_change(outage),
    };
    if !may {
        return Err(Refusal::MayNotChange {
            involved: outage.roles.people(),
        });
    }
    match command {
        Command::Update(update) => open::update(outage, update, actor, now),
        Command::Edit(edit) => open::edit(outage, edit, actor, policy, now),
        Command::Eta { eta, reason } => open::eta(outage, eta, reason, actor),
        Command::Reassign {
            solution,
            communication,
        } => open::reassign(outage, *solution, *communication, actor),
        Command::Take => open::take(outage, actor),
        Command::CreateChannel => open::create_channel(outage, policy),
        Command::SetChannel { channel } => open::set_channel(outage, channel, policy),
        Command::Join { text } => open::join(outage, text, actor),
        Command::Withdraw { why, duplicate_of } => {
            open::withdraw(outage, why, *duplicate_of, actor, now)
        }
        Command::Resolve(resolve) => ended::resolve(outage, resolve, actor, policy, now),
        Command::EditResolution(edit) => ended::edit_resolution(outage, edit, actor, policy, now),
        Command::EditTimes {
            started_at,
            resolved_at,
        } => ended::edit_times(outage, *started_at, *resolved_at, actor, now),
        Command::LinkPostMortem { url } => ended::link_post_mortem(outage, url, actor),
        Command::Reopen { reason } => ended::reopen(outage, reason, actor, now),
    }
}

/// Whether somebody may open outages.
pub fn may_announce(actor: &Actor, policy: &Policy) -> bool {
    policy.everybody_announces || actor.rights.has(Right::Announce)
}

/// A promise that is made anew this soon corrects a slip of the pen.
const CORRECTED: std::time::Duration = std::time::Duration::from_secs(60);

/// Makes a new promise. A later one, or none where there was one, is a slip.
fn promise(next: &mut Facts, eta: &Eta) {
    let corrected = eta.set_at.since(next.eta.set_at) < CORRECTED;
    let slipped = match (next.eta.due, eta.due) {
        _ if corrected => false,
        (Some(before), Some(after)) => after > before,
        (Some(_), None) => true,
        (None, _) => false,
    };
    next.slips += u32::from(slipped);
    next.eta = eta.clone();
}

/// A correction: told as before → after, refused when nothing differs.
fn changed(
    outage: &Outage,
    next: Outage,
    actor: &Actor,
    event: impl FnOnce(Vec<Change>) -> Event,
) -> Result<Decision<Outage>, Refusal> {
    let changes = differences(outage, &next);
    if changes.is_empty() {
        return Err(Refusal::NothingChanged);
    }
    let mut effects = vec![Effect::Refresh];
    effects.extend(say_changes(outage, actor, &changes));
    Ok(Decision {
        next,
        events: vec![event(changes)],
        effects,
    })
}

/// One message to everybody whose roles differ.
fn tell_roles(before: &Roles, after: &Roles) -> Vec<Effect> {
    let has = |roles: &Roles, role, person| roles.of(role) == Some(person);
    let mut concerned: Vec<PersonId> = Vec::new();
    for roles in [before, after] {
        for person in Role::ALL.into_iter().filter_map(|role| roles.of(role)) {
            if !concerned.contains(&person) {
                concerned.push(person);
            }
        }
    }
    let tell = |person| {
        let differs = |from: &Roles, to: &Roles| -> Vec<Role> {
            let now_has = |role: &Role| !has(from, *role, person) && has(to, *role, person);
            Role::ALL.into_iter().filter(now_has).collect()
        };
        let (gained, lost) = (differs(before, after), differs(after, before));
        (!gained.is_empty() || !lost.is_empty()).then_some(Effect::TellRoles {
            person,
            gained,
            lost,
        })
    };
    concerned.into_iter().filter_map(tell).collect()
}

/// Whom a yes concerns that were not told yet: each channel once, also when the answer comes late.
fn tell_channels(next: &mut Facts, policy: &Policy, now: Timestamp) -> Vec<Effect> {
    let mut effects = Vec::new();
    for impact in &mut next.impact {
        if impact.answer != Answer::Yes || impact.told_at.is_some() {
            continue;
        }
        let question = policy.questions.iter().find(|it| it.key == impact.question);
        let channels = question.map_or(&[][..], Question::tells);
        if channels.is_empty() {
            continue;
        }
        impact.told_at = Some(now);
        effects.extend(channels.iter().map(|channel| Effect::TellChannel {
            question: impact.question.clone(),
            channel: channel.clone(),
        }));
    }
    effects
}

fn say(line: Line) -> Effect {
    Effect::Say { line }
}

fn say_changes(outage: &Outage, actor: &Actor, changes: &[Change]) -> Option<Effect> {
    (!changes.is_empty()).then(|| {
        say(Line::Changes {
            by: vec![actor.identity.clone()],
            from_version: outage.version,
            to_version: outage.version + 1,
        })
    })
}

fn out_of_date(outage: &Outage) -> Refusal {
    Refusal::OutOfDate {
        number: outage.number,
        is: outage.phase.word(),
    }
}

fn unanswered(question: &Question) -> Impact {
    Impact {
        question: question.key.clone(),
        label: question.label.clone(),
        answer: Answer::Unknown,
        detail: String::new(),
        told_at: None,
    }
}

/// Answers to questions that were asked then or are asked now; others are left alone, and so is
/// a word that the question does not offer.
fn take_answers(facts: &mut Facts, answers: &Answers, policy: &Policy) -> Result<(), Refusal> {
    for question in &policy.questions {
        if !facts.impact.iter().any(|it| it.question == question.key) {
            facts.impact.push(unanswered(question));
        }
    }
    for impact in &mut facts.impact {
        let given = answers.iter().find(|it| it.question == impact.question);
        let question = policy.questions.iter().find(|it| it.key == impact.question);
        let (Some(Given { answer, detail, .. }), Some(question)) = (given, question) else {
            continue;
        };
        if let Some(answer) = answer.as_ref().filter(|it| question.takes(it)) {
            impact.answer = answer.clone();
        }
        if let Some(detail) = detail.as_ref().filter(|_| question.has_details()) {
            impact.detail = optional_text(detail, Field::Impact, limits::DETAIL)?;
        }
    }
    Ok(())
}

fn text(given: &str, field: Field, limit: usize) -> Result<String, Refusal> {
    let text = optional_text(given, field, limit)?;
    if text.is_empty() {
        return Err(Refusal::Empty { field });
    }
    Ok(text)
}

fn optional_text(given: &str, field: Field, limit: usize) -> Result<String, Refusal> {
    // What no keyboard types is not text: a message of nothing else is empty to Slack, and
    // PostgreSQL keeps no NUL.
    let typed = |it: &char| !it.is_control() || matches!(it, '\n' | '\t');
    let visible: String = given.chars().filter(typed).collect();
    let trimmed = visible.trim();
    let actual = trimmed.chars().count();
    if actual > limit {
        return Err(Refusal::TooLong {
            field,
            limit,
            actual,
        });
    }
    Ok(trimmed.to_owned())
}

#[cfg(test)]
mod tests;
