//! The two pure functions at the heart: may this be done, and what follows from it.

use super::{
    actor::{Actor, Right},
    change::{Change, differences},
    command::{Answers, Command, Edit, EditResolution, Request, Resolve, Update},
    component::Component,
    effect::{Effect, Event, Line, Role},
    ids::WorkspaceId,
    impact::{Answer, Impact},
    limits,
    outage::{Affected, Facts, LastUpdate, Outage, Phase, Resolution, Roles, Stage},
    policy::Policy,
    refusal::{Field, Refusal},
    time::Timestamp,
};

/// What a change makes of an outage, what goes into its timeline, what the outside must hear.
#[derive(Clone, Debug)]
pub struct Decision<T> {
    pub next: T,
    pub events: Vec<Event>,
    pub effects: Vec<Effect>,
}

/// Whether `actor` may open an outage with `request`. A person who announces gets both roles.
pub fn declare(
    workspace: &WorkspaceId,
    request: &Request,
    actor: &Actor,
    policy: &Policy,
    now: Timestamp,
) -> Result<Decision<Facts>, Refusal> {
    let may = policy.everybody_announces || actor.rights.has(Right::Announce);
    let person = match actor.identity.person() {
        Some(person) if may => person,
        _ => return Err(Refusal::MayNotAnnounce),
    };
    let summary = text(&request.summary, Field::Summary, limits::SUMMARY)?;
    let next = Facts {
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
        impact: policy
            .questions
            .iter()
            .map(|question| Impact {
                question: question.key.clone(),
                label: question.label.clone(),
                answer: answer_to(&request.answers, &question.key).unwrap_or_default(),
                told_at: None,
            })
            .collect(),
        eta: request.eta.promise(now),
        roles: Roles {
            creator: person,
            solution: person,
            communication: person,
        },
        turnover: None,
        started_at: now,
        announced_at: now,
        last_update: None,
    };
    let mut effects = vec![Effect::Announce, Effect::Pin];
    effects.extend(tell_assigned(&next.roles));
    Ok(Decision {
        next,
        events: vec![Event::Announced],
        effects,
    })
}

/// What `actor` may make of `outage` with `command` at `now`, or why not.
pub fn decide(
    outage: &Outage,
    command: &Command,
    actor: &Actor,
    policy: &Policy,
    now: Timestamp,
) -> Result<Decision<Outage>, Refusal> {
    if !actor.may_change(outage) {
        let roles = &outage.roles;
        let mut involved = vec![roles.creator, roles.solution, roles.communication];
        involved.sort();
        involved.dedup();
        return Err(Refusal::MayNotChange { involved });
    }
    match command {
        Command::Update(update) => decide_update(outage, update, actor, now),
        Command::Edit(edit) => decide_edit(outage, edit, actor, policy, now),
        Command::Resolve(resolve) => decide_resolve(outage, resolve, actor, policy, now),
        Command::EditResolution(edit) => decide_edit_resolution(outage, edit, actor, policy),
        Command::EditTimes {
            started_at,
            resolved_at,
        } => decide_edit_times(outage, *started_at, *resolved_at, actor, now),
        Command::Reopen { reason } => decide_reopen(outage, reason, actor, now),
        Command::Withdraw { why } => decide_withdraw(outage, why, actor, now),
    }
}

