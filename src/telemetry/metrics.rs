//! All metrics of Balefire, with a registry of their own: whoever counts is handed the struct, and
//! two of them in one process do not meet. Names begin with `balefire_`, units are base units.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::labels::{
    DeliveryKind, DeliveryLabels, DeliveryOutcome, InboxLabels, InboxOutcome, JobLabels,
    JobOutcome, SignalLabels, SignalOutcome, SlackRequest, SlackRequestKind, SlackRequestLabels,
    SlackRequestOutcome, SocketEnd, SocketLabels,
};

/// What `Metrics::render` gives is of this type.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds. Slack gives up on us after three.
const ACK_BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0,
];

/// Seconds, from "at once" to "Slack was down for the afternoon".
const DELAY_BUCKETS: [f64; 13] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 14400.0,
];

/// A histogram that a family can make for each new kind.
type MakeHistogram = fn() -> Histogram;

#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    slack_requests: Family<SlackRequestLabels, Counter>,
    slack_ack: Family<SlackRequestKind, Histogram, MakeHistogram>,
    sockets_open: Gauge,
    socket_reconnects: Family<SocketLabels, Counter>,
    socket_silence: Gauge<f64, AtomicU64>,
    deliveries: Family<DeliveryLabels, Counter>,
    delivery_delay: Family<DeliveryKind, Histogram, MakeHistogram>,
    deliveries_waiting: Gauge,
    deliveries_dead: Gauge,
    oldest_waiting: Gauge<f64, AtomicU64>,
    slack_reachable: Gauge,
    modals_opening: Gauge,
    modals_refused: Counter,
    inbox_events: Family<InboxLabels, Counter>,
    job_runs: Family<JobLabels, Counter>,
    outages_open: Gauge,
    group_lists_unread: Gauge,
    group_lists_held: Gauge,
    signals: Family<SignalLabels, Counter>,
    signal_commits: Counter,
    signals_waiting: Gauge,
    signals_put_away: Gauge,
}

/// Counts as one modal being opened for as long as it lives.
#[derive(Debug)]
#[must_use = "the modal counts as opened when this is dropped"]
pub struct ModalOpening(Gauge);

