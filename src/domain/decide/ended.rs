//! How an outage ends, and what can be done after that.

use super::{
    Decision, changed, differences, optional_text, out_of_date, say, say_changes, take_answers,
    tell_channels, text,
};
use crate::domain::{
    actor::Actor,
    command::{EditResolution, Resolve},
    effect::{Effect, Event, Line},
    limits,
    outage::{LastUpdate, Outage, Phase, PostMortem, Resolution, Stage},
    policy::Policy,
    refusal::{Field, Refusal},
    time::Timestamp,
};

pub(super) fn resolve(
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
    // A form that was not touched says this minute and means now. Now is never before the start:
    // where it seems so, the clock was set back.
    let at = if resolve.at.minute() == now.minute() {
        now.max(outage.started_at)
    } else {
        end_time(outage.started_at, resolve.at, now, Field::ResolvedAt)?
    };
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
    take_answers(&mut next, &resolve.answers, policy)?;
    next.turnover = resolve.turnover.clone();
    let changes = differences(outage, &next);
    let mut effects = vec![
        Effect::Refresh,
        Effect::Pin,
        say(Line::Resolved {
            by: actor.identity.clone(),
            at,
            text: text.clone(),
        }),
    ];
    effects.extend(say_changes(outage, actor, &changes));
    effects.extend(tell_channels(&mut next, policy, now));
    Ok(Decision {
        next,
        events: vec![Event::Resolved { text, at, changes }],
        effects,
    })
}

pub(super) fn edit_resolution(
    outage: &Outage,
    edit: &EditResolution,
    actor: &Actor,
    policy: &Policy,
    now: Timestamp,
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
    take_answers(&mut next, &edit.answers, policy)?;
    if let Some(turnover) = &edit.turnover {
        next.turnover = turnover.clone();
    }
    match &edit.post_mortem {
        Some(Some(url)) => link(&mut next, url)?,
        Some(None) => next.post_mortem = None,
        None => {}
    }
    let mut decision = changed(outage, next, actor, |changes| Event::ResolutionEdited {
        changes,
    })?;
    let told = tell_channels(&mut decision.next, policy, now);
    decision.effects.extend(told);
    Ok(decision)
}

pub(super) fn edit_times(
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

/// Links the written lessons; an address that stands there already is replaced.
pub(super) fn link_post_mortem(
    outage: &Outage,
    url: &str,
    actor: &Actor,
) -> Result<Decision<Outage>, Refusal> {
    if !matches!(outage.phase, Phase::Resolved(_)) {
        return Err(out_of_date(outage));
    }
    let mut next = outage.clone();
    link(&mut next, url)?;
    let linked = next.post_mortem.as_ref().map(|it| it.url.clone());
    changed(outage, next, actor, |_| Event::PostMortemLinked {
        url: linked.unwrap_or_default(),
    })
}

/// A title belongs to the address it was read from.
fn link(next: &mut Outage, url: &str) -> Result<(), Refusal> {
    let url = web_address(&text(url, Field::Link, limits::URL)?).ok_or(Refusal::NotALink)?;
    if next.post_mortem.as_ref().map(|it| &it.url) != Some(&url) {
        next.post_mortem = Some(PostMortem { url, title: None });
    }
    Ok(())
}

/// With its scheme, when it is the address of a page; people often leave the scheme out.
fn web_address(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let has_scheme = lower.starts_with("http://") || lower.starts_with("https://");
    if !has_scheme && text.contains("://") {
        return None;
    }
    let whole = match has_scheme {
        true => text.to_owned(),
        false => format!("https://{text}"),
    };
    let address = url::Url::parse(&whole).ok()?;
    // A word alone is no address; with its scheme it may be a host of the company's own network.
    let host = address.host_str()?;
    let named = has_scheme || host.contains('.');
    let without_password = address.username().is_empty() && address.password().is_none();
    (named && without_password).then(|| address.to_string())
}

pub(super) fn reopen(
    outage: &Outage,
    reason: &str,
    actor: &Actor,
    now: Timestamp,
) -> Result<Decision<Outage>, Refusal> {
    let former = match &outage.phase {
        Phase::Resolved(resolution) => Some(resolution.clone()),
        // It was no false alarm after all.
        Phase::Withdrawn { .. } => None,
        Phase::Open { .. } => return Err(out_of_date(outage)),
    };
    let reason = optional_text(reason, Field::Reason, limits::REASON)?;
    let mut next = outage.clone();
    next.phase = Phase::Open {
        stage: Stage::Investigating,
        former,
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

/// The end that a form may give. Forms know minutes, so an end within the minute of the start is
/// the start itself, also where a clock was set back since, and an end within the current minute is
/// not the future.
fn end_time(
    started_at: Timestamp,
    end: Timestamp,
    now: Timestamp,
    field: Field,
) -> Result<Timestamp, Refusal> {
    if end.minute() < started_at.minute() {
        return Err(Refusal::EndsBeforeItStarts { field, started_at });
    }
    if end.minute() > now.minute().max(started_at.minute()) {
        return Err(Refusal::InTheFuture { field });
    }
    Ok(end.max(started_at))
}
