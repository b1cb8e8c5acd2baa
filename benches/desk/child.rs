//! The program as a child of ours: started with settings of its own, looked at through /proc,
//! and stopped whatever happens.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

use crate::{drive::get, stub::Stub};

pub const SIGNING_SECRET: &str = "a-signing-secret-for-measuring";

/// How long anything may take before it is called broken.
const PATIENCE: Duration = Duration::from_secs(30);

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

    pub async fn provision(&self, catalog: &Path) -> anyhow::Result<()> {
        let mut command = self.command();
        command.args(["catalog", "provision"]).arg(catalog);
        let done = tokio::task::spawn_blocking(move || command.output()).await??;
        ensure!(done.status.success(), "the components were not written");
        Ok(())
    }
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
        let stat = self.proc("stat")?;
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
        self.memory("VmRSS:")
    }

    /// The most that it ever was.
    pub fn peak(&self) -> anyhow::Result<u64> {
        self.memory("VmHWM:")
    }

    fn memory(&self, name: &str) -> anyhow::Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|it| it.strip_prefix(name));
        let kilobytes = line
            .and_then(|it| it.split_whitespace().next())
            .context("no such line in status")?;
        Ok(kilobytes.parse::<u64>()? * 1024)
    }

    fn proc(&self, file: &str) -> anyhow::Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(path).context("the program is gone")
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
