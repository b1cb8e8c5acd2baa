//! The Home tab: what is open, with the buttons that this person may press, what ended last, and
//! how Balefire is. Names nobody with a ping, and says no span of time that would soon be wrong:
//! it may stand there for a day.
//!
//! Slack takes a hundred blocks. Each outage has at most two, and each list has its share of the
//! room, so that a thousand outages end with a sentence.

use slack_morphism::prelude::{SlackBlock, SlackBlockButtonElement, SlackView};

use super::{answers, mended, people, state};
use crate::{
    desk::{Home, MayAnnounce},
    domain::{
        outage::{Outage, Phase},
        policy::Policy,
        time::{Timestamp, duration_in_words},
    },
    slack::{
        action::Action,
        kit::{self, Look},
        mrkdwn,
    },
    store::announcements::Announcement,
};

/// How long all texts of a list may be. What Slack takes in a view is a matter of bytes, 250,000
/// of them, and not of letters as in a message; this is what somebody may still want to read.
const OWN: usize = 7000;
const OTHERS: usize = 11_000;
/// What the summary may take.
const SUMMARY: usize = 150;
const TITLE: usize = 120;

type Listed = (Outage, Option<Announcement>);

#[derive(Clone, Copy, Debug)]
pub struct HomeModel<'a> {
    pub home: &'a Home,
    pub policy: &'a Policy,
    /// What people type, such as `/outage`.
    pub command: &'a str,
    /// Of Balefire.
    pub version: &'a str,
    pub now: Timestamp,
}

pub fn home(model: &HomeModel) -> SlackView {
    let home = model.home;
    let mut blocks = announce(model);
    blocks.push(kit::divider());
    let own = List {
        id: "own",
        heading: match home.own_in_all {
            1 => "Your open outage".to_owned(),
            count => format!("Your {count} open outages"),
        },
        listed: &home.own,
        in_all: home.own_in_all,
        room: OWN,
    };
    let others = List {
        id: "others",
        heading: match (home.own_in_all, home.others_in_all) {
            (0, 1) => "One outage is open".to_owned(),
            (0, count) => format!("{count} outages are open"),
            (_, 1) => "One other outage is open".to_owned(),
            (_, count) => format!("{count} other outages are open"),
        },
        listed: &home.others,
        in_all: home.others_in_all,
        room: OTHERS,
    };
    if home.own_in_all + home.others_in_all == 0 {
        blocks.push(kit::section("none", "*No outage is open.*"));
    }
    blocks.extend(own.blocks(model));
    blocks.extend(others.blocks(model));
    if !home.ended.is_empty() {
        let lines: Vec<String> = home.ended.iter().map(ended).collect();
        blocks.push(kit::divider());
        let markup = format!("*Ended last*\n{}", lines.join("\n"));
        blocks.push(kit::section("ended", &markup));
    }
    blocks.push(kit::divider());
    blocks.extend(trouble(model).map(|it| kit::section("trouble", &it)));
    let foot = format!(
        "Balefire {} · as of {} · `{} NUMBER` shows an outage with its timeline, `{} help` \
         everything else",
        model.version,
        mrkdwn::date(model.now),
        model.command,
        model.command
    );
    blocks.extend(kit::context("foot", &[foot]));
    kit::home(blocks)
}

/// A button, or whom to ask.
fn announce(model: &HomeModel) -> Vec<SlackBlock> {
    match &model.home.may_announce {
        MayAnnounce::Yes => {
            let (label, spoken) = ("Announce", "Announce an outage");
            let button = kit::button(Action::Announce, label, spoken, Look::Primary);
            kit::actions("announce", vec![button]).into_iter().collect()
        }
        MayAnnounce::No { holders } => {
            let message = answers::may_not_announce(holders, &model.policy.ask);
            match message.blocks.is_empty() {
                true => vec![kit::section("refusal", &message.text)],
                false => message.blocks,
            }
        }
    }
}

/// Open outages below a heading; nothing when there are none.
struct List<'a> {
    id: &'a str,
    heading: String,
    listed: &'a [Listed],
    in_all: i64,
    room: usize,
}

