//! The program as a child of ours: started with settings of its own, looked at through /proc,
//! and stopped whatever happens.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

use crate::{drive::get, stub::Stub};

pub const SIGNING_SECRET: &str = "a-signing-secret-for-measuring";

/// How long anything may take before it is called broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same for commands that have much to do.
const LONGEST: Duration = Duration::from_secs(600);

#[derive(Clone, Debug)]
pub enum Database {
    Sqlite,
    Postgres(String),
}

impl Database {
    pub fn name(&self) -> &'static str {
        match self {
            Database::Sqlite => "SQLite",
            Database::Postgres(_) => "PostgreSQL",
        }
    }
}

/// How to start `balefire serve`.
pub struct Setup {
    program: PathBuf,
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    ticks: u32,
}

/// What became of a command.
pub struct Done {
    /// On standard output.
    pub said: String,
    pub took: Duration,
    /// The most memory that it ever had, in bytes.
    pub peak: u64,
}

/// A Balefire that runs.
pub struct Balefire {
    child: Child,
    pub address: String,
    /// From its start until it was ready.
    pub started_in: Duration,
    ticks: u32,
}

impl Setup {
    pub fn new(
        program: &Path,
        folder: &Path,
        database: &Database,
        stub: &Stub,
        ticks: u32,
    ) -> Setup {
        let url = match database {
            Database::Sqlite => format!("sqlite:{}", folder.join("balefire.db").display()),
            Database::Postgres(url) => url.clone(),
        };
        let environment = vec![
            ("BALEFIRE__DATABASE__URL", url),
            ("BALEFIRE__SLACK__API_URL", format!("{}/api", stub.url())),
            (
                "BALEFIRE__SLACK__BOT_TOKEN",
                "xoxb-for-measuring".to_owned(),
            ),
            ("BALEFIRE__SLACK__SIGNING_SECRET", SIGNING_SECRET.to_owned()),
            ("BALEFIRE__SLACK__ANNOUNCE_CHANNEL", "C0OUTAGES".to_owned()),
            ("BALEFIRE__PERMISSIONS__ON_CALL", "U0ANA".to_owned()),
            // Warnings are written as they would be elsewhere, into nowhere.
            ("BALEFIRE__LOG__FORMAT", "json".to_owned()),
        ];
        Setup {
            program: program.to_owned(),
            folder: folder.to_owned(),
            environment,
            ticks,
        }
    }

