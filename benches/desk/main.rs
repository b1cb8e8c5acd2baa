//! Measures Balefire from outside: starts the program itself with a stub in the place of Slack,
//! sends it signed requests, and prints one table. `scripts/bench` runs it; `docs/benchmarks.md`
//! says how the figures come about. Of Balefire's library it uses what fills a database, and what
//! runs inside where nothing can be measured from outside.

mod child;
mod drive;
mod engine;
mod fill;
mod google;
mod large;
mod people;
mod stub;
mod table;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::Parser;

use child::{Balefire, Database};
use drive::{Kind, Load, Sender};
use google::Groups;
use stub::Stub;
use table::{Row, Table, ms, percent};

/// How many components there are, so that no two announcements are about the same.
const COMPONENTS: usize = 100;

#[derive(Debug, Parser)]
pub struct Arguments {
    /// The program to measure.
    #[arg(long)]
    program: PathBuf,
    /// How it was built.
    #[arg(long)]
    profile: String,
    /// An empty database on a PostgreSQL server; without it PostgreSQL is not measured.
    #[arg(long)]
    postgres: Option<String>,
    /// What to say of that server.
    #[arg(long, default_value = "not measured")]
    postgres_is: String,
    /// A folder for everything that is written.
    #[arg(long)]
    folder: PathBuf,
    /// What to say of that folder's file system.
    #[arg(long)]
    file_system: String,
    /// Ticks a second of the CPU times in /proc.
    #[arg(long, default_value_t = 100)]
    ticks: u32,
    /// Whether the size of the program is that of a package.
    #[arg(long)]
    packaged: bool,
    /// Fewer and shorter runs.
    #[arg(long)]
    quick: bool,
    /// Only how long it takes to learn who is there.
    #[arg(long)]
    people: bool,
    /// Print how the databases carry out what is done all the time.
    #[arg(long)]
    plans: bool,
}

/// How long and how often things are measured.
struct Plan {
    warm_up: Duration,
    steady: Duration,
    flat_out: Duration,
    delays: &'static [u64],
    announcements: usize,
    starts: usize,
    idle: Duration,
    engine: engine::Plan,
    /// Each line of the timeline so often.
    lines: u32,
    /// Each delivered row so often.
    deliveries: u32,
    /// Who is to be learned of, and in which groups they are.
    groups: Groups,
}

