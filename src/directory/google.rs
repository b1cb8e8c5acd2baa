//! The members of Google groups, by the Directory API of Google Workspace.
//!
//! A group is read as a whole or not at all: whoever is missing from a list loses rights, so half a
//! list is worse than none. Groups within a group are read, too, each once.

mod attempt;
mod page;
mod token;
mod unread;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};

use crate::{clock::Clock, config, domain::membership::normal};
use attempt::{Again, Failed, Patience};
use page::{Api, Member, Page, Place};
use token::Tokens;
pub use unread::{SCOPE, Unread};
use walk::Walk;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

type Pause = Box<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// Asks Google.
pub struct Google {
    tokens: Tokens,
    api: Api,
    pause: Pause,
}

/// Who is in a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// In lower case.
    pub addresses: BTreeSet<String>,
    /// What is in the group and has no address to count, in sentences.
    pub left_out: Vec<String>,
}

impl Google {
    /// None where no service account is set. Calls nobody. `timeout` is for each question.
    pub async fn new(
        settings: &config::Google,
        timeout: Duration,
    ) -> anyhow::Result<Option<Google>> {
        let Some(key) = &settings.service_account else {
            return Ok(None);
        };
        let tokens = Tokens::new(key, settings.subject.as_deref(), timeout).await?;
        let url = settings.api_url.as_str();
        let host = url::Url::parse(url).ok();
        let host = host.and_then(|it| it.host_str().map(str::to_owned));
        let api = Api {
            http: reqwest::Client::builder()
                .connect_timeout(CONNECT)
                .timeout(timeout)
                // A token is for Google alone.
                .redirect(reqwest::redirect::Policy::none())
                // What fetches the tokens knows of none, and half of the way is of no use.
                .no_proxy()
                .build()?,
            url: url.to_owned(),
            host: host.unwrap_or_else(|| url.to_owned()),
            timeout,
        };
        let google = Google {
            tokens,
            api,
            pause: Box::new(|_| async {}.boxed()),
        };
        Ok(Some(google.with_clock(Clock::system())))
    }

    /// Pauses are over when this clock says so, or after as long in real time: they are about a
    /// network that no clock of ours can move.
    pub fn with_clock(self, clock: Clock) -> Google {
        self.with_pause(move |span| {
            let clock = clock.clone();
            async move {
                let until = clock.now().plus(span);
                let by_clock = async {
                    while clock.now() < until {
                        clock.wait(until).await;
                    }
                };
                tokio::select! {
                    () = by_clock => {}
                    () = tokio::time::sleep(span) => {}
                }
            }
            .boxed()
        })
    }

    /// Waits in this way before it asks again.
    pub fn with_pause(
        mut self,
        pause: impl Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Google {
        self.pause = Box::new(pause);
        self
    }

    /// The addresses of everybody in the group and in the groups within it, or why they are not
    /// known.
    pub async fn members(&self, group: &str) -> Result<Members, Unread> {
        let mut walk = Walk::from(normal(group));
        let mut patience = Patience::new();
        let mut tally = Tally::default();
        while let Some(place) = walk.group()? {
            let mut after: Option<String> = None;
            let mut seen = HashSet::new();
            loop {
                walk.page()?;
                let page = self.page(&place, after.as_deref(), &mut patience).await?;
                for member in page.members {
                    tally.take(member, &place, &mut walk);
                }
                let Some(next) = page.next else { break };
                if !seen.insert(next.clone()) {
                    return Err(self.api.not_google("its pages lead in a circle").unread);
                }
                after = Some(next);
            }
        }
        Ok(tally.members())
    }

    /// A page, asked for again where that may help.
    async fn page(
        &self,
        place: &Place,
        after: Option<&str>,
        patience: &mut Patience,
    ) -> Result<Page, Unread> {
        let mut fresh = false;
        let mut tried = 0;
        loop {
            let Failed { unread, again } = match self.ask(place, after, &mut fresh).await {
                Ok(page) => return Ok(page),
                Err(failed) => failed,
            };
            match again {
                Again::Fresh if patience.renews() => fresh = true,
                Again::After(asked) => {
                    let Some(pause) = patience.pause(tried, asked, fastrand::f64()) else {
                        return Err(unread);
                    };
                    tracing::debug!(%unread, ?pause, "Google is asked again");
                    (self.pause)(pause).await;
                    tried += 1;
                }
                Again::Never | Again::Fresh => return Err(unread),
            }
        }
    }

    /// One attempt. `fresh` asks for another token, and is answered once there is one.
    async fn ask(
        &self,
        place: &Place,
        after: Option<&str>,
        fresh: &mut bool,
    ) -> Result<Page, Failed> {
        let token = self.tokens.get(*fresh).await?;
        *fresh = false;
        let account = &self.tokens.account;
        self.api.ask(place, after, &token, account).await
    }
}

/// What was read so far.
#[derive(Default)]
struct Tally {
    addresses: BTreeSet<String>,
    suspended: HashSet<String>,
    nameless: usize,
    /// Groups that everybody is in.
    of_everybody: BTreeSet<String>,
    /// Members of kinds that nobody here has heard of.
    strange: BTreeMap<String, usize>,
}

impl Tally {
    /// Counts a member of `place`; a group is left to the walk.
    fn take(&mut self, member: Member, place: &Place, walk: &mut Walk) {
        let address = member.email.map(|it| normal(&it));
        let address = address.filter(|it| it.contains('@'));
        let id = member.id.filter(|it| !it.is_empty());
        match (member.kind.as_deref(), member.status.as_deref()) {
            (Some("GROUP"), _) if id.is_some() || address.is_some() => {
                walk.meet(id, address, place)
            }
            (Some("CUSTOMER"), _) => _ = self.of_everybody.insert(place.name.clone()),
            (None | Some("USER" | "EXTERNAL" | "GROUP"), status) => match address.or(id) {
                Some(name) if matches!(status, Some("SUSPENDED" | "ARCHIVED")) => {
                    self.suspended.insert(name);
                }
                Some(address) if address.contains('@') => _ = self.addresses.insert(address),
                _ => self.nameless += 1,
            },
            (Some(kind), _) => *self.strange.entry(unread::code(kind)).or_default() += 1,
        }
    }

    fn members(self) -> Members {
        let mut left_out = Vec::new();
        for group in &self.of_everybody {
            left_out.push(format!(
                "Everybody in the organisation is a member of {group}, and Google does not list \
                 them: nobody comes in by that."
            ));
        }
        match self.suspended.len() {
            0 => {}
            1 => left_out.push("1 member is suspended.".into()),
            n => left_out.push(format!("{n} members are suspended.")),
        }
        match self.nameless {
            0 => {}
            1 => left_out.push("1 member has no address.".into()),
            n => left_out.push(format!("{n} members have no address.")),
        }
        for (kind, n) in &self.strange {
            left_out.push(format!(
                "Members of the kind {kind} are not known here: {n}."
            ));
        }
        Members {
            addresses: self.addresses,
            left_out,
        }
    }
}