    /// From now on with these variables, too.
    pub fn also(&mut self, environment: &[(&'static str, String)]) {
        self.environment.extend_from_slice(environment);
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(&self.folder)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    pub async fn serve(&self) -> anyhow::Result<Balefire> {
        self.serve_with(None).await
    }

    /// With so many workers instead of the default.
    pub async fn serve_with(&self, workers: Option<u32>) -> anyhow::Result<Balefire> {
        let mut command = self.command();
        if let Some(workers) = workers {
            command.env("BALEFIRE__DELIVERIES__WORKERS", workers.to_string());
        }
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        Balefire::start(command, self.ticks).await
    }

    /// Runs a command to its end, which must be a good one.
    pub async fn run(&self, arguments: &[&str]) -> anyhow::Result<Done> {
        let mut command = self.command();
        command.args(arguments).stdout(Stdio::piped());
        let words = arguments.join(" ");
        tokio::task::spawn_blocking(move || run(command, &words)).await?
    }

    pub async fn provision(&self, catalog: &Path) -> anyhow::Result<()> {
        let mut command = self.command();
        command.args(["catalog", "provision"]).arg(catalog);
        let done = tokio::task::spawn_blocking(move || command.output()).await??;
        ensure!(done.status.success(), "the components were not written");
        Ok(())
    }
}

fn run(mut command: Command, words: &str) -> anyhow::Result<Done> {
    let began = Instant::now();
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start the program")?;
    // Read by others, so that nothing it says can block it.
    let said = heard(child.stdout.take());
    let complained = heard(child.stderr.take());
    let mut peak = 0;
    let status = loop {
        // Nobody knows it any more once the program is gone: the last look counts.
        peak = memory_of(&child, "VmHWM:").unwrap_or(peak);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if began.elapsed() > LONGEST {
            child.kill()?;
            child.wait()?;
            bail!("`balefire {words}` does not come to an end");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let took = began.elapsed();
    let complained = complained.join().unwrap_or_default();
    ensure!(
        status.success(),
        "`balefire {words}` failed: {}",
        complained.lines().last().unwrap_or_default()
    );
    let said = said.join().unwrap_or_default();
    Ok(Done { said, took, peak })
}

/// Reads to the end, in a thread of its own.
fn heard(from: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            // What came until it broke off is what there is to say.
            let _ = from.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A line of its memory, in bytes.
fn memory_of(child: &Child, name: &str) -> anyhow::Result<u64> {
    let status = proc(child, "status")?;
    let line = status.lines().find_map(|it| it.strip_prefix(name));
    let kilobytes = line
        .and_then(|it| it.split_whitespace().next())
        .context("no such line in status")?;
    Ok(kilobytes.parse::<u64>()? * 1024)
}

fn proc(child: &Child, file: &str) -> anyhow::Result<String> {
    let path = format!("/proc/{}/{file}", child.id());
    std::fs::read_to_string(path).context("the program is gone")
}

impl Balefire {
    pub async fn demo(program: &Path, folder: &Path, ticks: u32) -> anyhow::Result<Balefire> {
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .args(["demo", "--listen", "127.0.0.1:0"])
            .args(["--sandbox-listen", "127.0.0.1:0", "--data"])
            .arg(folder.join("demo"))
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        Balefire::start(command, ticks).await
    }

    async fn start(mut command: Command, ticks: u32) -> anyhow::Result<Balefire> {
        let began = Instant::now();
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the program")?;
        let said = child.stdout.take().context("no stdout")?;
        let mut balefire = Balefire {
            child,
            address: String::new(),
            started_in: Duration::ZERO,
            ticks,
        };
        // Its first line says where it listens.
        let (line, rest) = tokio::task::spawn_blocking(move || {
            let mut said = BufReader::new(said);
            let mut line = String::new();
            said.read_line(&mut line).map(|_| (line, said))
        })
        .await??;
        // The rest is read to its end, so that nothing it says can block it.
        std::thread::spawn(move || rest.lines().map_while(Result::ok).for_each(drop));
        let address = line.trim().strip_prefix("app: http://");
        balefire.address = address
            .context("the program did not start; try it with the same settings by hand")?
            .to_owned();
        while get(&balefire.address, "/readyz").await.ok() != Some(200) {
            ensure!(began.elapsed() < PATIENCE, "the program is never ready");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        balefire.started_in = began.elapsed();
        Ok(balefire)
    }

    /// CPU time of the whole process, in user and kernel mode.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = proc(&self.child, "stat")?;
        // The name in brackets may hold anything, so count from behind it.
        let (_, fields) = stat.rsplit_once(") ").context("no such stat")?;
        let mut fields = fields.split_whitespace().skip(11);
        let mut ticks = 0;
        for _ in 0..2 {
            let field = fields.next().context("too short a stat")?;
            ticks += field.parse::<u32>()?;
        }
        Ok(Duration::from_secs(1) * ticks / self.ticks)
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> anyhow::Result<u64> {
        memory_of(&self.child, "VmRSS:")
    }

    /// The most that it ever was.
    pub fn peak(&self) -> anyhow::Result<u64> {
        memory_of(&self.child, "VmHWM:")
    }

    /// As when the power fails, but for the disk.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let asked = Command::new("kill")
            .args(["-s", "TERM", &self.child.id().to_string()])
            .status()?;
        ensure!(asked.success(), "the program was gone before its end");
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("the program does not stop")
    }
}

impl Drop for Balefire {
    fn drop(&mut self) {
        // Already gone when it stopped by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
