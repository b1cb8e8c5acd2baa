//! One connection, from its first frame until it is over, whoever brings that about.
//!
//! Every frame that comes is a sign of life, Slack's pings and the answers to ours included. A
//! connection that gives none is over, whatever the system says about it: such connections have
//! been seen to stay open, and silent, for a day.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Bytes, Message},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Link, Standing, door,
    frame::{self, Envelope, Farewell, Frame},
    work::{Acknowledgement, Worker},
};

/// How often we ask for a sign of life.
const PING: Duration = Duration::from_secs(20);

/// Without any sign of life for so long it is over.
const SILENCE: Duration = Duration::from_secs(60);

/// A frame that cannot be written in this time never will be.
const WRITING: Duration = Duration::from_secs(10);

/// Slack may have sent something before it knew of the connection that takes this one's place.
const LINGER: Duration = Duration::from_secs(3);

/// More than any answer takes.
const FINISHING: Duration = Duration::from_secs(4);

/// How long Slack may take to close its side.
const CLOSING: Duration = Duration::from_secs(1);

/// What whoever keeps the connection is told.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    Hello,
    Farewell(Farewell),
    Over(Over),
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Over {
    /// As we wanted it.
    Left,
    /// Slack closed it, perhaps with a code that says why.
    Closed(Option<u16>),
    Silent,
    Broken(String),
}

/// One connection and what it needs.
pub struct Connection<S, W> {
    pub socket: WebSocketStream<S>,
    pub worker: W,
    pub link: Arc<Link>,
    /// Where the work on envelopes runs, so that it outlives the connection.
    pub tasks: TaskTracker,
    pub news: mpsc::UnboundedSender<News>,
    /// Another connection takes its place.
    pub replaced: CancellationToken,
    pub stop: CancellationToken,
}

/// How far it is on its way out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    /// Slack may still send something.
    Lingers,
    /// What is in flight is finished.
    Finishes,
}

/// The acknowledgement of an envelope; none when there is to be none.
type Done = Option<Acknowledgement>;

impl<S, W> Connection<S, W>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    W: Worker,
{
    pub async fn carry(mut self) {
        let (done, mut finished) = mpsc::unbounded_channel();
        let over = self.talk(&done, &mut finished).await;
        if matches!(over, Over::Left | Over::Closed(_)) {
            self.close().await;
        }
        // Nobody is told that it is over before it does not count as open any more.
        let _ = self.news.send(News::Over(over));
        finished.close();
        while let Ok(done) = finished.try_recv() {
            if let Some(acknowledgement) = done {
                self.worker.not_sent(acknowledgement).await;
            }
        }
    }

    async fn talk(
        &mut self,
        done: &mpsc::UnboundedSender<Done>,
        finished: &mut mpsc::UnboundedReceiver<Done>,
    ) -> Over {
        let mut standing: Option<Standing> = None;
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset();
        let mut silence = interval(SILENCE);
        silence.reset();
        let mut in_flight = 0_usize;
        let mut leaving = Leaving::No;
        let until = sleep(Duration::ZERO);
        tokio::pin!(until);
        loop {
            if leaving == Leaving::Finishes && in_flight == 0 {
                return Over::Left;
            }
            tokio::select! {
                frame = self.socket.next() => {
                    let message = match frame {
                        None => return Over::Broken("it ended without a word".into()),
                        Some(Err(error)) => return over(&error),
                        Some(Ok(message)) => message,
                    };
                    silence.reset();
                    self.link.frame_came();
                    match message {
                        Message::Text(text) => match frame::read(&text) {
                            Frame::Hello => {
                                standing.get_or_insert_with(|| self.link.greeted());
                                self.tell(News::Hello);
                            }
                            Frame::Disconnect(farewell) => self.tell(News::Farewell(farewell)),
                            Frame::Envelope(envelope) => {
                                in_flight += 1;
                                self.begin(envelope, done.clone());
                            }
                            Frame::Unknown(kind) => {
                                tracing::info!(kind, "ignored a frame of an unknown kind; perhaps a newer Balefire knows it");
                            }
                            Frame::Garbage => {
                                tracing::warn!("ignored a frame that cannot be read; the connection goes on");
                            }
                        },
                        Message::Binary(_) => {
                            tracing::warn!("ignored a binary frame; the connection goes on");
                        }
                        Message::Close(said) => {
                            return Over::Closed(said.map(|it| it.code.into()));
                        }
                        // Pings are answered by the socket itself.
                        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                    }
                }
                Some(done) = finished.recv() => {
                    in_flight = in_flight.saturating_sub(1);
                    let Some(acknowledgement) = done else { continue };
                    let text = Message::text(acknowledgement.text.clone());
                    if let Err(over) = self.write(text).await {
                        self.worker.not_sent(acknowledgement).await;
                        return over;
                    }
                }
                _ = pings.tick() => {
                    if let Err(over) = self.write(Message::Ping(Bytes::new())).await {
                        return over;
                    }
                }
                _ = silence.tick() => return Over::Silent,
                () = self.stop.cancelled(), if leaving != Leaving::Finishes => {
                    leaving = Leaving::Finishes;
                    until.set(sleep(FINISHING));
                }
                () = self.replaced.cancelled(), if leaving == Leaving::No => {
                    leaving = Leaving::Lingers;
                    until.set(sleep(LINGER));
                }
                () = &mut until, if leaving != Leaving::No => {
                    if leaving == Leaving::Finishes {
                        tracing::warn!(in_flight, "left a connection before all was answered");
                        return Over::Left;
                    }
                    leaving = Leaving::Finishes;
                    until.set(sleep(FINISHING));
                }
            }
        }
    }

    /// Begins the work on an envelope. When it ends after the connection, its answer goes where it
    /// can still go.
    fn begin(&self, envelope: Envelope, done: mpsc::UnboundedSender<Done>) {
        let worker = self.worker.clone();
        self.tasks.spawn(async move {
            let acknowledgement = worker.work(envelope).await;
            if let Err(mpsc::error::SendError(Some(unsent))) = done.send(acknowledgement) {
                worker.not_sent(unsent).await;
            }
        });
    }

    fn tell(&self, news: News) {
        // Nobody listens any more to a connection that is being replaced.
        let _ = self.news.send(news);
    }

    async fn write(&mut self, message: Message) -> Result<(), Over> {
        match timeout(WRITING, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(over(&error)),
            Err(_) => Err(Over::Broken("nothing can be written".into())),
        }
    }

    async fn close(&mut self) {
        let closing = async {
            if self.socket.close(None).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        // Slack's side may be gone; ours goes in any case.
        let _ = timeout(CLOSING, closing).await;
    }
}

fn over(error: &tungstenite::Error) -> Over {
    match error {
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
            Over::Closed(None)
        }
        error => Over::Broken(door::why(error)),
    }
}