fn decide_update(
    outage: &Outage,
    update: &Update,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision<Outage>, Refusal> {
    let mut next = outage.clone();
    let Phase::Open { stage, .. } = &mut next.facts.phase else {
        return Err(out_of_date(outage));
    };
    *stage = update.stage.unwrap_or(*stage);
    let text = text(&update.text, Field::Update, limits::UPDATE)?;
    if let Some(choice) = &update.eta {
        next.eta = choice.promise(now);
    }
    next.last_update = Some(LastUpdate {
        text: text.clone(),
        by: actor.identity.clone(),
        at: now,
    });
    let changes = differences(outage, &next);
    let mut effects = vec![
        Effect::Refresh,
        say(Line::Update {
            by: actor.identity.clone(),
            text: text.clone(),
        }),
    ];
    effects.extend(say_changes(outage, actor, &changes));
    Ok(Decision {
        next,
        events: vec![Event::Updated { text, changes }],
        effects,
    })
}

fn decide_edit(
    outage: &Outage,
    edit: &Edit,
    actor: &Actor,
    policy: &Policy,
    now: Timestamp,
) -> Result<Decision<Outage>, Refusal> {
    if !outage.is_open() {
        return Err(out_of_date(outage));
    }
    let mut next = outage.clone();
    if let Some(summary) = &edit.summary {
        next.summary = text(summary, Field::Summary, limits::SUMMARY)?;
    }
    let reason = text(&edit.reason, Field::Reason, limits::REASON)?;
    next.severity = edit.severity.unwrap_or(outage.severity);
    if let Some(component) = &edit.component {
        replace_primary(&mut next, component);
    }
    let status = next.severity.component_status();
    for affected in &mut next.facts.affected {
        affected.status = status.to_owned();
    }
    if let Some(choice) = &edit.eta {
        next.eta = choice.promise(now);
    }
    take_answers(&mut next, &edit.answers, policy);
    let changes = differences(outage, &next);
    if changes.is_empty() {
        return Err(Refusal::NothingChanged);
    }
    let mut effects = vec![
        Effect::Refresh,
        say(Line::Reason {
            by: actor.identity.clone(),
            text: reason.clone(),
        }),
    ];
    effects.extend(say_changes(outage, actor, &changes));
    Ok(Decision {
        next,
        events: vec![Event::Edited { reason, changes }],
        effects,
    })
}

fn decide_resolve(
    outage: &Outage,
    resolve: &Resolve,
    actor: &Actor,
    policy: &Policy,
    now: Timestamp,
) -> Result<Decision<Outage>, Refusal> {
    let Phase::Open { former, .. } = &outage.phase else {
        return Err(out_of_date(outage));
    };
    let text = optional_text(&resolve.text, Field::Resolution, limits::RESOLUTION)?;
    // A form that was not touched says this minute and means now.
    let end = if resolve.at.minute() == now.minute() {
        now
    } else {
        resolve.at
    };
    let at = end_time(outage.started_at, end, now, Field::ResolvedAt)?;
    let mut next = outage.clone();
    next.phase = Phase::Resolved(Resolution {
        at,
        by: former
            .as_ref()
            .map_or_else(|| actor.identity.clone(), |it| it.by.clone()),
        first_recorded_at: former.as_ref().map_or(now, |it| it.first_recorded_at),
        text: text.clone(),
        post_mortem_wanted: resolve.post_mortem_wanted,
    });
    for affected in &mut next.facts.affected {
        affected.to = Some(at);
    }
    take_answers(&mut next, &resolve.answers, policy);
    next.turnover = resolve.turnover.clone();
    let changes = differences(outage, &next);
    let mut effects = vec![
        Effect::Refresh,
        Effect::Pin,
        say(Line::Resolved {
            by: actor.identity.clone(),
            at,
        }),
    ];
    effects.extend(say_changes(outage, actor, &changes));
    Ok(Decision {
        next,
        events: vec![Event::Resolved { text, at, changes }],
        effects,
    })
}

fn decide_edit_resolution(
    outage: &Outage,
    edit: &EditResolution,
    actor: &Actor,
    policy: &Policy,
) -> Result<Decision<Outage>, Refusal> {
    let mut next = outage.clone();
    let Phase::Resolved(resolution) = &mut next.facts.phase else {
        return Err(out_of_date(outage));
    };
    if let Some(text) = &edit.text {
        resolution.text = optional_text(text, Field::Resolution, limits::RESOLUTION)?;
    }
    if let Some(wanted) = edit.post_mortem_wanted {
        resolution.post_mortem_wanted = wanted;
    }
    take_answers(&mut next, &edit.answers, policy);
    if let Some(turnover) = &edit.turnover {
        next.turnover = turnover.clone();
    }
    changed(outage, next, actor, |changes| Event::ResolutionEdited {
        changes,
    })
}

fn decide_edit_times(
    outage: &Outage,
    started_at: Option<Timestamp>,
    resolved_at: Option<Timestamp>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision<Outage>, Refusal> {
    let mut next = outage.clone();
    let Phase::Resolved(resolution) = &mut next.facts.phase else {
        return Err(out_of_date(outage));
    };
    // A form knows minutes; what was left alone keeps its seconds.
    let keep = |was: Timestamp, picked: Option<Timestamp>| {
        picked
            .filter(|it| it.minute() != was.minute())
            .unwrap_or(was)
    };
    let started_at = keep(outage.started_at, started_at);
    if started_at > now {
        return Err(Refusal::InTheFuture {
            field: Field::StartedAt,
        });
    }
    let picked = keep(resolution.at, resolved_at);
    resolution.at = end_time(started_at, picked, now, Field::ResolvedAt)?;
    let at = resolution.at;
    next.started_at = started_at;
    for affected in &mut next.facts.affected {
        affected.from = started_at;
        affected.to = Some(at);
    }
    changed(outage, next, actor, |changes| Event::TimesEdited {
        changes,
    })
}

fn decide_reopen(
    outage: &Outage,
    reason: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision<Outage>, Refusal> {
    let Phase::Resolved(resolution) = &outage.phase else {
        return Err(out_of_date(outage));
    };
    let reason = optional_text(reason, Field::Reason, limits::REASON)?;
    let mut next = outage.clone();
    next.phase = Phase::Open {
        stage: Stage::Investigating,
        former: Some(resolution.clone()),
    };
    // What was said before the resolution is no news any more; why it is open again is.
    next.last_update = (!reason.is_empty()).then(|| LastUpdate {
        text: reason.clone(),
        by: actor.identity.clone(),
        at: now,
    });
    // An ETA from before the resolution promises nothing any more.
    if next.eta.due.is_some_and(|due| due <= now) {
        next.eta.due = None;
        next.eta.label = "unknown".to_owned();
        next.eta.set_at = now;
    }
    for affected in &mut next.facts.affected {
        affected.to = None;
    }
    Ok(Decision {
        next,
        events: vec![Event::Reopened {
            reason: reason.clone(),
        }],
        effects: vec![
            Effect::Refresh,
            Effect::Pin,
            say(Line::Reopened {
                by: actor.identity.clone(),
                reason,
            }),
        ],
    })
}

fn decide_withdraw(
    outage: &Outage,
    why: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision<Outage>, Refusal> {
    if !outage.is_open() {
        return Err(out_of_date(outage));
    }
    let why = text(why, Field::Reason, limits::REASON)?;
    let mut next = outage.clone();
    next.phase = Phase::Withdrawn {
        at: now,
        by: actor.identity.clone(),
        why: why.clone(),
        duplicate_of: None,
    };
    for affected in &mut next.facts.affected {
        affected.to = Some(now);
    }
    Ok(Decision {
        next,
        events: vec![Event::Withdrawn { why: why.clone() }],
        effects: vec![
            Effect::Refresh,
            Effect::Pin,
            say(Line::Withdrawn {
                by: actor.identity.clone(),
                why,
            }),
        ],
    })
}

/// Makes `component` the one that gives the outage its title.
fn replace_primary(next: &mut Outage, component: &Component) {
    if next.affected.first().map(|it| it.component.id) == Some(component.id) {
        return;
    }
    let primary = Affected {
        component: component.clone(),
        status: next.severity.component_status().to_owned(),
        from: next.started_at,
        to: None,
    };
    // It may have been affected besides the primary one: it must not stand there twice.
    let mut others = next.facts.affected.split_off(1.min(next.affected.len()));
    others.retain(|it| it.component.id != component.id);
    next.facts.affected = vec![primary];
    next.facts.affected.extend(others);
}

/// A correction after the end: told as before → after, refused when nothing differs.
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

/// One message to somebody who has both roles, else one to each.
fn tell_assigned(roles: &Roles) -> Vec<Effect> {
    let tell = |person, role| Effect::TellAssigned { person, role };
    if roles.solution == roles.communication {
        vec![tell(roles.solution, Role::Both)]
    } else {
        vec![
            tell(roles.solution, Role::Solution),
            tell(roles.communication, Role::Communication),
        ]
    }
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

fn answer_to(answers: &Answers, question: &str) -> Option<Answer> {
    answers
        .iter()
        .find(|(key, _)| key == question)
        .map(|(_, answer)| *answer)
}

/// Answers to questions that were asked then or are asked now; others are left alone.
fn take_answers(facts: &mut Facts, answers: &Answers, policy: &Policy) {
    for question in &policy.questions {
        if !facts.impact.iter().any(|it| it.question == question.key) {
            facts.impact.push(Impact {
                question: question.key.clone(),
                label: question.label.clone(),
                answer: Answer::Unknown,
                told_at: None,
            });
        }
    }
    for impact in &mut facts.impact {
        if let Some(answer) = answer_to(answers, &impact.question) {
            impact.answer = answer;
        }
    }
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

/// The end that a form may give. Forms know minutes, so an end within the minute of the start is
/// the start itself, and an end within the current minute is not the future.
fn end_time(
    started_at: Timestamp,
    end: Timestamp,
    now: Timestamp,
    field: Field,
) -> Result<Timestamp, Refusal> {
    if end.minute() < started_at.minute() {
        return Err(Refusal::EndsBeforeItStarts { field, started_at });
    }
    if end.minute() > now.minute() {
        return Err(Refusal::InTheFuture { field });
    }
    Ok(end.max(started_at))
}

#[cfg(test)]
mod tests;
