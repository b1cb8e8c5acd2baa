//! What the outbox can do: how many deliveries a second, how soon after a commit, and how it goes
//! on after a crash.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;

use crate::{
    child::{Database, Setup},
    drive::{Load, Sender},
    fill, note,
    stub::Stub,
    table::{Row, Table, ms},
};

/// How much is delivered.
pub struct Plan {
    /// Rows for each number of workers.
    pub rows: usize,
    pub updates: usize,
    /// Whether to wait until the leases of a dead process run out.
    pub leases: bool,
}

pub struct Engine<'a> {
    pub plan: &'a Plan,
    pub database: &'a Database,
    pub folder: &'a Path,
    pub setup: &'a Setup,
    pub stub: &'a Stub,
}

/// The default first, which is the most that can be set.
const WORKERS: [Option<u32>; 3] = [None, Some(4), Some(16)];

impl Engine<'_> {
    /// How many deliveries a second, all to channels of their own.
    pub async fn capacity(&self, table: &mut Table) -> anyhow::Result<()> {
        for workers in WORKERS {
            let called = match workers {
                None => "the default".to_owned(),
                Some(workers) => workers.to_string(),
            };
            note(&format!(
                "{}: deliveries with {called} workers",
                self.name()
            ));
            let first = self.fill(self.plan.rows).await?;
            self.stub.watch();
            let balefire = self.setup.serve_with(workers).await?;
            let came = self.stub.came(self.plan.rows).await?;
            let cpu = balefire.cpu()?;
            balefire.stop().await?;
            let distinct = (0..self.plan.rows)
                .filter(|it| came.contains_key(&fill::channel(first + *it as i64)))
                .count();
            ensure!(distinct == self.plan.rows, "something else was delivered");
            let (Some(begin), Some(end)) = (came.values().min(), came.values().max()) else {
                continue;
            };
            let rate = self.plan.rows as f64 / end.duration_since(*begin).as_secs_f64();
            let each = cpu / u32::try_from(self.plan.rows)?;
            table.add(
                Row::new(format!("deliveries, workers: {called}"), self.name())
                    .slack(0)
                    .measured(format!(
                        "{rate:.0}/s, {} of them; {} CPU each",
                        self.plan.rows,
                        ms(each)
                    ))
                    .aim("≥ 1000/s", rate >= 1000.0),
            );
        }
        Ok(())
    }

    /// From an update to the first call that follows from it, 20 a second, each in a channel whose
    /// turn it is. They are for the last outages, which stand in channels of their own.
    pub async fn latency(&self, table: &mut Table) -> anyhow::Result<()> {
        note(&format!("{}: from commit to call", self.name()));
        let db = fill::open(self.database, self.folder).await?;
        let last = fill::rows(&db, "outages").await?;
        db.close().await;
        let balefire = self.setup.serve().await?;
        let sender = Arc::new(Sender::new(&balefire.address, &self.stub.url()));
        // Who they are is asked first.
        sender.command("warm", "list").await?;
        self.stub.comes_to_rest().await?;
        // What was delivered last had the turn of its channel: nobody waits for that any more.
        tokio::time::sleep(balefire::outbox::TURN).await;
        self.stub.watch();
        let mut running = tokio::task::JoinSet::new();
        let began = Instant::now();
        for turn in 0..self.plan.updates {
            let at = began + Duration::from_millis(50) * u32::try_from(turn)?;
            tokio::time::sleep_until(at.into()).await;
            let (sender, number) = (sender.clone(), last - turn as i64);
            running.spawn(async move {
                let sent = Instant::now();
                let text = format!("update {number} we look into it");
                sender.command(&format!("update-{number}"), &text).await?;
                anyhow::Ok((number, sent, Instant::now()))
            });
        }
        let came = self.stub.came(self.plan.updates).await?;
        let (mut from_ack, mut from_request) = (Load::default(), Load::default());
        while let Some(done) = running.join_next().await {
            let (number, sent, acked) = done??;
            if let Some(called) = came.get(&fill::channel(number)) {
                from_ack
                    .latencies
                    .push(called.saturating_duration_since(acked));
                from_request.latencies.push(called.duration_since(sent));
            }
        }
        balefire.stop().await?;
        from_ack.finish();
        from_request.finish();
        ensure!(
            from_ack.latencies.len() == self.plan.updates,
            "updates got lost"
        );
        let p99 = from_request.quantile(0.99);
        table.add(
            Row::new("text command to the call that follows, 20/s", self.name())
                .slack(0)
                .measured(format!(
                    "p50 {}, p99 {}, slowest of {} {}; after the acknowledgement p50 {}, p99 {}",
                    ms(from_request.quantile(0.5)),
                    ms(p99),
                    self.plan.updates,
                    ms(from_request.quantile(1.0)),
                    ms(from_ack.quantile(0.5)),
                    ms(from_ack.quantile(0.99)),
                ))
                .aim("p99 ≤ 50 ms", p99 <= Duration::from_millis(50)),
        );
        Ok(())
    }

    /// `kill -9` while calls are under way, and what the next start makes of it.
    pub async fn recovery(&self, table: &mut Table) -> anyhow::Result<()> {
        const ROWS: usize = 200;
        note(&format!("{}: recovery after kill -9", self.name()));
        self.stub.answers_after(3000);
        let first = self.fill(ROWS).await?;
        self.stub.watch();
        let balefire = self.setup.serve().await?;
        self.stub.came(4).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let held = self.stub.seen_in_channels();
        balefire.kill().await?;
        self.stub.answers_after(0);
        // The calls that nobody waits for any more come to their end.
        tokio::time::sleep(Duration::from_secs(4)).await;
        self.stub.watch();
        let began = Instant::now();
        let balefire = self.setup.serve().await?;
        let free = ROWS - held.len();
        let came = self.stub.came(free).await?;
        let after = |at: Option<&Instant>| at.map_or(Duration::ZERO, |it| it.duration_since(began));
        let mut measured = format!(
            "ready after {}, first delivery after {}, all {free} that nobody held after {}",
            ms(balefire.started_in),
            ms(after(came.values().min())),
            ms(after(came.values().max())),
        );
        if self.plan.leases {
            note(&format!("{}: waiting for leases of the dead", self.name()));
            // Jobs look after other announcements meanwhile.
            let own = (0..ROWS).map(|it| fill::channel(first + it as i64));
            let own: Vec<String> = own.collect();
            let came = self.stub.came_to(&own).await?;
            let again = || held.keys().filter_map(|it| came.get(it));
            measured.push_str(&format!(
                "; the {} that were under way after {:.1} to {:.1} s",
                held.len(),
                after(again().min()).as_secs_f64(),
                after(again().max()).as_secs_f64(),
            ));
        }
        balefire.stop().await?;
        table.add(Row::new("after kill -9 with calls under way", self.name()).measured(measured));
        Ok(())
    }

    async fn fill(&self, count: usize) -> anyhow::Result<i64> {
        let db = fill::open(self.database, self.folder).await?;
        let first = fill::outages(&db, count).await?;
        db.close().await;
        Ok(first)
    }

    fn name(&self) -> &'static str {
        self.database.name()
    }
}