impl List<'_> {
    fn blocks(&self, model: &HomeModel) -> Vec<SlackBlock> {
        if self.in_all == 0 {
            return Vec::new();
        }
        let mut blocks = vec![kit::section(self.id, &format!("*{}*", self.heading))];
        let (mut shown, mut used) = (0, 0);
        for it in self.listed {
            let markup = open(model, it);
            used += mrkdwn::width(&markup);
            if used > self.room {
                break;
            }
            shown += 1;
            let number = it.0.number;
            blocks.push(kit::section(&format!("outage.{number}"), &markup));
            let id = format!("outage.{number}.actions");
            blocks.extend(kit::actions(&id, buttons(model, it)));
        }
        match self.in_all - shown {
            more if more > 0 => {
                let command = model.command;
                let more = format!(
                    "and {more} more. `{command} list` names the newest, `{command} NUMBER` shows \
                     any of them."
                );
                blocks.extend(kit::context(&format!("{}.more", self.id), &[more]));
            }
            _ => {}
        }
        blocks
    }
}

/// What this person may press: everything that makes sense, or the one thing with which whoever
/// may announce lends a hand.
fn buttons(model: &HomeModel, (outage, announcement): &Listed) -> Vec<SlackBlockButtonElement> {
    let number = outage.number;
    let mut all = state::buttons(outage, model.policy).concat();
    let actor = model.home.actor.as_ref();
    if actor.is_some_and(|it| it.may_change(outage)) {
        if announcement.as_ref().is_some_and(|it| it.away) {
            all.push(mended::button(number));
        }
        return all;
    }
    let take = Action::Take { number }.id();
    let may_take = actor.is_some() && model.home.may_announce == MayAnnounce::Yes;
    all.retain(|it| may_take && it.action_id.as_ref().is_some_and(|id| id.0 == take));
    all
}

fn title((outage, announcement): &Listed) -> String {
    let title = format!("Outage {} · {}", outage.number, outage.title_component());
    match announcement.as_ref().and_then(|it| it.permalink.as_deref()) {
        Some(url) => mrkdwn::link(url, &title),
        None => mrkdwn::one_line(&title, TITLE),
    }
}

fn open(model: &HomeModel, listed: &Listed) -> String {
    let outage = &listed.0;
    let people = &model.home.people;
    let channel = match outage.working_channel() {
        Some(_) => format!(" · {}", state::channel(outage)),
        None => String::new(),
    };
    format!(
        "{} *{}* — {}, severity {}, since {}. ETA {}\n{}\nSolution: {} · Communication: {}{channel}",
        state::shape(outage),
        title(listed),
        state::phase(outage),
        outage.severity.word(),
        mrkdwn::date(outage.started_at),
        state::eta(&outage.eta, model.now),
        mrkdwn::one_line(&outage.summary, SUMMARY),
        people::assignee_name(outage.roles.solution, people),
        people::assignee_name(outage.roles.communication, people),
    )
}

fn ended(listed: &Listed) -> String {
    let outage = &listed.0;
    let how = match &outage.phase {
        Phase::Resolved(it) => {
            let lasted = duration_in_words(outage.duration(it.at));
            format!("resolved {}, after {lasted}", mrkdwn::date(it.at))
        }
        Phase::Withdrawn { at, .. } => format!("{} {}", state::phase(outage), mrkdwn::date(*at)),
        Phase::Open { stage, .. } => stage.word().to_owned(),
    };
    format!("{} {} — {how}", state::shape(outage), title(listed))
}

/// What whoever looks should know of Balefire itself; nothing when all is well.
fn trouble(model: &HomeModel) -> Option<String> {
    let mut sentences = Vec::new();
    let backlog = model.home.backlog;
    if let Some(since) = backlog.since.filter(|_| backlog.waiting > 0) {
        let what = match backlog.waiting {
            1 => "One thing waits to be shown in Slack,".to_owned(),
            count => format!("{count} things wait to be shown in Slack, the oldest"),
        };
        let since = mrkdwn::date(since);
        sentences.push(format!(
            "{what} since {since}. Balefire goes on trying, and nothing is lost."
        ));
    }
    let given_up = model.home.given_up.unwrap_or(0);
    if given_up > 0 {
        let what = match given_up {
            1 => "One delivery was".to_owned(),
            count => format!("{count} deliveries were"),
        };
        sentences.push(format!(
            "{what} given up. `balefire deliveries --dead` says what and why, and \
             `balefire deliveries retry` tries again."
        ));
    }
    (!sentences.is_empty()).then(|| sentences.join("\n"))
}