impl Plan {
    fn new(quick: bool) -> Plan {
        let seconds = Duration::from_secs;
        match quick {
            true => Plan {
                warm_up: seconds(1),
                steady: seconds(4),
                flat_out: seconds(2),
                delays: &[0, 300],
                announcements: 6,
                starts: 5,
                idle: seconds(3),
                engine: engine::Plan {
                    rows: 1000,
                    updates: 100,
                    leases: false,
                },
                lines: 50,
                deliveries: 50,
                groups: Groups {
                    count: 50,
                    people: 5_000,
                    largest: 2_000,
                    each: 60,
                },
            },
            false => Plan {
                warm_up: seconds(2),
                steady: seconds(20),
                flat_out: seconds(5),
                delays: &[0, 300, 3000],
                announcements: 30,
                starts: 15,
                idle: seconds(10),
                engine: engine::Plan {
                    rows: 3250,
                    updates: 600,
                    leases: true,
                },
                lines: 52,
                deliveries: 52,
                groups: Groups {
                    count: 500,
                    people: 50_000,
                    largest: 20_000,
                    each: 60,
                },
            },
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let plan = Plan::new(arguments.quick);
    let mut table = Table::new();
    let mut databases = vec![Database::Sqlite];
    databases.extend(arguments.postgres.clone().map(Database::Postgres));
    for database in &databases {
        if !arguments.people {
            measure(&arguments, &plan, database, &mut table).await?;
            after_years(&arguments, &plan, database, &mut table).await?;
        }
        people::measure(&arguments, plan.groups, database, &mut table).await?;
    }
    if arguments.people {
        table.print(&arguments);
        return Ok(());
    }
    demo(&arguments, &plan, &mut table).await?;
    size(&arguments, &mut table)?;
    table.print(&arguments);
    if arguments.plans {
        let heard = large::Heard::begin()?;
        for database in &databases {
            let folder = arguments.folder.join(database.name());
            print_plans(database, &large::plans(database, &folder, &heard).await?);
        }
    }
    Ok(())
}

/// Everything about one database.
async fn measure(
    arguments: &Arguments,
    plan: &Plan,
    database: &Database,
    table: &mut Table,
) -> anyhow::Result<()> {
    let name = database.name();
    let folder = arguments.folder.join(name);
    std::fs::create_dir_all(&folder)?;
    let stub = Stub::start().await?;
    note(&format!("{name}: cold start"));
    let setup = child::Setup::new(
        &arguments.program,
        &folder,
        database,
        &stub,
        arguments.ticks,
    );
    let first = setup.serve().await?;
    let with_empty = first.started_in;
    first.stop().await?;
    setup.provision(&catalog(&folder)?).await?;
    let mut starts = Vec::new();
    for _ in 0..plan.starts {
        let started = setup.serve().await?;
        starts.push(started.started_in);
        started.stop().await?;
    }
    starts.sort();
    let median = starts[starts.len() / 2];
    let slowest = starts[starts.len() - 1];
    table.add(
        Row::new("cold start, until /readyz says 200", name)
            .slack(0)
            .measured(format!(
                "median {}, slowest of {} {}; {} with an empty database",
                ms(median),
                starts.len(),
                ms(slowest),
                ms(with_empty)
            ))
            .aim("≤ 100 ms", median <= Duration::from_millis(100)),
    );

    let balefire = setup.serve().await?;
    note(&format!("{name}: idle memory"));
    tokio::time::sleep(plan.idle).await;
    let idle = balefire.resident()?;
    table.add(
        Row::new("idle memory of serve", name)
            .measured(table::mb(idle))
            .aim("≤ 30 MB", idle <= 30_000_000),
    );

    let sender = Arc::new(Sender::new(&balefire.address, &stub.url()));
    note(&format!("{name}: warming up"));
    for kind in [Kind::Command, Kind::Event] {
        sender.flat_out(kind, 1, plan.warm_up).await?;
    }
    stub.comes_to_rest().await?;
    announcements(plan, &stub, &sender, name, table).await?;
    for delay in plan.delays {
        stub.answers_after(*delay);
        for kind in [Kind::Command, Kind::Event] {
            requests(plan, &stub, &balefire, &sender, kind, *delay, table, name).await?;
        }
    }
    stub.answers_after(0);
    let peak = balefire.peak()?;
    tokio::time::sleep(plan.idle).await;
    table.add(
        Row::new("memory of serve after all that", name).measured(format!(
            "{}, at most {}",
            table::mb(balefire.resident()?),
            table::mb(peak)
        )),
    );
    balefire.stop().await
}

/// What the outbox can do, and what becomes slower with years of history. On the database that
/// `measure` has left.
async fn after_years(
    arguments: &Arguments,
    plan: &Plan,
    database: &Database,
    table: &mut Table,
) -> anyhow::Result<()> {
    let name = database.name();
    let folder = arguments.folder.join(name);
    let stub = Stub::start().await?;
    let program = &arguments.program;
    let setup = child::Setup::new(program, &folder, database, &stub, arguments.ticks);
    let lasting = plan.steady / 2;
    let small = large::times(database, &folder, &setup, &stub, lasting).await?;
    let engine = engine::Engine {
        plan: &plan.engine,
        database,
        folder: &folder,
        setup: &setup,
        stub: &stub,
    };
    engine.capacity(table).await?;
    engine.latency(table).await?;
    engine.recovery(table).await?;
    note(&format!("{name}: filling it with history"));
    let db = fill::open(database, &folder).await?;
    fill::history(&db, 50, plan.lines, plan.deliveries).await?;
    let mut rows = Vec::new();
    for of in ["outages", "timeline", "deliveries", "idempotency", "inbox"] {
        rows.push(format!("{} {of}", fill::rows(&db, of).await?));
    }
    db.close().await;
    let many = large::times(database, &folder, &setup, &stub, lasting).await?;
    table.add(Row::new("rows after years", name).measured(rows.join(", ")));
    for ((what, before), (_, after)) in small.into_iter().zip(many) {
        let ratio = after.as_secs_f64() / before.as_secs_f64();
        table.add(Row::new(what, name).slack(0).measured(format!(
            "{} with next to nothing, {} after years: {ratio:.1} ×",
            ms(before),
            ms(after)
        )));
    }
    Ok(())
}

#[allow(clippy::print_stdout)] // asked for
fn print_plans(database: &Database, plans: &str) {
    println!("\n{}, after years:\n{plans}", database.name());
}

/// One kind of request: at a steady rate, and as fast as it goes.
#[allow(clippy::too_many_arguments)] // one scenario names them all
async fn requests(
    plan: &Plan,
    stub: &Stub,
    balefire: &Balefire,
    sender: &Arc<Sender>,
    kind: Kind,
    delay: u64,
    table: &mut Table,
    name: &'static str,
) -> anyhow::Result<()> {
    note(&format!("{name}: {} with Slack at {delay} ms", kind.word()));
    let (before, opened) = (balefire.cpu()?, stub.count("views.open"));
    let steady = sender.steady(kind, 50, plan.steady).await?;
    stub.comes_to_rest().await?;
    let cpu = each(balefire.cpu()? - before, &steady);
    let p99 = steady.quantile(0.99);
    let mut measured = format!(
        "p50 {}, p99 {}, slowest {}; {} CPU each",
        ms(steady.quantile(0.5)),
        ms(p99),
        ms(steady.quantile(1.0)),
        ms(cpu)
    );
    if matches!(kind, Kind::Command) {
        let forms = stub.count("views.open") - opened;
        measured.push_str(&forms_for(forms, &steady));
    }
    measured.push_str(&steady.complaint());
    let mut row = Row::new(format!("{}, 50/s", kind.word()), name)
        .slack(delay)
        .measured(measured)
        .aim(
            "p99 ≤ 20 ms",
            p99 <= Duration::from_millis(20) && steady.is_well(),
        );
    if matches!(kind, Kind::Command) && delay == 300 {
        row = row.older("p99 2600 ms (at 12/s)", 2.6 / p99.as_secs_f64());
    }
    table.add(row);

    let (before, opened) = (balefire.cpu()?, stub.count("views.open"));
    let fast = sender.flat_out(kind, 16, plan.flat_out).await?;
    let during = each(balefire.cpu()? - before, &fast);
    stub.comes_to_rest().await?;
    let cpu = each(balefire.cpu()? - before, &fast);
    let rate = fast.rate();
    let limit = Duration::from_micros(400);
    let mut measured = format!(
        "{rate:.0} acks/s, p99 {}; {} CPU each",
        ms(fast.quantile(0.99)),
        ms(during)
    );
    if matches!(kind, Kind::Command) {
        let forms = stub.count("views.open") - opened;
        measured.push_str(&format!(", {} with all that follows", ms(cpu)));
        measured.push_str(&forms_for(forms, &fast));
    }
    measured.push_str(&fast.complaint());
    let mut row = Row::new(format!("{}, as fast as it goes", kind.word()), name)
        .slack(delay)
        .measured(measured)
        .aim(
            "≥ 1000/s at ≤ 0.4 ms",
            rate >= 1000.0 && cpu <= limit && fast.is_well(),
        );
    row = match (kind, delay) {
        (Kind::Command, 0) => row.older("140/s at 14–20 ms", rate / 140.0),
        (Kind::Command, 300) => row.older("12/s", rate / 12.0),
        (Kind::Event, 0) => row.older("1340/s at 1.4–1.9 ms", rate / 1340.0),
        _ => row,
    };
    table.add(row);
    Ok(())
}

/// For how many commands a form was opened, and how many people have to press a button for it.
fn forms_for(forms: usize, load: &Load) -> String {
    let all = load.latencies.len();
    match load.buttons {
        0 => format!("; forms for {}", percent(forms, all)),
        buttons => format!(
            "; forms for {}, buttons for {}",
            percent(forms, all),
            percent(buttons, all)
        ),
    }
}

fn each(cpu: Duration, load: &Load) -> Duration {
    let requests = u32::try_from(load.latencies.len().max(1)).unwrap_or(u32::MAX);
    cpu / requests
}

/// From the submission of a form to the call that posts the announcement, far enough apart that no
/// turn in the channel has to be waited for.
async fn announcements(
    plan: &Plan,
    stub: &Stub,
    sender: &Arc<Sender>,
    name: &'static str,
    table: &mut Table,
) -> anyhow::Result<()> {
    note(&format!("{name}: announcements"));
    let mut posted = Load::default();
    let mut acked = Load::default();
    for number in 0..plan.announcements {
        let trigger = format!("announcement-{number}");
        let text = format!("part-{number} cards are declined");
        let answer = sender.command(&trigger, &text).await?;
        ensure!(answer.is_well(), "no form: {}", answer.body);
        let view = stub.form(&trigger).await?;
        let began = Instant::now();
        let answer = sender.submit(&format!("V{number}"), &view).await?;
        ensure!(answer.is_well(), "not announced: {}", answer.body);
        acked.latencies.push(began.elapsed());
        let at = stub.announcement(number).await?;
        posted.latencies.push(at.saturating_duration_since(began));
        // The announcement's link, pin and direct message, and the turn after them.
        tokio::time::sleep(Duration::from_millis(1700)).await;
    }
    acked.finish();
    posted.finish();
    let p95 = posted.quantile(0.95);
    table.add(
        Row::new("submission to announcement, not paced", name)
            .slack(0)
            .measured(format!(
                "p50 {}, p95 {}, slowest of {} {}; the form closes after {}",
                ms(posted.quantile(0.5)),
                ms(p95),
                posted.latencies.len(),
                ms(posted.quantile(1.0)),
                ms(acked.quantile(0.5))
            ))
            .aim("p95 ≤ 300 ms", p95 <= Duration::from_millis(300)),
    );
    Ok(())
}

async fn demo(arguments: &Arguments, plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    note("demo: idle memory");
    let demo = Balefire::demo(&arguments.program, &arguments.folder, arguments.ticks).await?;
    tokio::time::sleep(plan.idle).await;
    let idle = demo.resident()?;
    table.add(
        Row::new("idle memory of demo, with its local Slack", "SQLite")
            .measured(table::mb(idle))
            .aim("≤ 60 MB", idle <= 60_000_000),
    );
    demo.stop().await
}

fn size(arguments: &Arguments, table: &mut Table) -> anyhow::Result<()> {
    let row = Row::new("size of the program as packaged (profile dist)", "");
    table.add(match arguments.packaged {
        true => {
            let bytes = std::fs::metadata(&arguments.program)?.len();
            row.measured(table::mb(bytes))
                .aim("≤ 30 MB", bytes <= 30_000_000)
        }
        false => row
            .measured("not measured (--dist does)")
            .aimless("≤ 30 MB"),
    });
    Ok(())
}

/// A catalogue of components, as a file.
fn catalog(folder: &Path) -> anyhow::Result<PathBuf> {
    let text: String = (0..COMPONENTS)
        .map(|it| format!("[[component]]\nkey = \"part-{it}\"\nname = \"Part {it}\"\n\n"))
        .collect();
    let path = folder.join("catalog.toml");
    std::fs::write(&path, text).context("cannot write the catalogue")?;
    Ok(path)
}

#[allow(clippy::print_stderr)] // says how far it is; the table alone goes to stdout
fn note(what: &str) {
    eprintln!("scripts/bench: {what}");
}
