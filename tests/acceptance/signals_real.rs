//! Balefire itself and a real Alertmanager: what is logged, and what really comes.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use balefire::{
    clock::Clock,
    domain::{health::Report, status::Status, time::Timestamp},
};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use super::crash::{balefire, local_slack};
use crate::harness::{
    databases, environment,
    monitors::{Post, SECRET, Scribe, all_on, down},
};

/// How long something may take in real time before the test gives up. Nothing waits this long when
/// it works.
const PATIENCE: Duration = Duration::from_secs(60);

/// However much is logged: a secret that is good, and one that may have been until yesterday.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_monitor_is_ever_logged() {
    const FORMER: &str = "a-secret-that-was-good-until-yesterday";
    let everything = "trace,hyper=trace,hyper_util=trace,h2=trace,sqlx=trace,reqwest=trace";
    let folder = tempfile::tempdir().unwrap();
    let slack = local_slack().await;
    let mut child = balefire(folder.path(), &slack.api_url())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("BALEFIRE__LOG__FILTER", everything)
        .env("BALEFIRE__SIGNALS__GENERIC__SECRETS", SECRET)
        .env("BALEFIRE__SIGNALS__GRAFANA__HMAC_SECRETS", SECRET)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = child.stderr.take().unwrap();
    let log = tokio::spawn(async move {
        let mut text = String::new();
        log.read_to_string(&mut text).await.unwrap();
        text
    });
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
    let url = line.unwrap().strip_prefix("app: ").unwrap().to_owned();

    let http = reqwest::Client::new();
    let body = down("nightly-backup").to_string();
    let mut statuses = Vec::new();
    for (path, bearer, body) in [
        (format!("generic/{SECRET}"), None, body.as_str()),
        (format!("generic/{SECRET}"), None, "nonsense"),
        (format!("generic/{FORMER}"), None, body.as_str()),
        (format!("pingdom/{FORMER}"), None, body.as_str()),
        (format!("grafana/{FORMER}"), None, body.as_str()),
        (format!("nobody/{FORMER}"), None, body.as_str()),
        (format!("generic/{SECRET}/"), None, body.as_str()),
        ("generic".to_owned(), Some(SECRET), body.as_str()),
        ("generic".to_owned(), Some(FORMER), body.as_str()),
    ] {
        let mut request = http.post(format!("{url}/integration/{path}"));
        if let Some(secret) = bearer {
            request = request.bearer_auth(secret);
        }
        let answer = request.body(body.to_owned()).send().await.unwrap();
        statuses.push(answer.status().as_u16());
    }
    child.kill().await.unwrap();
    slack.stop().await;
    let log = timeout(PATIENCE, log).await.unwrap().unwrap();
    // Slack may not have said yet which workspace it is.
    assert!([200, 503].contains(&statuses[0]), "{statuses:?}");
    assert_eq!(statuses[1..7], [400, 404, 404, 404, 404, 404]);
    assert_eq!(statuses[8], 404);
    for expected in [
        "refused a signal: its secret is none",
        "refused a signal: no secret is set",
        "refused a signal: it is not signed",
        "cannot read a signal",
    ] {
        assert!(log.contains(expected), "never said: {expected}");
    }
    for secret in [SECRET, FORMER] {
        let line = log.lines().find(|it| it.contains(secret));
        assert_eq!(line, None, "a secret is in the log");
    }
}

/// Debian's, in a folder of its own.
struct Alertmanager {
    url: String,
    programs: PathBuf,
    _child: Child,
    _folder: tempfile::TempDir,
}

impl Alertmanager {
    /// Tells `url` of everything, all alerts in one group.
    async fn start(url: &str) -> Alertmanager {
        let programs = PathBuf::from(environment("BALEFIRE_TEST_ALERTMANAGER"));
        let folder = tempfile::tempdir().unwrap();
        let settings = json!({
            "route": {
                "receiver": "balefire", "group_by": ["job"], "group_wait": "50ms",
                "group_interval": "100ms", "repeat_interval": "1h"
            },
            "receivers": [{
                "name": "balefire",
                "webhook_configs": [{
                    "url": url,
                    "http_config": { "authorization": { "credentials": SECRET } }
                }]
            }]
        });
        // JSON is YAML.
        let file = folder.path().join("alertmanager.yml");
        std::fs::write(&file, settings.to_string()).unwrap();
        for _ in 0..5 {
            // Somebody may take the free port before it does.
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let address = free.local_addr().unwrap();
            drop(free);
            let mut child = run(&programs, "prometheus-alertmanager")
                .arg(format!("--config.file={}", file.display()))
                .arg(format!("--storage.path={}", folder.path().display()))
                .arg(format!("--web.listen-address={address}"))
                .arg("--cluster.listen-address=")
                // scripts/test put its templates there.
                .current_dir(&programs)
                .spawn()
                .unwrap();
            let url = format!("http://{address}");
            if is_ready(&url, &mut child).await {
                return Alertmanager {
                    url,
                    programs,
                    _child: child,
                    _folder: folder,
                };
            }
        }
        panic!("Alertmanager does not start");
    }

