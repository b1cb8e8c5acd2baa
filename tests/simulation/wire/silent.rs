//! While Slack is away nothing gets over the wire, and it may be that nobody takes connections.

use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
};

use super::{State, Wire};
use crate::{silence::Silence, trouble::Trouble};

impl State {
    /// How this call fares while Slack is away.
    pub(super) fn silent(&mut self) -> Option<Trouble> {
        let now = self.now;
        let (how, until, calls) = self.silence.as_mut()?;
        let left = (*until - now).max(0) as u64 / 1_000_000 + 1;
        let trouble = how.trouble(*calls, left);
        *calls += 1;
        Some(trouble)
    }
}

impl Wire {
    pub(super) async fn shut_for_a_while(
        &self,
        listener: TcpListener,
        shut: &mut watch::Receiver<bool>,
    ) -> TcpListener {
        let address = listener.local_addr().unwrap();
        drop(listener);
        // Bound, so that nobody else gets the port, and not listened at: connections are refused.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(address).unwrap();
        self.is_shut.send_replace(true);
        let _ = shut.wait_for(|it| !*it).await;
        let listener = socket.listen(1024).unwrap();
        self.is_shut.send_replace(false);
        listener
    }

    /// From now on no call gets through.
    pub async fn falls_silent(&self, how: Silence, until: i64) {
        self.state().silence = Some((how, until, 0));
        if how == Silence::NotReached {
            self.shuts(true).await;
        }
    }

    pub async fn speaks_again(&self) {
        self.state().silence = None;
        self.shuts(false).await;
    }

    async fn shuts(&self, shut: bool) {
        self.shut.send_replace(shut);
        let mut is_shut = self.is_shut.subscribe();
        let _ = is_shut.wait_for(|it| *it == shut).await;
    }

    pub fn silent_until(&self) -> Option<i64> {
        self.state().silence.map(|it| it.1)
    }

    pub fn silence(&self) -> Option<Silence> {
        self.state().silence.map(|it| it.0)
    }

    pub fn lacks(&self, scope: Option<usize>) {
        self.state().lacks = scope;
    }

    /// How many calls were refused as if their channel were of no use.
    pub fn channels_lost(&self) -> usize {
        self.state().lost
    }

    /// Whether a call was refused for good since the last time.
    pub fn take_refused(&self) -> bool {
        std::mem::take(&mut self.state().refused)
    }
}
