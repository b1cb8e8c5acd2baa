//! What every part of the sandbox holds on to: the world behind its mutex, the clock, the client
//! for calls to the app, and the signal that something changed.

use super::clock::Clock;
use super::outgoing::events::{Held, Queue};
use super::outgoing::trouble::Troubles;
use super::sockets::Sockets;
use super::world::World;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

type ClockHook = Box<dyn Fn(i64) + Send + Sync>;

pub struct Shared {
    world: Mutex<World>,
    pub clock: Arc<Clock>,
    pub signing_secret: String,
    pub http: reqwest::Client,
    /// How long the app may take to answer a call: three seconds, shorter in our own tests.
    pub patience: Duration,
    pub events: Queue,
    pub held: Held,
    pub sockets: Sockets,
    pub troubles: Troubles,
    pub tasks: TaskTracker,
    pub stopping: CancellationToken,
    revision: watch::Sender<u64>,
    app_url: Mutex<Option<String>>,
    clock_hooks: Mutex<Vec<ClockHook>>,
}

impl Shared {
    pub fn new(
        world: World,
        signing_secret: String,
        patience: Duration,
        http: reqwest::Client,
    ) -> Shared {
        Shared {
            clock: world.clock.clone(),
            world: Mutex::new(world),
            signing_secret,
            http,
            patience,
            events: Queue::default(),
            held: Held::default(),
            sockets: Sockets::default(),
            troubles: Troubles::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            revision: watch::Sender::new(1),
            app_url: Mutex::new(None),
            clock_hooks: Mutex::new(Vec::new()),
        }
    }

    /// Looks at the world without changing it.
    pub fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&lock(&self.world))
    }

    /// Changes the world, then sends the events that came of it. Never called with the result
    /// of another `read` or `change` still borrowed, and never across an await.
    pub fn change<T>(self: &Arc<Self>, act: impl FnOnce(&mut World) -> T) -> T {
        let (result, happened) = {
            let mut world = lock(&self.world);
            let result = act(&mut world);
            (result, std::mem::take(&mut world.happened))
        };
        self.revision.send_modify(|revision| *revision += 1);
        for envelope in happened {
            self.send_event(&envelope);
        }
        result
    }

    pub fn revision(&self) -> u64 {
        *self.revision.borrow()
    }

    pub fn watch(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    pub fn app_url(&self) -> Option<String> {
        lock(&self.app_url).clone()
    }

    /// Whether there is somebody to tell what happens. In Socket Mode the app may just not be
    /// connected at the moment.
    pub fn has_app(&self) -> bool {
        self.is_socket_mode() || self.app_url().is_some()
    }

    pub fn connect_app(&self, app_url: &str) {
        *lock(&self.app_url) = Some(app_url.trim_end_matches('/').to_owned());
    }

    pub fn add_clock_hook(&self, hook: ClockHook) {
        let mut hooks = lock(&self.clock_hooks);
        hook(self.clock.offset());
        hooks.push(hook);
    }

    /// Moves the clock and tells those who asked to know.
    pub fn move_clock(self: &Arc<Self>, seconds: i64) -> i64 {
        let offset = self.change(|world| world.clock.advance(seconds));
        for hook in lock(&self.clock_hooks).iter() {
            hook(offset);
        }
        offset
    }

    /// A task that ends when the sandbox stops.
    pub fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = stopping.cancelled() => {}
            }
        });
    }
}

/// A panic elsewhere while holding the lock leaves data that is still worth showing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
