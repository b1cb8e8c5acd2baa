//! What can be done while an outage is open.

use super::{
    Decision, changed, differences, optional_text, out_of_date, promise, say, say_changes,
    take_answers, tell_channels, tell_roles, text,
};
use crate::domain::{
    actor::Actor,
    command::{Edit, Update},
    component::Component,
    effect::{Effect, Event, Line},
    eta::Eta,
    ids::{ChannelId, OutageNumber, PersonId},
    limits,
    outage::{Affected, LastUpdate, Outage, Phase, Role},
    policy::Policy,
    refusal::{Field, Refusal},
    time::Timestamp,
};

pub(super) fn update(
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
    if let Some(eta) = &update.eta {
        promise(&mut next, eta);
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

pub(super) fn edit(
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
    if let Some(eta) = &edit.eta {
        promise(&mut next, eta);
    }
    take_answers(&mut next, &edit.answers, policy)?;
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
    if next.severity > outage.severity {
        effects.push(say(Line::Raised {
            by: actor.identity.clone(),
            before: outage.severity,
            after: next.severity,
        }));
    }
    effects.extend(tell_channels(&mut next, policy, now));
    Ok(Decision {
        next,
        events: vec![Event::Edited { reason, changes }],
        effects,
    })
}

pub(super) fn eta(
    outage: &Outage,
    eta: &Eta,
    reason: &str,
    actor: &Actor,
) -> Result<Decision<Outage>, Refusal> {
    if !outage.is_open() {
        return Err(out_of_date(outage));
    }
    let reason = optional_text(reason, Field::Reason, limits::REASON)?;
    let mut next = outage.clone();
    promise(&mut next, eta);
    let mut decision = changed(outage, next, actor, |changes| Event::EtaChanged {
        reason: reason.clone(),
        changes,
    })?;
    if !reason.is_empty() {
        let by = actor.identity.clone();
        let text = reason.clone();
        decision.effects.insert(1, say(Line::Reason { by, text }));
    }
    Ok(decision)
}

/// What is none stays; the inner none leaves the role to whoever takes it.
pub(super) fn reassign(
    outage: &Outage,
    solution: Option<Option<PersonId>>,
    communication: Option<Option<PersonId>>,
    actor: &Actor,
) -> Result<Decision<Outage>, Refusal> {
    if !outage.is_open() {
        return Err(out_of_date(outage));
    }
    let mut next = outage.clone();
    next.roles.solution = solution.unwrap_or(outage.roles.solution);
    next.roles.communication = communication.unwrap_or(outage.roles.communication);
    let mut decision = changed(outage, next, actor, |changes| Event::Reassigned { changes })?;
    let effects = tell_roles(&outage.roles, &decision.next.roles);
    invite_newcomers(outage, &mut decision);
    decision.effects.extend(effects);
    Ok(decision)
}

/// Takes what nobody has. Whoever takes it knows, so nobody is told in private.
pub(super) fn take(outage: &Outage, actor: &Actor) -> Result<Decision<Outage>, Refusal> {
    if !outage.is_open() {
        return Err(out_of_date(outage));
    }
    let Some(person) = actor.identity.person() else {
        return Err(Refusal::NothingToTake);
    };
    let mut next = outage.clone();
    for role in Role::ALL {
        if next.roles.of(role).is_none() {
            next.roles.set(role, Some(person));
        }
    }
    if next.roles == outage.roles {
        return Err(Refusal::NothingToTake);
    }
    let mut decision = changed(outage, next, actor, |changes| Event::Taken { changes })?;
    invite_newcomers(outage, &mut decision);
    Ok(decision)
}

/// Whoever got a part in it belongs into its channel.
fn invite_newcomers(outage: &Outage, decision: &mut Decision<Outage>) {
    let mut people = decision.next.roles.people();
    people.retain(|it| !outage.roles.involves(*it));
    if outage.working_channel().is_some() && !people.is_empty() {
        decision.effects.push(Effect::Invite { people });
    }
}

pub(super) fn create_channel(
    outage: &Outage,
    policy: &Policy,
) -> Result<Decision<Outage>, Refusal> {
    if !outage.is_open() {
        return Err(out_of_date(outage));
    }
    if outage.working_channel().is_some() {
        return Err(Refusal::HasChannel);
    }
    let name = crate::domain::channel::name(outage, policy);
    Ok(Decision {
        next: outage.clone(),
        events: vec![Event::ChannelRequested { name: name.clone() }],
        effects: vec![Effect::CreateChannel { name }, Effect::Refresh],
    })
}

pub(super) fn set_channel(
    outage: &Outage,
    channel: &ChannelId,
    policy: &Policy,
) -> Result<Decision<Outage>, Refusal> {
    if !outage.is_open() {
        return Err(out_of_date(outage));
    }
    let present = outage.working_channel().and_then(|it| it.id.as_ref());
    if present == Some(channel) {
        return Err(Refusal::NothingChanged);
    }
    if *channel == policy.announce_channel {
        return Err(Refusal::IsAnnounceChannel);
    }
    let channel = channel.clone();
    Ok(Decision {
        next: outage.clone(),
        events: vec![Event::ChannelSet {
            channel: channel.clone(),
        }],
        effects: vec![Effect::AdoptChannel { channel }, Effect::Refresh],
    })
}

/// The same, reported again: kept in the reporter's words, and nothing else changes.
pub(super) fn join(
    outage: &Outage,
    words: &str,
    actor: &Actor,
) -> Result<Decision<Outage>, Refusal> {
    if !outage.is_open() {
        return Err(out_of_date(outage));
    }
    let words = text(words, Field::Summary, limits::SUMMARY)?;
    Ok(Decision {
        next: outage.clone(),
        events: vec![Event::Joined {
            text: words.clone(),
        }],
        effects: vec![say(Line::Joined {
            by: actor.identity.clone(),
            text: words,
        })],
    })
}

pub(super) fn withdraw(
    outage: &Outage,
    why: &str,
    duplicate_of: Option<OutageNumber>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision<Outage>, Refusal> {
    if !outage.is_open() {
        return Err(out_of_date(outage));
    }
    if let Some(number) = duplicate_of.filter(|it| *it == outage.number) {
        return Err(Refusal::NotAnOriginal { number });
    }
    let why = match duplicate_of {
        // Being the same is reason enough.
        Some(_) => optional_text(why, Field::Reason, limits::REASON)?,
        None => text(why, Field::Reason, limits::REASON)?,
    };
    let by = actor.identity.clone();
    let mut next = outage.clone();
    next.phase = Phase::Withdrawn {
        at: now,
        by: by.clone(),
        why: why.clone(),
        duplicate_of,
    };
    for affected in &mut next.facts.affected {
        affected.to = Some(now);
    }
    Ok(Decision {
        next,
        events: vec![Event::Withdrawn {
            why: why.clone(),
            duplicate_of,
        }],
        effects: vec![
            Effect::Refresh,
            Effect::Pin,
            say(Line::Withdrawn {
                by,
                why,
                duplicate_of,
            }),
        ],
    })
}

/// What becomes of the outage that `other` turned out to be: it stays as it is and says so. It has
/// to be open, or the outage that is merged would be over without anybody having said so.
pub fn absorb(outage: &Outage, other: &Outage, actor: &Actor) -> Result<Decision<Outage>, Refusal> {
    if !outage.is_open() {
        return Err(Refusal::NotAnOriginal {
            number: outage.number,
        });
    }
    Ok(Decision {
        next: outage.clone(),
        events: vec![Event::Absorbed {
            number: other.number,
        }],
        effects: vec![say(Line::Absorbed {
            by: actor.identity.clone(),
            number: other.number,
            summary: other.summary.clone(),
        })],
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