    /// An alert that began then, and ended, or has not.
    async fn alert(&self, name: &str, severity: &str, start: Timestamp, end: Option<Timestamp>) {
        let end = end.unwrap_or(start.plus(Duration::from_secs(3600)));
        let added = run(&self.programs, "amtool")
            .args(["alert", "add", &format!("alertname={name}")])
            .args([
                &format!("severity={severity}"),
                "job=api",
                "component=payments",
            ])
            .arg(format!("--annotation=summary=Logins fail ({name})"))
            .arg("--generator-url=http://prometheus.example:9090/graph")
            .arg(format!("--start={}", start.iso()))
            .arg(format!("--end={}", end.iso()))
            .arg(format!("--alertmanager.url={}", self.url))
            .status()
            .await
            .unwrap();
        assert!(added.success());
    }
}

fn run(programs: &Path, name: &str) -> Command {
    let mut command = Command::new(programs.join(name));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn is_ready(url: &str, child: &mut Child) -> bool {
    for _ in 0..3000 {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        let asked = reqwest::get(format!("{url}/-/ready")).await;
        if asked.is_ok_and(|it| it.status().is_success()) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

/// Works off what comes until an alert was told of in this state for this time, and gives what was
/// said of it then.
async fn hears(post: &Post, name: &str, word: &str, at: Timestamp) -> Report {
    let scribe = Scribe::default();
    let looking = async {
        loop {
            post.intake.work_off(&scribe).await.unwrap();
            let taken = scribe.taken.lock().unwrap().clone();
            let found = taken.into_iter().find(|it| {
                let named = it.name.as_deref().is_some_and(|it| it.starts_with(name));
                named && it.word == word && it.observation.at == at
            });
            if let Some(found) = found {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let found = timeout(PATIENCE, looking).await;
    found.unwrap_or_else(|_| {
        let taken = scribe.taken.lock().unwrap();
        panic!("{name} is never {word} for {at:?}: {taken:#?}")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_alertmanager_is_understood_through_firing_resolving_and_firing_again() {
    let post = Post::open(databases::sqlite().await, all_on()).await;
    // It has a clock of its own.
    let now = Timestamp::from_epoch(Clock::system().now().epoch());
    post.clock.move_to(now);
    let ago = |seconds: u64| now.minus(Duration::from_secs(seconds));
    // At first nothing can be kept, and Alertmanager has to come again.
    let known = post.workspace.write().unwrap().take();
    let alertmanager = Alertmanager::start(&format!("{}/integration/alertmanager", post.url)).await;
    alertmanager
        .alert("LoginsFail", "critical", ago(600), None)
        .await;
    let unavailable = "balefire_signals_total{source=\"alertmanager\",outcome=\"unavailable\"}";
    let refused = async {
        while post.counted(unavailable) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, refused).await.unwrap();
    *post.workspace.write().unwrap() = known;

    let first = hears(&post, "LoginsFail", "firing", ago(600)).await;
    assert_eq!(first.source, "alertmanager");
    assert_eq!(first.observation.status, Some(Status::MajorOutage));
    assert_eq!(
        first.name.as_deref(),
        Some("LoginsFail: Logins fail (LoginsFail)")
    );
    assert_eq!(first.component.as_deref(), Some("payments"));
    assert_eq!(
        first.link.as_deref(),
        Some("http://prometheus.example:9090/graph")
    );

    // A second one joins the group, and ends while the first goes on: the group is mixed.
    alertmanager
        .alert("SlowLogins", "warning", ago(500), None)
        .await;
    let slow = hears(&post, "SlowLogins", "firing", ago(500)).await;
    assert_eq!(slow.observation.status, Some(Status::DegradedPerformance));
    assert_ne!(slow.external_id, first.external_id);
    alertmanager
        .alert("SlowLogins", "warning", ago(500), Some(ago(300)))
        .await;
    let ended = hears(&post, "SlowLogins", "resolved", ago(300)).await;
    assert_eq!(ended.observation.status, Some(Status::Operational));
    assert_eq!(ended.external_id, slow.external_id);

    // The same again is the same check, later.
    alertmanager
        .alert("SlowLogins", "warning", ago(200), None)
        .await;
    let again = hears(&post, "SlowLogins", "firing", ago(200)).await;
    assert_eq!(again.external_id, slow.external_id);
    assert!(again.observation.at > ended.observation.at);
    alertmanager
        .alert("LoginsFail", "critical", ago(600), Some(ago(60)))
        .await;
    let over = hears(&post, "LoginsFail", "resolved", ago(60)).await;
    assert_eq!(over.external_id, first.external_id);
}
