//! The table that a run ends with, and the conditions above it.

use std::time::Duration;

use crate::Arguments;

pub struct Table {
    rows: Vec<Row>,
    /// What the machine was busy with before.
    load_before: String,
}

pub struct Row {
    cells: [String; 7],
}

const HEADINGS: [&str; 7] = [
    "what",
    "database",
    "Slack answers",
    "measured",
    "aim",
    "older tool",
    "ratio",
];

impl Row {
    pub fn new(what: impl Into<String>, database: &str) -> Row {
        let mut cells: [String; 7] = Default::default();
        cells[0] = what.into();
        cells[1] = database.to_owned();
        Row { cells }
    }

    /// After how many milliseconds.
    pub fn slack(mut self, delay: u64) -> Row {
        self.cells[2] = match delay {
            0 => "at once".to_owned(),
            delay => format!("after {delay} ms"),
        };
        self
    }

    pub fn measured(mut self, measured: impl Into<String>) -> Row {
        self.cells[3] = measured.into();
        self
    }

    pub fn aim(mut self, aim: &str, holds: bool) -> Row {
        let holds = if holds { "holds" } else { "MISSED" };
        self.cells[4] = format!("{aim}: {holds}");
        self
    }

    pub fn aimless(mut self, aim: &str) -> Row {
        self.cells[4] = aim.to_owned();
        self
    }

    pub fn older(mut self, figure: &str, ratio: f64) -> Row {
        self.cells[5] = figure.to_owned();
        self.cells[6] = match ratio {
            ratio if ratio >= 10.0 => format!("{ratio:.0} ×"),
            ratio => format!("{ratio:.1} ×"),
        };
        self
    }
}

impl Table {
    pub fn new() -> Table {
        Table {
            rows: Vec::new(),
            load_before: load(),
        }
    }

    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    #[allow(clippy::print_stdout)] // this is what the run is for
    pub fn print(&self, arguments: &Arguments) {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let memory = read("/proc/meminfo");
        let memory = memory.split_whitespace().nth(1).unwrap_or("0");
        let memory = memory.parse::<f64>().unwrap_or(0.0) / f64::from(1 << 20);
        let system = read("/proc/sys/kernel/osrelease");
        println!("Build profile: {}.", arguments.profile);
        println!(
            "Machine: {cores} cores, {memory:.0} GiB memory, Linux {}; load averages {} before the \
             run and {} after it.",
            system.trim(),
            self.load_before,
            load()
        );
        println!(
            "SQLite: WAL, synchronous FULL, on {}.",
            arguments.file_system
        );
        println!("PostgreSQL: {}.", arguments.postgres_is);
        println!("Everything on one machine, over loopback, without TLS.\n");
        let mut widths = HEADINGS.map(str::len);
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(&row.cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let line = |cells: [&str; 7]| {
            let cells: Vec<String> = cells
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            format!("| {} |", cells.join(" | "))
        };
        println!("{}", line(HEADINGS));
        println!("|{}|", widths.map(|it| "-".repeat(it + 2)).join("|"));
        for row in &self.rows {
            println!("{}", line(row.cells.each_ref().map(String::as_str)));
        }
    }
}

/// Over the last one and five minutes.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" and ")
}

pub fn ms(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1000.0;
    match ms {
        ms if ms >= 100.0 => format!("{ms:.0} ms"),
        ms if ms >= 10.0 => format!("{ms:.1} ms"),
        ms => format!("{ms:.2} ms"),
    }
}

pub fn seconds(duration: Duration) -> String {
    match duration.as_secs_f64() {
        s if s >= 100.0 => format!("{:.1} min", s / 60.0),
        s if s >= 10.0 => format!("{s:.1} s"),
        s => format!("{s:.2} s"),
    }
}

/// With a comma for the thousands.
pub fn count(of: usize) -> String {
    match of {
        0..1000 => of.to_string(),
        _ => format!("{},{:03}", of / 1000, of % 1000),
    }
}

pub fn mb(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

pub fn percent(part: usize, whole: usize) -> String {
    format!("{:.0} %", 100.0 * part as f64 / whole.max(1) as f64)
}
