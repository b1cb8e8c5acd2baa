//! One line to Slack: a connection, and after it the next, for ever. Before a connection ends that
//! has said so, the next one has taken its place.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::sleep};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::{
    Link,
    connection::{Connection, News, Over},
    door::{Dial, Trouble},
    frame::Farewell,
    pace::Pace,
    work::Worker,
};
use crate::telemetry::SocketEnd;

/// Slack says hello at once.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// Whoever has stood so long is not one of many that come and go.
const STEADY: Duration = Duration::from_secs(60);

pub struct Line<D, W> {
    pub dial: Arc<D>,
    pub worker: W,
    pub link: Arc<Link>,
    /// Where the work on envelopes runs.
    pub tasks: TaskTracker,
    /// Where connections run.
    pub connections: TaskTracker,
    pub stop: CancellationToken,
}

impl<D, W: Clone> Clone for Line<D, W> {
    fn clone(&self) -> Line<D, W> {
        Line {
            dial: self.dial.clone(),
            worker: self.worker.clone(),
            link: self.link.clone(),
            tasks: self.tasks.clone(),
            connections: self.connections.clone(),
            stop: self.stop.clone(),
        }
    }
}

/// A connection that runs; it is replaced when this is dropped.
struct Held {
    news: mpsc::UnboundedReceiver<News>,
    _replaced: DropGuard,
}

impl<D: Dial, W: Worker> Line<D, W> {
    /// Keeps a connection open until it is told to stop. Those that are still open then finish by
    /// themselves.
    pub async fn keep(self) {
        let stop = self.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            never = self.keep_on() => match never {},
        }
    }

    async fn keep_on(&self) -> std::convert::Infallible {
        let mut pace = Pace::default();
        // It has said that it ends; while there is no other one it is better than none.
        let mut ending: Option<Held> = None;
        loop {
            sleep(pace.wait()).await;
            let mut held = match self.open().await {
                Ok(held) => held,
                Err((end, trouble)) => {
                    self.link.trouble(&trouble);
                    self.link.metrics.socket_reconnect(end);
                    match trouble.pause() {
                        Some(pause) => pace.wait_for(pause),
                        None => pace.failed(),
                    }
                    continue;
                }
            };
            drop(ending.take());
            tracing::info!("a connection to Slack is open");
            let (end, trouble) = self.end_of(&mut held, &mut pace).await;
            self.link.metrics.socket_reconnect(end);
            match &trouble {
                Some(trouble) => self.link.trouble(trouble),
                None => tracing::info!(reason = ?end, "a connection to Slack is replaced"),
            }
            match trouble.and_then(|it| it.pause()) {
                Some(pause) => pace.wait_for(pause),
                None => pace.lost(),
            }
            ending = Some(held);
        }
    }

    /// Opens a connection and waits for its hello.
    async fn open(&self) -> Result<Held, (SocketEnd, Trouble)> {
        let socket = self
            .dial
            .dial()
            .await
            .map_err(|trouble| (SocketEnd::NotOpened, trouble))?;
        let (sender, news) = mpsc::unbounded_channel();
        let replaced = CancellationToken::new();
        let connection = Connection {
            socket,
            worker: self.worker.clone(),
            link: self.link.clone(),
            tasks: self.tasks.clone(),
            news: sender,
            replaced: replaced.clone(),
            stop: self.stop.clone(),
        };
        self.connections.spawn(connection.carry());
        let mut held = Held {
            news,
            _replaced: replaced.drop_guard(),
        };
        let first = tokio::time::timeout(HELLO_WITHIN, held.news.recv()).await;
        match first {
            Ok(Some(News::Hello)) => Ok(held),
            Ok(news) => {
                let (end, trouble) = meaning(news);
                let trouble = trouble
                    .unwrap_or_else(|| Trouble::Other("it ended before it said hello".into()));
                Err((end, trouble))
            }
            Err(_) => {
                let trouble =
                    Trouble::Other("the connection opened, but nobody said hello over it".into());
                Err((SocketEnd::NotOpened, trouble))
            }
        }
    }

    /// Waits until a connection needs another one in its place.
    async fn end_of(&self, held: &mut Held, pace: &mut Pace) -> (SocketEnd, Option<Trouble>) {
        let steady = sleep(STEADY);
        tokio::pin!(steady);
        let mut was_steady = false;
        loop {
            tokio::select! {
                news = held.news.recv() => match news {
                    // Once is enough.
                    Some(News::Hello) => {}
                    news => return meaning(news),
                },
                () = &mut steady, if !was_steady => {
                    was_steady = true;
                    pace.steady();
                    self.link.mended();
                }
            }
        }
    }
}

/// What it is counted as, and what is wrong, if anything is.
fn meaning(news: Option<News>) -> (SocketEnd, Option<Trouble>) {
    let broken = |why: &str| Some(Trouble::Other(format!("the connection broke: {why}")));
    match news {
        Some(News::Farewell(farewell)) => {
            let end = match farewell {
                Farewell::Warning => SocketEnd::Warning,
                Farewell::RefreshRequested => SocketEnd::RefreshRequested,
                Farewell::LinkDisabled => SocketEnd::LinkDisabled,
                Farewell::TooMany => SocketEnd::TooMany,
                Farewell::Other => SocketEnd::Other,
            };
            (end, Trouble::of_farewell(farewell))
        }
        Some(News::Over(Over::Silent)) => {
            let why = "nothing came for a minute";
            (SocketEnd::Silence, broken(why))
        }
        Some(News::Over(Over::Closed(None))) => (SocketEnd::Closed, broken("Slack closed it")),
        Some(News::Over(Over::Closed(Some(code)))) => {
            let why = format!("Slack closed it with code {code}");
            (SocketEnd::Closed, broken(&why))
        }
        Some(News::Over(Over::Broken(why))) => (SocketEnd::Broken, broken(&why)),
        Some(News::Hello | News::Over(Over::Left)) => (SocketEnd::Other, None),
        None => (SocketEnd::Other, broken("its task crashed")),
    }
}