impl Drop for ModalOpening {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("balefire"),
            slack_requests: Family::default(),
            slack_ack: Family::new_with_constructor(|| Histogram::new(ACK_BUCKETS)),
            sockets_open: Gauge::default(),
            socket_reconnects: Family::default(),
            socket_silence: Gauge::default(),
            deliveries: Family::default(),
            delivery_delay: Family::new_with_constructor(|| Histogram::new(DELAY_BUCKETS)),
            deliveries_waiting: Gauge::default(),
            deliveries_dead: Gauge::default(),
            oldest_waiting: Gauge::default(),
            slack_reachable: Gauge::default(),
            modals_opening: Gauge::default(),
            modals_refused: Counter::default(),
            inbox_events: Family::default(),
            job_runs: Family::default(),
            outages_open: Gauge::default(),
            group_lists_unread: Gauge::default(),
            group_lists_held: Gauge::default(),
            signals: Family::default(),
            signal_commits: Counter::default(),
            signals_waiting: Gauge::default(),
            signals_put_away: Gauge::default(),
        };
        metrics.slack_reachable.set(1);
        metrics.register_slack();
        metrics.register_deliveries();
        metrics.register_outages();
        metrics.register_signals();
        metrics
    }

    /// A request by Slack was answered.
    pub fn slack_request(&self, kind: SlackRequest, outcome: SlackRequestOutcome) {
        let labels = SlackRequestLabels { kind, outcome };
        self.slack_requests.get_or_create(&labels).inc();
    }

    /// A request by Slack was answered after so long.
    pub fn slack_acked(&self, kind: SlackRequest, after: Duration) {
        let labels = SlackRequestKind { kind };
        self.slack_ack
            .get_or_create(&labels)
            .observe(after.as_secs_f64());
    }

    /// So many connections of Socket Mode are open.
    pub fn set_sockets_open(&self, open: usize) {
        self.sockets_open
            .set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// A connection of Socket Mode has to be opened again.
    pub fn socket_reconnect(&self, reason: SocketEnd) {
        let labels = SocketLabels { reason };
        self.socket_reconnects.get_or_create(&labels).inc();
    }

    /// Nothing has come over Socket Mode for so long.
    pub fn set_socket_silence(&self, silence: Duration) {
        self.socket_silence.set(silence.as_secs_f64());
    }

    /// An attempt to deliver ended. `kind` is one of few fixed words, never text of people.
    pub fn delivery(&self, kind: &'static str, outcome: DeliveryOutcome) {
        let labels = DeliveryLabels { kind, outcome };
        self.deliveries.get_or_create(&labels).inc();
    }

    /// Something was delivered, so long after it was created.
    pub fn delivered_after(&self, kind: &'static str, delay: Duration) {
        let labels = DeliveryKind { kind };
        self.delivery_delay
            .get_or_create(&labels)
            .observe(delay.as_secs_f64());
    }

    /// How many deliveries wait, how many were given up, and how long the oldest has waited.
    pub fn set_backlog(&self, waiting: i64, dead: i64, oldest_waiting: Option<Duration>) {
        self.deliveries_waiting.set(waiting);
        self.deliveries_dead.set(dead);
        self.oldest_waiting
            .set(oldest_waiting.unwrap_or_default().as_secs_f64());
    }

    /// Whether anybody answers where deliveries go.
    pub fn set_slack_reachable(&self, reachable: bool) {
        self.slack_reachable.set(i64::from(reachable));
    }

    /// A modal begins to be opened.
    pub fn modal_opening(&self) -> ModalOpening {
        self.modals_opening.inc();
        ModalOpening(self.modals_opening.clone())
    }

    /// Too many modals were being opened already.
    pub fn modal_refused(&self) {
        self.modals_refused.inc();
    }

    /// An event came into the inbox or left it.
    pub fn inbox_event(&self, outcome: InboxOutcome) {
        self.inbox_events
            .get_or_create(&InboxLabels { outcome })
            .inc();
    }

    /// A job ran on this node. `job` is one of few fixed words.
    pub fn job_ran(&self, job: &'static str, well: bool) {
        let outcome = match well {
            true => JobOutcome::Done,
            false => JobOutcome::Failed,
        };
        self.job_runs
            .get_or_create(&JobLabels { job, outcome })
            .inc();
    }

    pub fn set_outages_open(&self, open: i64) {
        self.outages_open.set(open);
    }

    /// Of the lists of members that are kept elsewhere, how many could not be read last time, and
    /// how many wait for somebody's yes.
    pub fn set_group_lists(&self, unread: i64, held: i64) {
        self.group_lists_unread.set(unread);
        self.group_lists_held.set(held);
    }

    /// A request of a monitor was answered. `source` is one of few fixed words.
    pub fn signal(&self, source: &'static str, outcome: SignalOutcome) {
        let labels = SignalLabels { source, outcome };
        self.signals.get_or_create(&labels).inc();
    }

    /// What monitors sent was written, in one transaction.
    pub fn signal_commit(&self) {
        self.signal_commits.inc();
    }

    /// How many requests of monitors wait to be worked on, and how many never will be.
    pub fn set_signals(&self, waiting: i64, put_away: i64) {
        self.signals_waiting.set(waiting);
        self.signals_put_away.set(put_away);
    }

    /// All metrics as OpenMetrics text.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Only the writer can fail, and a String takes everything.
        let _ = encode(&mut text, &self.registry);
        text
    }

    fn register_slack(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "slack_requests",
            "Requests that Slack sent to us",
            self.slack_requests.clone(),
        );
        registry.register_with_unit(
            "slack_ack",
            "Time until a request by Slack was answered",
            Unit::Seconds,
            self.slack_ack.clone(),
        );
        registry.register(
            "slack_sockets_open",
            "Connections of Socket Mode that are open",
            self.sockets_open.clone(),
        );
        registry.register(
            "slack_socket_reconnects",
            "Connections of Socket Mode that had to be opened again",
            self.socket_reconnects.clone(),
        );
        registry.register_with_unit(
            "slack_socket_silence",
            "Time since the last frame of any connection of Socket Mode",
            Unit::Seconds,
            self.socket_silence.clone(),
        );
        registry.register(
            "slack_reachable",
            "1 while Slack can be reached, 0 while deliveries wait for it",
            self.slack_reachable.clone(),
        );
        registry.register(
            "inbox_events",
            "Events of Slack in the inbox",
            self.inbox_events.clone(),
        );
        registry.register(
            "modals_opening",
            "Modals that are being opened now",
            self.modals_opening.clone(),
        );
        registry.register(
            "modals_refused",
            "Modals not opened because too many were being opened",
            self.modals_refused.clone(),
        );
    }

    fn register_deliveries(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "deliveries",
            "Attempts to deliver something to Slack",
            self.deliveries.clone(),
        );
        registry.register_with_unit(
            "delivery_delay",
            "Time from the creation of a delivery until it was delivered",
            Unit::Seconds,
            self.delivery_delay.clone(),
        );
        registry.register(
            "deliveries_waiting",
            "Deliveries that wait for their turn",
            self.deliveries_waiting.clone(),
        );
        registry.register(
            "deliveries_dead",
            "Deliveries that were given up and need a person",
            self.deliveries_dead.clone(),
        );
        registry.register_with_unit(
            "deliveries_oldest_waiting",
            "How long the oldest waiting delivery has waited",
            Unit::Seconds,
            self.oldest_waiting.clone(),
        );
    }

    fn register_signals(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "signals",
            "Requests that monitors sent to us",
            self.signals.clone(),
        );
        registry.register(
            "signal_commits",
            "Transactions in which requests of monitors were kept",
            self.signal_commits.clone(),
        );
        registry.register(
            "signals_waiting",
            "Requests of monitors that are kept and not worked on yet",
            self.signals_waiting.clone(),
        );
        registry.register(
            "signals_put_away",
            "Requests of monitors that could not be worked on and need a person",
            self.signals_put_away.clone(),
        );
    }

    fn register_outages(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "job_runs",
            "Runs of jobs on this node",
            self.job_runs.clone(),
        );
        registry.register(
            "outages_open",
            "Outages that are not resolved",
            self.outages_open.clone(),
        );
        registry.register(
            "group_lists_unread",
            "Lists of members kept elsewhere that could not be read last time",
            self.group_lists_unread.clone(),
        );
        registry.register(
            "group_lists_held",
            "Lists of members kept elsewhere that would remove more than half and wait for a yes",
            self.group_lists_held.clone(),
        );
        registry.register(
            "build",
            "The program that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_line(text: &str, line: &str) {
        assert!(
            text.lines().any(|l| l == line),
            "no line {line} in:\n{text}"
        );
    }

    #[test]
    fn a_fresh_process_has_its_gauges_at_nothing() {
        let text = Metrics::new().render();
        for line in [
            "balefire_deliveries_waiting 0",
            "balefire_deliveries_dead 0",
            "balefire_deliveries_oldest_waiting_seconds 0.0",
            "balefire_slack_reachable 1",
            "balefire_modals_opening 0",
            "balefire_modals_refused_total 0",
            "balefire_outages_open 0",
            "# TYPE balefire_deliveries_oldest_waiting_seconds gauge",
        ] {
            assert_line(&text, line);
        }
        let version = env!("CARGO_PKG_VERSION");
        assert_line(
            &text,
            &format!("balefire_build_info{{version=\"{version}\"}} 1"),
        );
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn requests_are_counted_by_kind_and_outcome() {
        let metrics = Metrics::new();
        metrics.slack_request(SlackRequest::Command, SlackRequestOutcome::Accepted);
        metrics.slack_request(SlackRequest::Command, SlackRequestOutcome::Accepted);
        metrics.slack_request(SlackRequest::Event, SlackRequestOutcome::Unauthentic);
        metrics.slack_acked(SlackRequest::Command, Duration::from_millis(4));
        let text = metrics.render();
        for line in [
            "balefire_slack_requests_total{kind=\"command\",outcome=\"accepted\"} 2",
            "balefire_slack_requests_total{kind=\"event\",outcome=\"unauthentic\"} 1",
            "balefire_slack_ack_seconds_bucket{le=\"0.0025\",kind=\"command\"} 0",
            "balefire_slack_ack_seconds_bucket{le=\"0.005\",kind=\"command\"} 1",
            "balefire_slack_ack_seconds_count{kind=\"command\"} 1",
            "# UNIT balefire_slack_ack_seconds seconds",
        ] {
            assert_line(&text, line);
        }
    }

    #[test]
    fn signals_are_counted_by_source_and_outcome() {
        let metrics = Metrics::new();
        metrics.signal("pingdom", SignalOutcome::Accepted);
        metrics.signal("pingdom", SignalOutcome::Refused);
        metrics.signal_commit();
        metrics.set_signals(3, 1);
        let text = metrics.render();
        for line in [
            "balefire_signals_total{source=\"pingdom\",outcome=\"accepted\"} 1",
            "balefire_signals_total{source=\"pingdom\",outcome=\"refused\"} 1",
            "balefire_signal_commits_total 1",
            "balefire_signals_waiting 3",
            "balefire_signals_put_away 1",
        ] {
            assert_line(&text, line);
        }
    }

    #[test]
    fn sockets_are_counted() {
        let metrics = Metrics::new();
        metrics.set_sockets_open(2);
        metrics.socket_reconnect(SocketEnd::Warning);
        metrics.set_socket_silence(Duration::from_millis(2500));
        let text = metrics.render();
        for line in [
            "balefire_slack_sockets_open 2",
            "balefire_slack_socket_reconnects_total{reason=\"warning\"} 1",
            "balefire_slack_socket_silence_seconds 2.5",
        ] {
            assert_line(&text, line);
        }
    }

    #[test]
    fn deliveries_and_their_backlog_are_shown() {
        let metrics = Metrics::new();
        metrics.delivery("announcement", DeliveryOutcome::RateLimited);
        metrics.delivery("announcement", DeliveryOutcome::Delivered);
        metrics.delivered_after("announcement", Duration::from_secs(2));
        metrics.set_backlog(3, 1, Some(Duration::from_millis(1500)));
        metrics.inbox_event(InboxOutcome::Stored);
        metrics.set_outages_open(2);
        let text = metrics.render();
        for line in [
            "balefire_deliveries_total{kind=\"announcement\",outcome=\"rate_limited\"} 1",
            "balefire_deliveries_total{kind=\"announcement\",outcome=\"delivered\"} 1",
            "balefire_delivery_delay_seconds_sum{kind=\"announcement\"} 2.0",
            "balefire_deliveries_waiting 3",
            "balefire_deliveries_dead 1",
            "balefire_deliveries_oldest_waiting_seconds 1.5",
            "balefire_inbox_events_total{outcome=\"stored\"} 1",
            "balefire_outages_open 2",
        ] {
            assert_line(&text, line);
        }
    }

    #[test]
    fn a_modal_counts_while_it_is_being_opened() {
        let metrics = Metrics::new();
        let opening = metrics.modal_opening();
        metrics.modal_refused();
        assert_line(&metrics.render(), "balefire_modals_opening 1");
        assert_line(&metrics.render(), "balefire_modals_refused_total 1");
        drop(opening);
        assert_line(&metrics.render(), "balefire_modals_opening 0");
    }

    #[test]
    fn two_registries_do_not_meet() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.modal_refused();
        assert_line(&other.render(), "balefire_modals_refused_total 0");
    }
}
